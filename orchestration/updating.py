"""`ingest --update`: rows whose id the log holds with other content become corrections.

A row is compared with what the file's source said last: the battle, and the corrections that
earlier updates made of it. A correction by hand is a judgement, which outlives the next export; so
is a retraction. What a correction cannot say (a conversation, a language, a value taken away) stays
a conflict, and so does what is no battle.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import CONTRACTS
from ingestion.log.differences import in_words
from ingestion.log.reader import read
from ingestion.log.receipt import Conflict
from ingestion.sources.batch import ROW_NUMBER
from ingestion.vocabulary import EventType

if TYPE_CHECKING:
    from ingestion.log import EventLog
    from ingestion.log.receipt import StageResult
    from ingestion.subjects.log_form import Naming

    Pairs = dict[str, tuple[Any, Any]]

UPDATE_SOURCE = "demoscope.update"
"""The source of corrections by which a file says its rows anew."""
BATTLE, CORRECTED = EventType.BATTLE_JUDGED, EventType.EVENT_CORRECTED
CORRECTABLE = {
    "outcome": "outcome",
    "model_a": "model_a",
    "model_b": "model_b",
    "occurred_at": "judged_at",
    "subject_id": "subject_id",
}
"""Columns of a battle that a row of the same id may have otherwise, and a correction's for each."""
SHOWN = 5


@dataclass(frozen=True)
class Changed:
    """A row that says a battle otherwise.

    Args:
        number: of the row in the file.
        target: the battle's id in the log.
        pairs: per column of a battle, what the row says and what was said last.
    """

    number: int
    target: str
    pairs: Pairs

    @property
    def in_words(self) -> str:
        """What differs."""
        return in_words(CONTRACTS[BATTLE], self.pairs)

    @property
    def is_correctable(self) -> bool:
        """Whether a correction can say it: one leaves what it does not give."""
        return all(
            name in CORRECTABLE and here is not None for name, (here, _) in self.pairs.items()
        )


@dataclass
class Updates:
    """The changed rows of a load.

    Args:
        log: as of when the load began.
        is_asked: whether they are to become corrections.
    """

    log: EventLog
    is_asked: bool
    changed: dict[str, Changed] = field(default_factory=dict)

    @cached_property
    def said_last(self) -> dict[str, dict[str, Any]]:
        """Per battle that updates corrected, what they say of it, under a battle's columns."""
        rows = read(self.log, CORRECTED)
        rows = rows.filter(pc.equal(rows["source"], UPDATE_SOURCE))
        found: dict[str, dict[str, Any]] = {}
        for row in self.log.retractions.standing(rows).to_pylist():
            given = {name: row[by] for name, by in CORRECTABLE.items() if row[by] is not None}
            found.setdefault(row["target_event_id"], {}).update(given)
        return found

    def weigh(self, table: pa.Table, numbers: list[int], staged: StageResult) -> list[Conflict]:
        """Take changed rows of a piece, and mark rows that were said so as duplicates.

        Args:
            table: battles, in log form.
            numbers: of the rows in the file.
            staged: what the log made of them; changed in place. A row that is to become a
                correction is neither a duplicate nor a conflict any more, but one of `changed`.

        Returns:
            The conflicts that are left, with what was said last.
        """
        left = []
        for one in staged.conflicts:
            if one.position is None or not one.event_id:
                left.append(one)
                continue
            changed = self._changed(numbers[one.row], table.slice(one.row, 1), one)
            if not changed.pairs:
                staged.is_conflict[one.row], staged.is_duplicate[one.row] = False, True
            elif (why := self._refused(changed)) is not None:
                left.append(Conflict(one.row, one.position, f"{why}{changed.in_words}"))
            else:
                staged.is_conflict[one.row] = False
                staged.is_duplicate[one.row] = changed.target in self.changed
                self.changed.setdefault(changed.target, changed)
        if self.is_asked and self.said_last:
            self._take_said_back(table, numbers, staged)
        return left

    def _refused(self, changed: Changed) -> str | None:
        """Why a changed row stays a conflict; None where it becomes a correction."""
        if not self.is_asked:
            return ""
        if not changed.is_correctable:
            return "a correction cannot say this: "
        before = self.changed.get(changed.target)
        if before is not None and before.pairs != changed.pairs:
            return f"row {before.number} of the file says it otherwise: "
        return None

    def _take_said_back(self, table: pa.Table, numbers: list[int], staged: StageResult) -> None:
        """Rows as they were said first, of battles that an update said otherwise since."""
        rows = np.flatnonzero(staged.is_duplicate & ~staged.is_retracted)
        ids = table["event_id"].take(pa.array(rows))
        said = self.log.retractions.of(ids, self.log.head_seq) if len(rows) else None
        targets = ids.to_pylist()
        if said is not None:
            for place, last in zip(said.rows.tolist(), said.last_id.to_pylist(), strict=True):
                targets[place] = last
        for row, target in zip(rows.tolist(), targets, strict=True):
            if target in self.said_last and target not in self.changed:
                same = Conflict(row, None, "", target)
                changed = self._changed(numbers[row], table.slice(row, 1), same)
                if changed.pairs and changed.is_correctable:
                    self.changed[target] = changed
                    staged.is_duplicate[row] = False

    def _changed(self, number: int, row: pa.Table, found: Conflict) -> Changed:
        """What a row says otherwise than was said last, by what differs from the battle itself."""
        last = self.said_last.get(found.event_id, {})
        pairs = {name: (here, last.get(name, there)) for name, (here, there) in found.pairs.items()}
        for name, value in last.items():
            pairs.setdefault(name, (row[name][0].as_py(), value))
        differing = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
        return Changed(number, found.event_id, differing)

    @property
    def columns(self) -> dict[str, int]:
        """How many rows change each column, under the columns' names in a file."""
        names = {column.name: column.source_name for column in CONTRACTS[BATTLE].log_columns}
        counted = Counter(names[name] for one in self.changed.values() for name in one.pairs)
        return dict(sorted(counted.items()))

    def examples(self) -> list[str]:
        """The first few, in words."""
        first = sorted(self.changed.values(), key=lambda one: one.number)[:SHOWN]
        return [f"row {one.number}: {one.in_words}" for one in first]

    def corrections(self, names: Naming, file: str) -> tuple[pa.Table, pa.ChunkedArray]:
        """The corrections in log form, and the row number of each.

        Args:
            names: hashes their ids.
            file: what the reason calls the file.
        """
        contract = CONTRACTS[CORRECTED]
        found = list(self.changed.values())
        rows = [
            {
                # Said again after an undo of this update, it is another event.
                "event_id": f"{one.target} as of {self.log.head_seq}",
                "event_type": CORRECTED.value,
                "schema_version": contract.version,
                "source": UPDATE_SOURCE,
                "target_event_id": one.target,
                "reason": f"Row {one.number} of {file} says so.",
                **{CORRECTABLE[name]: here for name, (here, _) in one.pairs.items()},
            }
            for one in found
        ]
        table = pa.Table.from_pylist(rows, contract.log_schema)
        numbers = pa.table({ROW_NUMBER: pa.array([one.number for one in found], pa.int64())})
        return names.with_hashed_ids(contract, table), numbers[ROW_NUMBER]
