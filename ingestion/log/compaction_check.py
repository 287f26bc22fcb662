"""Holding every compacted row against the segments it stands for.

What stays out: the segments themselves (verification.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.errors import IntegrityError
from ingestion.log.compaction_files import (
    HeldFile,
    compacted_schema,
    every_nullable,
    held_files,
    read_positioned,
)
from ingestion.log.layout import Layout
from ingestion.log.record import Commit, Compacted, Redacted
from ingestion.log.redactions import Redactions
from ingestion.log.segments import hash_file


def check_compacted(
    layout: Layout,
    commits: Iterable[Commit],
    redactions: Redactions,
    add: Callable[[Path, str], None],
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
