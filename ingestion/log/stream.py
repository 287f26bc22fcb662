"""The accepted rows of one event type in an unfinished batch: some in memory, the rest in segments.

A row's *offset* is its number in the stream, from 0, and never changes. Rows that a concurrent
commit made superfluous are dropped when the batch is committed: their segment is written again
without them, and offsets keep their meaning.

What stays out: which rows are accepted (matching.py) and naming segments in a commit (batch.py).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ingestion.codes import plain_text
from ingestion.contracts import Contract
from ingestion.log.segments import SEGMENT_ROWS, WrittenSegment, read_rows, write_segment

IntArray = npt.NDArray[np.int64]


@dataclass
class SealedSegment:
    """A segment of the batch, finished.

    Args:
        start: offset of its first row.
        count: how many offsets it covers, dropped ones too.
        file: where it is; None once no row is left.
        dropped: offsets not in the file, rising.
        first_position: of its first row, once that is known.
    """

    start: int
    count: int
    file: WrittenSegment | None
    dropped: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    first_position: int = 0

    def rows_of(self, offsets: IntArray) -> IntArray:
        """Row numbers in the file of offsets that are not dropped."""
        return offsets - self.start - np.searchsorted(self.dropped, offsets)


class Stream:
    """One event type of a batch. Rows come in order; `sealed` grows as segments fill up."""

    def __init__(self, contract: Contract, directory: Path) -> None:
        self.contract = contract
        self.sealed: list[SealedSegment] = []
        self.count = 0
        self._directory = directory
        self._buffer: list[pa.Table] = []
        self._sealed_count = 0

    @property
    def buffered_bytes(self) -> int:
        """Memory that waits for a segment."""
        return sum(table.nbytes for table in self._buffer)

    def append(self, table: pa.Table) -> list[SealedSegment]:
        """Take rows; returns the segments that became full."""
        if self._buffer and self._buffer[0].schema != table.schema:
            # Text in codes one time and as it is another: then as it is.
            self._buffer = [plain_text(earlier) for earlier in self._buffer]
            table = plain_text(table)
        self._buffer.append(table)
        self.count += table.num_rows
        full = []
        while self.count - self._sealed_count >= SEGMENT_ROWS:
            full.append(self._seal(SEGMENT_ROWS))
        return full

    def seal(self) -> list[SealedSegment]:
        """Make a segment of what is buffered, if anything is."""
        rows = self.count - self._sealed_count
        return [self._seal(rows)] if rows else []

    def rows(self, offsets: IntArray) -> pa.Table:
        """The rows at rising offsets, none of them dropped."""
        buffered = offsets >= self._sealed_count
        pieces = []
        if not buffered.all():
            early = offsets[~buffered]
            starts = np.array([segment.start for segment in self.sealed])
            which = np.searchsorted(starts, early, side="right") - 1
            for index in np.unique(which):
                segment = self.sealed[index]
                if segment.file is not None:
                    rows = segment.rows_of(early[which == index])
                    pieces.append(read_rows(segment.file.path, rows))
        if buffered.any():
            waiting = pa.concat_tables(self._buffer)
            rows = waiting.take(pa.array(offsets[buffered] - self._sealed_count))
            pieces.append(plain_text(rows))
        return pa.concat_tables(pieces) if pieces else self.contract.log_schema.empty_table()

    def drop(self, offsets: IntArray) -> None:
        """Write the segments with these (rising, not yet dropped) offsets again without them."""
        for segment in self.sealed:
            inside = offsets[(offsets >= segment.start) & (offsets < segment.start + segment.count)]
            if not len(inside) or segment.file is None:
                continue
            kept = np.ones(segment.file.rows, np.bool_)
            kept[segment.rows_of(inside)] = False
            remaining = np.flatnonzero(kept)
            if len(remaining):
                table = read_rows(segment.file.path, remaining).cast(self.contract.log_schema)
                segment.file = write_segment(self._new_path(), table)
            else:
                segment.file = None
            segment.dropped = np.union1d(segment.dropped, inside)

    def _seal(self, rows: int) -> SealedSegment:
        waiting = pa.concat_tables(self._buffer)
        file = write_segment(self._new_path(), waiting.slice(0, rows))
        segment = SealedSegment(self._sealed_count, rows, file)
        self._sealed_count += rows
        rest = waiting.slice(rows)
        self._buffer = [rest] if rest.num_rows else []
        self.sealed.append(segment)
        return segment

    def _new_path(self) -> Path:
        return self._directory / f"{self.contract.event_type}-{secrets.token_hex(8)}.parquet"
