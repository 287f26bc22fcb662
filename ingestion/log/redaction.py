"""Erasing rows, so that every hash, root, signature and proof of the log still holds.

Of an erased row the file keeps `event_id`, `event_type` and, among the salts, the commitment that
its leaf is made of; everything else is null, and its salt can be derived by nobody. So the tree
over the rows has the root that the commit says, and a row that is not erased cannot be changed or
left out without being found.

The file with rows missing is another file than the commit names. A later commit says so: `redacted`
has its hash beside the one that it stands for. First the new file is durable under its name, then
that commit is linked, and only then the old file is destroyed; killed anywhere, the log is whole,
and the same call finishes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.errors import IntegrityError
from ingestion.log.append import append_record, publish_segments
from ingestion.log.chain import Redacted, Segment, digest_of
from ingestion.log.event_log import EventLog
from ingestion.log.held_files import POSITION_SCHEMA, HeldFile, Positions, read_positioned
from ingestion.log.leaves import ENVELOPE, commitment_of, events_of, payload_of
from ingestion.log.salts import Salts
from ingestion.log.segments import WrittenSegment, read_segment, write_segment, write_table
from ingestion.log.whole_files import whole_segment
from ingestion.log.workspace import Workspace, sweep

PRODUCER = {"name": "demoscope log erase"}
KEPT = {*ENVELOPE, *POSITION_SCHEMA.names}

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Redaction:
    """What a redaction did.

    Args:
        seq: its commit; where there was nothing to erase, the head.
        rows: rows that it erased.
    """

    seq: int
    rows: int


def redact(log: EventLog, select: Callable[[EventLog], Positions]) -> Redaction:
    """Erase rows for good, and destroy whatever is in `segments/` and not in the log.

    Args:
        log: whose rows.
        select: their positions, rising; asked again whenever another commit came first.

    Raises:
        IntegrityError: a file to be rewritten is not what it was.
        BusyError: another process writes; the same call again finishes what was begun.
        StorageError: the disk refused; likewise.
    """
    while True:
        log.refresh()
        positions = select(log)
        if not len(positions):
            sweep(log)
            return Redaction(log.head_seq, 0)
        with Workspace(log.layout) as workspace:
            made = tuple(_files(log, workspace.path, positions))
            # Behind the head as the rows were selected from it.
            name = f"redaction-{digest_of(made)}"
            commit = log.continued(name, PRODUCER, redacted=made)
            is_first = append_record(log.layout, commit, workspace.path)
        if is_first:
            log.refresh()
            sweep(log)
            return Redaction(commit.seq, len(positions))


def _files(log: EventLog, directory: Path, positions: Positions) -> Iterator[Redacted]:
    """Write and publish a file in place of each that has rows to be erased."""
    for commit in log.commits():
        for named in commit.files:
            first, last = named.first_position, named.last_position
            start, end = np.searchsorted(positions, [first, last + 1])
            if end == start:
                continue
            path, inside = directory / f"{named.sha256}.parquet", positions[start:end]
            if isinstance(named, Segment):
                written, rows = _segment_without(log, path, named, inside - first)
            else:
                table = read_positioned(log.layout, HeldFile.of(commit, named, log.redactions))
                is_erased = np.isin(table["position"].to_numpy(), inside)
                if not is_erased.any():
                    continue  # they are of another event type
                table = erased(table, is_erased)
                written, rows = write_table(path, table), table["schema_version"].null_count
            publish_segments(log.layout, [written])
            yield Redacted(
                event_type=named.event_type,
                original=named.sha256,
                bytes=written.bytes,
                sha256=written.sha256,
                rows=rows,
            )


def _segment_without(
    log: EventLog, target: Path, segment: Segment, rows: Positions
) -> tuple[WrittenSegment, int]:
    """Write a segment without some rows more; with the file, how many it is without now."""
    path = whole_segment(log, segment.sha256)
    table, salts = read_segment(path)
    left = salts.without(_commitments(table, salts, rows))
    is_erased = np.zeros(table.num_rows, np.bool_)
    is_erased[rows] = True
    written = write_segment(target, erased(table, is_erased), left)
    if written.row_root != segment.row_root:
        message = f"The rows of {path} are not those that its commit says."
        raise IntegrityError(message, remedy="Run `demoscope log verify`.")
    return written, len(left.erased)


def _commitments(table: pa.Table, salts: Salts, rows: Positions) -> dict[int, bytes]:
    """Row number -> what its leaf is made of, of rows that are not erased yet."""
    events = zip(rows.tolist(), events_of(table.take(pa.array(rows))), strict=True)
    return {
        row: commitment_of(salt, payload_of(event))
        for row, event in events
        if (salt := salts.at(row)) is not None
    }


def erased(table: pa.Table, is_erased: Flags) -> pa.Table:
    """Rows of which some are left with nothing but what they are called and where they are."""
    mask = pa.array(is_erased)
    columns, fields = [], []
    for field in table.schema:
        column = table[field.name]
        if field.name not in KEPT:
            column = pc.if_else(mask, pa.scalar(None, field.type), column)
        columns.append(column)
        fields.append(field.with_nullable(field.name not in KEPT))
    return pa.table(columns, pa.schema(fields))
