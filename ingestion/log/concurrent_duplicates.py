"""Rows that were accepted and then came late: a concurrent commit held them already."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ingestion.log.receipt import LATE_SCHEMA, StageResult
from ingestion.log.staged_rows import CODE_SHIFT, CODES, EVENT_TYPES, OFFSET_MASK, IntArray
from ingestion.vocabulary import EventType


@dataclass(frozen=True)
class _Stage:
    """One `stage()` call: which of its rows went into the stream, and where they begin there."""

    number: int
    start: int
    row_count: int
    packed: npt.NDArray[np.uint8]

    def row_of(self, offset: int) -> int:
        """The row of the staged table that has an offset in the stream."""
        accepted = np.flatnonzero(np.unpackbits(self.packed, count=self.row_count))
        return int(accepted[offset - self.start])


class ConcurrentDuplicates:
    """Remembers where accepted rows came from (one bit per staged row) and which were dropped."""

    def __init__(self) -> None:
        self._stages: dict[EventType, list[_Stage]] = {}
        self._stage_count = 0
        self._streamed: Counter[EventType] = Counter()
        self._rows: list[dict[str, object]] = []

    def remember(self, event_type: EventType, is_accepted: npt.NDArray[np.bool_]) -> None:
        """A `stage()` call has ended."""
        accepted = int(is_accepted.sum())
        if accepted:
            start, packed = self._streamed[event_type], np.packbits(is_accepted)
            stage = _Stage(self._stage_count, start, len(is_accepted), packed)
            self._stages.setdefault(event_type, []).append(stage)
        self._streamed[event_type] += accepted
        self._stage_count += 1

    def add(self, places: IntArray, staged: pa.Table, result: StageResult) -> IntArray:
        """Note the rows a result marks; returns their places.

        Args:
            places: of the rows.
            staged: the rows.
            result: of comparing them with a concurrent commit.
        """
        marked = np.flatnonzero(~result.is_accepted)
        for index in marked:
            event_type = EVENT_TYPES[int(places[index]) >> CODE_SHIFT]
            offset = int(places[index]) & OFFSET_MASK
            stages = self._stages[event_type]
            stage = stages[bisect_right(stages, offset, key=lambda other: other.start) - 1]
            self._rows.append(
                {
                    "stage": stage.number,
                    "row": stage.row_of(offset),
                    "event_type": str(event_type),
                    "event_id": staged["event_id"][int(index)].as_py(),
                    "is_conflict": bool(result.is_conflict[index]),
                }
            )
        return places[marked]

    def counts(self, *, is_conflict: bool) -> dict[EventType, int]:
        """Late duplicates, or late conflicts, by event type."""
        found = Counter(
            EventType(str(row["event_type"]))
            for row in self._rows
            if row["is_conflict"] is is_conflict
        )
        return {event_type: found[event_type] for event_type in CODES if found[event_type]}

    def table(self) -> pa.Table:
        """The rows one by one (LATE_SCHEMA)."""
        return pa.Table.from_pylist(self._rows, LATE_SCHEMA)
