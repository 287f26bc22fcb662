"""What every reader of this room does with its rows at the end: number them, attach objections.

What stays out: reading (the other files here) and judging (expectations/).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ingestion.sources.batch import REFUSAL, REFUSAL_COLUMN, ROW_NUMBER, NativeBatch
from ingestion.vocabulary import EventType

Originals = Callable[[Sequence[int]], list[str]]
# Per row a refusal, and which column it is about.
Objections = tuple[Sequence[str | None], Sequence[str | None]]


def make_batch(
    event_type: EventType | None,
    columns: dict[str, pa.ChunkedArray | pa.Array],
    numbers: npt.NDArray[np.int64],
    originals: Originals,
    objections: Objections | None = None,
) -> NativeBatch:
    """A batch of `columns`, with row numbers and, per row, a refusal and the column it is about."""
    count = len(numbers)
    refusals, about = objections or (pa.nulls(count, pa.string()), pa.nulls(count, pa.string()))
    table = pa.table(
        {
            **columns,
            ROW_NUMBER: pa.array(numbers, pa.int64()),
            REFUSAL: pa.array(refusals, pa.string()),
            REFUSAL_COLUMN: pa.array(about, pa.string()),
        }
    )
    return NativeBatch(event_type, table, originals)


def columns_of(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    """A table's columns by name."""
    return dict(zip(table.column_names, table.columns, strict=True))


def with_source(table: pa.Table, source: str | None) -> pa.Table:
    """The table with `source` where a row does not say its own; as it is where that is None."""
    if source is None:
        return table
    if "source" not in table.column_names:
        return table.append_column("source", pa.repeat(source, len(table)))
    position = table.column_names.index("source")
    given = table["source"].cast(pa.string())
    return table.set_column(position, "source", given.fill_null(source))
