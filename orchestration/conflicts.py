"""Rows whose id the log or the file has with another content: the row itself, and what differs.

A row that came through the row checks has left its text behind. Conflicts are rare, so the file is
read a second time for them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expectations.gate import RefusedRow
from ingestion.sources.batch import ROW_NUMBER
from ingestion.vocabulary import Refusal
from orchestration.load_report import IN_THIS_FILE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ingestion.log.receipt import Conflict
    from ingestion.sources.batch import Source
    from ingestion.vocabulary import EventType


# The position in the log, else the row of the file, and what differs.
_Other = tuple[int | None, int | None, str]


@dataclass
class Conflicts:
    """The conflicts of a load: by event type and row number, with whom and what differs.

    A row of the file that holds several events may have several conflicts. `kinds` counts them by
    what the log has there, as reports of loads do.
    """

    found: dict[tuple[str, int], list[_Other]] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)
    _texts: dict[str, str] = field(default_factory=dict)

    def add(
        self,
        event_type: EventType,
        conflicts: Iterable[tuple[int, Conflict, int | None]],
        *,
        kind: str | None = None,
    ) -> None:
        """Take conflicts of one event type.

        Args:
            event_type: of the rows.
            conflicts: each with its row's number in the file, and the number of the earlier row of
                the file that has its id, where it is one.
            kind: what reports count those with the log as; their event type unless given.
        """
        for number, one, earlier in conflicts:
            # Mostly the same few texts: each is kept once.
            text = self._texts.setdefault(one.difference, one.difference)
            other = one.position, earlier, text
            self.found.setdefault((str(event_type), number), []).append(other)
            is_here = earlier is not None
            self.kinds[IN_THIS_FILE if is_here else kind or str(event_type)] += 1

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
        position, earlier, difference = self.found[kind, number].pop(0)
        where = "another load" if position is None else f"position {position} of the log"
        where = where if earlier is None else f"row {earlier:,} of this file"
        detail = f"{where} has this id: {difference}"
        reason = Refusal.CONFLICTING_DUPLICATE
        return RefusedRow(kind, number, reason, "native_id", original, detail)
