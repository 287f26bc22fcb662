"""Flat files by mapping: CSV, JSONL and Parquet, also gzip and zstd, of any one event type.

Accounting: every row of data becomes one row. Row numbers: lines for JSONL, rows of data for CSV
(the header is not one) and Parquet, from 1. In JSONL a key that a line lacks is null; a column that
no line of the file's first megabytes has is taken for a mistake in the mapping.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import chain

import duckdb
import numpy as np

from ingestion.errors import LoadRefusedError
from ingestion.sources.batch import FileSource, NativeBatch, Piece, make_batch
from ingestion.sources.csv_rows import CsvRows
from ingestion.sources.files import Format, LocalFile
from ingestion.sources.json_lines import (
    JsonReader,
    LineBlock,
    inspect_line,
    read_lines,
    values_per_row,
)
from ingestion.sources.mapping import Mapping
from ingestion.sources.missing import MissingCells
from ingestion.sources.parquet_rows import open_parquet
from ingestion.sources.projection import alternatives, missing_cells, projection, resolve
from ingestion.vocabulary import Refusal

_LINES_FOR_KEYS = 1000


class FlatFile(FileSource):
    """A flat file and its mapping."""

    def __init__(self, file: LocalFile, mapping: Mapping) -> None:
        super().__init__(file, mapping.text, mapping.source)
        self._mapping = mapping
        self._missing = MissingCells()

    @property
    def warnings(self) -> list[str]:
        """What was read as missing so far."""
        return self._missing.messages()

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
            for wanted, piece in readers[kind]():
                yield self._projected(connection, wanted, piece)

    def _projected(
        self, connection: duckdb.DuckDBPyConnection, wanted: list[str], piece: Piece
    ) -> NativeBatch:
        columns = {f"c{n}": column for n, column in enumerate(piece.table.columns)}
        rows = make_batch(None, columns, piece.numbers, piece.originals, piece.objections).table
        connection.register("rows", rows)
        query = projection(self._mapping, wanted, rows.schema)
        table = connection.sql(query).to_arrow_table()
        counting = missing_cells(self._mapping, wanted, rows.schema)
        if counting is not None:
            self._missing.add(connection.sql(counting).fetchall())
        return NativeBatch(self._mapping.event, table, piece.originals)

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
        with closing(JsonReader()) as reader:
            for block in read_lines(self.file):
                if wanted is None and block.oversized is None:
                    wanted = resolve(self._mapping, _keys(block, self._mapping), self.name)
                names = wanted
                if names is None:  # of a first line that is too long the keys are not known
                    names = list(dict.fromkeys(chain(*_needed(self._mapping))))
                yield names, _json_piece(reader, block, names)


def _json_piece(reader: JsonReader, block: LineBlock, wanted: list[str]) -> Piece:
    table = reader.values(block, wanted)
    objections: dict[int, tuple[Refusal, str | None]] = {}
    is_empty = values_per_row(table.select(wanted)) == 0
    for row in np.flatnonzero(is_empty).tolist():
        content, refusal, about = inspect_line(block, row)
        if refusal is not None:
            objections[row] = refusal, about
        elif any(content.get(name) is not None for name in wanted):
            # Python reads what DuckDB does not.
            objections[row] = Refusal.BROKEN_JSON, None
    return Piece(table, block.numbers, block.originals, objections)


def _keys(block: LineBlock, mapping: Mapping) -> list[str]:
    """The keys there are, as far as needed to find every column of the mapping."""
    keys: dict[str, None] = {}
    needed = _needed(mapping)
    for row in range(len(block)):
        if row >= _LINES_FOR_KEYS and all(any(n in keys for n in names) for names in needed):
            break
        keys.update(dict.fromkeys(inspect_line(block, row).content))
    return list(keys)


def _needed(mapping: Mapping) -> list[tuple[str, ...]]:
    """What the mapping needs of the file: one of each tuple."""
    return [names for spec in mapping.columns.values() for names in alternatives(spec)]
