"""Gaussian skills that are only ever seen through differences of pairs.

Prior N(0, I / prior_precision) times one Gaussian factor per pair gives mean and covariance.
Out: where the factors come from.
"""

import math

import numpy as np
from numpy.typing import NDArray

from ratings.cholesky import inverse
from ratings.compiled import compiled

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]


@compiled
def solve(
    size: int,
    first: IndexArray,
    second: IndexArray,
    precision: FloatArray,
    shift: FloatArray,
    prior_precision: float,
) -> tuple[FloatArray, FloatArray, float, float]:
    """Mean (M), stiffened covariance (M, M), log-determinant of the precision, stiffness.

    ``precision``, ``shift`` (P): natural parameters of the factor on theta[first] - theta[second].
    Differences never see the mode that moves all skills together, whose precision is the prior's
    alone. Left in, it dwarfs everything else after a million battles and costs half the digits, so
    the matrix is inverted with ``stiffness`` added to that mode. Variances of differences are not
    touched by it; ``take_out`` restores the rest.
    """
    matrix = np.zeros((size, size))
    pull = np.zeros(size)
    trace = 0.0
    for p in range(first.size):
        i = first[p]
        j = second[p]
        matrix[i, i] += precision[p]
        matrix[j, j] += precision[p]
        matrix[i, j] -= precision[p]
        pull[i] += shift[p]
        pull[j] -= shift[p]
        trace += 2.0 * precision[p]
    stiffness = trace / (size * size)
    for i in range(size):
        matrix[i, i] += prior_precision
        for j in range(i, size):
            matrix[i, j] += stiffness
    covariance, log_determinant = inverse(matrix)
    common = prior_precision + size * stiffness
    log_determinant += math.log(prior_precision) - math.log(common)
    mean = np.zeros(size)
    for i in range(size):
        total = 0.0
        for j in range(size):
            total += covariance[i, j] * pull[j]
        mean[i] = total
    return mean, covariance, log_determinant, stiffness


@compiled
def take_out(covariance: FloatArray, stiffness: float, prior_precision: float) -> None:
    """Give the common mode its prior variance back, in place."""
    size = covariance.shape[0]
    common = prior_precision + size * stiffness
    lift = (1.0 / prior_precision - 1.0 / common) / size
    for i in range(size):
        for j in range(size):
            covariance[i, j] += lift


@compiled
def marginals(
    first: IndexArray,
    second: IndexArray,
    mean: FloatArray,
    covariance: FloatArray,
    out_mean: FloatArray,
    out_variance: FloatArray,
) -> float:
    """Write means and variances of all differences (P); returns the largest change of mean or sd.

    The change is against what the output arrays held before.
    """
    change = 0.0
    for p in range(first.size):
        i = first[p]
        j = second[p]
        centre = mean[i] - mean[j]
        variance = covariance[i, i] + covariance[j, j] - 2.0 * covariance[i, j]
        change = max(change, abs(centre - out_mean[p]))
        change = max(change, abs(math.sqrt(variance) - math.sqrt(out_variance[p])))
        out_mean[p] = centre
        out_variance[p] = variance
    return change
