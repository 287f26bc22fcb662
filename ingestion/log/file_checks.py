"""Holding the files of a log against its commits: segments, and the compacted files beside them.

A segment of which rows were erased is another file than its commit names. It is believed because a
later commit names it, its rows have the root of the commit that added them, and of an erased row
there is nothing but its id and type. A compacted file is believed because its rows are those of the
segments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingestion.errors import DemoscopeError, IntegrityError
from ingestion.log.compaction_files import (
    HeldFile,
    compacted_schema,
    every_nullable,
    held_files,
    read_positioned,
)
from ingestion.log.layout import Layout
from ingestion.log.leaf_hashes import tree_of
from ingestion.log.leaves import ENVELOPE
from ingestion.log.record import Commit, Compacted, Redacted, Segment
from ingestion.log.redactions import Redactions
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


def check_compacted(
    layout: Layout,
    commits: Iterable[Commit],
    redactions: Redactions,
    add: Report,
) -> tuple[set[str], set[str]]:
    """Check every compacted file that commits name.

    Args:
        layout: of the log.
        commits: in order.
        redactions: of all of them.
        add: told of each fault: the file, and what is wrong.

    Returns:
        Hashes of the compacted files, and of their schemas.
    """
    commits = list(commits)
    segments = held_files((replace(commit, compacted=()) for commit in commits), redactions)
    named, schemas = set(), set()
    for commit in commits:
        for compacted in commit.compacted:
            named.add(compacted.sha256)
            schemas.add(compacted.schema)
            sources = [
                file
                for file in segments.get(compacted.event_type, [])
                if compacted.first_position <= file.first_position <= compacted.last_position
                and file.commit_seq < commit.seq
            ]
            redacted = redactions.of(compacted.sha256)
            fault = _fault(layout, compacted, redacted, sources)
            if fault is not None:
                add(layout.segment(redactions.file_of(compacted.sha256)), fault)
    return named, schemas


def _fault(
    layout: Layout, compacted: Compacted, redacted: Redacted | None, sources: list[HeldFile]
) -> str | None:
    named = compacted if redacted is None else redacted
    path = layout.segment(named.sha256)
    try:
        size, sha256 = path.stat().st_size, hash_file(path)
        if size != named.bytes or sha256 != named.sha256:
            return f"its {size} bytes do not have the hash it is named after"
        found = every_nullable(pq.read_table(path, use_threads=False))
    except (OSError, pa.ArrowException) as error:
        return f"missing or damaged ({error})"
    try:
        if not sources or {compacted_schema(layout, file.schema)[0] for file in sources} != {
            compacted.schema
        }:
            return "its schema is not that of the segments it stands for"
        expected = pa.concat_tables([read_positioned(layout, file) for file in sources])
    except IntegrityError:
        return None  # the segment's or schema's own fault, which is reported where it is
    is_same = (
        expected.num_rows == compacted.rows
        and sources[-1].last_position == compacted.last_position
        and expected.equals(found)
    )
    return None if is_same else "its rows are not those of the segments it stands for"
