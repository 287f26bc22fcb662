"""trueskill_hierarchical: one Gaussian model over all strata, sparse ones borrowing from the rest.

Skill of model i in cell c = theta_i + sum over axes of u[axis, group of c, i], with
u ~ N(0, tau_axis^2). Expectation propagation over (cell, pair, outcome) sites; tau per axis by
maximum likelihood and draw margins by matching ties, all inside the same sweeps. The margin of a
cell is a common one times a habit of each of its groups, for groups tie unlike each other: the ties
expected of everybody, and of each group after PSEUDO_BATTLES that tie like everybody, are those
seen.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ratings.compiled import FloatArray, IndexArray, Mask
from ratings.counts import CellCounts
from ratings.cut_gaussian import density, log_band
from ratings.draw_margin import CAP, FLOOR, equal_skill_margin
from ratings.expectation_propagation import TOLERANCE, Propagation, propagate
from ratings.linear_algebra import factor, solve_factored
from ratings.own_margin import PSEUDO_BATTLES
from ratings.posterior import TRUESKILL_PRIOR, Posterior, Prior, reference_weights
from ratings.settling import Settling

# Smallest curvature of the log-evidence by log tau that is taken for information.
LEAST_CURVATURE = 0.01


@dataclass(frozen=True, eq=False)
class HierarchicalPosterior:
    """Joint Gaussian of the M common skills and the effects of E groups on them.

    ``mean`` (1 + E, M): common skills, then every group's effects; ``covariance``: flattened alike;
    ``effects`` (E): (axis, group); ``tau`` (A): sd of each axis' effects, skill units;
    ``log_tau_curvature`` (A, A): minus the Hessian of the log-evidence by log tau.
    ``log_evidence``: log P(battles in one order); ``sites`` (2, D, 3): precision and shift of one
    copy of each (row, outcome), for warm starts. ``draw_margin``: the common one; ``log_habit``
    (E): log of what each group's is times it.
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
    prior: Prior
    log_evidence: float
    sites: FloatArray
    log_habit: FloatArray

    def habits(self, counts: CellCounts) -> FloatArray:
        """What the draw margin of each row (D) is times the common one."""
        return _habits(counts, self.log_habit)

    def board(self, weights: Mapping[tuple[str, str], float]) -> Posterior:
        """Skills theta + sum of weight * effect over groups, with exact covariance.

        ``weights``: census share of every (axis, group) in the population of the board, summing to
        one per axis: all of it for a population, 1 for its own group for a stratum. A group with
        weight but no battles raises KeyError: nothing is known of its effect.
        """
        unknown = set(weights) - set(self.effects)
        if unknown:
            raise KeyError(f"no battles, so no effects, for {sorted(unknown)}")
        share = np.array([1.0, *(weights.get(effect, 0.0) for effect in self.effects)])
        blocks = self.covariance.reshape(*self.mean.shape, *self.mean.shape)
        covariance = np.einsum("b,c,bicj->ij", share, share, blocks)
        return Posterior(
            model_ids=self.model_ids,
            mean=self.prior.mean + np.einsum("b,bi->i", share, self.mean),
            covariance=0.5 * (covariance + covariance.T),
            reference=reference_weights(self.battles_per_model),
            sweeps=self.sweeps,
            converged=self.converged,
            draw_margin=self.draw_margin * math.exp(float((share[1:] * self.log_habit).sum())),
            prior=self.prior,
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
                "group_name": pa.array([group for _, group in self.effects], pa.string()),
                "battle_count": np.rint(self.battles_per_effect).astype(np.int64),
                "shrinkage": pa.array(share, pa.float64()),
            }
        )


# The first sweeps move the sites too far for tau or the margin to learn from them.
LEARN_FROM = 2
# Where an axis makes no difference its likelihood rises all the way to tau = 0.
TAU_FLOOR = 0.01
# Groups that disagree more than models differ are not what the model is for; with nothing but wins
# the likelihood would go there.
TAU_CAP = TRUESKILL_PRIOR.sd
TAU_START = 1.0
LONGEST_STEP = 1.0
# Logs: nobody ties so much more or less readily than others.
LARGEST_HABIT = 3.0


