"""What a battle between two models is expected to teach, in closed form.

Seeing an outcome shrinks the variance s^2 of the pair's difference to s^2 (1 - w s^2 / c^2), with
c^2 = s^2 + 2 beta^2 and w as in TrueSkill (gaussian.py). Because the moments are exact, the
expected Kullback-Leibler divergence from what was known before is the expected fall of entropy,
-1/2 E[log(1 - w s^2 / c^2)] nats: the mean's expected step and the variance's fall cancel (law of
total variance). MacKay 1992, "Information-based objective functions for active data selection".
Differences come from the full covariance: variances alone take two well-known rivals for strangers.
Out: which battles are chosen (pairing.py), and what they teach about which board.
"""

import math

import numpy as np
from numpy.typing import NDArray

from ratings.compiled import compiled
from ratings.gaussian import draw_moments, log_band, log_cdf, win_moments
from ratings.posterior import Posterior

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]

# Below this share of the noise a difference is as good as known, and 0/0 is near.
KNOWN = 1e-12


@compiled
def battle_information(mean: float, variance: float, margin: float, noise: float) -> float:
    """Nats that one battle is expected to teach of a difference N(mean, variance).

    ``margin``: draw margin, skill units, positive; ``noise``: 2 beta^2.
    """
    total = variance + noise
    root = math.sqrt(total)
    share = variance / total
    t = mean / root
    e = margin / root
    _, w_first = win_moments(t - e)
    _, w_second = win_moments(-t - e)
    _, w_tie = draw_moments(t, e)
    gain = math.exp(log_cdf(t - e)) * math.log1p(-w_first * share)
    gain += math.exp(log_cdf(-t - e)) * math.log1p(-w_second * share)
    gain += math.exp(log_band(t, e)) * math.log1p(-w_tie * share)
    return -0.5 * gain


@compiled
def battle_precision(mean: float, variance: float, margin: float, noise: float) -> float:
    """Precision of a Gaussian observation of the difference that would teach as much.

    As variance goes to 0: Fisher's information of the outcome, E[w] / noise, at that difference.
    """
    floor = max(variance, KNOWN * noise)
    return math.expm1(2.0 * battle_information(mean, floor, margin, noise)) / floor


@compiled
def pair_precisions(
    mean: FloatArray, covariance: FloatArray, margin: float, noise: float
) -> FloatArray:
    """``battle_precision`` of every pair, symmetric (M, M) with a zero diagonal."""
    size = mean.size
    out = np.zeros((size, size))
    for i in range(size):
        for j in range(i):
            variance = max(covariance[i, i] + covariance[j, j] - 2.0 * covariance[i, j], 0.0)
            value = battle_precision(mean[i] - mean[j], variance, margin, noise)
            out[i, j] = value
            out[j, i] = value
    return out


def information(posterior: Posterior) -> FloatArray:
    """Nats one battle of each pair is expected to teach about all skills (M, M), symmetric.

    That of the pair's difference alone, for nothing else enters the likelihood. Diagonal zero.
    """
    precision = pair_precisions(
        posterior.mean, posterior.covariance, posterior.draw_margin, 2.0 * posterior.beta**2
    )
    variance = np.diag(posterior.covariance)
    spread = variance[:, None] + variance[None, :] - 2.0 * posterior.covariance
    nats: FloatArray = 0.5 * np.log1p(precision * np.maximum(spread, 0.0))
    return nats


@compiled
def _fisher_information(
    skill: FloatArray,
    first: IndexArray,
    second: IndexArray,
    battles: FloatArray,
    margin: float,
    noise: float,
) -> FloatArray:
    out = np.zeros((skill.size, skill.size))
    for p in range(first.size):
        i = first[p]
        j = second[p]
        value = battles[p] * battle_precision(skill[i] - skill[j], 0.0, margin, noise)
        out[i, i] += value
        out[j, j] += value
        out[i, j] -= value
        out[j, i] -= value
    return out


def fisher_information(
    skill: FloatArray,
    first: IndexArray,
    second: IndexArray,
    battles: FloatArray,
    like: Posterior,
) -> FloatArray:
    """Fisher's information about ``skill`` (M), (M, M), of so many ``battles`` (P) of each pair.

    ``first``, ``second`` (P): the pairs; ``like``: whose draw margin and noise hold.
    """
    noise = 2.0 * like.beta**2
    total: FloatArray = _fisher_information(skill, first, second, battles, like.draw_margin, noise)
    return total
