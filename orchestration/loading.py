"""One load: read, check, name, judge, stage, and only then commit.

Write, audit, publish: until the commit nothing of the load is in the log, and a load that is
refused leaves the log as it was. Memory is bounded by PIECE_ROWS and PIECE_BYTES,
whatever the file's size.

A second thread names, judges and stages a piece while the first reads and checks the next. It has
one piece at a time, in order, and hands over what it refused: no result depends on which is faster.
"""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from expectations.accounts import unaccounted
from expectations.gate import LOAD, Gate
from expectations.quarantine import Quarantine
from ingestion.contracts import CONTRACTS
from ingestion.digests import expect_many
from ingestion.errors import LoadRefusedError
from ingestion.log import EventLog
from ingestion.log.receipt import Conflict
from ingestion.log.retractions import load_batch
from ingestion.log.vault_binding import damages, require_vault
from ingestion.sources.aliases import AliasCsv, AliasYaml
from ingestion.sources.batch import ROW_NUMBER
from ingestion.sources.providers import read_providers
from ingestion.sources.registry import open_source, size_of
from ingestion.subjects.links import vault_lock
from ingestion.subjects.log_form import Naming
from ingestion.vocabulary import EventType, Refusal
from orchestration.authority import Authority
from orchestration.conflicts import Conflicts
from orchestration.dry_run import NO_VAULT, reading
from orchestration.erased_content import erased_row, less_content
from orchestration.leftovers import clear_leftovers
from orchestration.load_report import (
    IN_THIS_FILE,
    NOT_CORRECTABLE,
    GateRefusalError,
    LoadReport,
    earlier_report,
    example,
    is_unreported,
    recorded_loads,
)
from orchestration.load_warnings import Foreseen, Noted, warnings_of
from orchestration.novelties import Novelties
from orchestration.suspect_values import SuspectValues
from orchestration.updating import Updates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from concurrent.futures import Future

    from expectations.gate import RefusedRow, Verdict
    from ingestion.log import Batch
    from ingestion.log.chain import Commit
    from ingestion.paths import Home
    from ingestion.sources.batch import Source

PIECE_ROWS = 500_000
PIECE_BYTES = 256 << 20
LARGE_BYTES = 160 << 20
"""A file of so many bytes is taken to have half a million rows or more."""
MAX_FRUITLESS_ROWS = 1_000_000
"""A file of whose first so many rows none is good is not read any further."""
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
    opened = _opener(path, mapping, source_name, gate)
    with _prepared(home, path, opened, gate or Gate(), source_name) as load:
        load.progress = progress
        return load.run()


def update_file(
    home: Home,
    path: str,
    updated: Callable[[Updates], None],
    *,
    mapping: str | None = None,
    source_name: str | None = None,
    gate: Gate | None = None,
) -> LoadReport:
    """The same, and battles that the log has otherwise are corrected as the file has them.

    Args:
        home: the warehouse.
        path: as for `load_file`.
        updated: called with the changed rows before they are written as corrections.
        mapping: as for `load_file`.
        source_name: likewise.
        gate: likewise.

    Raises:
        GateRefusalError: as `load_file`.
        DemoscopeError: likewise.
    """
    opened = _opener(path, mapping, source_name, gate)
    with _prepared(home, path, opened, gate or Gate(), source_name) as load:
        load.updated = updated
        return load.run()


@contextmanager
def _prepared(
    home: Home, path: str, opened: Callable[[], Source], gate: Gate, source_name: str | None
) -> Iterator[_Load]:
    """The load of a file while the vault is held, after the aliases that its mapping brings."""
    home.require_writable()
    if not home.root.exists() and _can_be_read_twice(path):
        # What cannot be read makes no home.
        next(opened().batches(), None)
    home.keep_from_git()
    clear_leftovers(home)
    with vault_lock(home.vault, is_exclusive=False):
        source = opened()
        aliases = getattr(source, "aliases", None)
        said = [] if aliases is None else [_of_aliases(load_file(home, aliases))]
        log = EventLog.open(home.log)
        vault = require_vault(log, home.vault)
        whose = getattr(source, "participants_of", None)
        names = Naming.open(home.vault, is_native=True, participants_of=whose)
        load = _Load(home, log, vault, source, names, opened, gate, path=path)
        load.warnings += said
        load.authorise(source_name)
        yield load


def _can_be_read_twice(path: str) -> bool:
    """Whether it is a file or a directory of this machine, or nothing at all."""
    place = Path(path)
    return "://" not in path and not place.is_fifo() and not place.is_char_device()


