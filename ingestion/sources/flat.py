"""Flat files by mapping: CSV, JSONL and Parquet, also gzip and zstd, of any one event type.

Accounting: every row of data becomes one row. Row numbers: lines for JSONL, rows of data for CSV
(the header is not one) and Parquet, from 1. In JSONL a key that a line lacks is null; a column that
no line of the file's first megabytes has is taken for a mistake in the mapping.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial

import duckdb
import numpy as np
import pyarrow as pa

from ingestion.errors import LoadRefusedError
from ingestion.sources.batch import FileSource, NativeBatch, Objections, Originals, make_batch
from ingestion.sources.csv_rows import CsvRows
from ingestion.sources.files import Format, LocalFile
from ingestion.sources.json_rows import JsonReader, inspect_line, values_per_row
from ingestion.sources.lines import LineBlock, Positions, read_lines
from ingestion.sources.mapping import Mapping
from ingestion.sources.parquet_rows import open_parquet
from ingestion.sources.projection import alternatives, projection, resolve
from ingestion.vocabulary import Refusal

_LINES_FOR_KEYS = 1000


@dataclass(frozen=True)
class _Piece:
    """Rows as the file has them: the columns wanted, and what the reader objects to."""

    table: pa.Table
    wanted: list[str]
    numbers: Positions
    originals: Originals
    objections: Objections | None = None


class FlatFile(FileSource):
    """A flat file and its mapping."""

    def __init__(self, file: LocalFile, mapping: Mapping) -> None:
        super().__init__(file, mapping.text, mapping.source)
        self._mapping = mapping

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
        with closing(duckdb.connect(":memory:")) as connection:
            for piece in readers[kind]():
                yield self._projected(connection, piece)

    def _projected(self, connection: duckdb.DuckDBPyConnection, piece: _Piece) -> NativeBatch:
        columns = {f"c{n}": column for n, column in enumerate(piece.table.columns)}
        rows = make_batch(None, columns, piece.numbers, piece.originals, piece.objections).table
        connection.register("rows", rows)
        try:
            query = projection(self._mapping, piece.wanted, rows.schema)
            table = connection.sql(query).to_arrow_table()
        finally:
            connection.unregister("rows")
        return NativeBatch(self._mapping.event, table, piece.originals)

    def _csv(self) -> Iterator[_Piece]:
        rows = CsvRows(self.file, self._mapping.delimiter)
        wanted = resolve(self._mapping, rows.columns, self.name)
        for piece in rows.pieces(wanted):
            numbers = np.arange(len(piece.spans), dtype=np.int64) + piece.first_number
            objections = None
            if piece.refusals is not None:
                objections = (piece.refusals, [None] * len(numbers))
            yield _Piece(piece.table, wanted, numbers, piece.originals, objections)

    def _parquet(self) -> Iterator[_Piece]:
        with open_parquet(self.file) as rows:
            wanted = resolve(self._mapping, rows.columns, self.name)
            for piece in rows.pieces(wanted or rows.columns[:1]):
                objections = None
                if piece.not_utf8 is not None:
                    bad = [column and Refusal.NOT_UTF8 for column in piece.not_utf8]
                    objections = (bad, piece.not_utf8)
                every = np.arange(len(piece.table))
                originals = partial(rows.originals, piece, every)
                yield _Piece(piece.table, wanted, piece.numbers, originals, objections)

    def _jsonl(self) -> Iterator[_Piece]:
        wanted: list[str] | None = None
        with closing(JsonReader()) as reader:
            for block in read_lines(self.file):
                if block.oversized is not None:
                    names = [name for group in _needed(self._mapping) for name in group]
                    table = pa.table([pa.nulls(1, pa.string())] * len(names), names=names)
                    too_long = ([Refusal.TOO_LONG], [None])
                    yield _Piece(table, names, block.numbers, block.originals, too_long)
                    continue
                if wanted is None:
                    wanted = resolve(self._mapping, _keys(block, self._mapping), self.name)
                yield _json_piece(reader, block, wanted)


def _json_piece(reader: JsonReader, block: LineBlock, wanted: list[str]) -> _Piece:
    table = reader.values(block, wanted)
    if table is None:
        table = reader.values_where_readable(block, wanted)
    refusals: list[str | None] = [None] * len(block)
    about: list[str | None] = [None] * len(block)
    is_empty = values_per_row(table.select(wanted)) == 0
    for row in np.flatnonzero(is_empty).tolist():
        finding = inspect_line(block.line(row))
        refusals[row], about[row] = finding.refusal, finding.column
        if finding.refusal is None and any(finding.content.get(n) is not None for n in wanted):
            refusals[row] = Refusal.BROKEN_JSON  # Python reads what DuckDB does not
    objections = (refusals, about) if any(refusals) else None
    return _Piece(table, wanted, block.numbers, block.originals, objections)


def _keys(block: LineBlock, mapping: Mapping) -> list[str]:
    """The keys there are, as far as needed to find every column of the mapping."""
    keys: dict[str, None] = {}
    needed = _needed(mapping)
    for row in range(len(block)):
        if row >= _LINES_FOR_KEYS and all(any(n in keys for n in names) for names in needed):
            break
        keys.update(dict.fromkeys(inspect_line(block.line(row)).content))
    return list(keys)


def _needed(mapping: Mapping) -> list[tuple[str, ...]]:
    """What the mapping needs of the file: one of each tuple."""
    return [names for spec in mapping.columns.values() for names in alternatives(spec)]
