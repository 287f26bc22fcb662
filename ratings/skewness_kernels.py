"""What the sites of a converged fit leave out of its Gaussian, to second order.

A site's copies match the Gaussian in mean and variance; from the third cumulant on they differ.
Rows (D) are differences of two models' skills in a cell, a cell being a sum of blocks of effects as
in ``hierarchical_kernels``; a flat board is a single cell of a single block.
Out: which rows matter, and what becomes of the posterior (``skewness``).
"""

import math

import numpy as np
from numpy.typing import NDArray

from ratings.compiled import compiled
from ratings.cut_gaussian import draw_cumulants, win_cumulants
from ratings.sites import FIRST_WINS, TIE

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]

# Columns of ``row_cumulants``.
THIRD, FOURTH, THIRD_TWICE, THIRD_THRICE, THIRD_AND_FOURTH = range(5)


@compiled
def row_cumulants(
    mean: FloatArray,
    variance: FloatArray,
    counts: FloatArray,
    margin: float,
    noise: float,
    precision: FloatArray,
    shift: FloatArray,
) -> FloatArray:
    """Per row (D, 5) the sums over copies of k3, k4, k3^2, k3^3 and k3 k4.

    k3, k4: third and fourth cumulant of the row's difference under cavity times one copy, over the
    variance to the power of three and four. ``mean``, ``variance`` (D): marginals; ``counts``,
    ``precision``, ``shift`` (D, 3): as in ``sites.sweep``. Products are of a copy with itself, of
    which a count below one has no more than its square.
    """
    out = np.zeros((mean.size, 5))
    for d in range(mean.size):
        for outcome in range(3):
            count = counts[d, outcome]
            if count <= 0.0:
                continue
            copy = min(count, 1.0)
            cavity = 1.0 / (1.0 / variance[d] - copy * precision[d, outcome])
            centre = cavity * (mean[d] / variance[d] - copy * shift[d, outcome])
            root = math.sqrt(cavity + noise)
            if outcome == TIE:
                third, fourth = draw_cumulants(centre / root, margin / root)
            elif outcome == FIRST_WINS:
                third, fourth = win_cumulants((centre - margin) / root)
            else:
                third, fourth = win_cumulants((-centre - margin) / root)
                third = -third
            scale = cavity / (root * variance[d])
            third *= scale**3
            fourth *= scale**4
            out[d, THIRD] += count * third
            out[d, FOURTH] += count * fourth
            out[d, THIRD_TWICE] += copy * count * third * third
            out[d, THIRD_THRICE] += copy * count * third * third * third
            out[d, THIRD_AND_FOURTH] += copy * count * third * fourth
    return out


@compiled
def levels_of(size: int, blocks: IndexArray, vectors: FloatArray) -> FloatArray:
    """Skills in every cell (C, size, F) for F vectors of all effects (B * size, F)."""
    out = np.zeros((blocks.shape[0], size, vectors.shape[1]))
    for c in range(blocks.shape[0]):
        for block in blocks[c]:
            if block >= 0:
                out[c] += vectors[block * size : (block + 1) * size]
    return out


@compiled
def along_rows(
    level: FloatArray, cell: IndexArray, first: IndexArray, second: IndexArray
) -> FloatArray:
    """Difference of every row (D, F) in each of F vectors, whose ``levels_of`` are given."""
    out = np.empty((cell.size, level.shape[2]))
    for d in range(cell.size):
        out[d] = level[cell[d], first[d]] - level[cell[d], second[d]]
    return out


@compiled
def third_cumulants(
    level: FloatArray, cell: IndexArray, first: IndexArray, second: IndexArray, third: FloatArray
) -> FloatArray:
    """Of F functionals, to first order (F): the sum over rows of k3 cov(f, d)^3.

    ``level``: ``levels_of`` their covariances with all effects; ``third`` (D): k3 of rows.
    """
    out = np.zeros(level.shape[2])
    for d in range(cell.size):
        above = level[cell[d], first[d]]
        below = level[cell[d], second[d]]
        for f in range(out.size):
            c = above[f] - below[f]
            out[f] += third[d] * c * c * c
    return out


@compiled
def covariance_change(
    loadings: FloatArray, between: FloatArray, cumulants: FloatArray
) -> FloatArray:
    """1/2 sum over pairs of distinct copies of k3 k3' cov(d, d')^2 cov(f, d) cov(g, d'), (F, F).

    ``loadings`` (D, F): covariance of each row's difference with each functional; ``between``
    (D, D): of rows with each other. Opper, Paquet, Winther 2013.
    """
    rows, functionals = loadings.shape
    carried = np.empty(functionals)
    out = np.zeros((functionals, functionals))
    for k in range(rows):
        carried[:] = 0.0
        for m in range(rows):
            c = between[k, m]
            weight = 0.5 * cumulants[k, THIRD] * cumulants[m, THIRD] * c * c
            if k == m:
                weight -= 0.5 * cumulants[k, THIRD_TWICE] * c * c
            for f in range(functionals):
                carried[f] += weight * loadings[m, f]
        for f in range(functionals):
            weight = loadings[k, f]
            for g in range(functionals):
                out[f, g] += weight * carried[g]
    return 0.5 * (out + out.T)


@compiled
def pull_of_rows(
    between: FloatArray, cumulants: FloatArray, variance_change: FloatArray
) -> FloatArray:
    """How hard each row (D) pulls: a mean moves by the sum over rows of cov(f, d) times it.

    What a copy's third cumulant makes of the other copies' change of its variance, and its fourth
    of their third: 1/2 k3 dv + 1/6 k4 sum k3' cov^3, over distinct copies. ``variance_change`` (D):
    of rows, by all copies.
    """
    out = np.empty(cumulants.shape[0])
    for k in range(out.size):
        third, fourth, twice, thrice, mixed = cumulants[k]
        v = between[k, k]
        skew = 0.0
        for m in range(out.size):
            skew += cumulants[m, THIRD] * between[k, m] ** 3
        out[k] = 0.5 * (third * variance_change[k] - v * (twice * skew - thrice * v**3))
        out[k] += (fourth * skew - mixed * v**3) / 6.0
    return out
