"""Bradley-Terry scores beside TrueSkill's, for comparison.

A tie is half a win each way; a Gaussian prior keeps scores finite for models that only won. The
`choix` package solves the same problem (`opt_pairwise` with penalty 1 / (2 sd^2)) and is the tests'
oracle; it is not called here because it takes one row per battle and solves with threaded LAPACK.
"""

import math

import numpy as np

from ratings.compiled import FloatArray, IndexArray, compiled
from ratings.counts import PairCounts
from ratings.linear_algebra import assemble, one_block, solve, take_out
from ratings.posterior import BETA, PRIOR_MEAN, PRIOR_SD, Posterior, reference_weights

MAX_ITERATIONS = 200
TOLERANCE = 1e-11


def log_odds_unit(beta: float = BETA) -> float:
    """Skill units in one unit of log-odds: both links have the same slope between equal models."""
    return math.sqrt(2.0) * beta * math.sqrt(2.0 * math.pi) / 4.0


@compiled
def _log_posterior(
    theta: FloatArray,
    first: IndexArray,
    second: IndexArray,
    win_first: FloatArray,
    win_second: FloatArray,
    prior_precision: float,
) -> float:
    total = 0.0
    for p in range(first.size):
        d = theta[first[p]] - theta[second[p]]
        # log(1 + exp(-|d|)) cannot overflow.
        soft = math.log1p(math.exp(-abs(d)))
        total -= win_first[p] * (soft + max(-d, 0.0)) + win_second[p] * (soft + max(d, 0.0))
    for i in range(theta.size):
        total -= 0.5 * prior_precision * theta[i] * theta[i]
    return total


@compiled
def _maximise(
    size: int,
    blocks: IndexArray,
    cell: IndexArray,
    first: IndexArray,
    second: IndexArray,
    win_first: FloatArray,
    win_second: FloatArray,
    prior_precision: float,
    tolerance: float,
    max_iterations: int,
) -> tuple[FloatArray, FloatArray, int, bool]:
    theta = np.zeros(size)
    d = np.zeros(first.size)
    precision = np.empty(first.size)
    shift = np.empty(first.size)
    value = _log_posterior(theta, first, second, win_first, win_second, prior_precision)
    converged = False
    iterations = 0
    covariance = np.zeros((size, size))
    stiffness = np.zeros(1)
    prior = np.full(1, prior_precision)
    while not converged and iterations < max_iterations:
        for p in range(first.size):
            d[p] = theta[first[p]] - theta[second[p]]
            share = 1.0 / (1.0 + math.exp(-d[p]))
            battles = win_first[p] + win_second[p]
            precision[p] = battles * share * (1.0 - share)
            shift[p] = precision[p] * d[p] + win_first[p] - battles * share
        matrix, pull, stiffness = assemble(
            size, blocks, cell, first, second, precision, shift, prior
        )
        target, covariance, _ = solve(matrix, pull)
        step = 1.0
        after = target
        # The log posterior is concave, so a shorter step along Newton's direction must climb.
        while step > 1e-6:
            after = theta + step * (target - theta)
            climbed = _log_posterior(after, first, second, win_first, win_second, prior_precision)
            if climbed >= value - 1e-12 * abs(value):
                value = climbed
                break
            step *= 0.5
        change = np.max(np.abs(after - theta))
        theta = after
        iterations += 1
        converged = change <= tolerance
    take_out(covariance, stiffness, prior)
    return theta, covariance, iterations, converged


def fit_bradley_terry(
    counts: PairCounts,
    *,
    beta: float = BETA,
    prior_mean: float = PRIOR_MEAN,
    prior_sd: float = PRIOR_SD,
) -> Posterior:
    """Most probable scores and Laplace covariance, in TrueSkill's skill units (``log_odds_unit``).

    ``prior_sd`` in skill units. Bradley and Terry 1952; Newton's method on the log posterior.
    """
    unit = log_odds_unit(beta)
    half = 0.5 * counts.tie
    theta, covariance, iterations, converged = _maximise(
        len(counts.model_ids), *one_block(counts.first.size), counts.first, counts.second,
        counts.win_first + half, counts.win_second + half,
        (unit / prior_sd) ** 2, TOLERANCE, MAX_ITERATIONS,
    )  # fmt: skip
    return Posterior(
        model_ids=counts.model_ids,
        mean=theta * unit + prior_mean,
        covariance=covariance * unit * unit,
        reference=reference_weights(counts.battles_per_model),
        iterations=iterations,
        converged=converged,
        draw_margin=0.0,
        beta=beta,
        prior_mean=prior_mean,
        prior_sd=prior_sd,
        link="logit",
    )
