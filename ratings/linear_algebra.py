"""Dense linear algebra that gives the same bits on every run.

LAPACK splits its sums by the number of threads; these loops only ever add whole rows, which
vectorises without changing the order of any sum.
"""

import math

import numpy as np

from ratings.compiled import FloatArray, compiled


@compiled
def factor(matrix: FloatArray, tolerance: float) -> FloatArray:
    """Upper U with U'U = matrix (n, n), of which only the upper triangle is read.

    ``tolerance`` zero: NaN appears in the result unless the matrix is positive definite. Above
    zero, for semidefinite ones: a pivot below that share of the largest diagonal entry counts as
    zero, and so does its row.
    """
    n = matrix.shape[0]
    upper = np.zeros((n, n))
    largest = 0.0
    for i in range(n):
        largest = max(largest, matrix[i, i])
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
        scale = 0.0
        if tolerance == 0.0 or row[i] > tolerance * largest:
            scale = 1.0 / math.sqrt(row[i])
        for j in range(i, n):
            row[j] *= scale
    return upper


@compiled
def _invert_factor(upper: FloatArray) -> FloatArray:
    # Lower X (n, n) with X = inverse of U', for an upper factor U.
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
def _gram(lower: FloatArray) -> FloatArray:
    # X'X (n, n) of a lower triangular X: row i is the sum over k >= i of X[k, i] * X[k, :i + 1].
    n = lower.shape[0]
    out = np.zeros((n, n))
    for i in range(n):
        row = out[i]
        k = i
        while k + 4 <= n:
            r0, r1, r2, r3 = lower[k], lower[k + 1], lower[k + 2], lower[k + 3]
            c0, c1, c2, c3 = r0[i], r1[i], r2[i], r3[i]
            for j in range(i + 1):
                row[j] += c0 * r0[j] + c1 * r1[j] + c2 * r2[j] + c3 * r3[j]
            k += 4
        while k < n:
            r0 = lower[k]
            for j in range(i + 1):
                row[j] += r0[i] * r0[j]
            k += 1
        for j in range(i):
            out[j, i] = row[j]
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
