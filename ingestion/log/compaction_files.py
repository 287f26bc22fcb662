"""Which files hold the rows of commits 1 to N: segments, and the compacted files in their place.

What stays out: making compacted files (compaction.py) and views over any (reader.py).
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import rfc8785

from ingestion.contract import TIMESTAMP
from ingestion.errors import IntegrityError
from ingestion.log.layout import Layout
from ingestion.log.record import Commit
from ingestion.log.segments import hash_file

STORED = (
    ("position", "int64"),
    ("commit_seq", "int64"),
    ("recorded_at", "timestamp[us, tz=UTC]"),
)
"""What a compacted file holds besides its event type's columns: name and Arrow type."""


@dataclass(frozen=True, kw_only=True)
class HeldFile:
    """One file of one event type.

    Args:
        sha256: its name.
        schema: hash of the schema it was written under.
        first_position: of its first row.
        last_position: of its last row.
        rows: how many; in a compacted file the positions between may be other event types'.
        bytes: its length.
        commit_seq: the commit that names it.
        recorded_us: when that was; of a segment's rows too.
        is_compacted: it holds its rows' positions, commits and times itself.
    """

    sha256: str
    schema: str
    first_position: int
    last_position: int
    rows: int
    bytes: int
    commit_seq: int
    recorded_us: int
    is_compacted: bool


def held_files(commits: Iterable[Commit]) -> dict[str, list[HeldFile]]:
    """The files to read, in position order, per event type.

    Args:
        commits: 1 to N, in order.

    Raises:
        IntegrityError: a commit compacts something other than whole files.
    """
    files: dict[str, list[HeldFile]] = {}
    for commit in commits:
        for segment in commit.segments:
            files.setdefault(segment.event_type, []).append(
                HeldFile(
                    sha256=segment.sha256,
                    schema=segment.schema,
                    first_position=segment.first_position,
                    last_position=segment.first_position + segment.rows - 1,
                    rows=segment.rows,
                    bytes=segment.bytes,
                    commit_seq=commit.seq,
                    recorded_us=commit.recorded_us,
                    is_compacted=False,
                )
            )
        for compacted in commit.compacted:
            held = files.get(compacted.event_type, [])
            start = bisect_left(held, compacted.first_position, key=_first)
            end = bisect_left(held, compacted.last_position + 1, key=_first)
            replaced = held[start:end]
            if (
                not replaced
                or replaced[0].first_position != compacted.first_position
                or replaced[-1].last_position != compacted.last_position
                or sum(file.rows for file in replaced) != compacted.rows
            ):
                message = (
                    f"Commit {commit.seq} compacts {compacted.event_type} from position"
                    f" {compacted.first_position} to {compacted.last_position}, which are not"
                    " whole files."
                )
                raise IntegrityError(message, remedy="Run `demoscope log verify`.")
            held[start:end] = [
                HeldFile(
                    sha256=compacted.sha256,
                    schema=compacted.schema,
                    first_position=compacted.first_position,
                    last_position=compacted.last_position,
                    rows=compacted.rows,
                    bytes=compacted.bytes,
                    commit_seq=commit.seq,
                    recorded_us=commit.recorded_us,
                    is_compacted=True,
                )
            ]
    return files


def _first(file: HeldFile) -> int:
    return file.first_position


def compacted_schema(layout: Layout, schema: str) -> tuple[str, bytes]:
    """The schema of compacted files of segments written under a schema: its hash and its text.

    Raises:
        IntegrityError: the segments' schema is missing or not what it was.
    """
    path = layout.schema(schema)
    content = path.read_bytes() if path.exists() else b""
    if hashlib.sha256(content).hexdigest() != schema:
        message = f"{path} is missing or damaged."
        raise IntegrityError(message, remedy="Restore it from a backup.")
    fields = json.loads(content)
    fields["columns"] += [{"name": name, "nullable": False, "type": kind} for name, kind in STORED]
    text = rfc8785.dumps(fields)
    return hashlib.sha256(text).hexdigest(), text


def read_positioned(layout: Layout, file: HeldFile) -> pa.Table:
    """The rows of a file with the columns of STORED, checked against its hash first.

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
    table = table.replace_schema_metadata(None)
    if file.is_compacted:
        return table
    count = table.num_rows
    values = (
        np.arange(file.first_position, file.first_position + count, dtype=np.int64),
        np.full(count, file.commit_seq, np.int64),
        np.full(count, file.recorded_us, np.int64),
    )
    for (name, _), kind, column in zip(
        STORED, (pa.int64(), pa.int64(), TIMESTAMP), values, strict=True
    ):
        field = pa.field(name, kind, nullable=False)
        table = table.append_column(field, pa.array(column).cast(kind))
    return table
