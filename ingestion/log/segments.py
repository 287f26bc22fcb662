"""Segments: Parquet files of one event type, written once and named after their SHA-256.

The writer's settings are fixed, so one version of the library makes one file of the same rows and
salts. Salts are random and lie in the file's metadata, so no two segments have the same name.
Bodies are compared here too, because a body is what a segment stores.

What stays out: when a segment is full (stream.py) and which segments count (chain.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingestion.codes import MANY_ROWS, compacted, in_one_piece, is_coded, plain_text, texts_of
from ingestion.contracts import Contract
from ingestion.errors import IntegrityError
from ingestion.log.durable import explained, fsync_file
from ingestion.log.row_tree import RowTree
from ingestion.log.salts import METADATA_KEY, Salts

SEGMENT_ROWS = 983_040
ROW_GROUP_ROWS = 122_880
"""A segment is eight row groups of the size DuckDB itself writes: each can have a thread."""
WRITE_ROWS = 1 << 13
"""So many at a time go to Parquet's encoder: a quarter less work than by its default, 1,024."""
DICTIONARY_BYTES = 1 << 20
"""Parquet's writer gives up dictionaries beyond this, but not those it is handed."""

# Nearly every value is another one: a dictionary would only be thrown away again.
_UNIQUE_COLUMNS = {"event_id", "occurred_at"}
# The same in every row group, or of hashes that are evenly spread: nothing to prune by.
_UNPRUNABLE_COLUMNS = {
    *("event_type", "schema_version", "source"),
    *("event_id", "subject_id", "conversation_id"),
}


@dataclass(frozen=True, kw_only=True)
class WrittenSegment:
    """A finished file that is not in the log yet.

    Args:
        path: where it is.
        sha256: of the file.
        bytes: its length.
        rows: how many it holds.
        row_root: root (hex) of the tree over them; empty where no commit is to vouch for them.
    """

    path: Path
    sha256: str
    bytes: int
    rows: int
    row_root: str = ""


def write_segment(path: Path, table: pa.Table, salts: Salts | None = None) -> WrittenSegment:
    """Write rows in their order with their salts, and hash them one by one.

    Args:
        path: where to.
        table: the rows.
        salts: theirs, where they have some already; new ones unless given.

    Raises:
        StorageError: the disk refused.
    """
    salts = Salts.fresh(table.num_rows) if salts is None else salts
    table = _compact(table) if table.num_rows >= MANY_ROWS else plain_text(table)
    row_root = RowTree.of(table, salts).root.hex()
    salted = table.replace_schema_metadata({METADATA_KEY: salts.encode()})
    return replace(write_table(path, salted), row_root=row_root)


def parquet_settings(table: pa.Table) -> dict[str, Any]:
    """What the Parquet writer is told."""
    names = table.column_names
    return {
        "version": "2.6",
        "data_page_version": "1.0",
        "compression": "zstd",
        "compression_level": 1,
        "use_dictionary": [name for name in names if name not in _UNIQUE_COLUMNS],
        "write_statistics": [name for name in names if name not in _UNPRUNABLE_COLUMNS],
        "write_batch_size": WRITE_ROWS,
        # Whether text came here in codes is nothing to be remembered.
        "store_schema": False,
    }


def write_table(path: Path, table: pa.Table) -> WrittenSegment:
    """Write rows in their order, make the file durable and hash it.

    Raises:
        StorageError: the disk refused.
    """
    with explained("Writing", path):
        with pq.ParquetWriter(path, table.schema, **parquet_settings(table)) as writer:
            writer.add_key_value_metadata(table.schema.metadata or {})
            # One by one, for each has a dictionary of its own.
            for group in row_pieces(table, ROW_GROUP_ROWS):
                writer.write_table(group)
        fsync_file(path)
        sha256, size = hash_file(path), path.stat().st_size
    return WrittenSegment(path=path, sha256=sha256, bytes=size, rows=table.num_rows)


def _compact(table: pa.Table) -> pa.Table:
    """In pieces of a row group, each column's codes over no text that the group does not have.

    Codes over so much text that a dictionary does not pay are text from here on.
    """
    for index, field in enumerate(table.schema):
        if is_coded(field.type):
            groups: list[pa.Array] = [
                _compact_group(table[index].slice(start, ROW_GROUP_ROWS))
                for start in range(0, table.num_rows, ROW_GROUP_ROWS)
            ]
            if max(group.dictionary.nbytes for group in groups) > DICTIONARY_BYTES:
                groups = [texts_of(group) for group in groups]
            kept = field.with_type(groups[0].type)
            table = table.set_column(index, kept, pa.chunked_array(groups, kept.type))
    return table


