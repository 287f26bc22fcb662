"""Holding one segment against its commit: bytes, columns, rows; and what was erased of it.

A segment of which rows were erased is another file than its commit names. It is believed because a
later commit names it, its rows have the root of the commit that added them, and of an erased row
there is nothing but its id and type.

What stays out: the chain, and whether an event is there twice (verification.py).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingestion.errors import DemoscopeError
from ingestion.log.leaf_hashes import tree_of
from ingestion.log.leaves import ENVELOPE
from ingestion.log.record import Redacted, Segment
from ingestion.log.salts import Salts
from ingestion.log.segments import hash_file, read_segment

Report = Callable[[Path, str], None]


def check_segment(
    path: Path,
    segment: Segment,
    redacted: Redacted | None,
    columns: list[tuple[str, str]],
    add: Report,
) -> bool:
    """Check a segment.

    Args:
        path: the file that holds its rows.
        segment: what its commit says.
        redacted: what stands in its place, if anything does.
        columns: name and type of the columns of its schema; none where that is damaged.
        add: told of each fault: the file, and what is wrong.

    Returns:
        Whether its ids can be read.
    """
    named = segment if redacted is None else redacted
    try:
        size, sha256 = path.stat().st_size, hash_file(path)
        if size != named.bytes or sha256 != named.sha256:
            add(path, f"its {size} bytes do not have the hash it is named after")
            return False
        with pq.ParquetFile(path) as file:
            rows = file.metadata.num_rows
            found = [(column.name, str(column.type)) for column in file.schema_arrow]
    except (OSError, pa.ArrowException) as error:
        add(path, f"missing or damaged ({error})")
        return False
    if rows != segment.rows:
        add(path, f"has {rows} rows; its commit says {segment.rows}")
    if columns and found != columns:
        add(path, "its columns are not those of its schema")
    _check_rows(path, segment, 0 if redacted is None else redacted.rows, add)
    return True


def _check_rows(path: Path, segment: Segment, erased: int, add: Report) -> None:
    try:
        table, salts = read_segment(path)
        root = tree_of(table, salts).root.hex()
        left = _left_of_the_erased(table, salts)
    except (DemoscopeError, KeyError, ValueError, pa.ArrowException) as error:
        add(path, f"its rows cannot be hashed ({error})")
        return
    if root != segment.row_root:
        add(path, "its rows do not have the root that its commit says")
    if len(salts.erased) != erased:
        add(path, f"{len(salts.erased)} of its rows are erased; commits say {erased}")
    if left:
        add(path, f"of its erased rows there is more than id and type: {', '.join(left)}")


def _left_of_the_erased(table: pa.Table, salts: Salts) -> list[str]:
    """Columns in which an erased row still has a value."""
    rows = table.take(pa.array(list(salts.erased), pa.int64()))
    return [
        name
        for name in rows.column_names
        if name not in ENVELOPE and pc.any(rows[name].is_valid()).as_py()
    ]
