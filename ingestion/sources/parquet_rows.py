"""Parquet as pieces of bounded size: typed columns, exact row numbers, UTF-8 checked.

Accounting: row numbers count the file's rows from 1. Text that is not UTF-8 (Parquet stores it
without a word) is taken out of its cell and the row is marked.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingestion.errors import LoadRefusedError
from ingestion.sources.batch import Objections, Piece
from ingestion.sources.files import LocalFile, first_line
from ingestion.sources.parquet_bounds import check_sizes, rows_at_a_time, small_tables, texts
from ingestion.vocabulary import Refusal

ROWS_PER_PIECE = 1 << 16
_TEXT = (pa.string(), pa.large_string())
_BYTES = (pa.binary(), pa.large_binary())
# What little is done with, as what it can be taken for.
_NARROWER = {
    pa.float16(): pa.float64(),
    pa.string_view(): pa.large_string(),
    pa.binary_view(): pa.large_binary(),
}


class ParquetRows:
    """A Parquet file, open."""

    def __init__(self, file: LocalFile, parquet: pq.ParquetFile) -> None:
        self._name = file.name
        self._parquet = parquet
        self._bounds = file.bounds
        self._packed = file.byte_count
        self._unpacked = 0
        self.columns: list[str] = parquet.schema_arrow.names

    def paths(self) -> list[str]:
        """Names of the columns and, with dots, of the fields of structs."""
        found, todo = list(self.columns), list(self._parquet.schema_arrow)
        while todo:
            field = todo.pop(0)
            if pa.types.is_struct(field.type):
                inner = [part.with_name(f"{field.name}.{part.name}") for part in field.type]
                todo += inner
                found += [part.name for part in inner if part.name not in found]
        return found

    def pieces(self, columns: Sequence[str]) -> Iterator[Piece]:
        """Yield the rows with the columns asked for: nested ones as JSON, dictionaries decoded."""
        number = 1
        for group in range(self._parquet.num_row_groups):
            offset = 0
            for whole, unusual in self._read(group, self._roots(columns)):
                self._unpacked += unusual
                self._bounds.check_unpacked(self._name, self._unpacked, self._packed)
                table = pa.table({name: self._at(whole, name) for name in columns})
                numbers = np.arange(number, number + len(table), dtype=np.int64)
                clean, objections = _cleaned(self._castable(table))
                yield Piece(clean, numbers, partial(self._originals, group, offset), objections)
                number += len(table)
                offset += len(table)

    def _roots(self, names: Sequence[str]) -> list[str]:
        """The file's columns in which these names or paths lie."""
        roots = (name if name in self.columns else name.split(".")[0] for name in names)
        return list(dict.fromkeys(roots))

    def _at(self, table: pa.Table, name: str) -> pa.ChunkedArray:
        """A column, or a field of a struct; null where the struct is."""
        if name in self.columns:
            return table.column(table.column_names.index(name))
        root, *path = name.split(".")
        return pc.struct_field(table.column(root), path)

    def kind(self, name: str) -> pa.DataType:
        """The type of a column, or of a field of a struct."""
        return self._at(self._parquet.schema_arrow.empty_table(), name).type

    def refuse_types(self, columns: Sequence[str]) -> None:
        """Refuse columns that do not hold single values. Raises LoadRefusedError."""
        for name in columns:
            kind = self.kind(name)
            is_json = isinstance(kind, pa.JsonType)
            if is_json or pa.types.is_nested(kind) or pa.types.is_interval(kind):
                raise LoadRefusedError(
                    f"{self._name}: the column {name!r} is of type {kind}, and a single value "
                    "belongs here.",
                    remedy="Write the part that is meant to a column of its own.",
                )

    def _castable(self, table: pa.Table) -> pa.Table:
        """Types that DuckDB does not take, as wider or narrower ones that lose nothing."""
        for index, field in enumerate(table.schema):
            kind = field.type
            if kind in _NARROWER:
                wider = table.column(index).cast(_NARROWER[kind])
            elif pa.types.is_decimal256(kind):
                try:
                    narrow = pa.decimal128(38, kind.scale)
                    wider = table.column(index).cast(narrow)
                except (pa.ArrowException, ValueError) as error:
                    raise LoadRefusedError(
                        f"{self._name}: the column {field.name!r} is of type {kind}, and its "
                        "numbers do not fit into 38 digits.",
                        remedy="Write the column as text, or as a decimal of 38 digits at most.",
                    ) from error
            else:
                continue
            table = table.set_column(index, field.name, wider)
        return table

    def _originals(self, group: int, offset: int, positions: Sequence[int]) -> list[str]:
        """Whole rows as JSON objects: every column, also those that were not asked for."""
        found: dict[int, str] = {}
        for table, _ in self._read(group, self.columns):
            for position in positions:
                if 0 <= position + offset < len(table):
                    row = table.slice(position + offset, 1)
                    cells = zip(row.column_names, row.columns, strict=True)
                    values = {name: _value(cell) for name, cell in cells}
                    found[position] = _json(values)
            offset -= len(table)
            if len(found) == len(positions):
                break
        return [found[position] for position in positions]

    def _read(self, group: int, columns: Sequence[str]) -> Iterator[tuple[pa.Table, int]]:
        with refusing_parquet(self._name):
            step = rows_at_a_time(self._name, self._parquet, group, columns)
            for batch in self._parquet.iter_batches(
                batch_size=min(step, ROWS_PER_PIECE), row_groups=[group], columns=list(columns)
            ):
                yield from small_tables(self._name, batch, self._bounds)


