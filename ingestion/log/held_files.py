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
        named: the file as its commit names it; another stands in its place where rows are erased.
        sha256: of the file to read; its name.
        bytes: its length.
        commit_seq: the commit that names it.
        recorded_us: when that was; of a segment's rows too.
        is_redacted: rows are erased: only event_id and event_type are left of them.
    """

    named: Segment | Compacted
    sha256: str
    bytes: int
    commit_seq: int
    recorded_us: int
    is_redacted: bool

    @classmethod
    def of(cls, commit: Commit, named: Segment | Compacted, redactions: Redactions) -> HeldFile:
        """A file that a commit names, or the one in its place."""
        redacted = redactions.of(named.sha256)
        return cls(
            named=named,
            sha256=(redacted or named).sha256,
            bytes=(redacted or named).bytes,
            commit_seq=commit.seq,
            recorded_us=commit.recorded_us,
            is_redacted=redacted is not None,
        )

    @property
    def is_compacted(self) -> bool:
        """It holds its rows' positions, commits and times itself."""
        return isinstance(self.named, Compacted)


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
            held = HeldFile.of(commit, segment, redactions)
            files.setdefault(segment.event_type, []).append(held)
        for compacted in commit.compacted:
            _replace(files.get(compacted.event_type, []), commit, compacted, redactions)
    return files


def _replace(
    held: list[HeldFile], commit: Commit, compacted: Compacted, redactions: Redactions
) -> None:
    first = attrgetter("named.first_position")
    start = bisect_left(held, compacted.first_position, key=first)
    end = bisect_left(held, compacted.last_position + 1, key=first)
    replaced = held[start:end]
    if (
        not replaced
        or replaced[0].named.first_position != compacted.first_position
        or replaced[-1].named.last_position != compacted.last_position
        or sum(file.named.rows for file in replaced) != compacted.rows
    ):
        message = (
            f"Commit {commit.seq} compacts {compacted.event_type} from position"
            f" {compacted.first_position} to {compacted.last_position}, which are not whole files."
        )
        raise IntegrityError(message, remedy="Run `demoscope log verify`.")
    merged = HeldFile.of(commit, compacted, redactions)
    # Merged after the erasure, the file has the erased rows as its sources have them.
    is_redacted = merged.is_redacted or any(file.is_redacted for file in replaced)
    held[start:end] = [replace(merged, is_redacted=is_redacted)]


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
    if table is None or table.num_rows != file.named.rows:
        message = f"The segment {path} is damaged."
        raise IntegrityError(message, remedy="Restore it from a backup.")
    if not file.is_compacted:
        rows, first = file.named.rows, file.named.first_position
        seqs, times = np.full(rows, file.commit_seq), np.full(rows, file.recorded_us)
        values = (np.arange(first, first + rows, dtype=np.int64), seqs, times)
        for field, value in zip(POSITION_SCHEMA, values, strict=True):
            table = table.append_column(field.name, pa.array(value, pa.int64()).cast(field.type))
    return table.cast(pa.schema([field.with_nullable(True) for field in table.schema]))


def path_literal(path: Path) -> str:
    """A path as SQL text that DuckDB does not take for a pattern."""
    escaped = re.sub(r"([\[*?])", r"[\1]", str(path))
    return "'" + escaped.replace("'", "''") + "'"
