"""Outcome counts per unordered pair of models, in one canonical order.

Whatever the order and orientation of the rows they came from, equal battles give equal arrays, so
everything downstream repeats bit for bit. Also says which models the battles connect.
Out: reading files, weighting, and any opinion about skill.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]

COUNT_COLUMNS = ("win_a_count", "win_b_count", "tie_count")


class InvalidCountsError(ValueError):
    """A counts table that cannot be rated; the message names the offending row."""


@dataclass(frozen=True, eq=False)
class PairCounts:
    """Battles between M models as counts over P pairs.

    ``model_ids`` is sorted (M); ``first`` < ``second`` (P) index it, pairs sorted by (first,
    second); ``win_first``, ``win_second`` and ``tie`` (P) are counts, or sums of weights.
    Pairs without battles are dropped, models without battles are kept.
    """

    model_ids: tuple[str, ...]
    first: IndexArray
    second: IndexArray
    win_first: FloatArray
    win_second: FloatArray
    tie: FloatArray

    @classmethod
    def from_arrow(cls, table: pa.Table, model_ids: Sequence[str] = ()) -> Self:
        """Count from columns model_a, model_b, win_a_count, win_b_count, tie_count.

        Rows may repeat a pair in either orientation. ``model_ids`` adds models that may be absent
        from the table. Raises InvalidCountsError for NaN, infinite, negative or null counts, null
        ids, and a model against itself.
        """
        names, index_a, index_b = model_indices(table, model_ids)
        counts = [amounts(table, name) for name in COUNT_COLUMNS]
        return cls.from_indices(names, index_a, index_b, *counts)

    @classmethod
    def from_indices(
        cls,
        model_ids: tuple[str, ...],
        index_a: IndexArray,
        index_b: IndexArray,
        win_a: FloatArray,
        win_b: FloatArray,
        tie: FloatArray,
    ) -> Self:
        """Count from index arrays into the sorted ``model_ids`` and three arrays of counts (N)."""
        nobody = np.zeros_like(index_a)
        _, first, second, outcomes = oriented_sums(
            len(model_ids), nobody, index_a, index_b, win_a, win_b, tie
        )
        return cls(model_ids, first, second, *np.ascontiguousarray(outcomes.T))

    @property
    def outcomes(self) -> FloatArray:
        """Counts as an array (P, 3): first wins, second wins, tie."""
        return np.column_stack((self.win_first, self.win_second, self.tie))

    @property
    def battle_total(self) -> float:
        """All battles, ties included."""
        return float(self.outcomes.sum())

    @property
    def tie_share(self) -> float:
        """Ties over battles, 0 to 1; 0 without battles."""
        total = self.battle_total
        return float(self.tie.sum()) / total if total else 0.0

    @cached_property
    def battles_per_model(self) -> FloatArray:
        """Battles that each model took part in (M)."""
        total = self.win_first + self.win_second + self.tie
        return _sum_by(
            np.concatenate((self.first, self.second)),
            np.concatenate((total, total)),
            len(self.model_ids),
        )

    @cached_property
    def components(self) -> IndexArray:
        """Label of each model's connected component (M), numbered by their first model.

        Skills in different components are comparable through the prior alone.
        """
        label = np.arange(len(self.model_ids), dtype=np.int64)
        while True:
            # Labels only fall, so this ends; each sweep also jumps to the label's own label.
            lower = np.minimum(label[self.first], label[self.second])
            after = label.copy()
            np.minimum.at(after, self.first, lower)
            np.minimum.at(after, self.second, lower)
            after = after[after]
            if np.array_equal(after, label):
                return np.unique(label, return_inverse=True)[1].astype(np.int64)
            label = after

    @property
    def component_count(self) -> int:
        """Number of connected components; a model without battles is one by itself."""
        return int(self.components.max(initial=-1)) + 1


def oriented_sums(
    size: int,
    group: IndexArray,
    index_a: IndexArray,
    index_b: IndexArray,
    win_a: FloatArray,
    win_b: FloatArray,
    tie: FloatArray,
) -> tuple[IndexArray, IndexArray, IndexArray, FloatArray]:
    """Rows (N) summed per group and unordered pair of ``size`` models, sorted by them.

    Returns group, first < second and outcomes (D, 3): first wins, second wins, tie. Rows without
    battles are dropped.
    """
    size = max(size, 1)
    swapped = index_a > index_b
    first = np.where(swapped, index_b, index_a)
    second = np.where(swapped, index_a, index_b)
    keys, place = np.unique((group * size + first) * size + second, return_inverse=True)
    columns = (np.where(swapped, win_b, win_a), np.where(swapped, win_a, win_b), tie)
    outcomes = np.column_stack([_ordered_sum(place, column, keys.size) for column in columns])
    kept = outcomes.sum(axis=1) > 0
    pairs, second = np.divmod(keys[kept], size)
    group, first = np.divmod(pairs, size)
    return group, first, second, outcomes[kept]


def _ordered_sum(place: IndexArray, amounts: FloatArray, size: int) -> FloatArray:
    # Sums of weights depend on their order in the last bits: add them from small to large. Whole
    # numbers below 2^53 are exact in any order.
    if not np.array_equal(amounts, np.rint(amounts)):
        order = np.lexsort((amounts, place))
        place, amounts = place[order], amounts[order]
    return _sum_by(place, amounts, size)


def _sum_by(place: IndexArray, amounts: FloatArray, size: int) -> FloatArray:
    # Without weights bincount counts in integers; numpy's types know only that.
    return np.bincount(place, weights=amounts, minlength=size).astype(np.float64, copy=False)


def model_indices(
    table: pa.Table, model_ids: Sequence[str] = ()
) -> tuple[tuple[str, ...], IndexArray, IndexArray]:
    """Sorted ids of all models in model_a and model_b, and the index of each row's two (N), (N).

    ``model_ids`` adds models that may be absent. Dictionary-encoded columns over one dictionary are
    read by their codes. Raises InvalidCountsError for a null id and a model against itself.
    """
    ids = [_identifiers(table, name) for name in ("model_a", "model_b")]
    known = pa.chunked_array([*ids[0].chunks, *ids[1].chunks, pa.array(model_ids, pa.string())])
    names = sorted(known.unique().to_pylist())
    lookup = pa.array(names, pa.string())
    index_a, index_b = (
        pc.index_in(column, value_set=lookup).to_numpy().astype(np.int64) for column in ids
    )
    same = np.flatnonzero(index_a == index_b)
    if same.size:
        row = int(same[0])
        raise InvalidCountsError(f"row {row}: model {names[index_a[row]]!r} against itself")
    return tuple(names), index_a, index_b


def _identifiers(table: pa.Table, name: str) -> pa.ChunkedArray:
    column = table.column(name).cast(pa.string())
    if column.null_count:
        row = int(np.flatnonzero(column.is_null().to_numpy())[0])
        raise InvalidCountsError(f"row {row}: {name} is null")
    return column


def amounts(table: pa.Table, name: str) -> FloatArray:
    """A column of counts or weights (N); InvalidCountsError names the first row that is neither."""
    # A null becomes NaN, so one test refuses both.
    values: FloatArray = table.column(name).cast(pa.float64()).to_numpy().astype(np.float64)
    bad = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
    if bad.size:
        row = int(bad[0])
        raise InvalidCountsError(f"row {row}: {name} is {values[row]}, not a count of zero or more")
    return values
