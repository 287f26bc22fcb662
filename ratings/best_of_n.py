"""What choosing the best of several variants adds to its score, and the score without that.

Of N variants that are equally good the best looks better than it is, by the noise of a score times
the mean of the largest of N standard normals. Where variants differ it is less. The estimate of the
one that was chosen is corrected for having been chosen: median-unbiased, given that it was the best
(Andrews, Kitagawa and McCloskey 2024, Quarterly Journal of Economics 139).
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import log_ndtr, ndtr

from ratings.compiled import FloatArray

NODES = 4001
"""Of the integral over a standard normal, from -REACH to REACH."""
REACH = 10.0
# Beyond so many sds the estimate says nothing but that it was chosen.
FARTHEST = 40.0


def mean_of_largest(count: int) -> float:
    """Mean of the largest of ``count`` independent standard normals: 0 of one, 1.54 of ten.

    Raises ValueError for less than one.
    """
    if count < 1:
        raise ValueError("the largest of none has no mean")
    x = np.linspace(-REACH, REACH, NODES)
    below = ndtr(x) ** count
    # The mean is the integral of P(largest > x) over x > 0, less that of P(largest < x) below.
    excess = np.where(x > 0.0, 1.0 - below, -below)
    excess[NODES // 2] = 0.5 * (1.0 - 2.0 * below[NODES // 2])
    return float(excess.sum() * (x[1] - x[0]))


@dataclass(frozen=True)
class Winner:
    """The best of N by its score, without what being chosen adds.

    ``place``: which; ``score``: its own; ``estimate``: median-unbiased given that it was chosen,
    with a 95% interval from ``low`` to ``high``.
    """

    place: int
    score: float
    estimate: float
    low: float
    high: float

    @property
    def inflation(self) -> float:
        """By how much its score is too high."""
        return self.score - self.estimate


def winner(score: FloatArray, covariance: FloatArray) -> Winner:
    """The best of N variants.

    ``score`` (N): unbiased, with sampling ``covariance`` (N, N). Given the part of the other scores
    that is independent of the best one's, it was chosen because it lies above a threshold; so its
    distribution is a normal cut off there. Raises ValueError where there are none.
    """
    if score.size < 1:
        raise ValueError("no variants")
    place = int(np.argmax(score))
    variance = float(covariance[place, place])
    share = covariance[:, place] / variance
    rest = score - share * score[place]
    # The best one's score y is above all others' where rest + share y <= y.
    leaves = share < 1.0
    leaves[place] = False
    threshold = float((rest[leaves] / (1.0 - share[leaves])).max(initial=-math.inf))
    sd = math.sqrt(variance)
    found = [_mean_at(float(score[place]), threshold, sd, level) for level in (0.5, 0.975, 0.025)]
    return Winner(place, float(score[place]), *found)


def _mean_at(score: float, threshold: float, sd: float, level: float) -> float:
    # The mean at which the cut-off normal is below ``score`` with probability ``level``.
    def too_low(mean: float) -> float:
        if not math.isfinite(threshold):
            return float(ndtr((score - mean) / sd)) - level
        # P(Y > score) / P(Y > threshold), by logarithms as both may be tiny.
        above = log_ndtr((mean - score) / sd) - log_ndtr((mean - threshold) / sd)
        return -math.expm1(float(above)) - level

    low, high = score - FARTHEST * sd, score + FARTHEST * sd
    return float(brentq(too_low, low, high, xtol=1e-9 * sd)) if too_low(low) > 0.0 else low