@contextmanager
def open_parquet(file: LocalFile) -> Iterator[ParquetRows]:
    """Open a Parquet file, compressed as a whole or not.

    Raises:
        LoadRefusedError: it is truncated or damaged, or two columns have the same name.
    """
    with file.open_seekable() as raw:
        with refusing_parquet(file.name):
            parquet = pq.ParquetFile(raw, pre_buffer=False)
            check_sizes(file, parquet, raw)
            packed = texts(parquet)
            parquet = pq.ParquetFile(raw, pre_buffer=False, read_dictionary=packed)
            rows = ParquetRows(file, parquet)
        repeated = sorted({name for name in rows.columns if rows.columns.count(name) > 1})
        if repeated:
            raise LoadRefusedError(
                f"{file.name}: has more than one column {', '.join(map(repr, repeated))}.",
                remedy="Rename one of them.",
            )
        yield rows


@contextmanager
def refusing_parquet(name: str) -> Iterator[None]:
    """Turn what pyarrow says of a damaged file into a refusal naming it."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:
        raise LoadRefusedError(
            f"{name}: is truncated or damaged Parquet: {first_line(error)}.",
            remedy="Fetch or write the file again; nothing of it was loaded.",
        ) from error


def _cleaned(table: pa.Table) -> tuple[pa.Table, Objections]:
    """The columns without dictionaries, bytes and nesting, and which rows are not UTF-8."""
    objections: Objections = {}
    for index, name in enumerate(table.column_names):
        column = table.column(index)
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        plain = _plain(column)
        table = table.set_column(index, name, plain)
        if plain.null_count > column.null_count:
            is_lost = pc.and_(column.is_valid(), plain.is_null())
            for row in np.flatnonzero(is_lost).tolist():
                objections.setdefault(row, (Refusal.NOT_UTF8, name))
    return table, objections


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Nested values as JSON and bytes as text; null where that is not UTF-8."""
    if pa.types.is_nested(column.type):
        values = [_value(column.slice(row, 1)) for row in range(len(column))]
        texts = [None if value is None else _json(value) for value in values]
        return pa.chunked_array([pa.array(texts, pa.string())])
    if column.type not in (*_TEXT, *_BYTES):
        return column
    try:
        text = column.cast(pa.string())
        text.validate(full=True)
    except pa.ArrowInvalid:
        cells = column.cast(pa.large_binary()).to_pylist()
        decoded = [None if cell is None else _decoded(cell) for cell in cells]
        return pa.chunked_array([pa.array(decoded, pa.string())])
    return text


def _value(cell: pa.ChunkedArray) -> Any:
    """The value of a column of one row."""
    try:
        value = cell.to_pylist()[0]
    except (ValueError, OverflowError):  # text that is not UTF-8, or a date no calendar has
        if pa.types.is_nested(cell.type):
            return "(cannot be shown)"
        value = cell.cast(pa.large_binary())[0].as_py() if cell.type in _TEXT else str(cell)
    return _as_text(value) if isinstance(value, bytes) else value


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_as_text)


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
