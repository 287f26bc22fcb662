"""Linear algebra of the hierarchical model: one precision matrix over all blocks of effects.

Block 0 holds the M common skills, block 1 + e those of group e. The skill of a model in a cell is
the sum over the blocks of that cell.
Out: the sites, and when to stop.
"""

import math

import numpy as np
from numpy.typing import NDArray

from ratings.cholesky import factor, inverse, solve_factored
from ratings.compiled import compiled

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]


@compiled
def assemble(
    size: int,
    blocks: IndexArray,
    cell: IndexArray,
    first: IndexArray,
    second: IndexArray,
    precision: FloatArray,
    shift: FloatArray,
    prior_precision: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Upper triangle of the precision (B * M, B * M), pull (B * M), stiffness per block (B).

    ``blocks`` (C, K): blocks of each cell, ascending, -1 for none; ``precision``, ``shift`` (D):
    factor on each row's difference; ``prior_precision`` (B). As in ``differences.solve``, every
    block's common mode, which no battle sees, is stiffened to keep the digits of all others.
    """
    count = prior_precision.size
    matrix = np.zeros((count * size, count * size))
    pull = np.zeros(count * size)
    trace = np.zeros(count)
    for d in range(cell.size):
        i = first[d]
        j = second[d]
        pi = precision[d]
        for k in range(blocks.shape[1]):
            block = blocks[cell[d], k]
            if block < 0:
                continue
            bi = block * size + i
            bj = block * size + j
            pull[bi] += shift[d]
            pull[bj] -= shift[d]
            trace[block] += 2.0 * pi
            matrix[bi, bi] += pi
            matrix[bj, bj] += pi
            matrix[bi, bj] -= pi
            for m in range(k + 1, blocks.shape[1]):
                other = blocks[cell[d], m]
                if other >= 0:
                    oi = other * size + i
                    oj = other * size + j
                    matrix[bi, oi] += pi
                    matrix[bj, oj] += pi
                    matrix[bi, oj] -= pi
                    matrix[bj, oi] -= pi
    stiffness = trace / (size * size)
    for block in range(count):
        for i in range(block * size, (block + 1) * size):
            matrix[i, i] += prior_precision[block]
            for j in range(i, (block + 1) * size):
                matrix[i, j] += stiffness[block]
    return matrix, pull, stiffness


@compiled
def solve(matrix: FloatArray, pull: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Mean, covariance and log-determinant of the precision."""
    covariance, log_determinant = inverse(matrix)
    mean = np.zeros(pull.size)
    for i in range(pull.size):
        total = 0.0
        for j in range(pull.size):
            total += covariance[i, j] * pull[j]
        mean[i] = total
    return mean, covariance, log_determinant


@compiled
def marginals(
    size: int,
    blocks: IndexArray,
    cell: IndexArray,
    first: IndexArray,
    second: IndexArray,
    mean: FloatArray,
    covariance: FloatArray,
    out_mean: FloatArray,
    out_variance: FloatArray,
) -> float:
    """Write mean and variance of every row's difference (D); returns the largest change."""
    change = 0.0
    for d in range(cell.size):
        i = first[d]
        j = second[d]
        centre = 0.0
        variance = 0.0
        for k in range(blocks.shape[1]):
            block = blocks[cell[d], k]
            if block < 0:
                continue
            bi = block * size + i
            bj = block * size + j
            centre += mean[bi] - mean[bj]
            variance += covariance[bi, bi] + covariance[bj, bj] - 2.0 * covariance[bi, bj]
            for m in range(k + 1, blocks.shape[1]):
                other = blocks[cell[d], m]
                if other >= 0:
                    oi = other * size + i
                    oj = other * size + j
                    cross = covariance[bi, oi] + covariance[bj, oj]
                    cross -= covariance[bi, oj] + covariance[bj, oi]
                    variance += 2.0 * cross
        change = max(change, abs(centre - out_mean[d]))
        change = max(change, abs(math.sqrt(variance) - math.sqrt(out_variance[d])))
        out_mean[d] = centre
        out_variance[d] = variance
    return change


@compiled
def take_out(covariance: FloatArray, stiffness: FloatArray, prior_precision: FloatArray) -> None:
    """Give every block's common mode its prior variance back, in place."""
    size = covariance.shape[0] // stiffness.size
    for b in range(stiffness.size):
        lift = 1.0 / prior_precision[b] - 1.0 / (prior_precision[b] + size * stiffness[b])
        for i in range(b * size, (b + 1) * size):
            for j in range(b * size, (b + 1) * size):
                covariance[i, j] += lift / size


@compiled
def scale_curvature(
    size: int,
    axis_of_block: IndexArray,
    axes: int,
    mean: FloatArray,
    covariance: FloatArray,
    prior_precision: FloatArray,
    stiffness: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Gradient (A) and Hessian (A, A) of the log-evidence by log tau.

    With sites held, log Z is that of a Gaussian model: d / d log tau_a = lambda_a E_a - N_a with
    E_a the posterior second moment of axis a's effects and N_a how many they are. ``axis_of_block``
    (B) is -1 for the common skills. Common modes carry nothing but the prior and are left out.
    """
    count = axis_of_block.size
    moment = np.zeros(axes)
    number = np.zeros(axes)
    hessian = np.zeros((axes, axes))
    rate = np.zeros(axes)
    for b in range(count):
        a = axis_of_block[b]
        if a < 0:
            continue
        rate[a] = prior_precision[b]
        common = 1.0 / (prior_precision[b] + size * stiffness[b])
        number[a] += size - 1.0
        moment[a] -= common
        hessian[a, a] -= common * common
        for i in range(b * size, (b + 1) * size):
            moment[a] += mean[i] * mean[i] + covariance[i, i]
        for c in range(count):
            other = axis_of_block[c]
            if other < 0:
                continue
            total = 0.0
            for i in range(b * size, (b + 1) * size):
                for j in range(c * size, (c + 1) * size):
                    s = covariance[i, j]
                    total += s * (s + 2.0 * mean[i] * mean[j])
            hessian[a, other] += total
    gradient = np.zeros(axes)
    for a in range(axes):
        gradient[a] = rate[a] * moment[a] - number[a]
        for other in range(axes):
            hessian[a, other] *= 2.0 * rate[a] * rate[other]
        hessian[a, a] -= 2.0 * rate[a] * moment[a]
    return gradient, hessian


@compiled
def newton_step(gradient: FloatArray, hessian: FloatArray, active: FloatArray) -> FloatArray:
    """-inverse(hessian) gradient over the active entries (A), 0 elsewhere; NaN if not a maximum."""
    n = gradient.size
    matrix = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            matrix[i, j] = -hessian[i, j] * active[i] * active[j]
        if active[i] == 0.0:
            matrix[i, i] = 1.0
    return solve_factored(factor(matrix), gradient * active)
