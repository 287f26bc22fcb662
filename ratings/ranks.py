"""Ranks and their uncertainty, from joint draws of all skills.

The generator is counter-based and keyed by the caller, so the same board gives the same bits.
Out: point estimates.
"""

import numpy as np
from numpy.typing import NDArray

from ratings.cholesky import factor_semidefinite
from ratings.compiled import compiled
from ratings.posterior import Posterior

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]

DEFAULT_DRAWS = 8192
# Draws that are compared side by side: few enough to stay in the nearest cache.
BLOCK = 64
TAIL = 0.025


@compiled
def count_better(skill: FloatArray, better: FloatArray) -> None:
    """Fill ``better`` (M, D): how many models are above each in each draw ``skill`` (M, D) gives.

    Draws lie side by side, so that the comparisons of two models over all draws are one loop
    without a branch; counts are floats for the same reason, and exact.
    """
    better[:] = 0.0
    for i in range(skill.shape[0]):
        mine, above_me = skill[i], better[i]
        for j in range(i):
            other, above_other = skill[j], better[j]
            for d in range(skill.shape[1]):
                above_me[d] += 1.0 if other[d] > mine[d] else 0.0
                above_other[d] += 1.0 if mine[d] > other[d] else 0.0


@compiled
def add_draws(total: FloatArray, upper: FloatArray, normal: FloatArray) -> None:
    """Add to ``total`` (M, D) up to D draws: ``normal`` (at most D, M) times ``upper`` (M, M)."""
    draws, size = normal.shape
    z = np.zeros(total.shape[1])
    for k in range(size):
        for d in range(draws):
            z[d] = normal[d, k]
        for i in range(k, size):
            row, factor = total[i], upper[k, i]
            for d in range(total.shape[1]):
                row[d] += z[d] * factor


@compiled
def _rank_histogram(mean: FloatArray, upper: FloatArray, normal: FloatArray) -> IndexArray:
    # Row i, column r: draws that put model i at rank r + 1. Each normal is used with both signs.
    size = mean.size
    histogram = np.zeros((size, size), dtype=np.int64)
    offset = np.empty((size, BLOCK))
    skill = np.empty((size, BLOCK))
    better = np.empty((size, BLOCK))
    for start in range(0, normal.shape[0], BLOCK):
        block = normal[start : start + BLOCK]
        offset[:] = 0.0
        add_draws(offset, upper, block)
        for side in range(2):
            sign = 1.0 - 2.0 * side
            for i in range(size):
                for d in range(BLOCK):
                    skill[i, d] = mean[i] + sign * offset[i, d]
            count_better(skill, better)
            for i in range(size):
                for d in range(block.shape[0]):
                    histogram[i, int(better[i, d])] += 1
    return histogram


def rank_by(skill: FloatArray) -> IndexArray:
    """Rank (M), 1 for the largest; equal skills take the order they stand in."""
    rank = np.empty(skill.size, dtype=np.int64)
    rank[np.argsort(-skill, kind="stable")] = np.arange(1, skill.size + 1)
    return rank


def rank_distribution(posterior: Posterior, seed: int, draws: int = DEFAULT_DRAWS) -> FloatArray:
    """P(model i has rank r + 1) as an array (M, M), from ``draws`` antithetic draws.

    ``seed``: 128-bit integer, the Philox key (Salmon et al. 2011). Singular covariances are fine.
    """
    size = posterior.mean.size
    generator = np.random.Generator(np.random.Philox(key=seed))
    normal = generator.standard_normal((max(draws // 2, 1), size))
    # Ranks see differences alone; the uncentred covariance is the better conditioned one.
    upper = factor_semidefinite(posterior.covariance, 1e-14)
    histogram = _rank_histogram(posterior.mean, upper, normal)
    share: FloatArray = histogram / (2.0 * normal.shape[0])
    return share


def rank_range(distribution: FloatArray, rank: IndexArray) -> tuple[IndexArray, IndexArray]:
    """95% range of ranks (M), (M): equal tails, widened where needed to hold ``rank`` itself."""
    cumulative = np.cumsum(distribution, axis=1)
    low = np.argmax(cumulative > TAIL, axis=1) + 1
    high = np.argmax(cumulative >= 1.0 - TAIL - 1e-12, axis=1) + 1
    return np.minimum(low, rank).astype(np.int64), np.maximum(high, rank).astype(np.int64)
