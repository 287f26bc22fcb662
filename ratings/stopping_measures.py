"""How certain a board is, in one number: what a stopping target is about.

Out: how many battles that takes (stopping.py), and which boards have which targets (seeds).
"""

import math
from enum import StrEnum
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from ratings.compiled import compiled
from ratings.gaussian import cdf
from ratings.posterior import Posterior
from ratings.summary import NORMAL_975

FloatArray = NDArray[np.float64]


class Measure(StrEnum):
    """What a target is about.

    ``interval_width``: the widest 95% interval of a skill, at most; ``p_best``: the probability of
    being the best of whoever it is likeliest of, at least; ``neighbour_separation``: mean over
    neighbours in rank of |2 P(better) - 1|, at least.
    """

    INTERVAL_WIDTH = "interval_width"
    P_BEST = "p_best"
    NEIGHBOUR_SEPARATION = "neighbour_separation"


@compiled
def _width(covariance: FloatArray, reference: FloatArray) -> float:
    # The 95% interval of the least certain centred skill.
    size = reference.size
    rows = np.zeros(size)
    total = 0.0
    for i in range(size):
        for j in range(size):
            rows[i] += covariance[i, j] * reference[j]
        total += reference[i] * rows[i]
    widest = 0.0
    for i in range(size):
        widest = max(widest, covariance[i, i] - 2.0 * rows[i] + total)
    return 2.0 * NORMAL_975 * math.sqrt(widest)


@compiled
def _p_better(mean: FloatArray, covariance: FloatArray, i: int, j: int) -> float:
    spread = covariance[i, i] + covariance[j, j] - 2.0 * covariance[i, j]
    return cdf((mean[i] - mean[j]) / math.sqrt(max(spread, 1e-300)))


@compiled
def _p_best(mean: FloatArray, covariance: FloatArray) -> float:
    # Bonferroni's lower bound for the leader, close where it is likely to be the best.
    leader = 0
    for i in range(mean.size):
        if mean[i] > mean[leader]:
            leader = i
    doubt = 0.0
    for i in range(mean.size):
        if i != leader:
            doubt += _p_better(mean, covariance, i, leader)
    return float(max(1.0 - doubt, 0.0))


@compiled
def _separation(mean: FloatArray, covariance: FloatArray) -> float:
    size = mean.size
    order = np.argsort(-mean, kind="mergesort")
    total = 0.0
    for k in range(size - 1):
        total += 2.0 * _p_better(mean, covariance, order[k], order[k + 1]) - 1.0
    return float(total / max(size - 1, 1))


def value_of(measure: Measure, posterior: Posterior) -> float:
    """The measure on a posterior; ``p_best`` is Bonferroni's lower bound.

    The best and the neighbours of a board of one model are certain: 1.
    """
    if measure is not Measure.INTERVAL_WIDTH and posterior.mean.size < 2:
        return 1.0
    return measured(measure, posterior.mean, posterior.covariance, posterior.reference)


def measured(
    measure: Measure, mean: FloatArray, covariance: FloatArray, reference: FloatArray
) -> float:
    """The measure of two models or more with ``mean`` (M) and ``covariance`` (M, M)."""
    if measure is Measure.INTERVAL_WIDTH:
        return _width(covariance, reference)
    if measure is Measure.P_BEST:
        return _p_best(mean, covariance)
    return _separation(mean, covariance)


def is_met(measure: Measure, value: float, threshold: float) -> bool:
    """Whether a value is as good as the target."""
    return value <= threshold if measure is Measure.INTERVAL_WIDTH else value >= threshold


def straightened(measure: Measure, value: float) -> float:
    """On a scale on which n battles add about n times the same: precisions, squared z."""
    if measure is Measure.INTERVAL_WIDTH:
        return 1.0 / max(value * value, 1e-300)
    p = value if measure is Measure.P_BEST else 0.5 * (1.0 + value)
    z = NormalDist().inv_cdf(min(max(p, 1e-12), 1.0 - 1e-12))
    return z * abs(z)