def _compact_group(column: pa.ChunkedArray) -> pa.DictionaryArray:
    return in_one_piece(pa.chunked_array([compacted(piece) for piece in column.chunks]))


def hash_file(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _open(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        message = f"The segment {path} cannot be read: {error}."
        raise IntegrityError(message, remedy="Restore it from a backup.") from error


def read_ids(path: Path) -> pa.ChunkedArray:
    """The event ids of a segment, in row order."""
    with _open(path) as file:
        return _guarded_read(file, path, None, ["event_id"])["event_id"]


def read_segment(path: Path) -> tuple[pa.Table, Salts]:
    """Every row of a segment, and their salts."""
    with _open(path) as file:
        table = _guarded_read(file, path, None, None)
        content = (file.metadata.metadata or {}).get(METADATA_KEY, b"")
    try:
        salts = Salts.decode(content)
    except ValueError as error:
        message = f"The segment {path} cannot be read: {error}."
        raise IntegrityError(message, remedy="Restore it from a backup.") from error
    if salts.rows != table.num_rows:
        message = f"The segment {path} has {table.num_rows} rows and {salts.rows} salts."
        raise IntegrityError(message, remedy="Restore it from a backup.")
    return table, salts


def read_rows(path: Path, rows: npt.NDArray[np.int64]) -> pa.Table:
    """Rows of a segment by number, reading no row group without one of them.

    Args:
        path: the file.
        rows: row numbers from 0, in rising order.
    """
    with _open(path) as file:
        sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
        ends = np.cumsum(sizes)
        if len(rows) and rows[-1] >= ends[-1]:
            message = f"The segment {path} has {ends[-1]} rows; row {rows[-1]} was asked for."
            raise IntegrityError(message, remedy="Restore it from a backup.")
        group_of = np.searchsorted(ends, rows, side="right")
        groups = np.unique(group_of)
        table = _guarded_read(file, path, groups.tolist(), None)
    kept = np.array(sizes, np.int64)[groups]
    start_in_table = np.cumsum(kept) - kept
    start_in_file = (ends - sizes)[groups]
    which = np.searchsorted(groups, group_of)
    return table.take(pa.array(rows - start_in_file[which] + start_in_table[which]))


def _guarded_read(
    file: pq.ParquetFile, path: Path, groups: list[int] | None, columns: list[str] | None
) -> pa.Table:
    try:
        if groups is None:
            table = file.read(columns, use_threads=False)
        else:
            table = file.read_row_groups(groups, columns, use_threads=False)
    except (OSError, pa.ArrowException) as error:
        message = f"The segment {path} cannot be read: {error}."
        raise IntegrityError(message, remedy="Restore it from a backup.") from error
    return table.replace_schema_metadata(None)


def is_same_body(contract: Contract, mine: pa.Table, stored: pa.Table) -> npt.NDArray[np.bool_]:
    """Per row, whether two tables say the same event.

    The body is every column but `schema_version`: the same answer read under a newer contract is
    the same event. A column one of them does not have yet is null.
    """
    is_same = np.ones(mine.num_rows, np.bool_)
    for field in contract.log_schema:
        if field.name == "schema_version":
            continue
        a, b = (
            texts_of(table[field.name].combine_chunks())
            if field.name in table.column_names
            else pa.nulls(table.num_rows, field.type)
            for table in (mine, stored)
        )
        equal = pc.fill_null(pc.equal(a, b), False)
        equal = pc.or_(equal, pc.and_(a.is_null(), b.is_null()))
        if pa.types.is_floating(field.type):
            both_nan = pc.and_(pc.is_nan(a), pc.is_nan(b))
            equal = pc.or_(equal, pc.fill_null(both_nan, False))
        is_same &= equal.to_numpy(zero_copy_only=False)
    return is_same


def row_pieces(table: pa.Table, size: int) -> Iterator[pa.Table]:
    """A table in pieces of at most `size` rows, without copying."""
    for start in range(0, table.num_rows, size):
        yield table.slice(start, size)
