"""What the hierarchical model says: effects per group, their spread, and boards for any population.

Out: fitting it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ratings.posterior import Posterior, reference_weights

FloatArray = NDArray[np.float64]

NORMAL_975 = 1.959963984540054
# Smallest curvature of the log-evidence by log tau that is taken for information.
LEAST_CURVATURE = 0.01


@dataclass(frozen=True, eq=False)
class HierarchicalPosterior:
    """Joint Gaussian of the M common skills and the effects of E groups on them.

    ``mean`` (1 + E, M): common skills, then every group's effects; ``covariance``: flattened alike;
    ``effects`` (E): (axis, group); ``tau`` (A): sd of each axis' effects, skill units;
    ``log_tau_curvature`` (A, A): minus the Hessian of the log-evidence by log tau.
    ``log_evidence``: log P(battles in one order); ``sites`` (2, D, 3): precision and shift of one
    copy of each (row, outcome), for warm starts.
    """

    model_ids: tuple[str, ...]
    axes: tuple[str, ...]
    effects: tuple[tuple[str, str], ...]
    mean: FloatArray
    covariance: FloatArray
    tau: FloatArray
    log_tau_curvature: FloatArray
    battles_per_effect: FloatArray
    battles_per_model: FloatArray
    sweeps: int
    converged: bool
    draw_margin: float
    beta: float
    prior_mean: float
    prior_sd: float
    log_evidence: float
    sites: FloatArray

    def board(self, weights: Mapping[tuple[str, str], float]) -> Posterior:
        """Skills theta + sum of weight * effect over groups, with exact covariance.

        ``weights``: census share of every (axis, group) in the population of the board, summing to
        one per axis: all of it for a population, 1 for its own group for a stratum. A group with
        weight but no battles has no effect here and its weight is spread by nobody: KeyError.
        """
        unknown = set(weights) - set(self.effects)
        if unknown:
            raise KeyError(f"no battles, so no effects, for {sorted(unknown)}")
        share = np.array([1.0, *(weights.get(effect, 0.0) for effect in self.effects)])
        return self._linear(share, self.prior_mean)

    def _linear(self, share: FloatArray, offset: float) -> Posterior:
        size = len(self.model_ids)
        blocks = self.covariance.reshape(share.size, size, share.size, size)
        # Summed in a fixed order, without BLAS.
        covariance = np.zeros((size, size))
        mean = np.full(size, offset)
        for b in np.flatnonzero(share):
            mean += share[b] * self.mean[b]
            for c in np.flatnonzero(share):
                covariance += share[b] * share[c] * blocks[b, :, c, :]
        return Posterior(
            model_ids=self.model_ids,
            mean=mean,
            covariance=0.5 * (covariance + covariance.T),
            reference=reference_weights(self.battles_per_model),
            iterations=self.sweeps,
            converged=self.converged,
            draw_margin=self.draw_margin,
            beta=self.beta,
            prior_mean=self.prior_mean,
            prior_sd=self.prior_sd,
        )

    def contrast(self, axis: str) -> list[tuple[str, Posterior]]:
        """For every group of ``axis``: how its skills differ from theta, centred over models."""
        out = []
        for k, (name, group) in enumerate(self.effects):
            if name == axis:
                share = np.zeros(len(self.effects) + 1)
                share[k + 1] = 1.0
                out.append((group, self._linear(share, 0.0)))
        return out

    def scales(self) -> pa.Table:
        """One row per axis: tau with a 95% interval (normal in log tau, sites held).

        tau_hi is infinite and tau_lo zero where the battles say nothing about it.
        """
        size = len(self.axes)
        curvature = self.log_tau_curvature.copy()
        informative = np.diag(curvature) > LEAST_CURVATURE
        curvature[~informative, :] = 0.0
        curvature[:, ~informative] = 0.0
        curvature[np.diag_indices(size)] += ~informative
        sd = np.sqrt(np.maximum(np.diag(np.linalg.inv(curvature)), 0.0))
        spread = np.where(informative, NORMAL_975 * sd, np.inf)
        with np.errstate(over="ignore"):
            high = self.tau * np.exp(spread)
        return pa.table(
            {
                "axis": pa.array(self.axes, pa.string()),
                "tau": self.tau,
                "tau_lo": self.tau * np.exp(-spread),
                "tau_hi": high,
            }
        )

    def shrinkage(self) -> pa.Table:
        """One row per (axis, group): battles, and how far its effects are drawn to nothing.

        shrinkage: posterior over prior variance of a centred effect, averaged over models: 1 where
        the group adds nothing to what all say, 0 where it stands on its own.
        """
        size = len(self.model_ids)
        blocks = self.covariance.reshape(-1, size, self.mean.shape[0], size)
        share = []
        for k, (axis, _) in enumerate(self.effects):
            own = blocks[k + 1, :, k + 1, :]
            variance = np.trace(own) - own.sum() / size
            prior = (size - 1) * self.tau[self.axes.index(axis)] ** 2
            share.append(float(np.clip(variance / prior, 0.0, 1.0)) if size > 1 else 1.0)
        return pa.table(
            {
                "axis": pa.array([axis for axis, _ in self.effects], pa.string()),
                "group": pa.array([group for _, group in self.effects], pa.string()),
                "battle_count": np.rint(self.battles_per_effect).astype(np.int64),
                "shrinkage": pa.array(share, pa.float64()),
            }
        )
