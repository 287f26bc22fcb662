"""Events that the program itself says, as a source like any other: rows in memory, read once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from ingestion.contracts import CONTRACTS
from ingestion.sources.batch import NativeBatch, make_batch
from ingestion.vocabulary import EventType

Row = Mapping[str, Any]


@dataclass(frozen=True)
class GeneratedEvents:
    """Rows in native form, by event type, in the order in which they enter the log.

    Args:
        name: what messages call them.
        source: of every row.
        rows: per event type, its rows; a column left out is null.
        set_aside_count: always 0: everything said is an event.
    """

    name: str
    source: str
    rows: Mapping[EventType, Sequence[Row]]
    set_aside_count: int = 0

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over source, types and rows: the same said twice is the same load."""
        said = [[str(kind), list(rows)] for kind, rows in self.rows.items()]
        text = json.dumps([self.source, said], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def batches(self) -> Iterator[NativeBatch]:
        """One batch per event type that has rows."""
        first = 1
        for event_type, rows in self.rows.items():
            if rows:
                yield self._batch(event_type, rows, first)
                first += len(rows)

    def _batch(self, event_type: EventType, rows: Sequence[Row], first: int) -> NativeBatch:
        said = [{"event_type": str(event_type), "source": self.source, **row} for row in rows]
        columns: dict[str, pa.Array] = {
            name: pa.array([row.get(name) for row in said], pa.string())
            for name in CONTRACTS[event_type].native_columns
            if any(name in row for row in said)
        }

        def originals(places: Sequence[int]) -> list[str]:
            return [json.dumps(said[place], ensure_ascii=False) for place in places]

        return make_batch(event_type, columns, range(first, first + len(said)), originals)
