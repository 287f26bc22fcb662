"""Merging small segments into large files, as a commit that adds no event.

A compacted file holds the rows of consecutive files of one event type and one schema, with the same
values, and beside each its position, the commit it came with and when that was recorded. From that
commit on readers take it in place of what it was made of; a reader as of an earlier one takes the
segments. Segments are never deleted: commits, checkpoints and proofs name them, boards of the past
are built from them, and `verify` compares every compacted row with them.

Files are merged like the digits of a binary number: a row is copied again only into a file at
least half as large again as the one that it was in. So a row of n, compacted after every load, is
copied log n times at most; compact seldom.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from ingestion.errors import BusyError
from ingestion.log.append import append_record, publish_segments
from ingestion.log.chain import Compacted, digest_of
from ingestion.log.durable import destroy
from ingestion.log.event_log import EventLog
from ingestion.log.held_files import HeldFile, compacted_schema, held_files, read_positioned
from ingestion.log.layout import Layout, keep_schema
from ingestion.log.segments import NONCE_KEY, SEGMENT_ROWS, write_table
from ingestion.log.workspace import Workspace
from ingestion.vocabulary import EventType

PRODUCER = {"name": "demoscope log compact"}


@dataclass(frozen=True, kw_only=True)
class Merged:
    """One compacted file and what it stands for."""

    event_type: EventType
    files: int
    rows: int
    bytes_before: int
    bytes_after: int


@dataclass(frozen=True)
class Compaction:
    """What a compaction did.

    Args:
        seq: its commit; where there was nothing to merge, the head.
        merged: the files it made; none where there was nothing to merge.
    """

    seq: int
    merged: tuple[Merged, ...]


def compact(log: EventLog) -> Compaction:
    """Merge what is worth merging; positions, times and rows stay what they are.

    Raises:
        IntegrityError: a file to be merged is not what it was.
        BusyError: another compaction or an erasure was committed meanwhile; nothing was changed.
        StorageError: the disk refused; nothing was changed.
    """
    log.refresh()
    base = log.head_seq
    groups = _plan(log)
    if not groups:
        return Compaction(base, ())
    made: list[Compacted] = []
    with Workspace(log.layout) as workspace:
        try:
            made.extend(_merge(log.layout, workspace.path, files) for files in groups)
            seq = _commit(log, workspace.path, base, tuple(made))
        except BusyError:
            # What was erased meanwhile must not stay in a file that no commit names.
            for one in made:
                _take_back(log.layout, one.sha256)
            raise
    merged = [
        Merged(
            event_type=EventType(one.event_type),
            files=len(files),
            rows=one.rows,
            bytes_before=sum(file.bytes for file in files),
            bytes_after=one.bytes,
        )
        for one, files in zip(made, groups, strict=True)
    ]
    return Compaction(seq, tuple(merged))


def _take_back(layout: Layout, sha256: str) -> None:
    path = layout.segment(sha256)
    destroy(path)
    if layout.store is not None:
        layout.store.delete([layout.name(path)])


def _plan(log: EventLog) -> list[list[HeldFile]]:
    """Runs of consecutive files of one event type, each to be merged into one."""
    groups = []
    for files in held_files(log.commits(), log.redactions).values():
        stack: list[tuple[bytes, list[HeldFile]]] = []
        for file in files:
            stack.append((compacted_schema(log.layout, file), [file]))
            while len(stack) > 1 and _is_due(*stack[-2:]):
                _, later = stack.pop()
                stack[-1][1].extend(later)
        groups += [group for _, group in stack if len(group) > 1]
    return groups


def _is_due(earlier: tuple[bytes, list[HeldFile]], later: tuple[bytes, list[HeldFile]]) -> bool:
    first, second = (sum(file.named.rows for file in group) for _, group in (earlier, later))
    return earlier[0] == later[0] and first + second <= SEGMENT_ROWS and first < 2 * second


def _merge(layout: Layout, directory: Path, files: Sequence[HeldFile]) -> Compacted:
    """Write and publish one compacted file."""
    first, last = files[0].named, files[-1].named
    table = pa.concat_tables([read_positioned(layout, file) for file in files])
    # The nonce makes the name this writer's own, so a file made in vain can be destroyed.
    table = table.replace_schema_metadata({NONCE_KEY: secrets.token_hex(16)})
    written = write_table(directory / f"{first.event_type}-{first.first_position}.parquet", table)
    publish_segments(layout, [written])
    return Compacted(
        event_type=first.event_type,
        first_position=first.first_position,
        last_position=last.last_position,
        rows=written.rows,
        bytes=written.bytes,
        sha256=written.sha256,
        schema=keep_schema(layout, compacted_schema(layout, files[0])),
    )


def _commit(log: EventLog, directory: Path, base: int, made: tuple[Compacted, ...]) -> int:
    """Link the record into the chain behind whatever was committed meanwhile."""
    name = f"compaction-{digest_of(made)}"
    while True:
        log.refresh()
        # What was merged here may since have been merged by another, or been erased in part.
        meanwhile = [log.commit(seq) for seq in range(base + 1, log.head_seq + 1)]
        if any(commit.compacted or commit.redacted for commit in meanwhile):
            message = "Another compaction, or an erasure, was committed meanwhile."
            raise BusyError(f"{message} Nothing was changed.", remedy="Run it again.")
        commit = log.continued(name, PRODUCER, compacted=made)
        if append_record(log.layout, commit, directory):
            log.refresh()
            return commit.seq
