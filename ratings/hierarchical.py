"""trueskill_hierarchical: one Gaussian model over all strata, sparse ones borrowing from the rest.

Skill of model i in cell c = theta_i + sum over axes of u[axis, group of c, i], with
u ~ N(0, tau_axis^2). Expectation propagation over (cell, pair, outcome) sites; tau per axis by
maximum likelihood and the draw margin by matching ties, all inside the same sweeps.
Out: the census, whose weights turn effects into a population (``HierarchicalPosterior.board``).
"""

import math

import numpy as np
from numpy.typing import NDArray

from ratings.cells import CellCounts
from ratings.compiled import compiled
from ratings.draw_margin import CAP, FLOOR, equal_skill_margin, expected_ties
from ratings.hierarchical_kernels import (
    assemble,
    marginals,
    newton_step,
    scale_curvature,
    solve,
    take_out,
)
from ratings.hierarchical_posterior import HierarchicalPosterior
from ratings.posterior import BETA, PRIOR_MEAN, PRIOR_SD
from ratings.sites import evidence, pool, sweep

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

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
    log_tau: FloatArray, gradient: FloatArray, hessian: FloatArray, held: BoolArray
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
    held: BoolArray,
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
