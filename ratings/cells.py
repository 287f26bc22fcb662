"""Outcome counts per cell and pair: what the hierarchical model reads.

A cell is one combination of groups over the axes of a study; an axis that does not apply to a cell
(another country's parties) is null there and has no effect on it.
Out: census weights, and the model.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ratings.counts import (
    COUNT_COLUMNS,
    PairCounts,
    amounts,
    model_indices,
    oriented_sums,
)

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class CellCounts:
    """Battles of M models over D (cell, pair) rows.

    ``effects`` (E): the (axis, group) of every block of effects, sorted by axis as given, then
    group. ``cell_effects`` (C, A): block of each cell on each axis, -1 for none. ``cell`` (D)
    points into it; ``first`` < ``second`` (D) index ``model_ids``; ``outcomes`` (D, 3): first
    wins, second wins, tie.
    """

    model_ids: tuple[str, ...]
    axes: tuple[str, ...]
    effects: tuple[tuple[str, str], ...]
    cell_effects: IndexArray
    cell: IndexArray
    first: IndexArray
    second: IndexArray
    outcomes: FloatArray

    @classmethod
    def from_arrow(cls, table: pa.Table, axes: Sequence[str]) -> Self:
        """Count from one column per axis and those of ``PairCounts.from_arrow``.

        Rows may repeat a cell and pair in any orientation; order does not matter. Raises
        InvalidCountsError as ``PairCounts.from_arrow`` does, and ValueError without axes.
        """
        if not axes:
            raise ValueError("a hierarchy needs at least one axis")
        columns = [table.column(axis).cast(pa.string()).combine_chunks() for axis in axes]
        groups = [sorted(column.drop_null().unique().to_pylist()) for column in columns]
        effects = tuple((a, g) for a, names in zip(axes, groups, strict=True) for g in names)
        starts = np.cumsum([0, *(len(names) for names in groups)])
        levels = np.empty((table.num_rows, len(axes)), dtype=np.int64)
        for k, (column, names) in enumerate(zip(columns, groups, strict=True)):
            index = pc.index_in(column, value_set=pa.array(names, pa.string()))
            levels[:, k] = pc.fill_null(pc.add(index, int(starts[k])), -1).to_numpy()
        cell_effects, cell_of = np.unique(levels, axis=0, return_inverse=True)
        model_ids, a, b = model_indices(table)
        counts = (amounts(table, name) for name in COUNT_COLUMNS)
        cell, first, second, outcomes = oriented_sums(
            len(model_ids), cell_of.reshape(-1).astype(np.int64), a, b, *counts
        )
        return cls(
            model_ids=model_ids,
            axes=tuple(axes),
            effects=effects,
            cell_effects=np.ascontiguousarray(cell_effects),
            cell=cell,
            first=first,
            second=second,
            outcomes=outcomes,
        )

    @property
    def axis_of_effect(self) -> IndexArray:
        """Index into ``axes`` of every block (E)."""
        return np.array([self.axes.index(axis) for axis, _ in self.effects], dtype=np.int64)

    @property
    def blocks(self) -> IndexArray:
        """Blocks that a skill in each cell is the sum of (C, 1 + A).

        0: the common skills, 1 + e: what effect e adds, -1: none.
        """
        common = np.zeros((self.cell_effects.shape[0], 1), dtype=np.int64)
        own = np.where(self.cell_effects < 0, -1, self.cell_effects + 1)
        return np.ascontiguousarray(np.concatenate((common, own), axis=1))

    @property
    def battles_per_effect(self) -> FloatArray:
        """Battles in every group (E)."""
        total = np.zeros(len(self.effects))
        battles = self.outcomes.sum(axis=1)
        for axis in range(len(self.axes)):
            block = self.cell_effects[self.cell, axis]
            np.add.at(total, block[block >= 0], battles[block >= 0])
        return total

    @property
    def pooled(self) -> PairCounts:
        """The same battles without their cells."""
        return PairCounts.from_indices(
            self.model_ids, self.first, self.second, *np.ascontiguousarray(self.outcomes.T)
        )
