"""trueskill_hierarchical: one Gaussian model over all strata, sparse ones borrowing from the rest.

Skill of model i in cell c = theta_i + sum over axes of u[axis, group of c, i], with
u ~ N(0, tau_axis^2). Expectation propagation over (cell, pair, outcome) sites; tau per axis by
maximum likelihood and the draw margin by matching ties, all inside the same sweeps.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ratings.compiled import FloatArray, IndexArray, Mask, compiled
from ratings.counts import CellCounts
from ratings.draw_margin import CAP, FLOOR, equal_skill_margin, expected_ties
from ratings.expectation_propagation import evidence, pool, sweep
from ratings.gaussian import NORMAL_975
from ratings.linear_algebra import (
    assemble,
    factor,
    marginals,
    solve,
    solve_factored,
    take_out,
)
from ratings.posterior import BETA, PRIOR_MEAN, PRIOR_SD, Posterior, reference_weights

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
                "group_name": pa.array([group for _, group in self.effects], pa.string()),
                "battle_count": np.rint(self.battles_per_effect).astype(np.int64),
                "shrinkage": pa.array(share, pa.float64()),
            }
        )


@compiled
def scale_curvature(
    size: int,
    axis_of_block: IndexArray,
    axes: int,
    mean: FloatArray,
    covariance: FloatArray,
    prior_precision: FloatArray,
    stiffness: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Gradient (A) and Hessian (A, A) of the log-evidence by log tau.

    With sites held, log Z is that of a Gaussian model: d / d log tau_a = lambda_a E_a - N_a with
    E_a the posterior second moment of axis a's effects and N_a how many they are. ``axis_of_block``
    (B) is -1 for the common skills. Common modes carry nothing but the prior and are left out.
    """
    count = axis_of_block.size
    moment = np.zeros(axes)
    number = np.zeros(axes)
    hessian = np.zeros((axes, axes))
    rate = np.zeros(axes)
    for b in range(count):
        a = axis_of_block[b]
        if a < 0:
            continue
        rate[a] = prior_precision[b]
        common = 1.0 / (prior_precision[b] + size * stiffness[b])
        number[a] += size - 1.0
        moment[a] -= common
        hessian[a, a] -= common * common
        for i in range(b * size, (b + 1) * size):
            moment[a] += mean[i] * mean[i] + covariance[i, i]
        for c in range(count):
            other = axis_of_block[c]
            if other < 0:
                continue
            total = 0.0
            for i in range(b * size, (b + 1) * size):
                for j in range(c * size, (c + 1) * size):
                    s = covariance[i, j]
                    total += s * (s + 2.0 * mean[i] * mean[j])
            hessian[a, other] += total
    gradient = np.zeros(axes)
    for a in range(axes):
        gradient[a] = rate[a] * moment[a] - number[a]
        for other in range(axes):
            hessian[a, other] *= 2.0 * rate[a] * rate[other]
        hessian[a, a] -= 2.0 * rate[a] * moment[a]
    return gradient, hessian


@compiled
def newton_step(gradient: FloatArray, hessian: FloatArray, active: FloatArray) -> FloatArray:
    """-inverse(hessian) gradient over the active entries (A), 0 elsewhere; NaN if not a maximum."""
    n = gradient.size
    matrix = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            matrix[i, j] = -hessian[i, j] * active[i] * active[j]
        if active[i] == 0.0:
            matrix[i, i] = 1.0
    return solve_factored(factor(matrix), gradient * active)


MAX_SWEEPS = 1000
TOLERANCE = 1e-9
# The first sweeps move the sites too far for tau or the margin to learn from them.
LEARN_FROM = 2
NEVER = MAX_SWEEPS + 1
# Where an axis makes no difference its likelihood rises all the way to tau = 0.
TAU_FLOOR = 0.01
# Groups that disagree more than models differ are not what the model is for; with nothing but wins
# the likelihood would go there.
TAU_CAP = PRIOR_SD
TAU_START = 1.0
LONGEST_STEP = 1.0


