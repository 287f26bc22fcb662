"""Events that the program itself says, as a source like any other: rows in memory, read once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from ingestion.sources.batch import NativeBatch, batch_of_rows
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
        warnings: always none: the program says what it means.
    """

    name: str
    source: str
    rows: Mapping[EventType, Sequence[Row]]
    set_aside_count: int = 0
    warnings: Sequence[str] = ()

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
                numbers = range(first, first + len(rows))
                originals = partial(_originals, event_type, self.source, rows)
                yield batch_of_rows(event_type, self.source, rows, numbers, originals)
                first += len(rows)


def _originals(
    event_type: EventType, source: str, rows: Sequence[Row], places: Sequence[int]
) -> list[str]:
    said = ({"event_type": event_type, "source": source, **rows[place]} for place in places)
    return [json.dumps(row, ensure_ascii=False) for row in said]
