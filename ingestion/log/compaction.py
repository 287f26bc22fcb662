"""Merging small segments into large files, as a commit that adds no event.

A compacted file holds the rows of consecutive files of one event type and one schema, byte for byte
the same values, and beside each its position, the commit it came with and when that was recorded.
From that commit on readers take it in place of what it was made of; reading as of an earlier one
takes the segments. The segments stay for good: commits, checkpoints and proofs name them, boards
of the past are built from them, and `verify` holds every compacted row against them. That is why
there is no pruning here.

Files are merged like the digits of a binary number: a row is copied again only into a file at
least half as large again as the one that it was in. So a row of n, compacted after every load, is
copied log n times at most; compact seldom.

What stays out: which files hold the rows of a commit (compaction_files.py).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import rfc8785

from ingestion.errors import BusyError
from ingestion.log.append import append_record, publish_segments
from ingestion.log.compaction_files import (
    HeldFile,
    compacted_schema,
    held_files,
    read_positioned,
)
from ingestion.log.durable import destroy, explained
from ingestion.log.event_log import EventLog
from ingestion.log.layout import Layout
from ingestion.log.origin import keep_schema
from ingestion.log.record import Compacted
from ingestion.log.segments import SEGMENT_ROWS, write_table
from ingestion.log.workspace import Workspace
from ingestion.vocabulary import EventType

PRODUCER = {"name": "demoscope log compact"}
NONCE_KEY = b"demoscope.nonce"


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
    base = log.chain.head_seq
    groups = _plan(log)
    if not groups:
        return Compaction(base, ())
    workspace = Workspace(log.layout)
    made: list[Compacted] = []
    merged: list[Merged] = []
    try:
        for event_type, files in groups:
            compacted = _merge(log.layout, workspace.path, event_type, files)
            made.append(compacted)
            merged.append(
                Merged(
                    event_type=event_type,
                    files=len(files),
                    rows=compacted.rows,
                    bytes_before=sum(file.bytes for file in files),
                    bytes_after=compacted.bytes,
                )
            )
        return Compaction(_commit(log, workspace.path, base, tuple(made)), tuple(merged))
    except BusyError:
        # What was erased meanwhile must not stay in a file that no commit names.
        for path in [log.layout.segment(one.sha256) for one in made]:
            with explained("Destroying", path):
                destroy(path)
        raise
    finally:
        workspace.close()


def _plan(log: EventLog) -> list[tuple[EventType, list[HeldFile]]]:
    """Runs of consecutive files to be merged."""
    groups = []
    for name, files in held_files(log.commits(), log.chain.redactions).items():
        event_type = EventType(name)
        stack: list[tuple[str, list[HeldFile]]] = []
        for file in files:
            schema = file.schema if file.is_compacted else _target_schema(log.layout, file)
            stack.append((schema, [file]))
            while len(stack) > 1 and _is_due(stack[-2], stack[-1]):
                last = stack.pop()
                stack[-1][1].extend(last[1])
        groups += [(event_type, group) for _, group in stack if len(group) > 1]
    return groups


def _target_schema(layout: Layout, file: HeldFile) -> str:
    return compacted_schema(layout, file.schema)[0]


def _is_due(earlier: tuple[str, list[HeldFile]], later: tuple[str, list[HeldFile]]) -> bool:
    first, second = (sum(file.rows for file in group) for _, group in (earlier, later))
    is_small = first + second <= SEGMENT_ROWS
    return earlier[0] == later[0] and is_small and first < 2 * second


def _merge(
    layout: Layout, directory: Path, event_type: EventType, files: Sequence[HeldFile]
) -> Compacted:
    """Write and publish one compacted file."""
    table = pa.concat_tables([read_positioned(layout, file) for file in files])
    # Its name is this writer's own, so who made a file in vain can destroy it.
    table = table.replace_schema_metadata({NONCE_KEY: secrets.token_hex(16)})
    written = write_table(directory / f"{event_type}-{files[0].first_position}.parquet", table)
    publish_segments(layout, [written])
    schema = next((file.schema for file in files if file.is_compacted), None) or keep_schema(
        layout, compacted_schema(layout, files[0].schema)[1]
    )
    return Compacted(
        event_type=str(event_type),
        first_position=files[0].first_position,
        last_position=files[-1].last_position,
        rows=written.rows,
        bytes=written.bytes,
        sha256=written.sha256,
        schema=schema,
    )


def _commit(log: EventLog, directory: Path, base: int, made: tuple[Compacted, ...]) -> int:
    """Link the record into the chain behind whatever was committed meanwhile."""
    listed: list[dict[str, Any]] = [asdict(one) for one in made]
    name = hashlib.sha256(rfc8785.dumps(listed)).hexdigest()
    while True:
        log.refresh()
        chain = log.chain
        # What was merged here may since have been merged by another, or been erased in part.
        meanwhile = [chain.commit(seq) for seq in range(base + 1, chain.head_seq + 1)]
        if any(commit.compacted or commit.redacted for commit in meanwhile):
            message = "Another compaction, or an erasure, was committed meanwhile."
            raise BusyError(f"{message} Nothing was changed.", remedy="Run it again.")
        commit = chain.continued(f"compaction-{name}", PRODUCER, compacted=made)
        if append_record(log.layout, commit, directory):
            log.refresh()
            return commit.seq
