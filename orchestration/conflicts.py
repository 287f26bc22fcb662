"""Rows whose id the log holds with another content: the file's own row, and what differs.

A row that came through the row checks has left its text behind. Conflicts are rare, so the file is
read a second time for them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expectations.gate import RefusedRow
from ingestion.sources.batch import ROW_NUMBER
from ingestion.vocabulary import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ingestion.log.receipt import Conflict
    from ingestion.sources.batch import Source
    from ingestion.vocabulary import EventType


@dataclass
class Conflicts:
    """The conflicts of a load: by event type and row number, the position and what differs.

    A row of the file that holds several events may have several conflicts.
    """

    found: dict[tuple[str, int], list[tuple[int | None, str]]] = field(default_factory=dict)
    _texts: dict[str, str] = field(default_factory=dict)

    def add(self, event_type: EventType, conflicts: Iterable[tuple[int, Conflict]]) -> None:
        """Conflicts, each with its row's number in the file."""
        for number, one in conflicts:
            # Mostly the same few texts: each is kept once.
            text = self._texts.setdefault(one.difference, one.difference)
            self.found.setdefault((str(event_type), number), []).append((one.position, text))

    def rows(self, source: Source) -> Iterator[list[RefusedRow]]:
        """Read the source again; refused rows in pieces, with the file's own content. Once."""
        for batch in source.batches() if self.found else ():
            kind = str(batch.event_type)
            numbers = batch.table[ROW_NUMBER].to_pylist()
            places = [at for at, number in enumerate(numbers) if self.found.get((kind, number))]
            if places:
                texts = batch.originals(places)
                yield [
                    self._refused(kind, numbers[place], text)
                    for place, text in zip(places, texts, strict=True)
                ]

    def _refused(self, kind: str, number: int, original: str) -> RefusedRow:
        position, difference = self.found[kind, number].pop(0)
        where = "an earlier row" if position is None else f"position {position} of the log"
        detail = f"{where} has this id: {difference}"
        reason = Refusal.CONFLICTING_DUPLICATE
        return RefusedRow(kind, number, reason, "native_id", original, detail)
