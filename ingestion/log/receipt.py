"""What a writer is told: of each staged table, and of the commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ingestion.vocabulary import EventType

BoolArray = npt.NDArray[np.bool_]

LATE_SCHEMA = pa.schema(
    [
        pa.field("stage", pa.int64(), nullable=False),
        pa.field("row", pa.int64(), nullable=False),
        pa.field("event_type", pa.string(), nullable=False),
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("is_conflict", pa.bool_(), nullable=False),
    ]
)
"""Rows dropped at the commit: the `stage()` call (from 0) and the row of its table (from 0)."""


@dataclass(frozen=True)
class Conflict:
    """A staged row that says something else than what is known under its event_id.

    Args:
        row: its number in the staged table, from 0.
        position: of the event in the log; None where it is an earlier row of the batch.
        difference: the columns that differ, in words.
        event_id: what is known under: the last generation of the row's id.
        pairs: per column that differs, what the row says and what is known.
        earlier: the `stage()` call and the row of its table, both from 0, of the earlier row of
            the batch; None where it is in the log.
    """

    row: int
    position: int | None
    difference: str
    event_id: str = ""
    pairs: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    earlier: tuple[int, int] | None = None


@dataclass(frozen=True)
class StageResult:
    """What became of the rows of one staged table.

    Args:
        is_duplicate: per row, the same event is in the log or earlier in the batch. Dropped.
        is_conflict: per row, another event with this event_id is. Dropped: set it apart.
        is_retracted: per row, it is a duplicate of an event that was retracted, and stays so.
        conflicts: what each conflict is about.
    """

    is_duplicate: BoolArray
    is_conflict: BoolArray
    is_retracted: BoolArray
    conflicts: list[Conflict] = field(default_factory=list)

    @classmethod
    def of(cls, row_count: int) -> StageResult:
        """Nothing found yet."""
        none = np.zeros(row_count, np.bool_)
        return cls(none, none.copy(), none.copy())

    @property
    def is_accepted(self) -> BoolArray:
        """Per row, it will be in the commit."""
        return ~(self.is_duplicate | self.is_conflict)


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What became of a batch. Once it is in hand, the events are on the disk.

    Args:
        seq: the commit that holds the batch; where nothing was new, the head (0: an empty log).
        is_new: this call made the commit; False for a batch that is there already, or is empty.
        accepted: events this call added, by event type.
        late: staged rows that a concurrent commit held already, one by one (LATE_SCHEMA).
    """

    seq: int
    is_new: bool
    accepted: Mapping[EventType, int] = field(default_factory=dict)
    late: pa.Table = field(default_factory=LATE_SCHEMA.empty_table)
