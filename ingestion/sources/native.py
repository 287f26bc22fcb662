"""Native files: events under the contract's own names, as lines of JSON or as Parquet.

Accounting: every row, and every line that is not blank, becomes one row. Rows that name no known
event type (also: not JSON, not UTF-8, too long) come in a batch whose `event_type` is None and that
has only the columns `row_number`, `refusal`, `refusal_column`. A value in a column that the event's
contract does not know is `unknown_column`; null there says nothing and is let pass. A key twice in
one object is `broken_json`, because it cannot be known which value was meant.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import CONTRACTS
from ingestion.errors import LoadRefusedError
from ingestion.sources.ahead import one_ahead
from ingestion.sources.batch import (
    FileSource,
    NativeBatch,
    Objection,
    Objections,
    Piece,
    Positions,
    make_batch,
)
from ingestion.sources.files import LocalFile
from ingestion.sources.json_keys import Keys
from ingestion.sources.json_lines import (
    LineBlock,
    inspect_line,
    json_values,
    may_repeat_keys,
    read_lines,
    values_per_row,
)
from ingestion.sources.json_rule import (
    may_be_lenient,
    may_have_exponent,
    nested,
    rounded,
)
from ingestion.sources.parquet_rows import open_parquet
from ingestion.sources.scalar_text import have_lost_digits, one_texts, trimmed
from ingestion.sources.spellings import Spellings
from ingestion.tables import TEXT_LENGTH
from ingestion.vocabulary import EventType, Refusal

EVENT_TYPE = "event_type"
_EVENT_TYPES = frozenset(EventType)


class _NativeFile(FileSource):
    """What native files share: how their ids are read."""

    def __init__(self, file: LocalFile, source: str | None = None) -> None:
        super().__init__(file, source)
        self._spellings = Spellings()

    @property
    def warnings(self) -> Sequence[str]:
        """Ids whose spelling is doubtful."""
        return self._spellings.messages()

    def _write_alike(
        self,
        event_type: EventType,
        columns: dict[str, pa.ChunkedArray],
        numbers: Positions,
        objections: Objections,
    ) -> None:
        """Bring ids and answers to their one texts; object to ids that lost digits."""
        for column in CONTRACTS[event_type].log_columns:
            name = column.source_name
            is_answer = column.is_sealed and column.max_length < TEXT_LENGTH
            if name not in columns or not (column.is_pseudonym or is_answer):
                continue
            texts = trimmed(columns[name])
            columns[name] = one_texts(texts)
            if column.is_pseudonym:
                self._spellings.add(name, texts, columns[name], pa.array(numbers))
                for row in _where(have_lost_digits(texts)).tolist():
                    objections.setdefault(row, (Refusal.DIGITS_LOST, name))


class NativeJsonl(_NativeFile):
    """A native JSONL file.

    Most blocks hold one event type, so the first line's is tried for all; else the block is read
    again, one event type after another. A count of the keys proves that none was overlooked; only
    doubtful lines are read by Python.
    """

    def batches(self) -> Iterator[NativeBatch]:
        """Yield the events in batches, one event type each, in file order within a type."""
        with closing(duckdb.connect()) as self._connection:
            yield from one_ahead(self._read())

    def _read(self) -> Generator[NativeBatch, None, None]:
        for block in read_lines(self.file):
            yield from self._events(block)

    def _events(self, block: LineBlock) -> Iterator[NativeBatch]:
        content, _ = inspect_line(block, 0)
        first = _event_type_of(content.get(EVENT_TYPE))
        if first is not None:
            table = json_values(self._connection, block, CONTRACTS[first].native_columns)
            if pc.unique(table[EVENT_TYPE]).to_pylist() == [first.value]:
                yield self._batch(first, table, block)
                return
        rest = np.ones(len(block), dtype=bool)
        types = json_values(self._connection, block, [EVENT_TYPE])[EVENT_TYPE]
        for event_type in filter(None, map(_event_type_of, pc.unique(types).to_pylist())):
            rows = _where(pc.equal(types, event_type.value))
            mine = block.select(rows)
            table = json_values(self._connection, mine, CONTRACTS[event_type].native_columns)
            yield self._batch(event_type, table, mine)
            rest[rows] = False
        if rest.any():
            unnamed = block.select(np.flatnonzero(rest))
            objections = {row: _refusal_of(unnamed, row) for row in range(len(unnamed))}
            yield make_batch(None, {}, unnamed.numbers, unnamed.originals, objections)

    def _batch(self, event_type: EventType, table: pa.Table, block: LineBlock) -> NativeBatch:
        """Lines that name one event type; some may be broken all the same."""
        objections: Objections = {}
        names = table.column_names
        keys = Keys.of(block)
        suspect = keys.lines_beyond_texts()
        is_doubtful = keys.lines_with_containers() | may_be_lenient(block.lines, suspect)
        is_doubtful |= may_have_exponent(block.lines, suspect)
        ids = [c.source_name for c in CONTRACTS[event_type].log_columns if c.is_pseudonym]
        value_count = sum(len(column) - column.null_count for column in table.columns)
        # A key that is null is counted too: it may be there twice.
        if value_count != keys.count:
            is_doubtful |= values_per_row(table) != keys.said_per_line()
            is_doubtful |= may_repeat_keys(self._connection, block, ())
        for row in np.flatnonzero(is_doubtful).tolist():
            content, objection = inspect_line(block, row)
            said = (name for name, value in content.items() if value is not None)
            unknown = next((name for name in said if name not in names), None)
            container = nested(content, names)
            if objection is None and unknown is not None:
                objection = Refusal.UNKNOWN_COLUMN, unknown
            elif objection is None and container is not None:
                objection = Refusal.WRONG_TYPE, container
            objection = objection or rounded(content, ids)
            if objection is not None:
                objections[row] = objection
        there = [name for name in table.column_names if table[name].null_count < len(table)]
        columns = _with_source(table.select(there), self.source)
        self._write_alike(event_type, columns, block.numbers, objections)
        return make_batch(event_type, columns, block.numbers, block.originals, objections)


class NativeParquet(_NativeFile):
    """A native Parquet file; columns are typed as the file types them."""

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
                    yield self._batch(piece, _where(is_mine), name)

    def _batch(self, piece: Piece, chosen: Positions, name: str | None) -> NativeBatch:
        """The rows of a piece that name this event type."""
        numbers = piece.numbers[chosen]

        def originals(places: Sequence[int]) -> list[str]:
            return piece.originals(chosen[list(places)].tolist())

        event_type = _event_type_of(name)
        if event_type is None:
            why = Refusal.UNKNOWN_EVENT_TYPE if name else Refusal.MISSING_VALUE
            unnamed: Objections = dict.fromkeys(range(len(chosen)), (why, EVENT_TYPE))
            return make_batch(None, {}, numbers, originals, unnamed)
        columns = _with_source(piece.table.take(pa.array(chosen)), self.source)
        rows = enumerate(chosen.tolist())
        objections = {row: piece.objections[at] for row, at in rows if at in piece.objections}
        known = CONTRACTS[event_type].native_columns
        for column in [name for name in columns if name not in known]:
            for row in _where(pc.is_valid(columns.pop(column))).tolist():
                objections.setdefault(row, (Refusal.UNKNOWN_COLUMN, column))
        self._write_alike(event_type, columns, numbers, objections)
        return make_batch(event_type, columns, numbers, originals, objections)


def _event_type_of(value: object) -> EventType | None:
    """The event type a value names, if it names one."""
    return EventType(value) if isinstance(value, str) and value in _EVENT_TYPES else None


def _refusal_of(block: LineBlock, row: int) -> Objection:
    """Why a line whose event type DuckDB does not find, or does not know, is refused."""
    content, objection = inspect_line(block, row)
    if objection is not None:
        return objection
    named = content.get(EVENT_TYPE)
    if named is None or named == "":
        return Refusal.MISSING_VALUE, EVENT_TYPE
    if _event_type_of(named) is None:
        return Refusal.UNKNOWN_EVENT_TYPE, EVENT_TYPE
    # Python reads what DuckDB does not (half of a surrogate pair): such text cannot be stored.
    return Refusal.BROKEN_JSON, None


def _with_source(table: pa.Table, source: str | None) -> dict[str, pa.ChunkedArray]:
    """The columns, with `source` where a row does not say its own and it is given."""
    columns = dict(zip(table.column_names, table.columns, strict=True))
    if source is not None:
        given = columns.get("source", pa.nulls(len(table), pa.string()))
        columns["source"] = given.cast(pa.string()).fill_null(source)
    return columns


def _where(is_it: pa.ChunkedArray) -> Positions:
    """Positions at which a column of flags is true."""
    return np.flatnonzero(pc.fill_null(is_it, fill_value=False))