@compiled
def _next_log_tau(
    log_tau: FloatArray, gradient: FloatArray, hessian: FloatArray, held: Mask
) -> FloatArray:
    # Newton on log tau. Where the likelihood is not concave, uphill by as much as its curvature
    # allows: EM's steps shrink with the gradient and would take thousands of sweeps.
    floor = math.log(TAU_FLOOR)
    cap = math.log(TAU_CAP)
    active = np.ones(log_tau.size)
    for a in range(log_tau.size):
        stuck = (
            gradient[a] < 0.0 if log_tau[a] <= floor else log_tau[a] >= cap and gradient[a] > 0.0
        )
        if stuck or held[a]:
            active[a] = 0.0
    step = newton_step(gradient, hessian, active)
    after = log_tau.copy()
    for a in range(log_tau.size):
        if active[a] == 0.0:
            continue
        move = step[a]
        if not math.isfinite(move) or move * gradient[a] < 0.0:
            move = gradient[a] / max(abs(hessian[a, a]), abs(gradient[a]))
        move = min(max(move, -LONGEST_STEP), LONGEST_STEP)
        after[a] = min(max(log_tau[a] + move, floor), cap)
    return after


@compiled
def _next_margin(
    d_mean: FloatArray, d_variance: FloatArray, counts: FloatArray, margin: float, noise: float
) -> float:
    # One Newton step towards the margin at which the ties expected are those seen.
    battles = counts[:, 0] + counts[:, 1] + counts[:, 2]
    expected, slope = expected_ties(d_mean, d_variance, battles, margin, noise)
    wanted = CAP * math.sqrt(noise)
    if slope > 0.0:
        wanted = margin + (counts[:, 2].sum() - expected) / slope
    wanted = min(max(wanted, 0.5 * margin), 2.0 * margin)
    return min(max(wanted, FLOOR * math.sqrt(noise)), CAP * math.sqrt(noise))


@compiled
def _set_precisions(
    prior_precision: FloatArray, axis_of_block: IndexArray, log_tau: FloatArray
) -> None:
    for b in range(axis_of_block.size):
        if axis_of_block[b] >= 0:
            prior_precision[b] = math.exp(-2.0 * log_tau[axis_of_block[b]])


@compiled
def _log_normaliser(
    size: int, log_determinant: float, prior_precision: FloatArray, stiffness: FloatArray
) -> float:
    # Of the prior over the posterior, without what ``assemble`` added to the common modes.
    total = -log_determinant
    for b in range(prior_precision.size):
        common = prior_precision[b] + size * stiffness[b]
        total += (size - 1.0) * math.log(prior_precision[b]) + math.log(common)
    return 0.5 * total


