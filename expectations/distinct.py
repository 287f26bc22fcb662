"""A batch as its distinct values: what is said of every value of a column hangs on no row.

A suite whose every expectation is about the values of one column is met by a batch if and only if
it is met by a table in which each column lists its distinct values once; of whole numbers, of which
only ranges are asked, the least and the greatest do. That table is small, and often the same from
one piece of a file to the next.

What stays out: which suite (suites.py), and judging (gate.py), which asks the whole batch where
this table fails, so that what it reports is the batch's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from expectations.suites import columns_of_values
from ingestion.codes import texts_of

if TYPE_CHECKING:
    from expectations.suites import Expectation

_OF_NAMES = "ExpectTableColumnsToMatchOrderedList"
_OF_ONE_COLUMN = {
    "ExpectColumnDistinctValuesToBeInSet",
    "ExpectColumnValuesToBeBetween",
    "ExpectColumnValuesToNotBeNull",
}


def distinct_values(suite: list[Expectation], table: pa.Table) -> pa.Table | None:
    """The table of distinct values; None for a suite or a table that has no such thing.

    Of a column of which the suite asks only whether values are there, one word stands for all.
    """
    if not len(table) or any(item.kind not in {_OF_NAMES, *_OF_ONE_COLUMN} for item in suite):
        return None
    by_value = columns_of_values(suite)
    columns = [
        _distinct(column, is_by_value=name in by_value)
        for name, column in zip(table.column_names, table.columns, strict=True)
    ]
    length = max(len(values) for values in columns)
    filled = [pc.take(values, _once_then_first(len(values), length)) for values in columns]
    return pa.table(filled, names=table.column_names)


def _distinct(column: pa.ChunkedArray, *, is_by_value: bool) -> pa.Array:
    """Values that differ, null among them if it occurs; never nothing."""
    nulls = min(column.null_count, 1)
    if not is_by_value:
        words = ["present"] if column.null_count < len(column) else []
        return pa.array([*words, *[None] * nulls], pa.string())
    if not pa.types.is_integer(column.type):
        values = texts_of(column.unique())
        return values.take(pc.sort_indices(values))
    limits = [] if column.null_count == len(column) else pc.min_max(column).as_py().values()
    return pa.array([*limits, *[None] * nulls], column.type)


def _once_then_first(count: int, length: int) -> pa.Array:
    return pa.array([*range(count), *([0] * (length - count))], pa.int64())
