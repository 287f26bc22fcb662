"""One load: read, check, name, judge, stage, and only then commit.

Write, audit, publish: until the commit nothing of the load is in the log, and a load that is
refused leaves the log as it was. Memory is bounded by PIECE_ROWS, whatever the file's size.

A second thread names, judges and stages a piece while the first reads and checks the next. It has
one piece at a time, in order, and hands over what it refused: no result depends on which is faster.
"""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from expectations.gate import Gate, RefusedRow
from expectations.quarantine import Quarantine
from ingestion.contracts import CONTRACTS
from ingestion.log import EventLog
from ingestion.log.receipt import Conflict
from ingestion.log.retractions import load_batch
from ingestion.sources.batch import ROW_NUMBER
from ingestion.sources.registry import open_source, size_of
from ingestion.subjects.links import vault_lock
from ingestion.subjects.log_form import Naming
from ingestion.subjects.seals import Seals
from ingestion.vocabulary import EventType, Refusal
from orchestration.conflicts import Conflicts
from orchestration.data_docs import LOAD, DataDocs
from orchestration.load_report import GateRefusalError, LoadReport, earlier_report, example
from orchestration.load_warnings import Noted, warnings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from expectations.gate import Verdict
    from ingestion.log import Batch
    from ingestion.paths import Home
    from ingestion.sources.batch import Source

PIECE_ROWS = 500_000
PRODUCER = "demoscope"


def load_file(
    home: Home,
    path: str,
    *,
    mapping: str | None = None,
    source_name: str | None = None,
    gate: Gate | None = None,
    progress: Callable[[int], None] = lambda _rows: None,
) -> LoadReport:
    """Bring one file through the gate into the log.

    Args:
        home: the warehouse.
        path: the file, or an address a remote source understands.
        mapping: preset name or mapping file; None for native event files.
        source_name: overrides the source named in the file or mapping.
        gate: who judges it; one with its defaults unless given.
        progress: called with the number of rows read so far.

    Raises:
        GateRefusalError: the load failed the gate; the log is untouched, the report says why.
        DemoscopeError: the file cannot be read at all.
    """
    opened = partial(open_source, path, mapping=mapping, source=source_name)
    with vault_lock(home.vault, is_exclusive=False):
        source = opened()
        names = Naming(
            home.vault,
            is_native=True,
            participants_of=getattr(source, "participants_of", None),
        )
        return _Load(home, source, names, opened, gate or Gate(), progress, path).run()


def load_generated(home: Home, source: Source) -> LoadReport:
    """Bring what the program itself says of participants through the same gate into the log.

    Rows of participants who were erased since go to quarantine.

    Args:
        home: the warehouse.
        source: rows that name participants and conversations by their pseudonyms.
    """
    with vault_lock(home.vault, is_exclusive=False):
        names = Naming(home.vault, is_native=False)
        return _Load(home, source, names, lambda: source, Gate(max_bad_share=1.0)).run()


