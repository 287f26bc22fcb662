"""The compiled part of choosing a batch: scores of all pairs, and what each choice leaves.

A chosen battle counts as a Gaussian observation that teaches as much (information_gain.py). So the
covariance after it is known before its outcome is, and the next choice can look ahead: a rank-one
downdate, no new fit.
Out: policies, and where randomness comes from.
"""

import math

import numpy as np
from numpy.typing import NDArray

from ratings.compiled import compiled

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]
Mask = NDArray[np.bool_]


@compiled
def _centred(covariance: FloatArray) -> FloatArray:
    # Rows less their mean: C V, where C takes the mean over models away.
    size = covariance.shape[0]
    out = covariance.copy()
    for j in range(size):
        total = 0.0
        for i in range(size):
            total += covariance[j, i]
        for i in range(size):
            out[i, j] -= total / size
    return out


@compiled
def centred_variances(covariance: FloatArray) -> FloatArray:
    """Variances (S, M) of skills less their mean, of S covariances (S, M, M)."""
    parts, size = covariance.shape[0], covariance.shape[1]
    out = np.zeros((parts, size))
    for s in range(parts):
        rows = _centred(covariance[s])
        for i in range(size):
            total = 0.0
            for j in range(size):
                total += rows[i, j]
            out[s, i] = rows[i, i] - total / size
    return out


@compiled
def board_gram(covariance: FloatArray, weight: FloatArray, value: FloatArray) -> FloatArray:
    """G = weight (C V)' diag(value) (C V) of each part (S, M, M).

    A battle of pair u takes precision / (1 + precision s^2) u'Gu off the variances of the board's
    M skills, valued at ``value`` (M) each; ``weight`` (S): squared census share.
    """
    parts, size = covariance.shape[0], covariance.shape[1]
    out = np.zeros((parts, size, size))
    for s in range(parts):
        rows = _centred(covariance[s])
        gram = out[s]
        for k in range(size):
            row = rows[k]
            scale = weight[s] * value[k]
            for i in range(size):
                part = scale * row[i]
                for j in range(size):
                    gram[i, j] += part * row[j]
    return out


@compiled
def match_qualities(mean: FloatArray, covariance: FloatArray, noise: float) -> FloatArray:
    """TrueSkill's match quality of every pair (S, M, M): how likely a draw is, of 0 to 1.

    Herbrich, Minka, Graepel 2006, section 5; from variances alone, as TrueSkill has them.
    """
    parts, size = mean.shape
    out = np.zeros((parts, size, size))
    for s in range(parts):
        for i in range(size):
            for j in range(size):
                total = noise + covariance[s, i, i] + covariance[s, j, j]
                d = mean[s, i] - mean[s, j]
                out[s, i, j] = math.sqrt(noise / total) * math.exp(-0.5 * d * d / total)
    return out


@compiled
def _take_in(covariance: FloatArray, gram: FloatArray, i: int, j: int, precision: float) -> None:
    # Both after one observation of the difference, in place.
    size = covariance.shape[0]
    a = covariance[i] - covariance[j]
    b = gram[i] - gram[j]
    k = precision / (1.0 + precision * max(a[i] - a[j], 0.0))
    square = k * k * (b[i] - b[j])
    for r in range(size):
        x = k * a[r]
        y = k * b[r]
        z = square * a[r]
        for c in range(size):
            covariance[r, c] -= x * a[c]
            gram[r, c] += z * a[c] - x * b[c] - y * a[c]


@compiled
def _gain(precision: FloatArray, covariance: FloatArray, gram: FloatArray, i: int, j: int) -> float:
    # What the board gains by a battle of i and j.
    spread = max(covariance[i, i] + covariance[j, j] - 2.0 * covariance[i, j], 0.0)
    reach = gram[i, i] + gram[j, j] - 2.0 * gram[i, j]
    return float(0.5 * reach * precision[i, j] / (1.0 + precision[i, j] * spread))


@compiled
def _best(
    covariance: FloatArray,
    gram: FloatArray,
    precision: FloatArray,
    quality: FloatArray,
    allowed: Mask,
    left: IndexArray,
) -> tuple[int, int, int, int]:
    # How many pairs may be asked, then part and models of the one that is liked best.
    best = -1.0
    count, part, first, second = 0, 0, 0, 0
    for s in range(allowed.shape[0]):
        v, g, p = covariance[s], gram[s], precision[s]
        for i in range(left.size):
            if left[i] > 0:
                for j in range(i + 1, left.size):
                    if allowed[s, i, j] and left[j] > 0:
                        count += 1
                        score = quality[s, i, j] if quality.size > 0 else _gain(p, v, g, i, j)
                        if score > best:
                            best = score
                            part, first, second = s, i, j
    return count, part, first, second


@compiled
def _nth(allowed: Mask, left: IndexArray, place: int) -> tuple[int, int, int]:
    # The pair at a place among those that may be asked.
    for s in range(allowed.shape[0]):
        for i in range(left.size):
            if left[i] > 0:
                for j in range(i + 1, left.size):
                    if allowed[s, i, j] and left[j] > 0:
                        if place == 0:
                            return s, i, j
                        place -= 1
    return -1, -1, -1


@compiled
def choose(
    covariance: FloatArray,
    gram: FloatArray,
    precision: FloatArray,
    quality: FloatArray,
    allowed: Mask,
    left: IndexArray,
    uniform: FloatArray,
    random_share: float,
) -> tuple[IndexArray, FloatArray, FloatArray, Mask]:
    """Fill the slots of a batch; ``covariance``, ``gram``, ``allowed`` and ``left`` are used up.

    ``covariance``, ``gram``, ``precision`` (S, M, M); ``quality`` (S, M, M): what the best pair has
    most of, or empty for the board's gain; ``left`` (M): appearances each model has left;
    ``uniform`` (N, 2): per slot whether at random, and which.
    Returns (N, 3) part and pair, gains, propensities and whether at random.
    """
    slots = uniform.shape[0]
    pairs = np.zeros((slots, 3), dtype=np.int64)
    gains = np.zeros(slots)
    propensity = np.zeros(slots)
    at_random = np.zeros(slots, dtype=np.bool_)
    filled = 0
    for slot in range(slots):
        count, best_s, best_i, best_j = _best(covariance, gram, precision, quality, allowed, left)
        if count == 0:
            break
        s, i, j = best_s, best_i, best_j
        propensity[slot] = random_share / count
        if uniform[slot, 0] < random_share:
            at_random[slot] = True
            s, i, j = _nth(allowed, left, min(int(uniform[slot, 1] * count), count - 1))
        if s == best_s and i == best_i and j == best_j:
            propensity[slot] += 1.0 - random_share
        gains[slot] = _gain(precision[s], covariance[s], gram[s], i, j)
        pairs[slot, 0], pairs[slot, 1], pairs[slot, 2] = s, i, j
        allowed[s, i, j] = False
        allowed[s, j, i] = False
        left[i] -= 1
        left[j] -= 1
        _take_in(covariance[s], gram[s], i, j, precision[s, i, j])
        filled += 1
    return pairs[:filled], gains[:filled], propensity[:filled], at_random[:filled]
