"""One load: read, judge, pseudonymise, stage, and only then commit.

Write, audit, publish: until the commit nothing of the load is in the log, and a load that is
refused leaves the log as it was. Memory is bounded by PIECE_ROWS, whatever the file's size.

What stays out: reading (ingestion/sources), judging (expectations), storing (ingestion/log).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from expectations.gate import Gate
from expectations.quarantine import Quarantine
from ingestion.codes import plain_text
from ingestion.contracts import CONTRACTS
from ingestion.log import EventLog
from ingestion.sources.batch import ROW_NUMBER
from ingestion.sources.registry import open_source, size_of
from ingestion.subjects.links import vault_lock
from ingestion.subjects.log_form import Naming
from ingestion.subjects.seals import Seals
from ingestion.vocabulary import EventType, Refusal
from orchestration.data_docs import LOAD, DataDocs
from orchestration.load_report import GateRefusalError, LoadReport, earlier_report, example
from orchestration.refused_rows import conflicting_row, erased_row

if TYPE_CHECKING:
    from collections.abc import Callable

    from expectations.gate import RefusedRow, Verdict
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
    source = open_source(path, mapping=mapping, source=source_name)
    with vault_lock(home.vault, is_exclusive=False):
        names = Naming(home.vault, is_native=True)
        return _Load(home, source, names, gate or Gate(), progress, path).run()


def load_own(home: Home, source: Source) -> LoadReport:
    """Bring what the program itself says of participants through the same gate into the log.

    Rows of participants who were erased since go to quarantine.

    Args:
        home: the warehouse.
        source: rows that name participants and conversations by their pseudonyms.
    """
    with vault_lock(home.vault, is_exclusive=False):
        names = Naming(home.vault, is_native=False)
        return _Load(home, source, names, Gate(max_bad_share=1.0)).run()


class _Load:
    """The state of one load while it runs."""

    def __init__(
        self,
        home: Home,
        source: Source,
        names: Naming,
        gate: Gate,
        progress: Callable[[int], None] = lambda _rows: None,
        path: str = "",
    ) -> None:
        self._home = home
        self._log = EventLog.open(home.log)
        self._path = path
        self._source = source
        self._names = names
        self._progress = progress
        self._gate = gate
        self._seals = Seals.open(home.vault, is_made=True)
        self._started_us = time.time_ns() // 1000
        self._load_id = f"{self._started_us:020d}-{source.fingerprint[:12]}"
        self._docs = DataDocs(home.data_docs / self._load_id)
        self._pending: dict[EventType, list[pa.Table]] = {}
        self._row_count = 0
        self._duplicates = 0
        self._late_conflicts = 0
        self._accepted: dict[str, int] = {}
        self._failures: list[str] = []
        self._expectations = 0
        self._staged_rows: list[tuple[EventType, pa.ChunkedArray]] = []

    def run(self) -> LoadReport:
        committed = self._log.find_batch(self._source.fingerprint)
        if committed is not None:
            earlier = earlier_report(self._home.loads, self._source.fingerprint)
            if earlier is not None:
                again = earlier.again(
                    self._load_id,
                    file=self._source.name,
                    started_at_us=self._started_us,
                    duration_ms=self._elapsed_ms(),
                    position=committed.seq,
                )
                return self._kept(again)
        quarantine = self._quarantine(self._load_id)
        with quarantine, self._log.begin(self._source.fingerprint, {"name": PRODUCER}) as batch:
            for native in self._source.batches():
                split = self._gate.split(native)
                self._row_count += native.table.num_rows
                quarantine.add(split.refused)
                if native.event_type is not None and split.accepted.num_rows:
                    self._collect(native.event_type, split.accepted, batch, quarantine)
                self._progress(self._row_count)
            for event_type in list(self._pending):
                self._flush(event_type, batch, quarantine)
            self._judge(quarantine)
            quarantine.keep()
            if self._failures:
                refused = self._report("refused", quarantine, position=None)
                raise GateRefusalError(self._kept(refused))
            position = self._commit(batch)
        status = "committed" if sum(self._accepted.values()) else "nothing_new"
        return self._kept(self._report(status, quarantine, position=position))

    def _kept(self, report: LoadReport) -> LoadReport:
        report.keep(self._home.loads)
        return report

    def _collect(
        self, event_type: EventType, table: pa.Table, batch: Batch, quarantine: Quarantine
    ) -> None:
        self._pending.setdefault(event_type, []).append(table)
        if sum(piece.num_rows for piece in self._pending[event_type]) >= PIECE_ROWS:
            self._flush(event_type, batch, quarantine)

    def _flush(self, event_type: EventType, batch: Batch, quarantine: Quarantine) -> None:
        native = plain_text(pa.concat_tables(self._pending.pop(event_type)))
        contract = CONTRACTS[event_type]
        bound, is_erased = self._names.is_erased(contract, native)
        if pc.any(is_erased).as_py():
            numbers = native.column(ROW_NUMBER).filter(is_erased).to_pylist()
            quarantine.add(erased_row(event_type, number) for number in numbers)
            is_known = pc.invert(is_erased)
            native, bound = native.filter(is_known), bound.filter(is_known)
        table = self._names.log_form(contract, bound)
        del bound  # each of these is as large as the piece
        self._note(event_type, self._gate.judge(event_type, table))
        table = self._seals.seal(contract, table)
        staged = batch.stage(event_type, table)
        self._staged_rows.append((event_type, native.column(ROW_NUMBER)))
        duplicates, conflicts = int(staged.is_duplicate.sum()), int(staged.is_conflict.sum())
        self._duplicates += duplicates
        accepted = native.num_rows - duplicates - conflicts
        self._accepted[event_type] = self._accepted.get(event_type, 0) + accepted
        if conflicts:
            refused = native.filter(pa.array(staged.is_conflict)).to_pylist()
            quarantine.add(conflicting_row(event_type, row) for row in refused)

    def _judge(self, quarantine: Quarantine) -> None:
        accounted = sum(self._accepted.values()) + self._duplicates + quarantine.count
        counts = {
            "row_count": self._row_count,
            "accounted_count": accounted,
            "quarantined_count": quarantine.count,
            "unknown_schema": quarantine.reasons[Refusal.UNKNOWN_SCHEMA_VERSION],
        }
        self._note(LOAD, self._gate.judge_load(**counts))

    def _note(self, name: str, verdict: Verdict) -> None:
        self._expectations += verdict.evaluated_count
        self._failures.extend(verdict.failures)
        self._docs.keep(name, verdict)

    def _commit(self, batch: Batch) -> int:
        receipt = batch.commit()
        late = receipt.late.to_pylist()
        for row in late:
            self._accepted[row["event_type"]] -= 1
            self._duplicates += not row["is_conflict"]
        conflicts = [row for row in late if row["is_conflict"]]
        if conflicts:
            with self._quarantine(f"{self._load_id}-late") as quarantine:
                quarantine.add(self._late_conflict(row) for row in conflicts)
                quarantine.keep()
                self._late_conflicts = quarantine.count
        return receipt.seq

    def _late_conflict(self, row: dict[str, Any]) -> RefusedRow:
        """A concurrent load took the id between staging and commit, with another body."""
        event_type, numbers = self._staged_rows[row["stage"]]
        number = numbers[row["row"]].as_py()
        return conflicting_row(event_type, {ROW_NUMBER: number, "event_id": row["event_id"]})

    def _quarantine(self, load_id: str) -> Quarantine:
        return Quarantine(self._home.quarantine, load_id=load_id, source_file=self._source.name)

    def _elapsed_ms(self) -> int:
        return (time.time_ns() // 1000 - self._started_us) // 1000

    def _report(self, status: str, quarantine: Quarantine, *, position: int | None) -> LoadReport:
        accepted = sum(self._accepted.values())
        reasons = quarantine.reasons.copy()
        if self._late_conflicts:
            reasons[Refusal.CONFLICTING_DUPLICATE] += self._late_conflicts
        return LoadReport(
            load_id=self._load_id,
            file=self._source.name,
            batch_id=self._source.fingerprint,
            status=status,
            started_at_us=self._started_us,
            duration_ms=self._elapsed_ms(),
            byte_count=size_of(self._path),
            row_count=self._row_count,
            accepted_count=accepted,
            duplicate_count=self._duplicates,
            quarantined_count=reasons.total(),
            quarantined_by_reason=dict(sorted(reasons.items())),
            accepted_by_event_type={str(k): v for k, v in sorted(self._accepted.items())},
            expectation_count=self._expectations,
            failures=self._failures,
            examples=[example(row) for row in quarantine.examples],
            position=position,
        )
