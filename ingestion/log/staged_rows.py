"""The accepted rows of an unfinished batch by event type: some in memory, the rest in segments.

A row's *offset* is its number among the rows of its type, from 0, and never changes. Its *place* is
one number for any type: the type in the upper 16 bits, the offset below. Rows that a concurrent
commit made superfluous are dropped when the batch is committed: their segment is written again
without them, and offsets keep their meaning.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ingestion.contracts import Contract
from ingestion.log.segments import SEGMENT_ROWS, WrittenSegment, read_rows, write_segment
from ingestion.vocabulary import EventType

IntArray = npt.NDArray[np.int64]

CODE_SHIFT = 48
OFFSET_MASK = (1 << CODE_SHIFT) - 1
BUFFER_BYTES = 256 << 20

EVENT_TYPES = tuple(EventType)
CODES = {event_type: code for code, event_type in enumerate(EVENT_TYPES)}


@dataclass
class SealedSegment:
    """A segment of the batch, finished.

    Args:
        contract: of its rows.
        start: offset of its first row.
        count: how many offsets it covers, dropped ones too.
        file: where it is; None once no row is left.
        dropped: offsets not in the file, rising.
    """

    contract: Contract
    start: int
    count: int
    file: WrittenSegment | None
    dropped: IntArray = field(default_factory=lambda: np.empty(0, np.int64))

    def rows_of(self, offsets: IntArray) -> IntArray:
        """Row numbers in the file of offsets that are not dropped."""
        return offsets - self.start - np.searchsorted(self.dropped, offsets)


class _Rows:
    """Of one event type. They come in order; `sealed` grows as segments fill up."""

    def __init__(self, contract: Contract, directory: Path) -> None:
        self.contract = contract
        self.sealed: list[SealedSegment] = []
        self.count = 0
        self._directory = directory
        self._buffer: list[pa.Table] = []
        self._sealed_count = 0

    @property
    def dropped_count(self) -> int:
        """How many of them are dropped."""
        return sum(len(segment.dropped) for segment in self.sealed)

    @property
    def buffered_bytes(self) -> int:
        """Memory that waits for a segment."""
        return sum(table.nbytes for table in self._buffer)

    def append(self, table: pa.Table) -> list[SealedSegment]:
        """Take rows; returns the segments that became full."""
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

    def at(self, offsets: IntArray) -> pa.Table:
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
            pieces.append(waiting.take(pa.array(offsets[buffered] - self._sealed_count)))
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
        segment = SealedSegment(self.contract, self._sealed_count, rows, file)
        self._sealed_count += rows
        rest = waiting.slice(rows)
        self._buffer = [rest] if rest.num_rows else []
        self.sealed.append(segment)
        return segment

    def _new_path(self) -> Path:
        return self._directory / f"{self.contract.event_type}-{secrets.token_hex(8)}.parquet"


class StagedRows:
    """Accepted rows, until they are committed."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._of: dict[EventType, _Rows] = {}
        self._sealed: list[SealedSegment] = []

    def counts(self) -> dict[EventType, int]:
        """Rows that would be committed now, by event type; none is 0."""
        left = {kind: rows.count - rows.dropped_count for kind, rows in self._of.items()}
        return {kind: count for kind, count in left.items() if count}

    def append(self, contract: Contract, table: pa.Table) -> int:
        """Take rows; returns the place of the first, which the others follow."""
        event_type = contract.event_type
        rows = self._of.setdefault(event_type, _Rows(contract, self._directory))
        start = (CODES[event_type] << CODE_SHIFT) + rows.count
        self._sealed += rows.append(table)
        while sum(other.buffered_bytes for other in self._of.values()) > BUFFER_BYTES:
            self._sealed += max(self._of.values(), key=lambda other: other.buffered_bytes).seal()
        return start

    def seal(self) -> None:
        """Finish every segment."""
        for rows in self._of.values():
            self._sealed += rows.seal()

    def rows_at(self, places: IntArray) -> Iterator[tuple[Contract, IntArray, pa.Table]]:
        """Rows by place: per event type, indices into `places` and the rows beside them."""
        codes = places >> CODE_SHIFT
        for code in np.unique(codes):
            rows = self._of[EVENT_TYPES[code]]
            index = np.flatnonzero(codes == code)
            unique, inverse = np.unique(places[index] & OFFSET_MASK, return_inverse=True)
            yield rows.contract, index, rows.at(unique).take(pa.array(inverse))

    def drop(self, places: IntArray) -> None:
        """Leave out rows (rising, not yet dropped); every segment must be sealed."""
        for event_type, rows in self._of.items():
            rows.drop(places[places >> CODE_SHIFT == CODES[event_type]] & OFFSET_MASK)

    def sealed(self) -> list[tuple[Contract, WrittenSegment]]:
        """Segments that hold rows, in the order in which they were begun."""
        return [(one.contract, one.file) for one in self._sealed if one.file is not None]

    def moved_to(self, path_of: Callable[[str], Path]) -> None:
        """Segments have been renamed to their hashes."""
        for segment in self._sealed:
            if segment.file is not None:
                segment.file = replace(segment.file, path=path_of(segment.file.sha256))
