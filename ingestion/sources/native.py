"""Native files: events under the contract's own names, as lines of JSON or as Parquet.

Accounting: every row, and every line that is not blank, becomes one row. Rows that name no known
event type (also: broken JSON, not UTF-8, too long) come in a batch whose `event_type` is None and
that has only the columns `row_number`, `refusal`, `refusal_column`. A value in a column that the
event's contract does not know is `unknown_column`; null there says nothing and is let pass. A key
twice in one object is `broken_json`, because it cannot be known which value was meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import CONTRACTS
from ingestion.errors import LoadRefusedError
from ingestion.sources.batch import FileSource, NativeBatch, columns_of, make_batch
from ingestion.sources.files import LocalFile
from ingestion.sources.json_rows import (
    JsonReader,
    count_keys,
    inspect_line,
    keys_per_line,
    values_per_row,
)
from ingestion.sources.lines import LineBlock, Positions, read_lines
from ingestion.sources.parquet_rows import ParquetPiece, ParquetRows, open_parquet
from ingestion.vocabulary import EventType, Refusal

EVENT_TYPE = "event_type"


class NativeJsonl(FileSource):
    """A native JSONL file.

    Most blocks hold one event type: DuckDB reads them whole, and a count of the keys proves that no
    unknown one was overlooked. Any other block is read again, one event type after another, and
    lines that are still doubtful by Python. One bad line costs a second reading of one block.

    Args:
        file: where it lies.
        source: the source's name for rows that do not say theirs.
    """

    def __init__(self, file: LocalFile, source: str | None = None) -> None:
        super().__init__(file, "native", source)

    def batches(self) -> Iterator[NativeBatch]:
        """Yield the events in batches, one event type each, in file order within a type."""
        with closing(JsonReader()) as reader:
            for block in read_lines(self.file):
                if block.oversized is not None:
                    yield _refused(block, [Refusal.TOO_LONG], [None])
                    continue
                whole = self._whole(reader, block)
                if whole is not None:
                    yield whole
                else:
                    yield from self._by_type(reader, block)

    def _whole(self, reader: JsonReader, block: LineBlock) -> NativeBatch | None:
        """The block as one batch, if there is nothing strange about it."""
        event_type = _event_type_of(inspect_line(block.line(0)).content.get(EVENT_TYPE))
        if event_type is None:
            return None
        table = reader.values(block, CONTRACTS[event_type].native_columns)
        if table is None or pc.unique(table[EVENT_TYPE]).to_pylist() != [event_type.value]:
            return None
        value_count = sum(len(column) - column.null_count for column in table.columns)
        if value_count != count_keys(block) and (
            not np.array_equal(values_per_row(table), keys_per_line(block))
        ):
            return None
        return self._batch(event_type, table, block, [None] * len(block))

    def _by_type(self, reader: JsonReader, block: LineBlock) -> Iterator[NativeBatch]:
        """Every line in a batch of its event type, or among the refused."""
        types = reader.values_where_readable(block, [EVENT_TYPE])[EVENT_TYPE]
        refused: dict[int, tuple[Refusal, str | None]] = {}
        named = np.zeros(len(block), dtype=bool)
        for event_type in filter(None, map(_event_type_of, pc.unique(types).to_pylist())):
            is_mine = _flags(pc.fill_null(pc.equal(types, event_type.value), fill_value=False))
            named |= is_mine
            yield from self._of_type(reader, block, event_type, np.flatnonzero(is_mine), refused)
        for row in np.flatnonzero(~named).tolist():
            refused[row] = _refusal_of(block.line(row))
        if refused:
            rows = sorted(refused)
            refusals, about = zip(*(refused[row] for row in rows), strict=True)
            yield _refused(block.select(np.array(rows)), refusals, about)

    def _of_type(
        self,
        reader: JsonReader,
        block: LineBlock,
        event_type: EventType,
        rows: Positions,
        refused: dict[int, tuple[Refusal, str | None]],
    ) -> Iterator[NativeBatch]:
        """Lines that name an event type; those that are broken all the same join the refused."""
        known = CONTRACTS[event_type].native_columns
        mine = block.select(rows)
        table = reader.values_where_readable(mine, known)
        unknown: list[str | None] = [None] * len(mine)
        kept = np.ones(len(mine), dtype=bool)
        for index in np.flatnonzero(values_per_row(table) != keys_per_line(mine)).tolist():
            finding = inspect_line(mine.line(index))
            values = finding.content.items()
            unknown[index] = next((k for k, v in values if k not in known and v is not None), None)
            if finding.refusal is not None:
                kept[index] = False
                refused[int(rows[index])] = finding.refusal, finding.column
        if kept.any():
            left = np.flatnonzero(kept)
            objections = [unknown[index] for index in left.tolist()]
            yield self._batch(
                event_type, table.filter(pa.array(kept)), mine.select(left), objections
            )

    def _batch(
        self, event_type: EventType, table: pa.Table, block: LineBlock, unknown: list[str | None]
    ) -> NativeBatch:
        objections = None
        if any(unknown):
            objections = [Refusal.UNKNOWN_COLUMN if name else None for name in unknown], unknown
        there = [name for name in table.column_names if table[name].null_count < len(table)]
        columns = _with_source(table.select(there), self.source)
        return make_batch(event_type, columns, block.numbers, block.originals, objections)


class NativeParquet(FileSource):
    """A native Parquet file; columns are typed as the file types them.

    Args:
        file: where it lies.
        source: the source's name for rows that do not say theirs.
    """

    def __init__(self, file: LocalFile, source: str | None = None) -> None:
        super().__init__(file, "native", source)

    def batches(self) -> Iterator[NativeBatch]:
        """Yield the events in batches, one event type each, in file order within a type."""
        with open_parquet(self.file) as rows:
            if EVENT_TYPE not in rows.columns:
                raise LoadRefusedError(
                    f"{self.name}: has no column 'event_type', so it is not a native event file; "
                    f"its columns are {', '.join(rows.columns)}.",
                    remedy="Say with --mapping what the columns mean.",
                )
            for piece in rows.pieces(rows.columns):
                names = pc.cast(piece.table[EVENT_TYPE], pa.string())
                for name in pc.unique(names).to_pylist():
                    is_mine = pc.is_null(names) if name is None else pc.equal(names, name)
                    is_mine = pc.fill_null(is_mine, fill_value=False)
                    yield self._batch(rows, piece, np.flatnonzero(_flags(is_mine)), name)

    def _batch(
        self, rows: ParquetRows, piece: ParquetPiece, chosen: Positions, name: str | None
    ) -> NativeBatch:
        """The rows of a piece that name this event type."""
        originals = partial(rows.originals, piece, chosen)
        numbers = piece.numbers[chosen]
        event_type = _event_type_of(name)
        refusals: list[str | None]
        if event_type is None:
            refusals = [Refusal.UNKNOWN_EVENT_TYPE if name else Refusal.MISSING_VALUE] * len(chosen)
            return make_batch(None, {}, numbers, originals, (refusals, [EVENT_TYPE] * len(chosen)))
        known = CONTRACTS[event_type].native_columns
        table = piece.table.take(pa.array(chosen))
        about: list[str | None] = [None] * len(table)
        for column in table.column_names:
            if column not in known:
                for row in np.flatnonzero(_flags(pc.is_valid(table[column]))).tolist():
                    about[row] = about[row] or column
        refusals = [Refusal.UNKNOWN_COLUMN if column else None for column in about]
        if piece.not_utf8 is not None:
            for row, position in enumerate(chosen.tolist()):
                if column := piece.not_utf8[position]:
                    refusals[row], about[row] = Refusal.NOT_UTF8, column
        kept = table.select([column for column in table.column_names if column in known])
        columns = _with_source(kept, self.source)
        objections = (refusals, about) if any(refusals) else None
        return make_batch(event_type, columns, numbers, originals, objections)


def _event_type_of(value: object) -> EventType | None:
    """The event type a value names, if it names one."""
    try:
        return EventType(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _refusal_of(line: bytes) -> tuple[Refusal, str | None]:
    """Why a line whose event type DuckDB does not find, or does not know, is refused."""
    finding = inspect_line(line)
    if finding.refusal is not None:
        return finding.refusal, finding.column
    named = finding.content.get(EVENT_TYPE)
    if named is None or named == "":
        return Refusal.MISSING_VALUE, EVENT_TYPE
    if _event_type_of(named) is None:
        return Refusal.UNKNOWN_EVENT_TYPE, EVENT_TYPE
    # Python reads what DuckDB does not (half of a surrogate pair): such text cannot be stored.
    return Refusal.BROKEN_JSON, None


def _refused(
    block: LineBlock, refusals: Sequence[Refusal], about: Sequence[str | None]
) -> NativeBatch:
    """Lines of which nothing can be said but why they are refused."""
    return make_batch(None, {}, block.numbers, block.originals, (refusals, about))


def _with_source(table: pa.Table, source: str | None) -> dict[str, pa.ChunkedArray]:
    """The columns, with `source` where a row does not say its own and it is given."""
    columns = columns_of(table)
    if source is not None:
        given = columns.get("source", pa.nulls(len(table), pa.string()))
        columns["source"] = given.cast(pa.string()).fill_null(source)
    return columns


def _flags(column: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    flags: npt.NDArray[np.bool_] = column.to_numpy(zero_copy_only=False)
    return flags
