"""Skills are only ever seen through differences of two models: their precision and marginals.

In the hierarchical model a skill in a cell is a sum over blocks: block 0 holds the M common skills,
block 1 + e those that effect e adds. A flat board is one cell of one block.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from ratings.compiled import FloatArray, IndexArray, compiled


@compiled
def _assemble(
    size: int,
    blocks: IndexArray,
    cell: IndexArray,
    first: IndexArray,
    second: IndexArray,
    precision: FloatArray,
    shift: FloatArray,
    matrix: FloatArray,
    pull: FloatArray,
    trace: FloatArray,
) -> None:
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


@compiled
def _marginals(
    size: int,
    blocks: IndexArray,
    cell: IndexArray,
    first: IndexArray,
    second: IndexArray,
    mean: FloatArray,
    covariance: FloatArray,
    out_mean: FloatArray,
    out_variance: FloatArray,
) -> None:
    for d in range(cell.size):
        i = first[d]
        j = second[d]
        for k in range(blocks.shape[1]):
            block = blocks[cell[d], k]
            if block < 0:
                continue
            bi = block * size + i
            bj = block * size + j
            out_mean[d] += mean[bi] - mean[bj]
            out_variance[d] += covariance[bi, bi] + covariance[bj, bj] - 2.0 * covariance[bi, bj]
            for m in range(k + 1, blocks.shape[1]):
                other = blocks[cell[d], m]
                if other >= 0:
                    oi = other * size + i
                    oj = other * size + j
                    cross = covariance[bi, oi] + covariance[bj, oj]
                    cross -= covariance[bi, oj] + covariance[bj, oi]
                    out_variance[d] += 2.0 * cross


@dataclass(frozen=True, eq=False)
class Differences:
    """D differences of two of ``size`` models (M), each in a cell: skill of first less second.

    ``blocks`` (C, K): blocks that a skill in each cell is the sum of, ascending, -1 for none;
    ``cell``, ``first``, ``second`` (D).
    """

    size: int
    blocks: IndexArray
    cell: IndexArray
    first: IndexArray
    second: IndexArray

    @classmethod
    def flat(cls, size: int, first: IndexArray, second: IndexArray) -> Self:
        """Differences on a flat board."""
        nowhere = np.zeros(first.size, dtype=np.int64)
        return cls(size, np.zeros((1, 1), dtype=np.int64), nowhere, first, second)

    def assemble(
        self, precision: FloatArray, shift: FloatArray, prior_precision: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Upper triangle of the precision (B * M, B * M), pull (B * M), stiffness per block (B).

        ``precision``, ``shift`` (D): factor on each difference; ``prior_precision`` (B).
        Differences never see the mode that moves a block's skills together, whose precision is the
        prior's alone. Left in, it dwarfs everything else after a million battles and costs half
        the digits, so ``stiffness`` is added to that mode. Variances of differences are not touched
        by it; ``take_out`` restores the rest.
        """
        whole = prior_precision.size * self.size
        matrix, pull = np.zeros((whole, whole)), np.zeros(whole)
        trace = np.zeros_like(prior_precision)
        _assemble(
            self.size, self.blocks, self.cell, self.first, self.second, precision, shift,
            matrix, pull, trace,
        )  # fmt: skip
        matrix[np.diag_indices(whole)] += np.repeat(prior_precision, self.size)
        stiffness = trace / max(self.size * self.size, 1)
        for b, place in enumerate(self._places(stiffness)):
            matrix[place, place] += stiffness[b]
        return matrix, pull, stiffness

    def take_out(
        self, covariance: FloatArray, stiffness: FloatArray, prior_precision: FloatArray
    ) -> None:
        """Give every block's common mode its prior variance back, in place."""
        lift = 1.0 / prior_precision - 1.0 / (prior_precision + self.size * stiffness)
        for b, place in enumerate(self._places(stiffness)):
            covariance[place, place] += lift[b] / self.size

    def _places(self, of_blocks: FloatArray) -> list[slice]:
        return [slice(b * self.size, (b + 1) * self.size) for b in range(of_blocks.size)]

    def marginals(self, mean: FloatArray, covariance: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean and variance of every difference (D), (D)."""
        centre, variance = np.zeros(self.cell.size), np.zeros(self.cell.size)
        _marginals(
            self.size, self.blocks, self.cell, self.first, self.second, mean, covariance,
            centre, variance,
        )  # fmt: skip
        return centre, variance

    def levels(self, vectors: FloatArray) -> FloatArray:
        """Skills in every cell (C, M, F) for F vectors of all effects (B * M, F)."""
        by_block = vectors.reshape(-1, self.size, vectors.shape[1])
        # Where a cell has no block on an axis, it takes the last one: nothing.
        by_block = np.concatenate((by_block, np.zeros_like(by_block[:1])))
        level = by_block[self.blocks[:, 0]]
        for column in self.blocks.T[1:]:
            level += by_block[column]
        return level

    def along(self, vectors: FloatArray) -> FloatArray:
        """Every difference in each of F vectors of all effects (B * M, F): (D, F)."""
        level = self.levels(vectors)
        rows: FloatArray = level[self.cell, self.first] - level[self.cell, self.second]
        return rows

    def take(self, kept: IndexArray) -> Self:
        """Some of the differences."""
        return replace(self, cell=self.cell[kept], first=self.first[kept], second=self.second[kept])