@dataclass
class DryRun:
    """All that `load_file` does up to the commit, of files one after the other.

    Names of the earlier ones are known to the later, and nothing is written to the home.

    Args:
        home: the warehouse, which is only read.
        foreseen: what the files so far would have brought.
        named: what they name.
        new: what the last of them names that neither the log nor an earlier one has.
        cache: where remote files are kept, for the home's own is not written to.
    """

    home: Home
    cache: Path | None = None
    foreseen: Foreseen = field(default_factory=Foreseen)
    named: Novelties = field(default_factory=Novelties)
    new: Novelties = field(default_factory=Novelties)

    def bring(
        self,
        path: str,
        *,
        mapping: str | None = None,
        source_name: str | None = None,
        gate: Gate | None = None,
        progress: Callable[[int], None] = lambda _rows: None,
    ) -> LoadReport:
        """Try one file, with the parameters and errors of `load_file`."""
        home, gate = self.home, gate or Gate()
        opened = partial(_opener(path, mapping, source_name, gate), cache=self.cache)
        with reading(home) as log:
            source = opened()
            aliases = getattr(source, "aliases", None)
            said = [] if aliases is None else [_of_aliases(self.bring(aliases))]
            for damage in damages(log, home.vault):
                raise damage
            names = Naming.without_writing(home.vault, getattr(source, "participants_of", None))
            load = _Load(home, log, {}, source, names, opened, gate, progress, path, is_dry=True)
            load.noted.foreseen = self.foreseen
            load.warnings += said
            load.authorise(source_name)
            if not home.vault.is_dir():
                load.warnings.append(NO_VAULT)
            try:
                return load.run()
            finally:
                self.new = load.named.beyond(log, self.named)
                self.named.update(load.named)


def _opener(
    path: str, mapping: str | None, source_name: str | None, gate: Gate | None
) -> Callable[..., Source]:
    bounds = (gate or Gate()).permit.bounds
    return partial(open_source, path, mapping=mapping, source=source_name, bounds=bounds)


def _of_aliases(report: LoadReport) -> str:
    """What the file of aliases that a mapping names brought, in a sentence."""
    entered = "would enter" if report.status == "dry_run" else "entered"
    brought = f"{report.accepted_count:,} of {report.row_count:,} aliases {entered} the log"
    warnings = (one for one in report.warnings if one != NO_VAULT)
    return " ".join([f"{report.file}: {brought}.", *warnings])


def load_generated(home: Home, source: Source) -> LoadReport:
    """Bring what the program itself says of participants through the same gate into the log.

    Rows of participants who were erased since go to quarantine.

    Args:
        home: the warehouse.
        source: rows that name participants and conversations by their pseudonyms.
    """
    home.require_writable()
    clear_leftovers(home)
    with vault_lock(home.vault, is_exclusive=False):
        log = EventLog.open(home.log)
        vault = require_vault(log, home.vault)
        names = Naming.open(home.vault, is_native=False)
        gate = Gate(max_bad_share=1.0)
        return _Load(home, log, vault, source, names, lambda: source, gate).run()


