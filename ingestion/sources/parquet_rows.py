"""Parquet as pieces of bounded size: typed columns, exact row numbers, UTF-8 checked.

Accounting: row numbers count the file's rows from 1. Text that is not UTF-8 (Parquet stores it
without a word) is taken out of its cell and the row is marked.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingestion.errors import LoadRefusedError
from ingestion.sources.files import LocalFile
from ingestion.sources.lines import Positions

ROWS_PER_PIECE = 1 << 16


@dataclass(frozen=True)
class ParquetPiece:
    """Adjoining rows of one row group.

    Args:
        table: the columns asked for; nested ones as JSON text, dictionaries decoded.
        numbers: row numbers in the file, from 1.
        not_utf8: per row, the first column whose text is not UTF-8, or None; None if all is well.
        group: the row group.
        offset: position of the first row in it.
    """

    table: pa.Table
    numbers: Positions
    not_utf8: list[str | None] | None
    group: int
    offset: int


class ParquetRows:
    """A Parquet file, open."""

    def __init__(self, name: str, parquet: pq.ParquetFile) -> None:
        self._name = name
        self._parquet = parquet

    @property
    def columns(self) -> list[str]:
        """Names of the columns, in file order."""
        return list(self._parquet.schema_arrow.names)

    def pieces(self, columns: Sequence[str]) -> Iterator[ParquetPiece]:
        """Yield the rows with the columns asked for."""
        number = 1
        for group in range(self._parquet.num_row_groups):
            offset = 0
            for table in self._read(group, columns):
                numbers = np.arange(number, number + len(table), dtype=np.int64)
                clean, not_utf8 = _cleaned(table)
                yield ParquetPiece(clean, numbers, not_utf8, group, offset)
                number += len(table)
                offset += len(table)

    def originals(
        self, piece: ParquetPiece, rows: Positions, positions: Sequence[int]
    ) -> list[str]:
        """Whole rows as JSON objects: every column, also those that were not asked for.

        Args:
            piece: the piece they are in.
            rows: some rows of the piece.
            positions: which of these.
        """
        wanted = [piece.offset + int(rows[position]) for position in positions]
        found: dict[int, str] = {}
        offset = 0
        for table in self._read(piece.group, self.columns):
            for place in sorted(p for p in set(wanted) if offset <= p < offset + len(table)):
                row = table.slice(place - offset, 1)
                values = {n: _value(c) for n, c in zip(row.column_names, row.columns, strict=True)}
                found[place] = json.dumps(values, ensure_ascii=False, default=_as_text)
            offset += len(table)
            if wanted and offset > max(wanted):
                break
        return [found[place] for place in wanted]

    def _read(self, group: int, columns: Sequence[str]) -> Iterator[pa.Table]:
        with refusing_parquet(self._name):
            for batch in self._parquet.iter_batches(
                batch_size=ROWS_PER_PIECE, row_groups=[group], columns=list(columns)
            ):
                yield pa.Table.from_batches([batch])


@contextmanager
def open_parquet(file: LocalFile) -> Iterator[ParquetRows]:
    """Open a Parquet file, compressed as a whole or not.

    Raises:
        LoadRefusedError: it is truncated or damaged, or two columns have the same name.
    """
    with file.open_seekable() as raw:
        with refusing_parquet(file.name):
            parquet = pq.ParquetFile(raw, pre_buffer=False)
            names = list(parquet.schema_arrow.names)
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise LoadRefusedError(
                f"{file.name}: has more than one column {', '.join(map(repr, repeated))}.",
                remedy="Rename one of them.",
            )
        yield ParquetRows(file.name, parquet)


@contextmanager
def refusing_parquet(name: str) -> Iterator[None]:
    """Turn what pyarrow says of a damaged file into a refusal naming it."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:
        detail = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        raise LoadRefusedError(
            f"{name}: is truncated or damaged Parquet: {detail}.",
            remedy="Fetch or write the file again; nothing of it was loaded.",
        ) from error


def _cleaned(table: pa.Table) -> tuple[pa.Table, list[str | None] | None]:
    columns: dict[str, pa.ChunkedArray] = {}
    bad: dict[int, str] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        columns[name], failures = _plain(column)
        for row in failures:
            bad.setdefault(row, name)
    clean = pa.table(columns) if columns else table
    return clean, [bad.get(row) for row in range(len(table))] if bad else None


def _plain(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, list[int]]:
    """A column without dictionaries, bytes and nesting; rows whose text is not UTF-8."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_nested(column.type):
        values = [_value(column.slice(row, 1)) for row in range(len(column))]
        texts = [
            None if value is None else json.dumps(value, ensure_ascii=False, default=_as_text)
            for value in values
        ]
        return pa.chunked_array([pa.array(texts, pa.string())]), []
    is_bytes = pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type)
    if not (is_bytes or _is_text(column)):
        return column, []
    try:
        text = column.cast(pa.string())
        text.validate(full=True)
    except pa.ArrowInvalid:
        cells = column.cast(pa.large_binary()).to_pylist()
        decoded = [None if cell is None else _decoded(cell) for cell in cells]
        failures = [
            row for row, cell in enumerate(cells) if cell is not None and decoded[row] is None
        ]
        return pa.chunked_array([pa.array(decoded, pa.string())]), failures
    return text, []


def _value(cell: pa.ChunkedArray) -> Any:
    """The value of a column of one row."""
    try:
        value = cell.to_pylist()[0]
    except (ValueError, OverflowError):  # text that is not UTF-8, or a date no calendar has
        if pa.types.is_nested(cell.type):
            return "(cannot be shown)"
        value = cell.cast(pa.large_binary()).to_pylist()[0] if _is_text(cell) else str(cell)
    return _as_text(value) if isinstance(value, bytes) else value


def _is_text(cell: pa.ChunkedArray) -> bool:
    return bool(pa.types.is_string(cell.type) or pa.types.is_large_string(cell.type))


def _decoded(cell: bytes) -> str | None:
    try:
        return cell.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _as_text(value: Any) -> str:
    if isinstance(value, bytes):
        text = _decoded(value)
        return text if text is not None else "base64:" + base64.b64encode(value).decode()
    has_zone = hasattr(value, "tzinfo")
    return pc.cast(pa.scalar(value), pa.string()).as_py() if has_zone else str(value)
