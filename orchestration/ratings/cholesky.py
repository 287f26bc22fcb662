"""Dense symmetric factorisation that gives the same bits on every run.

LAPACK splits its sums by the number of threads; these loops only ever add whole rows, which
vectorises without changing the order of any sum.
Out: what the matrices mean.
"""

import math

import numpy as np
from numpy.typing import NDArray

from orchestration.ratings.compiled import compiled

FloatArray = NDArray[np.float64]


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
def inverse(matrix: FloatArray) -> tuple[FloatArray, float]:
    """Inverse (n, n) and log-determinant of a positive definite matrix (upper triangle read)."""
    upper = factor(matrix)
    lower = invert_factor(upper)
    n = matrix.shape[0]
    out = np.zeros((n, n))
    log_determinant = 0.0
    for i in range(n):
        log_determinant += 2.0 * math.log(upper[i, i])
    # out = X'X, lower triangle, row by row: row i gets X[k, i] * X[k, :i + 1] for k >= i.
    for i in range(n):
        row = out[i]
        k = i
        while k + 4 <= n:
            c0, c1, c2, c3 = lower[k, i], lower[k + 1, i], lower[k + 2, i], lower[k + 3, i]
            r0, r1, r2, r3 = lower[k], lower[k + 1], lower[k + 2], lower[k + 3]
            for j in range(i + 1):
                row[j] += c0 * r0[j] + c1 * r1[j] + c2 * r2[j] + c3 * r3[j]
            k += 4
        while k < n:
            c0 = lower[k, i]
            r0 = lower[k]
            for j in range(i + 1):
                row[j] += c0 * r0[j]
            k += 1
    for i in range(n):
        for j in range(i):
            out[j, i] = out[i, j]
    return out, log_determinant
