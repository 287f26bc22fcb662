"""Flat files by mapping: CSV, JSONL and Parquet, also gzip and zstd, of any one event type.

Accounting: every row of data becomes one row. Row numbers: lines for JSONL, rows of data for CSV
(the header is not one) and Parquet, from 1. In JSONL a key that a line lacks is null; a column that
no line of the file's first megabytes has is taken for a mistake in the mapping.

What stays out: the format of a mapping (mapping.py) and of the SQL made of it (projection.py), and
what the values have to be (expectations/).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property, partial

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.errors import LoadRefusedError
from ingestion.sources.batch import NativeBatch
from ingestion.sources.csv_rows import CsvRows
from ingestion.sources.files import Format, LocalFile, fingerprint
from ingestion.sources.json_rows import JsonReader, inspect_line
from ingestion.sources.line_blocks import LineBlock, Positions
from ingestion.sources.lines import read_lines
from ingestion.sources.mapping import Mapping
from ingestion.sources.parquet_rows import ParquetPiece, ParquetRows, open_parquet
from ingestion.sources.projection import alternatives, projection, resolve
from ingestion.sources.rows import Objections, Originals, columns_of, make_batch
from ingestion.vocabulary import Refusal

_LINES_FOR_KEYS = 1000


@dataclass(frozen=True)
class _Piece:
    """Rows as the file has them: c0, c1, ..., and what the reader objects to."""

    table: pa.Table
    numbers: Positions
    originals: Originals
    wanted: list[str]
    objections: Objections | None = None


class FlatFile:
    """A flat file and its mapping."""

    def __init__(self, file: LocalFile, mapping: Mapping) -> None:
        self._file = file
        self._mapping = mapping

    @property
    def name(self) -> str:
        """The file's path as the user wrote it."""
        return self._file.name

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the file's bytes, the mapping's text and the source's name."""
        mapping = self._mapping
        return fingerprint(self._file, mapping=mapping.text, source=mapping.source)

    def batches(self) -> Iterator[NativeBatch]:
        """Yield the rows under the contract's names."""
        readers = {Format.CSV: self._csv, Format.JSONL: self._jsonl, Format.PARQUET: self._parquet}
        kind = self._mapping.format or self._file.format
        if (kind is Format.PARQUET) != (self._file.format is Format.PARQUET):
            raise LoadRefusedError(
                f"{self.name}: looks like {self._file.format}, and the mapping "
                f"{self._mapping.name} says {kind}.",
                remedy="Correct `file: {format: ...}`, or leave it out.",
            )
        with closing(duckdb.connect(":memory:")) as connection:
            for piece in readers[kind]():
                yield self._projected(connection, piece)

    def _projected(self, connection: duckdb.DuckDBPyConnection, piece: _Piece) -> NativeBatch:
        columns = columns_of(piece.table)
        rows = make_batch(None, columns, piece.numbers, piece.originals, piece.objections).table
        connection.register("rows", rows)
        try:
            query = projection(self._mapping, piece.wanted, rows.schema)
            table = connection.sql(query).to_arrow_table()
        finally:
            connection.unregister("rows")
        return NativeBatch(self._mapping.event, table, piece.originals)

    def _csv(self) -> Iterator[_Piece]:
        rows = CsvRows(self._file, self._mapping.delimiter)
        wanted = resolve(self._mapping, rows.columns, self.name)
        for piece in rows.pieces(wanted):
            numbers = np.arange(len(piece.spans), dtype=np.int64) + piece.first_number
            objections: Objections | None = None
            if piece.refusals is not None:
                objections = (list(piece.refusals), [None] * len(numbers))
            yield _Piece(piece.table, numbers, piece.originals, wanted, objections)

    def _parquet(self) -> Iterator[_Piece]:
        with open_parquet(self._file) as rows:
            wanted = resolve(self._mapping, rows.columns, self.name)
            for piece in rows.pieces(wanted or rows.columns[:1]):
                table = piece.table.rename_columns(
                    [f"c{n}" for n in range(piece.table.num_columns)]
                )
                objections: Objections | None = None
                if piece.not_utf8 is not None:
                    bad = [
                        None if column is None else Refusal.NOT_UTF8 for column in piece.not_utf8
                    ]
                    objections = (bad, piece.not_utf8)
                originals = partial(_group_originals, rows, piece)
                yield _Piece(table, piece.numbers, originals, wanted, objections)

    def _jsonl(self) -> Iterator[_Piece]:
        wanted: list[str] | None = None
        with closing(JsonReader()) as reader:
            for block in read_lines(self._file):
                if block.oversized is not None:
                    names = _all_names(self._mapping)
                    table = pa.table({f"c{n}": pa.nulls(1, pa.string()) for n in range(len(names))})
                    yield _Piece(
                        table,
                        block.numbers,
                        block.originals,
                        names,
                        objections=([Refusal.TOO_LONG], [None]),
                    )
                elif len(block):
                    if wanted is None:
                        keys = _keys(block, self._mapping)
                        wanted = resolve(self._mapping, keys, self.name)
                    yield _json_piece(reader, block, wanted)


def _json_piece(reader: JsonReader, block: LineBlock, wanted: list[str]) -> _Piece:
    lines = block.array()
    table = reader.members(lines, wanted, tolerant=False)
    if table is None:
        table = reader.members(lines, wanted, tolerant=True)
    if table is None:
        table = pa.table({f"c{n}": pa.nulls(len(block), pa.string()) for n in range(len(wanted))})
    is_empty = np.ones(len(block), dtype=bool)
    for column in table.columns[: len(wanted)]:
        is_empty &= pc.is_null(column).to_numpy(zero_copy_only=False)
    refusals: list[str | None] = [None] * len(block)
    about: list[str | None] = [None] * len(block)
    for row in np.flatnonzero(is_empty).tolist():
        finding = inspect_line(block.line(row))
        refusals[row], about[row] = finding.refusal, finding.column
        if finding.refusal is None and any(finding.content.get(n) is not None for n in wanted):
            refusals[row] = Refusal.BROKEN_JSON  # Python reads what DuckDB does not
    objections = (refusals, about) if any(refusals) else None
    return _Piece(table, block.numbers, block.originals, wanted, objections)


def _keys(block: LineBlock, mapping: Mapping) -> list[str]:
    """The keys there are, as far as needed to find every column of the mapping."""
    keys: dict[str, None] = {}
    needed = [names for spec in mapping.columns.values() for names in alternatives(spec)]
    for row in range(len(block)):
        if row >= _LINES_FOR_KEYS and all(any(n in keys for n in names) for names in needed):
            break
        keys.update(dict.fromkeys(inspect_line(block.line(row)).content))
    return list(keys)


def _all_names(mapping: Mapping) -> list[str]:
    groups = [names for spec in mapping.columns.values() for names in alternatives(spec)]
    return list(dict.fromkeys(name for names in groups for name in names))


def _group_originals(rows: ParquetRows, piece: ParquetPiece, positions: Sequence[int]) -> list[str]:
    return rows.originals(piece.group, [piece.offset + position for position in positions])