@compiled
def _propagate(
    size: int,
    blocks: IndexArray,
    axis_of_block: IndexArray,
    cell: IndexArray,
    first: IndexArray,
    second: IndexArray,
    counts: FloatArray,
    precision: FloatArray,
    shift: FloatArray,
    log_tau: FloatArray,
    held: Mask,
    margin: float,
    margin_from: int,
    beta: float,
    prior_sd: float,
    tolerance: float,
    max_sweeps: int,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, float, float, int, bool]:
    noise = 2.0 * beta * beta
    rows = cell.size
    axes = log_tau.size
    d_mean = np.zeros(rows)
    d_variance = np.zeros(rows)
    row_precision = np.empty(rows)
    row_shift = np.empty(rows)
    prior_precision = np.full(axis_of_block.size, 1.0 / (prior_sd * prior_sd))
    hessian = np.zeros((axes, axes))
    sweeps = 0
    converged = False
    step = 1.0
    before = math.inf
    while True:
        _set_precisions(prior_precision, axis_of_block, log_tau)
        pool(counts, precision, shift, row_precision, row_shift)
        matrix, pull, stiffness = assemble(
            size, blocks, cell, first, second, row_precision, row_shift, prior_precision
        )
        mean, covariance, log_determinant = solve(matrix, pull)
        change = marginals(size, blocks, cell, first, second, mean, covariance, d_mean, d_variance)
        gradient, hessian = scale_curvature(
            size, axis_of_block, axes, mean, covariance, prior_precision, stiffness
        )
        if (sweeps > 0 and change <= tolerance * step) or rows == 0:
            converged = True
            break
        if sweeps >= max_sweeps:
            break
        if sweeps > 30 and change > 0.9 * before:
            step = max(0.5 * step, 0.1)
        before = change
        if sweeps >= LEARN_FROM:
            log_tau[:] = _next_log_tau(log_tau, gradient, hessian, held)
        if sweeps >= margin_from:
            margin = _next_margin(d_mean, d_variance, counts, margin, noise)
        sweep(d_mean, d_variance, counts, margin, noise, precision, shift, step)
        sweeps += 1
    log_evidence = _log_normaliser(size, log_determinant, prior_precision, stiffness)
    for d in range(rows):
        log_evidence += 0.5 * row_shift[d] * d_mean[d]
    log_evidence += evidence(d_mean, d_variance, counts, margin, noise, precision, shift)
    take_out(covariance, stiffness, prior_precision)
    return mean, covariance, hessian, log_tau, margin, log_evidence, sweeps, converged


def fit_hierarchical(
    counts: CellCounts,
    *,
    tau: FloatArray | None = None,
    draw_margin: float | None = None,
    beta: float = BETA,
    prior_mean: float = PRIOR_MEAN,
    prior_sd: float = PRIOR_SD,
    warm_start: HierarchicalPosterior | None = None,
    tolerance: float = TOLERANCE,
) -> HierarchicalPosterior:
    """Posterior of common skills and all group effects, scales in skill units.

    ``tau`` (A): sd of each axis' effects, estimated where NaN and everywhere unless given;
    ``draw_margin``: matched to the ties seen unless given. Sweeps until no row's difference moves
    by ``tolerance`` in mean or sd. ``warm_start``: a posterior of the same counts.
    """
    axes = len(counts.axes)
    axis_of_block = np.concatenate((np.array([-1]), counts.axis_of_effect))
    rows = counts.outcomes
    tie_share = float(rows[:, 2].sum() / rows.sum()) if rows.sum() else 0.0
    given = np.full(axes, np.nan) if tau is None else tau
    held = ~np.isnan(given)
    if warm_start is None:
        sites, start = np.zeros((2, *rows.shape)), np.full(axes, TAU_START)
        margin = equal_skill_margin(tie_share, beta)
    else:
        sites, start = warm_start.sites.copy(), warm_start.tau
        margin = warm_start.draw_margin
    mean, covariance, hessian, log_tau, margin, log_evidence, sweeps, converged = _propagate(
        len(counts.model_ids), counts.blocks, axis_of_block,
        counts.cell, counts.first, counts.second, np.ascontiguousarray(rows),
        sites[0], sites[1], np.log(np.where(held, np.maximum(given, TAU_FLOOR), start)), held,
        margin if draw_margin is None else draw_margin,
        LEARN_FROM if draw_margin is None else NEVER,
        beta, prior_sd, tolerance, MAX_SWEEPS,
    )  # fmt: skip
    size = len(counts.model_ids)
    return HierarchicalPosterior(
        model_ids=counts.model_ids,
        axes=counts.axes,
        effects=counts.effects,
        mean=mean.reshape(-1, size),
        covariance=covariance,
        tau=np.exp(log_tau),
        log_tau_curvature=-hessian,
        battles_per_effect=counts.battles_per_effect,
        battles_per_model=counts.pooled.battles_per_model,
        sweeps=sweeps,
        converged=converged,
        draw_margin=margin,
        beta=beta,
        prior_mean=prior_mean,
        prior_sd=prior_sd,
        log_evidence=log_evidence,
        sites=sites,
    )
