"""Dense linear algebra that gives the same bits on every run.

LAPACK splits its sums by the number of threads; these loops only ever add whole rows, which
vectorises without changing the order of any sum.
"""

import math

import numpy as np

from ratings.compiled import FloatArray, compiled

# Rows that are changed side by side, so that those they need are fetched once for all of them; a
# multiple of four. Every entry's sum keeps its order, whatever the tile.
TILE = 16


@compiled
def _take_four(
    row: FloatArray, by: FloatArray, k: int, i: int, begin: int, end: int, rows: FloatArray
) -> None:
    # Take four finished rows from k on, times their share, off one: a quarter of loads and stores.
    c0, c1, c2, c3 = by[k, i], by[k + 1, i], by[k + 2, i], by[k + 3, i]
    # Slices, as an index that might be negative keeps a loop from being vectorised.
    r0, r1, r2, r3 = (
        rows[k, begin:end],
        rows[k + 1, begin:end],
        rows[k + 2, begin:end],
        rows[k + 3, begin:end],
    )
    row = row[begin:end]
    for j in range(row.size):
        row[j] -= c0 * r0[j] + c1 * r1[j] + c2 * r2[j] + c3 * r3[j]


@compiled
def _take_one(row: FloatArray, share: float, other: FloatArray, begin: int, end: int) -> None:
    row, other = row[begin:end], other[begin:end]
    for j in range(row.size):
        row[j] -= share * other[j]


@compiled
def factor(matrix: FloatArray, tolerance: float) -> FloatArray:
    """Upper U with U'U = matrix (n, n), of which only the upper triangle is read.

    ``tolerance`` zero: NaN appears in the result unless the matrix is positive definite. Above
    zero, for semidefinite ones: a pivot below that share of the largest diagonal entry counts as
    zero, and so does its row.
    """
    upper = np.triu(matrix)
    factor_in_place(upper, tolerance)
    return upper


@compiled
def factor_in_place(upper: FloatArray, tolerance: float) -> None:
    """Put U of `factor` in the place of the matrix (n, n); what is below its diagonal stays."""
    n = upper.shape[0]
    largest = 0.0
    for i in range(n):
        largest = max(largest, upper[i, i])
    for begin in range(0, n, TILE):
        end = min(begin + TILE, n)
        for k in range(0, begin, 4):
            for i in range(begin, end):
                _take_four(upper[i], upper, k, i, i, n, upper)
        for i in range(begin, end):
            row = upper[i]
            whole = begin + (i - begin) // 4 * 4
            for k in range(begin, whole, 4):
                _take_four(row, upper, k, i, i, n, upper)
            for k in range(whole, i):
                _take_one(row, upper[k, i], upper[k], i, n)
            scale = 0.0
            if tolerance == 0.0 or row[i] > tolerance * largest:
                scale = 1.0 / math.sqrt(row[i])
            for j in range(i, n):
                row[j] *= scale


@compiled
def _invert_factor(upper: FloatArray) -> FloatArray:
    # Lower X (n, n) with X = inverse of U', for an upper factor U.
    n = upper.shape[0]
    out = np.zeros((n, n))
    for begin in range(0, n, TILE):
        end = min(begin + TILE, n)
        for k in range(0, begin, 4):
            for i in range(begin, end):
                _take_four(out[i], upper, k, i, 0, k + 4, out)
        for i in range(begin, end):
            row = out[i]
            k = begin
            while k + 4 <= i:
                _take_four(row, upper, k, i, 0, k + 4, out)
                k += 4
            while k < i:
                _take_one(row, upper[k, i], out[k], 0, k + 1)
                k += 1
            scale = 1.0 / upper[i, i]
            for j in range(i):
                row[j] *= scale
            row[i] = scale
    return out


@compiled
def _add_four(row: FloatArray, lower: FloatArray, k: int, i: int) -> None:
    # Add to row i (up to i) four rows from k on, times their entry i.
    r0, r1, r2, r3 = lower[k], lower[k + 1], lower[k + 2], lower[k + 3]
    c0, c1, c2, c3 = r0[i], r1[i], r2[i], r3[i]
    for j in range(i + 1):
        row[j] += c0 * r0[j] + c1 * r1[j] + c2 * r2[j] + c3 * r3[j]


@compiled
def _gram(lower: FloatArray) -> FloatArray:
    # X'X (n, n) of a lower triangular X: row i is the sum over k >= i of X[k, i] * X[k, :i + 1].
    n = lower.shape[0]
    out = np.zeros((n, n))
    # Rows of a tile are four apart, so that all of them count the rows below in the same fours.
    for begin in range(0, n, 4 * TILE):
        for first in range(begin, min(begin + 4, n)):
            end = min(begin + 4 * TILE, n)
            k = first
            while k + 4 <= n:
                for i in range(first, min(end, k + 1), 4):
                    _add_four(out[i], lower, k, i)
                k += 4
            while k < n:
                for i in range(first, min(end, k + 1), 4):
                    _take_one(out[i], -lower[k, i], lower[k], 0, i + 1)
                k += 1
    for i in range(n):
        for j in range(i):
            out[j, i] = out[i, j]
    return out


@compiled
def solve_factored(upper: FloatArray, right: FloatArray) -> FloatArray:
    """x (n) with U'U x = right, for an upper factor U."""
    out = right.copy()
    solve_in_place(upper, out)
    return out


@compiled
def solve_in_place(upper: FloatArray, out: FloatArray) -> None:
    """Put x of `solve_factored` in the place of the right side (n)."""
    n = out.size
    for i in range(n):
        for k in range(i):
            out[i] -= upper[k, i] * out[k]
        out[i] /= upper[i, i]
    for i in range(n - 1, -1, -1):
        for k in range(i + 1, n):
            out[i] -= upper[i, k] * out[k]
        out[i] /= upper[i, i]


@compiled
def inverse(matrix: FloatArray) -> tuple[FloatArray, float]:
    """Inverse (n, n) and log-determinant of a positive definite matrix (upper triangle read)."""
    upper = factor(matrix, 0.0)
    log_determinant = 0.0
    for i in range(matrix.shape[0]):
        log_determinant += 2.0 * math.log(upper[i, i])
    return _gram(_invert_factor(upper)), log_determinant


def product(a: FloatArray, b: FloatArray) -> FloatArray:
    """Matrix product (n, m) of a (n, k) and b (k, m), without BLAS and its threads."""
    result: FloatArray = np.einsum("ik,kj->ij", a, b)
    return result