@dataclass(eq=False)
class _Scales:
    """The scales of effects, learnt while sites settle; ``held`` (A): which tau are given.

    ``log_tau`` (A); ``axis_of_block`` (1 + E): -1 for the common skills; ``log_habit`` (E).
    """

    counts: CellCounts
    log_tau: FloatArray
    held: Mask
    axis_of_block: IndexArray
    is_margin_held: bool
    prior: Prior
    log_habit: FloatArray

    @property
    def prior_precision(self) -> FloatArray:
        """Of each block's skills (1 + E)."""
        of_effects = np.exp(-2.0 * self.log_tau)[self.axis_of_block[1:]]
        return np.concatenate(([self.prior.sd**-2], of_effects))

    def __call__(self, state: Propagation) -> None:
        if state.sweeps < LEARN_FROM:
            return
        self.log_tau = self._next_log_tau(*self.curvature(state))
        state.prior_precision = self.prior_precision
        if not self.is_margin_held:
            state.margin = self._next_margin(state)
            state.habit = _habits(self.counts, self.log_habit)

    def logs(self, state: Propagation) -> FloatArray:
        """Logs of all scales that are learnt, and of those held."""
        return np.concatenate((self.log_tau, [math.log(state.margin)], self.log_habit))

    def move(self, logs: FloatArray, state: Propagation) -> None:
        """Put them there, within their bounds."""
        axes, scale = self.log_tau.size, math.sqrt(self.prior.noise)
        within = np.clip(logs[:axes], math.log(TAU_FLOOR), math.log(TAU_CAP))
        self.log_tau = np.where(self.held, self.log_tau, within)
        state.prior_precision = self.prior_precision
        if not self.is_margin_held:
            state.margin = float(np.clip(math.exp(logs[axes]), FLOOR * scale, CAP * scale))
            self.log_habit = np.clip(logs[axes + 1 :], -LARGEST_HABIT, LARGEST_HABIT)
            state.habit = _habits(self.counts, self.log_habit)

    def curvature(self, state: Propagation) -> tuple[FloatArray, FloatArray]:
        """Gradient (A) and Hessian (A, A) of the log-evidence by log tau.

        With sites held, log Z is that of a Gaussian model: d / d log tau_a = lambda_a E_a - N_a
        with E_a the posterior second moment of axis a's effects and N_a how many they are. Common
        modes carry nothing but the prior and are left out.
        """
        blocks, size = state.prior_precision.size, len(self.counts.model_ids)
        mean, covariance = state.mean, state.covariance
        common = 1.0 / (state.prior_precision + size * state.stiffness)
        own = (mean * mean + np.diag(covariance)).reshape(blocks, size).sum(axis=1) - common
        between = covariance * (covariance + 2.0 * mean[:, None] * mean[None, :])
        between = between.reshape(blocks, size, blocks, size).sum(axis=(1, 3))
        between[np.diag_indices(blocks)] -= common * common
        axes = self.log_tau.size
        moment, number, hessian = np.zeros(axes), np.zeros(axes), np.zeros((axes, axes))
        axis = self.axis_of_block[1:]
        np.add.at(moment, axis, own[1:])
        np.add.at(number, axis, size - 1.0)
        np.add.at(hessian, (axis[:, None], axis[None, :]), between[1:, 1:])
        rate = np.exp(-2.0 * self.log_tau)
        hessian *= 2.0 * rate[:, None] * rate[None, :]
        hessian[np.diag_indices(axes)] -= 2.0 * rate * moment
        return rate * moment - number, hessian

    def _next_log_tau(self, gradient: FloatArray, hessian: FloatArray) -> FloatArray:
        # Newton on log tau. Where the likelihood is not concave, uphill by as much as its curvature
        # allows: EM's steps shrink with the gradient and would take thousands of sweeps.
        floor, cap = math.log(TAU_FLOOR), math.log(TAU_CAP)
        at_floor, at_cap = self.log_tau <= floor, self.log_tau >= cap
        stuck = np.where(at_floor, gradient < 0.0, at_cap & (gradient > 0.0))
        free = ~(stuck | self.held)
        after = self.log_tau.copy()
        if not free.any():
            return after
        gradient, hessian = gradient[free], hessian[np.ix_(free, free)]
        step = solve_factored(factor(-hessian, 0.0), gradient)
        scale = np.maximum(np.abs(np.diag(hessian)), np.abs(gradient))
        astray = ~np.isfinite(step) | (step * gradient < 0.0)
        uphill = np.divide(gradient, scale, out=np.zeros_like(gradient), where=scale > 0.0)
        step = np.where(astray, uphill, step)
        step = np.clip(step, -LONGEST_STEP, LONGEST_STEP)
        after[free] = np.clip(after[free] + step, floor, cap)
        return after

    def _next_margin(self, state: Propagation) -> float:
        # One Newton step of the log margin and the log habits towards the ties seen.
        noise, margins = self.prior.noise, state.margins
        battles, ties = self.counts.outcomes.sum(axis=1), self.counts.outcomes[:, 2]
        root = np.sqrt(state.d_variance + noise)
        t, e = state.d_mean / root, margins / root
        left = ties - battles * np.exp(log_band(t, e))
        slope = battles * (density(e - t) + density(e + t)) * e
        blocks = self.counts.cell_effects[self.counts.cell] + 1
        size = 1 + self.log_habit.size
        gradient, matrix = np.zeros(size), np.zeros((size, size))
        # Column 0 is what all rows share; a row without a group on an axis has nothing more.
        columns = [np.zeros(battles.size, dtype=np.int64), *blocks.T]
        for k, one in enumerate(columns):
            here = (one > 0) | (k == 0)
            gradient += np.bincount(one[here], left[here], size)
            for other in columns:
                both = here & ((other > 0) | (other is columns[0]))
                place = one[both] * size + other[both]
                matrix += np.bincount(place, slope[both], size * size).reshape(size, size)
        own = np.maximum(self.counts.battles_per_effect, 1.0)
        held = PSEUDO_BATTLES / own * np.diag(matrix)[1:]
        gradient[1:] -= held * self.log_habit
        matrix[np.arange(1, size), np.arange(1, size)] += held
        matrix[np.diag_indices(size)] += 1e-9 * max(float(np.diag(matrix).max()), 1e-300)
        step = solve_factored(factor(matrix, 0.0), gradient)
        step = np.where(np.isfinite(step), step, 0.0)
        step = np.clip(step, -math.log(2.0), math.log(2.0))
        self.log_habit = np.clip(self.log_habit + step[1:], -LARGEST_HABIT, LARGEST_HABIT)
        scale = math.sqrt(noise)
        if not ties.any():
            return FLOOR * scale
        return float(min(max(state.margin * math.exp(step[0]), FLOOR * scale), CAP * scale))


