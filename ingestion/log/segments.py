"""Segments: Parquet files of one event type, written once and named after their SHA-256.

The writer's settings are fixed, so one version of the library makes one file of the same rows and
salts. Salts are random and lie in the file's metadata, so no two segments have the same name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.errors import DamagedError
from ingestion.log.durable import explained, fsync_file
from ingestion.log.leaf_hashes import tree_of
from ingestion.log.salts import METADATA_KEY, Salts

NONCE_KEY = b"demoscope.nonce"
"""In a compacted file's metadata: what makes its name its writer's own."""
SEGMENT_ROWS = 491_520
ROW_GROUP_ROWS = 122_880
"""A segment is four row groups of the size DuckDB itself writes: each can have a thread."""
WRITE_ROWS = 1 << 13
"""So many at a time go to Parquet's encoder: a quarter less work than by its default, 1,024."""

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
    salted = table.replace_schema_metadata({METADATA_KEY: salts.encode()})
    with ThreadPoolExecutor(1) as beside:
        tree = beside.submit(tree_of, table, salts)
        written = write_table(path, salted)
        return replace(written, row_root=tree.result().root.hex())


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
            writer.write_table(table, ROW_GROUP_ROWS)
        fsync_file(path)
        sha256, size = hash_file(path), path.stat().st_size
    return WrittenSegment(path=path, sha256=sha256, bytes=size, rows=table.num_rows)


def hash_file(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def readable(path: Path) -> Iterator[pq.ParquetFile]:
    """A segment, open for reading.

    Raises:
        IntegrityError: it is missing or damaged, or the reader raised a ValueError.
    """
    try:
        with pq.ParquetFile(path) as file:
            yield file
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DamagedError(f"The segment {path} cannot be read: {error}.") from error


def read_segment(path: Path) -> tuple[pa.Table, Salts]:
    """Every row of a segment, and their salts."""
    with readable(path) as file:
        table = file.read(use_threads=False).replace_schema_metadata(None)
        salts = Salts.decode((file.metadata.metadata or {}).get(METADATA_KEY, b""))
    if salts.rows != table.num_rows:
        raise DamagedError(f"The segment {path} has {table.num_rows} rows and {salts.rows} salts.")
    return table, salts


def read_rows(path: Path, rows: npt.NDArray[np.int64]) -> pa.Table:
    """Rows of a segment by number, reading no row group without one of them.

    Args:
        path: the file.
        rows: row numbers from 0, in rising order.
    """
    with readable(path) as file:
        sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
        ends = np.cumsum(sizes)
        if len(rows) and rows[-1] >= ends[-1]:
            raise ValueError(f"it has {ends[-1]} rows, and no row {rows[-1]}")
        is_read = np.isin(range(len(sizes)), np.searchsorted(ends, rows, side="right"))
        table = file.read_row_groups(np.flatnonzero(is_read).tolist(), use_threads=False)
    numbers = np.flatnonzero(np.repeat(is_read, sizes))
    return table.replace_schema_metadata(None).take(pa.array(np.searchsorted(numbers, rows)))
