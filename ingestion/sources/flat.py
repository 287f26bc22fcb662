"""Flat files by mapping: CSV, JSONL and Parquet, also gzip and zstd, of any one event type.

Accounting: every row of data becomes one row. Row numbers: lines for JSONL, rows of data for CSV
(the header is not one) and Parquet, from 1. In JSONL a key that a line lacks is null; a column that
no line of the file's first megabytes has is taken for a mistake in the mapping.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from typing import Any

import duckdb
import numpy as np
import pyarrow.compute as pc

from ingestion.errors import LoadRefusedError
from ingestion.sources.batch import FileSource, NativeBatch, Objections, Piece, make_batch
from ingestion.sources.csv_rows import CsvRows
from ingestion.sources.files import Format, LocalFile
from ingestion.sources.json_lines import (
    LineBlock,
    inspect_line,
    json_values,
    read_lines,
    values_per_row,
)
from ingestion.sources.mapping import FromColumn, Mapping
from ingestion.sources.parquet_rows import open_parquet
from ingestion.sources.projection import needed, projection, resolve
from ingestion.sources.times import TIME_NOTE, warnings
from ingestion.vocabulary import Refusal

_LINES_FOR_KEYS = 1000


class FlatFile(FileSource):
    """A flat file and its mapping."""

    def __init__(self, file: LocalFile, mapping: Mapping) -> None:
        super().__init__(file, mapping.source, mapping.text)
        self._mapping = mapping
        self.participants_of = mapping.participants_of
        self.aliases = mapping.aliases
        self._time_notes: Counter[str] = Counter()

    @property
    def warnings(self) -> list[str]:
        """What a person should know of the times read so far."""
        spec = self._mapping.columns.get("occurred_at")
        if not isinstance(spec, FromColumn):
            return []
        return warnings("occurred_at", spec, self._time_notes)

    def batches(self) -> Iterator[NativeBatch]:
        """Yield the rows under the contract's names."""
        readers = {Format.CSV: self._csv, Format.JSONL: self._jsonl, Format.PARQUET: self._parquet}
        kind = self._mapping.format or self.file.format
        if (kind is Format.PARQUET) != (self.file.format is Format.PARQUET):
            raise LoadRefusedError(
                f"{self.name}: looks like {self.file.format}, and the mapping "
                f"{self._mapping.name} says {kind}.",
                remedy="Correct `file: {format: ...}`, or leave it out.",
            )
        with closing(duckdb.connect()) as self._connection:
            self._connection.execute("SET TimeZone = 'UTC'")
            for wanted, piece in readers[kind]():
                yield self._projected(wanted, piece)

    def _projected(self, wanted: list[str], piece: Piece) -> NativeBatch:
        columns = {f"c{n}": column for n, column in enumerate(piece.table.columns)}
        rows = make_batch(None, columns, piece.numbers, piece.originals, piece.objections).table
        self._connection.register("rows", rows)
        query = projection(self._mapping, wanted, rows.schema)
        table = self._connection.sql(query).to_arrow_table()
        if TIME_NOTE in table.column_names:
            for count in pc.value_counts(table[TIME_NOTE].drop_null()).to_pylist():
                self._time_notes[count["values"]] += count["counts"]
            table = table.drop_columns([TIME_NOTE])
        return NativeBatch(self._mapping.event, table, piece.originals, self._mapping.limits)

    def _csv(self) -> Iterator[tuple[list[str], Piece]]:
        rows = CsvRows(self.file, self._mapping.delimiter)
        wanted = resolve(self._mapping, rows.columns, self.name)
        return ((wanted, piece) for piece in rows.pieces(wanted))

    def _parquet(self) -> Iterator[tuple[list[str], Piece]]:
        with open_parquet(self.file) as rows:
            wanted = resolve(self._mapping, rows.columns, self.name)
            for piece in rows.pieces(wanted or rows.columns[:1]):
                yield wanted, piece

    def _jsonl(self) -> Iterator[tuple[list[str], Piece]]:
        wanted: list[str] | None = None
        for block in read_lines(self.file):
            if wanted is None and block.oversized is None:
                wanted = resolve(self._mapping, _keys(block, self._mapping), self.name)
            names = wanted
            if names is None:  # of a first line that is too long the keys are not known
                names = list(dict.fromkeys(chain(*needed(self._mapping))))
            table = json_values(self._connection, block, names)
            objections: Objections = {}
            for row in np.flatnonzero(values_per_row(table.select(names)) == 0).tolist():
                content, objection = inspect_line(block, row)
                if objection is None and any(content.get(name) is not None for name in names):
                    # Python reads what DuckDB does not.
                    objection = Refusal.BROKEN_JSON, None
                if objection is not None:
                    objections[row] = objection
            yield names, Piece(table, block.numbers, block.originals, objections)


def _keys(block: LineBlock, mapping: Mapping) -> list[str]:
    """The keys there are, as far as needed to find every column of the mapping."""
    keys: dict[str, Any] = {}
    for row in range(len(block)):
        is_enough = all(not keys.keys().isdisjoint(names) for names in needed(mapping))
        if row >= _LINES_FOR_KEYS and is_enough:
            break
        content, _ = inspect_line(block, row)
        keys |= content
    return list(keys)
