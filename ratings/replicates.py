"""Replicate weights: the spread of weighted figures without a formula, and without this program.

The rescaled bootstrap of Rao, Wu and Yue (1992, Survey Methodology 18, 209-217): each replicate
draws n - 1 of a stratum's n participants with replacement, multiplies their weight by how often
they were drawn times n / (n - 1), and weights anew to the same margins. The variance of a figure is
the mean squared difference of its replicates from it (R: ``svrepdesign(type = "other", scale = 1 /
replicates, rscales = 1, combined.weights = TRUE, mse = TRUE)``).
"""

from __future__ import annotations

import numpy as np

from ratings.bounded_weights import bound_weights
from ratings.compiled import FloatArray, IndexArray
from ratings.tournaments import derive_seed

REPLICATE_COUNT = 200
MARGIN_ERROR = 1e-8
"""Weights are kept to the millionth: digits beyond cost ten times as long and are rounded away."""


def replicate_weights(
    cells: IndexArray,
    levels: IndexArray,
    targets: FloatArray,
    bounds: tuple[float, float],
    seed: int,
    replicate_count: int = REPLICATE_COUNT,
) -> FloatArray:
    """Weights (N, R) of N participants of one stratum in R replicates, of mean 1 each.

    Args:
        cells: (N,) the weighting cell of each participant.
        levels: (C, K) the cell's level on each of K margins, numbered over all margins.
        targets: (L,) share of each level; those of a margin sum to 1.
        bounds: smallest and largest ratio of a weight to that of the draw.
        seed: of the draws; every replicate has a stream of its own.
        replicate_count: R.
    """
    size = cells.size
    weights = np.ones((size, replicate_count))
    if size < 2:
        return weights
    for replicate in range(replicate_count):
        stream = np.random.Generator(np.random.Philox(derive_seed(seed, str(replicate))))
        drawn = np.bincount(stream.integers(0, size, size - 1), minlength=size)
        base = drawn * (size / (size - 1.0))
        shares = np.bincount(cells, base, levels.shape[0]) / base.sum()
        met = np.flatnonzero(shares > 0.0)
        present, reachable = _reachable(levels[met], targets)
        ratios = np.zeros(levels.shape[0])
        ratios[met] = bound_weights(shares[met], present, reachable, *bounds, MARGIN_ERROR).ratios
        weights[:, replicate] = base * ratios[cells]
    scaled: FloatArray = weights / weights.mean(axis=0)
    return scaled


def _reachable(levels: IndexArray, targets: FloatArray) -> tuple[IndexArray, FloatArray]:
    # Levels that nobody drawn is in are left out, and the others of their margin scaled up.
    columns, shares, first = [], [], 0
    for margin in levels.T:
        names, places = np.unique(margin, return_inverse=True)
        columns.append(places.ravel() + first)
        shares.append(targets[names] / targets[names].sum())
        first += names.size
    return np.column_stack(columns), np.concatenate(shares)
