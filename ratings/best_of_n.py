"""What choosing the best of several variants adds to its score, and the score without that.

Of N variants that are equally good the best looks better than it is, by the noise of a score times
the mean of the largest of N standard normals. Where variants differ it is less. Two estimates are
without it. One holds whatever the variants' skills are: median-unbiased given which was the best,
the hybrid of Andrews, Kitagawa and McCloskey (2024, Inference on Winners, Quarterly Journal of
Economics 139). The other is the posterior's mean where variants of a family are drawn from one
normal, whose spread is estimated; it holds whichever of them was chosen, and why.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import log_ndtr, ndtr, ndtri

from ratings.compiled import FloatArray

NODES = 4001
"""Of the integral over a standard normal, from -REACH to REACH."""
REACH = 10.0
LEVEL = 0.05
# Of the error that an interval may make, the tenth that goes into bounding all scores at first:
# the share that Andrews, Kitagawa and McCloskey recommend.
BOUNDING_SHARE = 0.1
SPREADS = 64
"""Spreads that are tried, each as likely before any score is known."""


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


def own_noise(covariance: FloatArray) -> float:
    """Sd of the part of scores' noise that variants don't share, which alone decides between them.

    Root of the mean variance less the mean covariance, of ``covariance`` (N, N).
    """
    size = len(covariance)
    variance = float(np.trace(covariance)) / size
    if size > 1:
        variance -= (float(covariance.sum()) - float(np.trace(covariance))) / (size * (size - 1))
    return math.sqrt(max(variance, 0.0))


@dataclass(frozen=True)
class Estimate:
    """A skill without what being chosen adds to its score, with a 95% interval."""

    estimate: float
    low: float
    high: float


def winner(score: FloatArray, covariance: FloatArray, kept: FloatArray | None = None) -> Estimate:
    """The skill of the best as shown, given that it is the best.

    Args:
        score: unbiased (N).
        covariance: of its sampling errors (N, N), positive on the diagonal.
        kept: share of each score (N), above zero, that is shown: the best is that of the highest
            score times its share. All alike unless given.

    Given the part of the other scores that is independent of the best one's, it is the best where
    it lies between two limits: its distribution is a normal cut off there, and, for the hybrid, not
    further from its mean than any score is likely to be. The bound on all scores is Sidak's, which
    holds for any correlation.

    Raises:
        ValueError: there are none.
    """
    if score.size < 1:
        raise ValueError("no variants")
    kept = np.ones(score.size) if kept is None else kept
    place = int(np.argmax(kept * score))
    sd = math.sqrt(float(covariance[place, place]))
    share = covariance[:, place] / covariance[place, place]
    rest = kept * (score - share * score[place])
    # The best one's score y is shown above another's where rest + kept share y <= own kept y.
    slope = kept[place] - kept * share
    others = np.arange(score.size) != place
    under, over = others & (slope > 0.0), others & (slope < 0.0)
    floor = float((rest[under] / slope[under]).max(initial=-math.inf))
    ceiling = float((rest[over] / slope[over]).min(initial=math.inf))
    bounding = BOUNDING_SHARE * LEVEL
    reach = -float(ndtri(0.5 * (1.0 - (1.0 - bounding) ** (1.0 / score.size)))) * sd
    left = (1.0 - LEVEL) / (1.0 - bounding)
    levels = (0.5, 0.5 * (1.0 + left), 0.5 * (1.0 - left))
    y = float(score[place])
    return Estimate(*(_mean_at(y, sd, floor, ceiling, reach, level) for level in levels))


def _mean_at(
    y: float, sd: float, floor: float, ceiling: float, reach: float, level: float
) -> float:
    # The mean at which the cut-off normal is below ``y`` with probability ``level``; the further up
    # the mean, the less probable.
    def below(mean: float) -> float:
        low, high = max(floor, mean - reach), min(ceiling, mean + reach)
        if y <= low or high <= low:
            return -level
        if y >= high:
            return 1.0 - level
        whole = _between((low - mean) / sd, (high - mean) / sd)
        part = _between((low - mean) / sd, (y - mean) / sd)
        return math.exp(part - whole) - level

    # Another is shown as high as this: only the bound on all scores is left.
    if y <= floor:
        return y - reach
    if y >= ceiling:
        return y + reach
    return float(brentq(below, y - reach, y + reach, xtol=1e-9 * sd))


def _between(low: float, high: float) -> float:
    # Logarithm of a standard normal's probability between two ends, both of which may be far out.
    if low > 0.0:
        low, high = -high, -low
    above = float(log_ndtr(high))
    return above + math.log(max(-math.expm1(float(log_ndtr(low)) - above), 1e-300))


@dataclass(frozen=True)
class Family:
    """Variants drawn from one normal.

    Args:
        spread: sd of their skills, median of its posterior; ``spread_hi``: 97.5% are below.
        skill: of the one that was asked about, without the noise that it was chosen by.
        p_above: that its skill is above its score.
    """

    spread: float
    spread_hi: float
    skill: Estimate
    p_above: float


def family(score: FloatArray, covariance: FloatArray, place: int) -> Family:
    """The skill of the variant at ``place`` in the variants' joint posterior.

    Args:
        score: unbiased (N).
        covariance: of its sampling errors (N, N).
        place: of the variant that was published.

    Before, the mean of the family is anything, and its spread as likely below the noise of a score
    as above (DuMouchel 1994): noise / (noise + spread) is uniform.
    """
    if score.size == 1:
        half = -float(ndtri(0.5 * LEVEL)) * math.sqrt(float(covariance[0, 0]))
        known = float(score[0])
        return Family(math.nan, math.nan, Estimate(known, known - half, known + half), 0.5)
    quantiles = (np.arange(SPREADS) + 0.5) / SPREADS
    spreads = own_noise(covariance) * quantiles / (1.0 - quantiles)
    found = [_given(score, covariance, place, float(spread)) for spread in spreads]
    logs = np.array([one[0] for one in found])
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    means, sds = np.array([one[1] for one in found]), np.array([one[2] for one in found])

    def quantile(level: float) -> float:
        ends = means - REACH * sds, means + REACH * sds
        return float(
            brentq(
                lambda x: float(weights @ ndtr((x - means) / sds)) - level,
                float(ends[0].min()),
                float(ends[1].max()),
            )
        )

    median, high = np.interp([0.5, 1.0 - 0.5 * LEVEL], np.cumsum(weights), spreads)
    return Family(
        float(median),
        float(high),
        Estimate(float(weights @ means), quantile(0.5 * LEVEL), quantile(1.0 - 0.5 * LEVEL)),
        float(weights @ ndtr((means - score[place]) / sds)),
    )


def _given(
    score: FloatArray, covariance: FloatArray, place: int, spread: float
) -> tuple[float, float, float]:
    # Log likelihood of the spread without the family's mean (REML), and the skill's mean and sd.
    size = score.size
    whole = covariance + spread**2 * np.eye(size)
    lower = np.linalg.cholesky(whole)
    columns = np.column_stack([np.ones(size), score, covariance[:, place]])
    ones, said, own = np.linalg.solve(lower, columns).T
    known = float(ones @ ones)
    off = said - ones * float(ones @ said) / known
    log = -float(np.log(np.diag(lower)).sum()) - 0.5 * math.log(known) - 0.5 * float(off @ off)
    variance = float(covariance[place, place]) - float(own @ own) + float(own @ ones) ** 2 / known
    return log, float(score[place] - own @ off), math.sqrt(max(variance, 1e-300))