@dataclass
class _Load:
    """The state of one load while it runs."""

    home: Home
    source: Source
    names: Naming
    reopened: Callable[[], Source]
    gate: Gate
    progress: Callable[[int], None] = lambda _rows: None
    path: str = ""
    row_count: int = 0
    duplicates: int = 0
    retracted: int = 0
    expectations: int = 0
    late_conflicts: int = 0
    conflicts: Conflicts = field(default_factory=Conflicts)
    accepted: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    noted: Noted = field(default_factory=Noted)

    def __post_init__(self) -> None:
        self.log = EventLog.open(self.home.log)
        # A file that was written today shows that the clock is right.
        self.log.vouching += (Path(self.path),) if self.path else ()
        self.batch_id = load_batch(self.log, self.source.fingerprint)
        self.seals = Seals.open(self.home.vault, is_made=True)
        self.started_us = time.time_ns() // 1000
        self.load_id = f"{self.started_us:020d}-{self.source.fingerprint[:12]}"
        self.docs = DataDocs(self.home.data_docs / self.load_id)
        self.quarantine = self._open_quarantine(self.load_id)
        self.waiting: dict[EventType, list[pa.Table]] = {}
        self.staged_numbers: list[tuple[EventType, pa.ChunkedArray]] = []

    def run(self) -> LoadReport:
        again = self._loaded_before()
        if again is not None:
            return self._kept(again)
        begun = self.log.begin(self.batch_id, {"name": PRODUCER})
        with self.quarantine, begun as batch:
            self._stage_pieces(batch)
            for rows in self.conflicts.rows(self.reopened()) if self.conflicts.found else ():
                self.quarantine.add(rows)
            self._judge_load()
            self.quarantine.keep()
            if self.failures:
                raise GateRefusalError(self._kept(self._report("refused", position=None)))
            position = self._commit(batch)
        self.warnings += warnings_of(self.noted, self.log, self.names)
        status = "committed" if self.accepted.total() else "nothing_new"
        report = self._report(status, position=position)
        if self.path and self.row_count and report.quarantined_count == self.row_count:
            raise GateRefusalError(self._kept(replace(report, status="refused", position=None)))
        return self._kept(report)

    def _loaded_before(self) -> LoadReport | None:
        """The report of a file that was loaded already, where the first one's is still there."""
        committed = self.log.find_batch(self.batch_id)
        if committed is None:
            return None
        earlier = earlier_report(self.home.loads, self.batch_id)
        return earlier and earlier.again(
            self.load_id,
            file=self.source.name,
            started_at_us=self.started_us,
            duration_ms=self._elapsed_ms(),
            position=committed.seq,
        )

    def _read_and_checked(self) -> Iterator[tuple[EventType, pa.Table]]:
        """Good rows in pieces of one event type; bad ones go to quarantine."""
        for native in self.source.batches():
            split = self.gate.split(native)
            self.row_count += native.table.num_rows
            self.quarantine.add(split.refused)
            event_type = native.event_type
            if event_type is not None and split.accepted.num_rows:
                waiting = self.waiting.setdefault(event_type, [])
                waiting.append(split.accepted)
                if sum(table.num_rows for table in waiting) >= PIECE_ROWS:
                    yield self._piece(event_type)
            self.progress(self.row_count)
        for event_type in list(self.waiting):
            yield self._piece(event_type)

    def _piece(self, event_type: EventType) -> tuple[EventType, pa.Table]:
        return event_type, pa.concat_tables(self.waiting.pop(event_type))

    def _stage_pieces(self, batch: Batch) -> None:
        """Stage each piece in a thread of its own while the next one is read and checked."""
        with ThreadPoolExecutor(1) as beside:
            before: Future[list[RefusedRow]] | None = None
            for event_type, checked in self._read_and_checked():
                if before is not None:
                    self.quarantine.add(before.result())
                before = beside.submit(self._stage, event_type, checked, batch)
            if before is not None:
                self.quarantine.add(before.result())

    def _stage(self, event_type: EventType, native: pa.Table, batch: Batch) -> list[RefusedRow]:
        """Name, judge, seal and stage a piece. Returns the rows that must not go any further."""
        contract, refused = CONTRACTS[event_type], []
        bound, is_erased = self.names.is_erased(contract, native)
        if pc.any(is_erased).as_py():
            numbers = native[ROW_NUMBER].filter(is_erased).to_pylist()
            refused = [_erased_row(event_type, number) for number in numbers]
            is_known = pc.invert(is_erased)
            native, bound = native.filter(is_known), bound.filter(is_known)
        table = self.names.log_form(contract, bound)
        self.noted.note(event_type, native, table)
        self._note(event_type, self.gate.judge(event_type, table))
        staged = batch.stage(event_type, self.seals.seal(contract, table))
        self.staged_numbers.append((event_type, native[ROW_NUMBER]))
        duplicates, conflicts = int(staged.is_duplicate.sum()), int(staged.is_conflict.sum())
        self.duplicates += duplicates
        self.retracted += int(staged.is_retracted.sum())
        self.accepted[event_type] += native.num_rows - duplicates - conflicts
        if conflicts:
            numbers = native[ROW_NUMBER].to_pylist()
            self.conflicts.add(event_type, ((numbers[one.row], one) for one in staged.conflicts))
        return refused

    def _judge_load(self) -> None:
        refused = self.quarantine
        verdict = self.gate.judge_load(
            row_count=self.row_count,
            accounted_count=self.accepted.total() + self.duplicates + refused.count,
            quarantined_count=refused.count,
            unknown_schema=refused.reasons[Refusal.UNKNOWN_SCHEMA_VERSION],
        )
        self._note(LOAD, verdict)

    def _note(self, name: str, verdict: Verdict) -> None:
        self.expectations += verdict.evaluated_count
        self.failures.extend(verdict.failures)
        self.docs.keep(name, verdict)

    def _commit(self, batch: Batch) -> int:
        receipt = batch.commit()
        conflicts = [row for row in receipt.late.to_pylist() if row["is_conflict"]]
        staged = self.accepted.total()
        for kind in self.accepted:
            self.accepted[kind] = receipt.accepted.get(EventType(kind), 0)
        self.duplicates += staged - self.accepted.total() - len(conflicts)
        if conflicts:
            with self._open_quarantine(f"{self.load_id}-late") as quarantine:
                late = Conflicts()
                for row in conflicts:
                    event_type, numbers = self.staged_numbers[row["stage"]]
                    taken = Conflict(row["row"], None, "another load took it meanwhile")
                    late.add(event_type, [(numbers[row["row"]].as_py(), taken)])
                for rows in late.rows(self.reopened()):
                    quarantine.add(rows)
                quarantine.keep()
                self.late_conflicts = quarantine.count
        return receipt.seq

    def _open_quarantine(self, load_id: str) -> Quarantine:
        return Quarantine(self.home.quarantine, load_id=load_id, source_file=self.source.name)

    def _elapsed_ms(self) -> int:
        return (time.time_ns() // 1000 - self.started_us) // 1000

    def _kept(self, report: LoadReport) -> LoadReport:
        report.keep(self.home.loads)
        return report

    def _report(self, status: str, *, position: int | None) -> LoadReport:
        reasons = self.quarantine.reasons.copy()
        if self.late_conflicts:
            reasons[Refusal.CONFLICTING_DUPLICATE] += self.late_conflicts
        return LoadReport(
            load_id=self.load_id,
            file=self.source.name,
            batch_id=self.batch_id,
            status=status,
            started_at_us=self.started_us,
            duration_ms=self._elapsed_ms(),
            byte_count=size_of(self.path),
            row_count=self.row_count,
            accepted_count=self.accepted.total(),
            duplicate_count=self.duplicates,
            quarantined_count=reasons.total(),
            quarantined_by_reason=dict(sorted(reasons.items())),
            retracted_count=self.retracted,
            set_aside_count=self.source.set_aside_count,
            accepted_by_event_type={str(k): v for k, v in sorted(self.accepted.items())},
            expectation_count=self.expectations,
            failures=self.failures,
            examples=[example(row) for row in self.quarantine.examples],
            position=position,
            warnings=[*self.source.warnings, *self.warnings],
        )


def _erased_row(event_type: EventType, row_number: int) -> RefusedRow:
    """A participant was erased: that there was a row is kept, what it said is not."""
    return RefusedRow(str(event_type), row_number, Refusal.ERASED_PARTICIPANT, "participant_id", "")
