"""Which files hold the rows of commits 1 to N: segments, and the compacted files in their place."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import rfc8785

from ingestion.errors import IntegrityError
from ingestion.log.chain import Commit, Compacted, Redactions, Segment
from ingestion.log.layout import Layout, read_schema
from ingestion.log.segments import hash_file
from ingestion.tables import TIMESTAMP

POSITION_SCHEMA = pa.schema(
    [
        pa.field("position", pa.int64(), nullable=False),
        pa.field("commit_seq", pa.int64(), nullable=False),
        pa.field("recorded_at", TIMESTAMP, nullable=False),
    ]
)
"""What the reader's views, and compacted files, have besides the contract's columns."""


@dataclass(frozen=True, kw_only=True)
class HeldFile:
    """One file of one event type.

    Args:
        event_type: what its rows are.
        sha256: its name.
        schema: hash of the schema it was written under.
        first_position: of its first row.
        last_position: of its last row.
        rows: how many; in a compacted file the positions between may be other event types'.
        bytes: its length.
        commit_seq: the commit that names it.
        recorded_us: when that was; of a segment's rows too.
        is_compacted: it holds its rows' positions, commits and times itself.
        is_redacted: rows are erased: only event_id and event_type are left of them.
    """

    event_type: str
    sha256: str
    schema: str
    first_position: int
    last_position: int
    rows: int
    bytes: int
    commit_seq: int
    recorded_us: int
    is_compacted: bool
    is_redacted: bool


def held_files(commits: Iterable[Commit], redactions: Redactions) -> dict[str, list[HeldFile]]:
    """The files to read, in position order, per event type.

    Args:
        commits: 1 to N, in order.
        redactions: all there are, later ones too.

    Raises:
        IntegrityError: a commit compacts something other than whole files.
    """
    files: dict[str, list[HeldFile]] = {}
    for commit in commits:
        for segment in commit.segments:
            last = segment.first_position + segment.rows - 1
            held = held_file(commit, segment, redactions, last)
            files.setdefault(segment.event_type, []).append(held)
        for compacted in commit.compacted:
            _replace(files.get(compacted.event_type, []), commit, compacted, redactions)
    return files


def _replace(
    held: list[HeldFile], commit: Commit, compacted: Compacted, redactions: Redactions
) -> None:
    first = attrgetter("first_position")
    start = bisect_left(held, compacted.first_position, key=first)
    end = bisect_left(held, compacted.last_position + 1, key=first)
    replaced = held[start:end]
    if (
        not replaced
        or replaced[0].first_position != compacted.first_position
        or replaced[-1].last_position != compacted.last_position
        or sum(file.rows for file in replaced) != compacted.rows
    ):
        message = (
            f"Commit {commit.seq} compacts {compacted.event_type} from position"
            f" {compacted.first_position} to {compacted.last_position}, which are not whole files."
        )
        raise IntegrityError(message, remedy="Run `demoscope log verify`.")
    merged = held_file(commit, compacted, redactions, compacted.last_position)
    # Merged after the erasure, the file has the erased rows as its sources have them.
    is_redacted = merged.is_redacted or any(file.is_redacted for file in replaced)
    held[start:end] = [replace(merged, is_redacted=is_redacted)]


def held_file(
    commit: Commit, file: Segment | Compacted, redactions: Redactions, last_position: int
) -> HeldFile:
    """A file as a commit names it, or the one in its place."""
    redacted = redactions.of(file.sha256)
    found = redacted or file
    return HeldFile(
        event_type=file.event_type,
        sha256=found.sha256,
        schema=file.schema,
        first_position=file.first_position,
        last_position=last_position,
        rows=file.rows,
        bytes=found.bytes,
        commit_seq=commit.seq,
        recorded_us=commit.recorded_us,
        is_compacted=isinstance(file, Compacted),
        is_redacted=redacted is not None,
    )


def compacted_schema(layout: Layout, schema: str) -> tuple[str, bytes]:
    """The schema of compacted files of segments written under a schema: its hash and its text."""
    fields = read_schema(layout, schema)
    fields["columns"] += [
        {"name": field.name, "nullable": False, "type": str(field.type)}
        for field in POSITION_SCHEMA
    ]
    text = rfc8785.dumps(fields)
    return hashlib.sha256(text).hexdigest(), text


def read_positioned(layout: Layout, file: HeldFile) -> pa.Table:
    """The rows of a file with the columns of POSITION_SCHEMA, checked against its hash first.

    Every column may be null here: in an erased row only event_id and event_type are not.

    Raises:
        IntegrityError: it is missing, or not what it was.
    """
    path = layout.segment(file.sha256)
    try:
        is_whole = hash_file(path) == file.sha256
        table = pq.read_table(path, use_threads=False) if is_whole else None
    except (OSError, pa.ArrowException) as error:
        message = f"The segment {path} cannot be read: {error}."
        raise IntegrityError(message, remedy="Restore it from a backup.") from error
    if table is None or table.num_rows != file.rows:
        message = f"The segment {path} is damaged."
        raise IntegrityError(message, remedy="Restore it from a backup.")
    if not file.is_compacted:
        positions = np.arange(file.first_position, file.first_position + file.rows, dtype=np.int64)
        values = (
            positions,
            np.full(file.rows, file.commit_seq),
            np.full(file.rows, file.recorded_us),
        )
        for field, value in zip(POSITION_SCHEMA, values, strict=True):
            table = table.append_column(field.name, pa.array(value, pa.int64()).cast(field.type))
    return table.cast(pa.schema([field.with_nullable(True) for field in table.schema]))


def path_literal(path: Path) -> str:
    """A path as SQL text that DuckDB does not take for a pattern."""
    escaped = re.sub(r"([\[*?])", r"[\1]", str(path))
    return "'" + escaped.replace("'", "''") + "'"
