"""Participant-clustered covariance of a posterior mean under weights and repeat raters.

With weights as powers of the likelihood the posterior covariance is not a sampling variance. The
sandwich is: how far the estimate moves when one participant is left out, summed over participants
(CR3: Bell and McCaffrey 2002, Survey Methodology 28; Pustejovsky and Tipton 2018), plus what the
prior alone leaves uncertain.
Out: weights, and fitting.
"""

import math

import numpy as np
from numpy.typing import NDArray

from orchestration.ratings.cholesky import factor
from orchestration.ratings.compiled import compiled
from orchestration.ratings.participants import ParticipantCounts
from orchestration.ratings.posterior import Posterior

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]


@compiled
def _solve_upper(upper: FloatArray, out: FloatArray) -> None:
    # out = inverse(U'U) out, in place.
    n = out.size
    for i in range(n):
        for k in range(i):
            out[i] -= upper[k, i] * out[k]
        out[i] /= upper[i, i]
    for i in range(n - 1, -1, -1):
        for k in range(i + 1, n):
            out[i] -= upper[i, k] * out[k]
        out[i] /= upper[i, i]


@compiled
def _left_out(
    first: IndexArray,
    second: IndexArray,
    score: FloatArray,
    precision: FloatArray,
    covariance: FloatArray,
) -> FloatArray:
    """How the mean moves (M) when a participant's K rows are left out; sites of others held.

    inverse(Lambda - A D A') A s, by Woodbury in K dimensions:
    Sigma A (s + D^(1/2) inverse(I - D^(1/2) S D^(1/2)) D^(1/2) S s) with S = A' Sigma A.
    """
    count = first.size
    shared = np.empty((count, count))
    for k in range(count):
        for m in range(count):
            shared[k, m] = (
                covariance[first[k], first[m]]
                + covariance[second[k], second[m]]
                - covariance[first[k], second[m]]
                - covariance[second[k], first[m]]
            )
    root = np.sqrt(precision)
    matrix = np.empty((count, count))
    inner = np.zeros(count)
    for k in range(count):
        for m in range(count):
            matrix[k, m] = -root[k] * shared[k, m] * root[m]
            inner[k] += shared[k, m] * score[m]
        matrix[k, k] += 1.0
        inner[k] *= root[k]
    _solve_upper(factor(matrix), inner)
    size = covariance.shape[0]
    moved = np.zeros(size)
    for k in range(count):
        pull = score[k] + root[k] * inner[k]
        for i in range(size):
            moved[i] += pull * (covariance[i, first[k]] - covariance[i, second[k]])
    return moved


@compiled
def _clustered(
    starts: IndexArray,
    pair: IndexArray,
    outcomes: FloatArray,
    first: IndexArray,
    second: IndexArray,
    sites: FloatArray,
    mean: FloatArray,
    covariance: FloatArray,
) -> FloatArray:
    size = mean.size
    meat = np.zeros((size, size))
    clusters = 0
    for r in range(starts.size - 1):
        low = starts[r]
        high = starts[r + 1]
        if high <= low:
            continue
        clusters += 1
        score = np.zeros(high - low)
        precision = np.zeros(high - low)
        for k in range(high - low):
            p = pair[low + k]
            difference = mean[first[p]] - mean[second[p]]
            for outcome in range(3):
                weight = outcomes[low + k, outcome]
                precision[k] += weight * sites[p, outcome, 0]
                score[k] += weight * (sites[p, outcome, 1] - sites[p, outcome, 0] * difference)
        own = pair[low:high]
        moved = _left_out(first[own], second[own], score, precision, covariance)
        for i in range(size):
            for j in range(size):
                meat[i, j] += moved[i] * moved[j]
    # Jackknife's factor: leaving out one of R is R / (R - 1) of a draw.
    if clusters > 1:
        meat *= (clusters - 1.0) / clusters
    return meat


@compiled
def _of_the_prior(covariance: FloatArray, prior_precision: float) -> FloatArray:
    # Sigma Sigma / prior_sd^2: the truth's own spread, as far as the battles have not fixed it.
    size = covariance.shape[0]
    out = np.zeros((size, size))
    for i in range(size):
        for k in range(size):
            part = prior_precision * covariance[i, k]
            for j in range(size):
                out[i, j] += part * covariance[k, j]
    return out


def sandwich(posterior: Posterior, people: ParticipantCounts) -> FloatArray:
    """Covariance (M, M) of the posterior mean over samples of participants and the prior.

    ``posterior`` must be the EP fit of ``people.counts``: its sites hold the scores. With a single
    participant there is nothing to compare with, and the posterior's own covariance is returned
    plus that participant's squared influence. Raises ValueError if the two do not belong together.
    """
    counts = people.counts
    if posterior.sites.shape[0] != counts.first.size or posterior.model_ids != counts.model_ids:
        raise ValueError("the posterior was not fitted on these participants' counts")
    covariance = _clustered(
        people.starts, people.pair, people.outcomes, counts.first, counts.second,
        posterior.sites, posterior.mean, posterior.covariance,
    )  # fmt: skip
    covariance += _of_the_prior(posterior.covariance, 1.0 / posterior.prior_sd**2)
    if people.participant_count < 2:
        covariance = covariance + posterior.covariance
    return covariance


def sd_of_skill(posterior: Posterior, covariance: FloatArray) -> FloatArray:
    """Standard deviations (M) of centred skills under another covariance (M, M)."""
    return posterior.with_covariance(covariance).skill_sd


def design_effect(posterior: Posterior, covariance: FloatArray) -> float:
    """Mean ratio of sandwich to model variance of centred skills; 1 for an unweighted sample."""
    own = posterior.skill_sd
    ratio = (sd_of_skill(posterior, covariance) / own) ** 2
    return float(ratio.mean()) if own.size and math.isfinite(ratio.sum()) else math.nan