def _habits(counts: CellCounts, log_habit: FloatArray) -> FloatArray:
    """What the draw margin of each row (D) is times the common one."""
    each = np.append(log_habit, 0.0)[counts.cell_effects].sum(axis=1)
    return np.asarray(np.exp(each)[counts.cell])


def fit_hierarchical(
    counts: CellCounts,
    *,
    tau: FloatArray | None = None,
    draw_margin: float | None = None,
    prior: Prior = TRUESKILL_PRIOR,
    warm_start: HierarchicalPosterior | None = None,
    tolerance: float = TOLERANCE,
) -> HierarchicalPosterior:
    """Posterior of common skills and all group effects, scales in skill units.

    ``tau`` (A): sd of each axis' effects, estimated where NaN and everywhere unless given;
    ``draw_margin``: matched to the ties seen unless given, as the groups' habits are; where it is
    given, habits are ``warm_start``'s, or none. Sweeps until no row's difference moves
    by ``tolerance`` in mean or sd. ``warm_start``: a posterior of the same counts.
    """
    rows, size = counts.outcomes, len(counts.model_ids)
    given = np.full(len(counts.axes), np.nan) if tau is None else tau
    held = ~np.isnan(given)
    if warm_start is None:
        sites, start = np.zeros((2, *rows.shape)), np.full(given.size, TAU_START)
        tie_share = float(rows[:, 2].sum() / rows.sum()) if rows.sum() else 0.0
        margin = equal_skill_margin(tie_share, prior)
        log_habit = np.zeros(len(counts.effects))
    else:
        sites, start, margin = warm_start.sites, warm_start.tau, warm_start.draw_margin
        log_habit = warm_start.log_habit
    scales = _Scales(
        counts=counts,
        log_tau=np.log(np.where(held, np.maximum(given, TAU_FLOOR), start)),
        held=held,
        axis_of_block=np.concatenate((np.array([-1]), counts.axis_of_effect)),
        is_margin_held=draw_margin is not None,
        prior=prior,
        log_habit=log_habit,
    )
    found = propagate(
        counts.differences, rows, sites,
        prior_precision=scales.prior_precision,
        margin=margin if draw_margin is None else draw_margin,
        noise=prior.noise, tolerance=tolerance, learn=Settling(scales, tolerance),
        habit=_habits(counts, log_habit),
    )  # fmt: skip
    return HierarchicalPosterior(
        model_ids=counts.model_ids,
        axes=counts.axes,
        effects=counts.effects,
        mean=found.mean.reshape(-1, size),
        covariance=found.covariance,
        tau=np.exp(scales.log_tau),
        log_tau_curvature=-scales.curvature(found)[1],
        battles_per_effect=counts.battles_per_effect,
        battles_per_model=counts.pooled.battles_per_model,
        sweeps=found.sweeps,
        converged=found.converged,
        draw_margin=found.margin,
        prior=prior,
        log_evidence=found.log_evidence,
        sites=found.sites,
        log_habit=scales.log_habit,
    )
