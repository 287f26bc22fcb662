"""Bradley-Terry scores beside TrueSkill's, for comparison.

A tie is half a win each way; a Gaussian prior keeps scores finite for models that only won. The
`choix` package solves the same problem (`opt_pairwise` with penalty 1 / (2 sd^2)) and is the tests'
oracle; it is not called here because it takes one row per battle and solves with threaded LAPACK.
"""

import numpy as np
from scipy.special import expit

from ratings.compiled import FloatArray
from ratings.counts import PairCounts
from ratings.linear_algebra import inverse
from ratings.posterior import TRUESKILL_PRIOR, Posterior, Prior, reference_weights

MAX_ITERATIONS = 200
TOLERANCE = 1e-11


def fit_bradley_terry(
    counts: PairCounts,
    prior: Prior = TRUESKILL_PRIOR,
) -> Posterior:
    """Most probable scores and Laplace covariance, in TrueSkill's skill units (``log_odds_unit``).

    Bradley and Terry 1952; Newton's method on the log posterior.
    """
    unit = prior.log_odds_unit
    differences, half = counts.differences, 0.5 * counts.tie
    win_first, win_second = counts.win_first + half, counts.win_second + half
    battles = win_first + win_second
    prior_precision = np.array([(unit / prior.sd) ** 2])

    def log_posterior(theta: FloatArray) -> float:
        d = theta[counts.first] - theta[counts.second]
        # log(1 + exp(-|d|)) cannot overflow.
        soft = np.log1p(np.exp(-np.abs(d)))
        lost = win_first * (soft + np.maximum(-d, 0.0)) + win_second * (soft + np.maximum(d, 0.0))
        return float(-lost.sum() - 0.5 * prior_precision[0] * (theta * theta).sum())

    theta, covariance = np.zeros(differences.size), np.empty(0)
    stiffness = np.zeros(1)
    value = log_posterior(theta)
    converged = False
    for _ in range(MAX_ITERATIONS):
        d = theta[counts.first] - theta[counts.second]
        share = expit(d)
        precision = battles * share * (1.0 - share)
        shift = precision * d + win_first - battles * share
        matrix, pull, stiffness = differences.assemble(precision, shift, prior_precision)
        covariance, _ = inverse(matrix)
        step = (covariance * pull).sum(axis=1) - theta
        # The log posterior is concave, so a shorter step along Newton's direction must climb.
        while (climbed := log_posterior(theta + step)) < value - 1e-12 * abs(value):
            step *= 0.5
        value = climbed
        theta = theta + step
        if np.abs(step).max(initial=0.0) <= TOLERANCE:
            converged = True
            break
    differences.take_out(covariance, stiffness, prior_precision)
    return Posterior(
        model_ids=counts.model_ids,
        mean=theta * unit + prior.mean,
        covariance=covariance * unit * unit,
        reference=reference_weights(counts.battles_per_model),
        converged=converged,
        draw_margin=0.0,
        prior=prior,
        sites=_sites(theta[counts.first] - theta[counts.second], unit),
        link="logit",
    )


def _sites(difference: FloatArray, unit: float) -> FloatArray:
    # As Newton's last step has each copy of (pair, outcome), in skill units: what the sandwich
    # takes a verdict's score from. A tie is half a win.
    share = expit(difference)[:, None]
    precision = np.broadcast_to(share * (1.0 - share), (difference.size, 3))
    score = np.array([1.0, 0.0, 0.5]) - share
    shift = precision * difference[:, None] + score
    return np.stack((precision / unit**2, shift / unit))
