"""Posteriors that are not quite Gaussian: the mean and covariance that skewness leads to.

Where a model loses every battle, what is known of it has a long tail, and the Gaussian of
expectation propagation is too narrow. The first terms of a series around that Gaussian say by how
much (Opper, Paquet, Winther 2013, "Perturbative corrections for approximate inference in Gaussian
latent variable models", JMLR 14). Where nothing is skewed the posterior stays as it is.
Out: the fit, and weighted boards, whose intervals are not the posterior's.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ratings.cells import CellCounts
from ratings.cholesky import factor, solve_factored
from ratings.counts import PairCounts
from ratings.hierarchical_kernels import marginals
from ratings.hierarchical_posterior import HierarchicalPosterior
from ratings.posterior import Posterior
from ratings.skewness_kernels import (
    THIRD,
    along_rows,
    covariance_change,
    levels_of,
    pull_of_rows,
    row_cumulants,
    third_cumulants,
)

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]

# Skewness of a centred skill up to which its board is left alone: the variance is then about
# skewness^2 / 2 short, half a per cent.
TOLERATED = 0.1
# Rows whose share of any skill's skewness is less than this together are left out.
NEGLIGIBLE = 5e-3
HALVINGS = 20


@dataclass(frozen=True, eq=False)
class Rows:
    """D differences between two of ``size`` models in a cell; arrays as in ``along_rows``."""

    size: int
    blocks: IndexArray
    cell: IndexArray
    first: IndexArray
    second: IndexArray

    def levels(self, vectors: FloatArray) -> FloatArray:
        """Skills in every cell (C, M, F) for vectors of all effects (B * M, F)."""
        return levels_of(self.size, self.blocks, np.ascontiguousarray(vectors))

    def along(self, vectors: FloatArray) -> FloatArray:
        """Difference of every row in each vector (B * M, F): (D, F)."""
        return along_rows(self.levels(vectors), self.cell, self.first, self.second)

    def marginals(self, mean: FloatArray, covariance: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean and variance of every row's difference (D), (D)."""
        centre, variance = np.zeros(self.cell.size), np.zeros(self.cell.size)
        marginals(
            self.size, self.blocks, self.cell, self.first, self.second, mean, covariance,
            centre, variance,
        )  # fmt: skip
        return centre, variance

    def take(self, kept: IndexArray) -> "Rows":
        """Some of the rows."""
        return replace(self, cell=self.cell[kept], first=self.first[kept], second=self.second[kept])


def corrected(posterior: Posterior, counts: PairCounts) -> Posterior:
    """The fit of ``counts`` with the mean and covariance of what its Gaussian leaves out.

    The same posterior where no centred skill's skewness is beyond TOLERATED. ``fitted`` of what is
    returned is the fit that its ``sites`` belong to.
    """
    size = len(counts.model_ids)
    nobody = np.zeros(counts.first.size, dtype=np.int64)
    changed = _change(
        Rows(size, np.zeros((1, 1), dtype=np.int64), nobody, counts.first, counts.second),
        counts.outcomes, posterior.sites, posterior,
        posterior.mean - posterior.prior_mean, posterior.covariance,
        posterior.covariance, posterior.skill_sd,
    )  # fmt: skip
    if changed is None:
        return posterior
    move, covariance = changed
    return replace(
        posterior, mean=posterior.mean + move, covariance=covariance, uncorrected=posterior
    )


def corrected_hierarchy(
    posterior: HierarchicalPosterior, counts: CellCounts
) -> HierarchicalPosterior:
    """The same for common skills and effects together, and so for every board made of them.

    What decides is the skewness of skills as the sample has them, groups by how often they judged.
    """
    judged = counts.battles_per_effect / max(float(counts.outcomes.sum()), 1.0)
    board = posterior.board(dict(zip(posterior.effects, judged.tolist(), strict=True)))
    size = len(posterior.model_ids)
    share = np.concatenate(([1.0], judged))
    whole = posterior.covariance.reshape(-1, share.size, size)
    skills = np.zeros_like(whole[:, 0])
    for b in range(share.size):
        skills += share[b] * whole[:, b]
    changed = _change(
        Rows(size, counts.blocks, counts.cell, counts.first, counts.second),
        counts.outcomes, np.moveaxis(posterior.sites, 0, -1), posterior,
        posterior.mean.ravel(), posterior.covariance, skills, board.skill_sd,
    )  # fmt: skip
    if changed is None:
        return posterior
    move, covariance = changed
    return replace(
        posterior, mean=posterior.mean + move.reshape(posterior.mean.shape), covariance=covariance
    )


def _change(
    rows: Rows,
    outcomes: FloatArray,
    sites: FloatArray,
    fit: Posterior | HierarchicalPosterior,
    mean: FloatArray,
    covariance: FloatArray,
    skills: FloatArray,
    skill_sd: FloatArray,
) -> tuple[FloatArray, FloatArray] | None:
    """What to add to the mean of all effects (K), and their covariance (K, K); None for nothing.

    ``skills`` (K, M): covariance of all effects with each model's skill, ``skill_sd`` (M): centred.
    """
    cumulants = row_cumulants(
        *rows.marginals(mean, covariance), np.ascontiguousarray(outcomes),
        fit.draw_margin, 2.0 * fit.beta**2,
        np.ascontiguousarray(sites[..., 0]), np.ascontiguousarray(sites[..., 1]),
    )  # fmt: skip
    third = cumulants[:, THIRD]
    if not np.isfinite(third).all():
        # A fit that has gone astray, where some cavity is none.
        return None
    cubes = third_cumulants(rows.levels(skills), rows.cell, rows.first, rows.second, third)
    skewed = np.abs(cubes) > TOLERATED * (skill_sd * skill_sd * skill_sd)
    if not skewed.any():
        return None
    loads = rows.along(skills[:, skewed]) / skill_sd[skewed]
    kept = _that_matter(np.abs(third[:, None] * (loads * loads * loads)).max(axis=1))
    rows, cumulants = rows.take(kept), np.ascontiguousarray(cumulants[kept])
    loadings = rows.along(covariance)
    between = rows.along(loadings.T)
    change = covariance_change(loadings, between, cumulants)
    of_rows = np.diag(rows.along(rows.along(change).T)).copy()
    pull = (loadings * pull_of_rows(between, cumulants, of_rows)[:, None]).sum(axis=0)
    for _ in range(HALVINGS):
        upper = factor(covariance + change)
        if np.isfinite(upper).all():
            # The terms of the mean alternate in sign: a [0/1] Pade approximant of their sum.
            move = (covariance * solve_factored(upper, pull)).sum(axis=1)
            return move, covariance + change
        # A series that is cut off promises no covariance; closer to the fit's there is one.
        change *= 0.5
    return None


def _that_matter(share: FloatArray) -> IndexArray:
    """Rows (ascending) without the smallest shares that sum to less than NEGLIGIBLE."""
    order = np.argsort(share, kind="stable")
    kept: IndexArray = np.sort(order[np.cumsum(share[order]) > NEGLIGIBLE])
    return kept
