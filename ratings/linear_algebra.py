"""Dense linear algebra that gives the same bits on every run, and the precision of skills.

LAPACK splits its sums by the number of threads; these loops only ever add whole rows, which
vectorises without changing the order of any sum.

Skills are only ever seen through differences of two models. In the hierarchical model a skill in a
cell is a sum over blocks: block 0 holds the M common skills, block 1 + e those that effect e adds.
A flat board is one cell of one block.
"""

import math

import numpy as np

from ratings.compiled import FloatArray, IndexArray, compiled


@compiled
def product(a: FloatArray, b: FloatArray) -> FloatArray:
    """Matrix product of a (n, k) and b (k, m)."""
    out = np.zeros((a.shape[0], b.shape[1]))
    for i in range(a.shape[0]):
        for k in range(b.shape[0]):
            for j in range(b.shape[1]):
                out[i, j] += a[i, k] * b[k, j]
    return out


@compiled
def factor(matrix: FloatArray) -> FloatArray:
    """Upper U with U'U = matrix (n, n), positive definite; only its upper triangle is read.

    NaN appears in the result if the matrix is not positive definite.
    """
    n = matrix.shape[0]
    upper = np.zeros((n, n))
    for i in range(n):
        for j in range(i, n):
            upper[i, j] = matrix[i, j]
    for i in range(n):
        row = upper[i]
        # Four finished rows at a time: a quarter of the loads and stores.
        k = 0
        while k + 4 <= i:
            c0, c1, c2, c3 = upper[k, i], upper[k + 1, i], upper[k + 2, i], upper[k + 3, i]
            r0, r1, r2, r3 = upper[k], upper[k + 1], upper[k + 2], upper[k + 3]
            for j in range(i, n):
                row[j] -= c0 * r0[j] + c1 * r1[j] + c2 * r2[j] + c3 * r3[j]
            k += 4
        while k < i:
            c0 = upper[k, i]
            r0 = upper[k]
            for j in range(i, n):
                row[j] -= c0 * r0[j]
            k += 1
        scale = 1.0 / math.sqrt(row[i])
        for j in range(i, n):
            row[j] *= scale
    return upper


@compiled
def factor_semidefinite(matrix: FloatArray, tolerance: float) -> FloatArray:
    """Upper U with U'U close to matrix (n, n), positive semidefinite.

    A pivot below ``tolerance`` times the largest diagonal entry counts as zero, its row stays zero.
    """
    n = matrix.shape[0]
    upper = np.zeros((n, n))
    largest = 0.0
    for i in range(n):
        largest = max(largest, matrix[i, i])
    for i in range(n):
        row = upper[i]
        for j in range(i, n):
            row[j] = matrix[i, j]
        for k in range(i):
            c = upper[k, i]
            other = upper[k]
            for j in range(i, n):
                row[j] -= c * other[j]
        pivot = row[i]
        scale = 1.0 / math.sqrt(pivot) if pivot > tolerance * largest else 0.0
        for j in range(i, n):
            row[j] *= scale
    return upper


@compiled
def invert_factor(upper: FloatArray) -> FloatArray:
    """Lower X (n, n) with X = inverse of U', for an upper factor U."""
    n = upper.shape[0]
    out = np.zeros((n, n))
    for i in range(n):
        row = out[i]
        k = 0
        while k + 4 <= i:
            c0, c1, c2, c3 = upper[k, i], upper[k + 1, i], upper[k + 2, i], upper[k + 3, i]
            r0, r1, r2, r3 = out[k], out[k + 1], out[k + 2], out[k + 3]
            for j in range(k + 4):
                row[j] -= c0 * r0[j] + c1 * r1[j] + c2 * r2[j] + c3 * r3[j]
            k += 4
        while k < i:
            c0 = upper[k, i]
            r0 = out[k]
            for j in range(k + 1):
                row[j] -= c0 * r0[j]
            k += 1
        scale = 1.0 / upper[i, i]
        for j in range(i):
            row[j] *= scale
        row[i] = scale
    return out


@compiled
def solve_factored(upper: FloatArray, right: FloatArray) -> FloatArray:
    """x (n) with U'U x = right, for an upper factor U."""
    out = right.copy()
    n = out.size
    for i in range(n):
        for k in range(i):
            out[i] -= upper[k, i] * out[k]
        out[i] /= upper[i, i]
    for i in range(n - 1, -1, -1):
        for k in range(i + 1, n):
            out[i] -= upper[i, k] * out[k]
        out[i] /= upper[i, i]
    return out


@compiled
def mirror(matrix: FloatArray) -> None:
    """Copy the lower triangle (n, n) onto the upper one, in tiles that fit the cache."""
    n = matrix.shape[0]
    for i0 in range(0, n, 16):
        for j0 in range(0, i0 + 1, 16):
            for i in range(i0, min(i0 + 16, n)):
                for j in range(j0, min(j0 + 16, i)):
                    matrix[j, i] = matrix[i, j]


@compiled
def gram(lower: FloatArray) -> FloatArray:
    """X'X (n, n) of a lower triangular X."""
    n = lower.shape[0]
    out = np.zeros((n, n))
    # Row i is the sum over k >= i of X[k, i] * X[k, :i + 1]. Two rows of the result and four of X
    # at a time keep the loop out of memory; X[k, i + 1] is zero where k = i, and what the first of
    # the two rows gets beyond its diagonal is overwritten by the mirror.
    for i in range(0, n - 1, 2):
        row, twin = out[i], out[i + 1]
        k = i
        while k + 4 <= n:
            r0, r1, r2, r3 = lower[k], lower[k + 1], lower[k + 2], lower[k + 3]
            c0, c1, c2, c3 = r0[i], r1[i], r2[i], r3[i]
            d0, d1, d2, d3 = r0[i + 1], r1[i + 1], r2[i + 1], r3[i + 1]
            for j in range(i + 2):
                x0, x1, x2, x3 = r0[j], r1[j], r2[j], r3[j]
                row[j] += c0 * x0 + c1 * x1 + c2 * x2 + c3 * x3
                twin[j] += d0 * x0 + d1 * x1 + d2 * x2 + d3 * x3
            k += 4
        while k < n:
            r0 = lower[k]
            for j in range(i + 2):
                row[j] += r0[i] * r0[j]
                twin[j] += r0[i + 1] * r0[j]
            k += 1
    if n % 2 == 1:
        for j in range(n):
            out[n - 1, j] = lower[n - 1, n - 1] * lower[n - 1, j]
    mirror(out)
    return out


@compiled
def inverse(matrix: FloatArray) -> tuple[FloatArray, float]:
    """Inverse (n, n) and log-determinant of a positive definite matrix (upper triangle read)."""
    upper = factor(matrix)
    log_determinant = 0.0
    for i in range(matrix.shape[0]):
        log_determinant += 2.0 * math.log(upper[i, i])
    return gram(invert_factor(upper)), log_determinant


def one_block(rows: int) -> tuple[IndexArray, IndexArray]:
    """Blocks (1, 1) and cell (``rows``) of a flat board."""
    return np.zeros((1, 1), dtype=np.int64), np.zeros(rows, dtype=np.int64)


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
    factor on each row's difference; ``prior_precision`` (B).
    Differences never see the mode that moves a block's skills together, whose precision is the
    prior's alone. Left in, it dwarfs everything else after a million battles and costs half the
    digits, so ``stiffness`` is added to that mode. Variances of differences are not touched by it;
    ``take_out`` restores the rest.
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