@dataclass
class _Load:
    """The state of one load while it runs."""

    home: Home
    log: EventLog
    said_of_vault: Mapping[str, object]
    source: Source
    names: Naming
    reopened: Callable[[], Source]
    gate: Gate
    progress: Callable[[int], None] = lambda _rows: None
    path: str = ""
    authority: Authority | None = None
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
    named: Novelties = field(default_factory=Novelties)
    is_dry: bool = False
    suspects: SuspectValues = field(default_factory=SuspectValues)
    updated: Callable[[Updates], None] | None = None

    def __post_init__(self) -> None:
        # A file that was written today shows that the clock is right.
        self.log.vouching += (Path(self.path),) if self.path else ()
        self.state_before = _state_of(self.path)
        # Great Expectations is imported while the file is hashed, and then while it is read.
        self.gate.prepare()
        fingerprint = self.source.fingerprint
        # What the program says itself is of no file: its name may be known, and an undo's must be.
        self.file_id = fingerprint
        if self.path:
            self.file_id = self.names.of_file("batch_id", fingerprint)
        self.batch_id = load_batch(self.log, self.file_id)
        self.started_us = time.time_ns() // 1000
        # What load ids of this file end with.
        self.name = self.names.of_file("load_id", fingerprint)[:12]
        self.load_id = f"{self.started_us:020d}-{self.name}"
        self.quarantine = self._open_quarantine(self.load_id)
        self.waiting: dict[EventType, list[pa.Table]] = {}
        self.staged_numbers: list[tuple[EventType, pa.ChunkedArray]] = []

    def authorise(self, ceiling: str | None) -> None:
        """Hold every row against what the file may say; the program's own commands may say all."""
        if not self.gate.permit.is_operators:
            self.authority = Authority(
                self.log,
                Path(self.path),
                read_providers(self.home.sources),
                self.gate.permit,
                ceiling,
                self.names.participants_of,
                is_of_aliases=isinstance(self.source, AliasCsv | AliasYaml),
            )

    def run(self) -> LoadReport:
        self.updates = Updates(self.log, is_asked=self.updated is not None)
        if self.updated is not None:
            # The same file may be the last word again after another one.
            self.batch_id = f"{self.file_id}-update-{self.log.head_seq}"
        committed = self.log.find_batch(self.batch_id)
        if committed is not None and (again := self._loaded_before(committed)) is not None:
            return self._kept(again)
        if size_of(self.path) >= LARGE_BYTES:
            expect_many()
        begun = self.log.begin(self.batch_id, {"name": PRODUCER, **self.said_of_vault})
        with self.quarantine, begun as batch:
            self._stage_pieces(batch)
            self._stage_corrections(batch)
            for rows in self.conflicts.rows(self.reopened()) if self.conflicts.found else ():
                self.quarantine.add(rows)
            self._judge_load()
            self.quarantine.keep()
            if self.failures:
                self.warnings += warnings_of(self.noted, self.log, self.names)
                raise self._refusal(self._report("refused", position=None))
            self._require_unchanged()
            if self.updated is not None:
                self.updated(self.updates)
            if self.accepted.total() and not self.is_dry:
                self._report("committed", position=None).foresee(self.home.loads)
            position = None if self.is_dry else self._commit(batch)
        self.warnings += warnings_of(self.noted, self.log, self.names)
        status = "dry_run" if self.is_dry else "committed"
        status = status if self.accepted.total() else "nothing_new"
        report = self._report(status, position=position)
        if self.path and self.row_count and report.quarantined_count == self.row_count:
            raise self._refusal(replace(report, status="refused", position=None))
        if committed is not None and not self.is_dry:
            report = self._after_unreported(committed, report)
        return self._kept(report)

    def _require_unchanged(self) -> None:
        """Refuse what was written to while it was read: its hash would be another content's."""
        if _state_of(self.path) != self.state_before:
            raise LoadRefusedError(
                f"{self.source.name}: was changed while it was read.",
                remedy="Wait until it is written to its end, then load it; nothing was loaded.",
            )

    def _loaded_before(self, committed: Commit) -> LoadReport | None:
        """The report of a file that was loaded already, where the first one's is still there."""
        earlier = earlier_report(self.home.loads, self.batch_id, [self.name])
        # What names mean may have been said otherwise since: then a load of aliases says so.
        if earlier is None or EventType.MODEL_ALIASED in earlier.accepted_by_event_type:
            return None
        return self._again(earlier, committed)

    def _after_unreported(self, committed: Commit, report: LoadReport) -> LoadReport:
        """The report of this load, after that of the one that committed the file's rows.

        Its report is gone, and is made again so that `fct_load` agrees with the log.
        """
        if not is_unreported(self.home.loads, self.batch_id, [self.name]):
            return report
        first = report.as_in(committed)
        if first is None:
            return report
        first.keep(self.home.loads)
        return replace(
            self._again(first, committed),
            warnings=report.warnings,
            retracted_count=report.retracted_count,
        )

    def _again(self, earlier: LoadReport, committed: Commit) -> LoadReport:
        return earlier.again(
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
            self.quarantine.add(less_content(self.names, native, split.refused))
            if self.authority is not None:
                split = self.authority.split(native, split.accepted)
                self.quarantine.add(less_content(self.names, native, split.refused))
            event_type = native.event_type
            if event_type is not None and split.accepted.num_rows:
                self.suspects.add(event_type, split.accepted)
                waiting = self.waiting.setdefault(event_type, [])
                waiting.append(split.accepted)
                if sum(table.num_rows for table in waiting) >= PIECE_ROWS:
                    yield self._piece(event_type)
                if sum(table.nbytes for table in chain(*self.waiting.values())) >= PIECE_BYTES:
                    for kind in list(self.waiting):
                        yield self._piece(kind)
            self.progress(self.row_count)
            if self.row_count >= MAX_FRUITLESS_ROWS and self.quarantine.count == self.row_count:
                self.failures.append(
                    f"The first {self.row_count:,} rows were all refused; the rest was not read."
                )
                break
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
            refused = [erased_row(event_type, number) for number in numbers]
            is_known = pc.invert(is_erased)
            native, bound = native.filter(is_known), bound.filter(is_known)
        table = self.names.log_form(contract, bound)
        self.noted.note(event_type, native, table)
        if self.is_dry:
            self.noted.enrol(event_type, table)
        self._note(event_type, self.gate.judge(event_type, table))
        staged = batch.stage(event_type, self.names.seals.seal(contract, table))
        self.staged_numbers.append((event_type, native[ROW_NUMBER]))
        accepted = int(staged.is_accepted.sum())
        if self.is_dry:
            entering = table.filter(pa.array(staged.is_accepted))
            self.noted.foreseen.add(event_type, entering)
            self.named.add(event_type, entering)
        found = staged.conflicts
        if event_type is EventType.BATTLE_JUDGED and (found or self.updates.is_asked):
            found = self.updates.weigh(table, native[ROW_NUMBER].to_pylist(), staged)
        self.duplicates += int(staged.is_duplicate.sum())
        self.retracted += int(staged.is_retracted.sum())
        self.accepted[event_type] += accepted
        if found:
            numbers = native[ROW_NUMBER].to_pylist()
            kind = NOT_CORRECTABLE if self.updates.is_asked else None
            told = ((numbers[one.row], one, self._row_number(one.earlier)) for one in found)
            self.conflicts.add(event_type, told, kind=kind)
        return refused

    def _row_number(self, staged: tuple[int, int] | None) -> int | None:
        """The file's number of a row that was staged."""
        if staged is None:
            return None
        stage, row = staged
        number: int = self.staged_numbers[stage][1][row].as_py()
        return number

    def _stage_corrections(self, batch: Batch) -> None:
        """Stage what an update makes of the changed rows."""
        if self.updates.changed:
            kind = EventType.EVENT_CORRECTED
            table, numbers = self.updates.corrections(self.names, self.source.name)
            self._note(kind, self.gate.judge(kind, table))
            batch.stage(kind, table)
            self.staged_numbers.append((kind, numbers))
            self.accepted[kind] += len(table)

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
        if not self.is_dry:
            verdict.keep_page(self.home.data_docs / self.load_id, name)

    def _commit(self, batch: Batch) -> int:
        recorded = {*recorded_loads(self.home.loads), self.load_id}
        receipt = batch.commit(unaccounted(self.log, self.home.quarantine, recorded))
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
                    taken = Conflict(row["row"], None, "it was committed meanwhile")
                    late.add(event_type, [(numbers[row["row"]].as_py(), taken, None)])
                for rows in late.rows(self.reopened()):
                    quarantine.add(rows)
                quarantine.keep()
                self.late_conflicts = quarantine.count
                self.conflicts.kinds += late.kinds
        return receipt.seq

    def _open_quarantine(self, load_id: str) -> Quarantine:
        return Quarantine(
            self.home.quarantine,
            load_id=load_id,
            source_file=self.source.name,
            is_kept=not self.is_dry,
        )

    def _elapsed_ms(self) -> int:
        return (time.time_ns() // 1000 - self.started_us) // 1000

    def _kept(self, report: LoadReport) -> LoadReport:
        if not self.is_dry:
            report.keep(self.home.loads)
        return report

    def _refusal(self, report: LoadReport) -> GateRefusalError:
        return GateRefusalError(self._kept(report), is_kept=not self.is_dry)

    def _report(self, status: str, *, position: int | None) -> LoadReport:
        reasons = self.quarantine.reasons.copy()
        if self.late_conflicts:
            reasons[Refusal.CONFLICTING_DUPLICATE] += self.late_conflicts
        conflicts = self.conflicts.kinds.copy()
        # The others were found while the file was read: rows of it against each other.
        conflicts[IN_THIS_FILE] += reasons[Refusal.CONFLICTING_DUPLICATE] - conflicts.total()
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
            conflicts=dict(sorted((+conflicts).items())),
            retracted_count=self.retracted,
            corrected_count=len(self.updates.changed),
            set_aside_count=self.source.set_aside_count,
            accepted_by_event_type={str(k): v for k, v in sorted(self.accepted.items())},
            expectation_count=self.expectations,
            failures=self.failures,
            examples=[example(row) for row in self.quarantine.examples],
            position=position,
            warnings=[
                *self.source.warnings,
                *self.suspects.messages(),
                *self.noted.large_shares(),
                *self.warnings,
            ],
        )


def _state_of(path: str) -> tuple[int, ...] | None:
    """What changes when a file is written to; None of what is no local file."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
