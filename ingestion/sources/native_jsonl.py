"""Native JSONL: one event per line, under the contract's own names.

Most blocks hold one event type and lines as programs write them: a compiled loop reads them
(plain_objects.py). What it does not take, DuckDB reads whole, and a count of the keys proves that
no unknown one was overlooked (json_rows.py). Any other block is read carefully: again by DuckDB,
one event type after another, and what is still doubtful line by line.

Accounting: every line that is not blank becomes one row. Rows that name no known event type (also:
broken JSON, not UTF-8, too long) come in a batch whose `event_type` is None and that has only the
columns `row_number`, `refusal`, `refusal_column`. A key twice in one object is `broken_json`,
for nobody can know which value was meant. An unknown key whose value is null says nothing and is
let pass.

What stays out: native Parquet (native_parquet.py), files by mapping (flat.py), and whether the
values are right (expectations/).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import CONTRACTS
from ingestion.sources.batch import NativeBatch
from ingestion.sources.files import LocalFile, fingerprint
from ingestion.sources.json_rows import JsonReader, count_keys, inspect_line, keys_per_line
from ingestion.sources.line_blocks import LineBlock, Stretch
from ingestion.sources.lines import read_stretches
from ingestion.sources.native_doubt import EVENT_TYPE, event_type_of, sort_out, values_per_row
from ingestion.sources.rows import columns_of, make_batch, with_source
from ingestion.vocabulary import EventType, Refusal

if TYPE_CHECKING:
    from ingestion.sources.plain_objects import PlainReader

COMPILED_FROM = 8 << 20


class NativeJsonl:
    """A native JSONL file.

    Args:
        file: where it lies.
        source: the source's name for rows that do not say theirs.
        compiled_from: size in bytes from which the compiled loop is worth loading.
    """

    def __init__(
        self, file: LocalFile, source: str | None = None, *, compiled_from: int = COMPILED_FROM
    ) -> None:
        self._file = file
        self._source = source
        self._compiled_from = compiled_from
        self._plain: PlainReader | None = None
        self._expected = EventType.BATTLE_JUDGED
        # Columns of the first row per event type: to parse only these is a tenth cheaper, and a
        # column that turns up later is noticed by the count of the keys.
        self._seen: dict[EventType, tuple[str, ...]] = {}

    @property
    def name(self) -> str:
        """The file's path as the user wrote it."""
        return self._file.name

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the file's bytes and the source's name."""
        return fingerprint(self._file, mapping="native", source=self._source)

    def batches(self) -> Iterator[NativeBatch]:
        """Yield the events in batches, one event type each, in file order within a type."""
        with closing(JsonReader()) as reader:
            if self._file.path.stat().st_size >= self._compiled_from:
                from ingestion.sources.plain_objects import PlainReader

                self._plain = PlainReader()
            for stretch in read_stretches(self._file):
                if stretch.oversized is not None:
                    yield refused_lines(stretch.lines(), [Refusal.TOO_LONG], [None])
                    continue
                batch = self._plain_batch(stretch)
                if batch is not None:
                    yield batch
                    continue
                block = stretch.block
                if len(block):
                    batch = self._whole(reader, block)
                    if batch is not None:
                        yield batch
                    else:
                        yield from self._sorted_out(reader, block)

    def _plain_batch(self, stretch: Stretch) -> NativeBatch | None:
        """The stretch as one batch, if the compiled loop takes it."""
        if self._plain is None:
            return None
        first = inspect_line(stretch.first_line()).content
        event_type = event_type_of(first.get(EVENT_TYPE))
        if event_type is None:
            return None
        coded = self._plain.read(stretch, CONTRACTS[event_type].native_columns)
        if coded is None or not _is_of_type(coded, event_type):
            return None
        return self._batch(event_type, coded, stretch.lines(), None)

    def _whole(self, reader: JsonReader, block: LineBlock) -> NativeBatch | None:
        """The block as one batch, if there is nothing strange about it."""
        first = inspect_line(block.line(0)).content
        event_type = event_type_of(first.get(EVENT_TYPE))
        if event_type is None:
            return None
        self._expected = event_type
        known = CONTRACTS[event_type].native_columns
        names = self._seen.get(event_type)
        if names is None:
            names = self._seen[event_type] = tuple(name for name in known if name in first)
        table = reader.objects(block.array(), names, tolerant=False)
        if table is None:
            return None
        if not _is_of_type(table, event_type):
            return None
        value_count = sum(len(column) - column.null_count for column in table.columns)
        if value_count != count_keys(block.buffer[block.starts[0] : block.ends[-1]]) and (
            not np.array_equal(values_per_row(table), keys_per_line(block))
        ):
            return None
        return self._batch(event_type, table, block, None)

    def _sorted_out(self, reader: JsonReader, block: LineBlock) -> Iterator[NativeBatch]:
        parts, refused = sort_out(reader, block, self._expected)
        for event_type, part in parts.items():
            columns = part.table.column_names
            # What the block needed, the next one may need.
            self._seen[event_type] = tuple(
                name
                for name in columns
                if name in self._seen.get(event_type, ())
                or part.table[name].null_count < len(part.table)
            )
            yield self._batch(event_type, part.table, block.select(part.indexes), part.unknown)
        if refused:
            rows = block.select(np.array([row.index for row in refused], dtype=np.int64))
            yield refused_lines(rows, [r.refusal for r in refused], [r.column for r in refused])

    def _batch(
        self,
        event_type: EventType,
        table: pa.Table,
        block: LineBlock,
        unknown: list[str | None] | None,
    ) -> NativeBatch:
        objections = None
        if unknown is not None and any(unknown):
            objections = ([Refusal.UNKNOWN_COLUMN if name else None for name in unknown], unknown)
        columns = columns_of(with_source(table, self._source))
        return make_batch(event_type, columns, block.numbers, block.originals, objections)


def _is_of_type(table: pa.Table, event_type: EventType) -> bool:
    """Whether every row says that it is of the type."""
    types = table[EVENT_TYPE]
    return not types.null_count and bool(pc.unique(types).to_pylist() == [event_type.value])


def refused_lines(
    block: LineBlock, refusals: list[Refusal], columns: list[str | None]
) -> NativeBatch:
    """Lines of which nothing can be said but why they are refused."""
    return make_batch(None, {}, block.numbers, block.originals, (refusals, columns))
