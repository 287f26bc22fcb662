"""Everything a batch has accepted: its rows by event type, and an index over their ids.

In the index a row's *place* is one number: the event type in the upper 16 bits, the offset in that
type's stream below. Places become positions when the batch is committed.

What stays out: judging rows (matching.py), telling what came late (late.py), the commit (batch.py).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ingestion.contracts import Contract
from ingestion.log.durable import explained
from ingestion.log.run_file import FileRun, write_run
from ingestion.log.runs import (
    IndexArray,
    MemoryRun,
    Run,
    U64Array,
    is_merge_due,
    merged,
)
from ingestion.log.segments import WrittenSegment
from ingestion.log.stream import SealedSegment, Stream
from ingestion.vocabulary import EventType

CODE_SHIFT = 48
OFFSET_MASK = (1 << CODE_SHIFT) - 1
SPILL_ROWS = 4_000_000
"""From so many ids on a run goes to the disk, and is merged with others only at the commit."""
BUFFER_BYTES = 512 << 20

EVENT_TYPES = tuple(EventType)
CODES = {event_type: code for code, event_type in enumerate(EVENT_TYPES)}


class Pending:
    """Accepted rows, until they are committed."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._streams: dict[EventType, Stream] = {}
        self._sealed: list[tuple[Contract, SealedSegment]] = []
        self._runs: list[Run] = []
        self._dropped = np.empty(0, np.uint64)

    @property
    def count(self) -> int:
        """Rows that would be committed now."""
        return sum(stream.count for stream in self._streams.values()) - len(self._dropped)

    def counts(self) -> dict[EventType, int]:
        """The same by event type."""
        dropped = self._dropped >> np.uint64(CODE_SHIFT)
        return {
            event_type: stream.count - int((dropped == CODES[event_type]).sum())
            for event_type, stream in self._streams.items()
        }

    def append(
        self,
        contract: Contract,
        table: pa.Table,
        order: IndexArray,
        hashes: U64Array,
        is_accepted: npt.NDArray[np.bool_],
    ) -> None:
        """Take the accepted rows of a table.

        Args:
            contract: of the table.
            table: staged rows.
            order: row numbers in the order of their hashes.
            hashes: in rising order.
            is_accepted: per row of the table.
        """
        if not is_accepted.any():
            return
        event_type = contract.event_type
        if event_type not in self._streams:
            self._streams[event_type] = Stream(contract, self._directory)
        stream = self._streams[event_type]
        start = (CODES[event_type] << CODE_SHIFT) + stream.count
        if is_accepted.all():
            places = order.astype(np.uint64) + np.uint64(start)
        else:
            table = table.filter(pa.array(is_accepted))
            keep = is_accepted[order]
            rank = (np.cumsum(is_accepted) - 1).astype(np.uint64)
            hashes, places = hashes[keep], rank[order[keep]] + np.uint64(start)
        self._sealed += [(contract, segment) for segment in stream.append(table)]
        self._add_run(MemoryRun(hashes, places))
        while sum(other.buffered_bytes for other in self._streams.values()) > BUFFER_BYTES:
            self._seal(max(self._streams.values(), key=lambda other: other.buffered_bytes))

    def seal(self) -> None:
        """Finish every segment."""
        for stream in self._streams.values():
            self._seal(stream)

    def find(self, needles: U64Array) -> tuple[IndexArray, U64Array]:
        """Where hashes (rising) are: indices into `needles`, and places."""
        found = [run.find(needles) for run in self._runs]
        return (
            np.concatenate([np.empty(0, np.int64), *(index for index, _ in found)]),
            np.concatenate([np.empty(0, np.uint64), *(places for _, places in found)]),
        )

    def matches(self, added: MemoryRun) -> tuple[U64Array, U64Array]:
        """Places of undropped rows and, beside each, the position of an event that hashes alike."""
        places, positions = [np.empty(0, np.uint64)], [np.empty(0, np.uint64)]
        for run in self._runs:
            if len(run) > len(added):
                index, found = run.find(added.hashes)
                places.append(found)
                positions.append(added.places[index])
            else:
                for hashes, some in run.slices():
                    index, found = added.find(hashes)
                    places.append(some[index])
                    positions.append(found)
        every, beside = np.concatenate(places), np.concatenate(positions)
        is_left = ~np.isin(every, self._dropped)
        return every[is_left], beside[is_left]

    def rows_at(self, places: U64Array) -> Iterator[tuple[Contract, IndexArray, pa.Table]]:
        """Rows by place: per event type, indices into `places` and the rows beside them."""
        codes = (places >> np.uint64(CODE_SHIFT)).astype(np.int64)
        for code in np.unique(codes):
            stream = self._streams[EVENT_TYPES[code]]
            index = np.flatnonzero(codes == code)
            offsets = (places[index] & np.uint64(OFFSET_MASK)).astype(np.int64)
            unique, inverse = np.unique(offsets, return_inverse=True)
            yield stream.contract, index, stream.rows(unique).take(pa.array(inverse))

    def drop(self, places: U64Array) -> None:
        """Leave rows out; every segment must be sealed."""
        places = np.setdiff1d(places, self._dropped)
        self._dropped = np.union1d(self._dropped, places)
        for event_type, stream in self._streams.items():
            mine = places[places >> np.uint64(CODE_SHIFT) == CODES[event_type]]
            stream.drop((mine & np.uint64(OFFSET_MASK)).astype(np.int64))

    def sealed(self) -> list[tuple[Contract, SealedSegment, WrittenSegment]]:
        """Segments that hold rows, in the order in which they were begun."""
        return [
            (contract, segment, segment.file)
            for contract, segment in self._sealed
            if segment.file is not None
        ]

    def moved_to(self, path_of: Callable[[str], Path]) -> None:
        """Segments have been renamed to their hashes."""
        for _, segment, file in self.sealed():
            segment.file = replace(file, path=path_of(file.sha256))

    def positions(self) -> Iterator[tuple[U64Array, U64Array]]:
        """Hashes in rising order and positions, once every segment has its first position."""
        keyed = sorted(
            ((CODES[contract.event_type] << CODE_SHIFT) + segment.start, segment.first_position)
            for contract, segment in self._sealed
        )
        if not len(self._dropped):
            # Segments that follow each other in the stream and in the log are as one.
            pairs = pairwise([(0, 0), *keyed])
            keyed = [now for past, now in pairs if now[1] - now[0] != past[1] - past[0]]
        starts = np.array([start for start, _ in keyed], np.uint64)
        firsts = np.array([first for _, first in keyed], np.uint64)
        dropped_before = np.searchsorted(self._dropped, starts).astype(np.uint64)
        for hashes, places in merged(self._runs).slices() if self._runs else ():
            if len(self._dropped):
                is_left = ~np.isin(places, self._dropped)
                hashes, places = hashes[is_left], places[is_left]  # noqa: PLW2901
            elif len(firsts) == 1:
                yield hashes, places - starts[0] + firsts[0]
                continue
            which = np.searchsorted(starts, places, side="right") - 1
            dropped = np.searchsorted(self._dropped, places).astype(np.uint64)
            within = places - starts[which] - (dropped - dropped_before[which])
            yield hashes, firsts[which] + within

    def _seal(self, stream: Stream) -> None:
        self._sealed += [(stream.contract, segment) for segment in stream.seal()]

    def _add_run(self, run: MemoryRun) -> None:
        """Keep a run, merged with its neighbours as long as they are in memory."""
        while self._runs and is_merge_due(len(self._runs[-1]), len(run)):
            earlier = self._runs[-1]
            if not isinstance(earlier, MemoryRun):
                break
            run = MemoryRun.of_two(earlier, run)
            self._runs.pop()
        self._runs.append(run if len(run) < SPILL_ROWS else self._spilt(run))

    def _spilt(self, run: MemoryRun) -> FileRun:
        path = self._directory / f"{secrets.token_hex(8)}.ids"
        with explained("Writing", path):
            write_run(path, {}, run)
        return FileRun(path, {})
