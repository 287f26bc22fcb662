"""What one load did, as a record: for the screen, for Dagster, and for `fct_load`."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from types import UnionType
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from ingestion.contracts import count, named
from ingestion.errors import IntegrityError, LoadRefusedError
from ingestion.json_object import parse_object
from ingestion.log.durable import write_durably
from ingestion.paths import make_private
from ingestion.sources.time_forms import READ
from ingestion.tables import Table
from ingestion.visible_text import storable, visible
from ingestion.vocabulary import EventType, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from expectations.gate import RefusedRow
    from ingestion.log.chain import Commit

EXCERPT = 120
CUT = "..."
NAME_BYTES = 255
PENDING = ".pending"
RESTORE = (
    "Restore it from a backup, or delete it and ingest the same file again: no row is counted"
    " twice. `demoscope log show` lists what was loaded, by commit."
)
IN_THIS_FILE, NOT_CORRECTABLE = "in_this_file", "not_correctable"
# What becomes of rows whose id something else has, by what has it.
BY_CORRECTION = {
    EventType.BATTLE_JUDGED: (
        "Correct battles by this file (`demoscope ingest --update`), or one by one "
        "(event_corrected with the battle's event id, which `demoscope log events` finds)."
    ),
    EventType.PARTICIPANT_ENROLLED: "What people answer otherwise, say by participant_corrected.",
}
BY_RETRACTION = (
    "To take back what the log has, retract the event (event_retracted with its event id, which "
    "`demoscope log events` finds) or its load (`demoscope log undo COMMIT`; `demoscope log show` "
    "lists commits), then load {again}."
)
ONE_ID_TWICE = (
    "Of two rows of one file that have one id, the first counts. If both are meant, give them two "
    "ids (a native_id of more columns); else delete the wrong one."
)
# What is accepted, and what to do, where a reason alone does not say it.
REMEDIES = {
    Refusal.BAD_TIMESTAMP: (
        f"bad_timestamp: a time is read whole or not at all. Read are {READ}. A mapping can say, "
        "on occurred_at: `timezone: Europe/London` for times without a zone; another form by "
        "`format: '%d/%m/%Y %H:%M:%S'` (with %I and %p for AM and PM); `unit: s` for numbers since "
        "1970; `earliest: 2010-01-01` for times before 2015; `ambiguous: earlier` for local times "
        "that are there twice. A local time that clocks skipped does not exist."
    ),
}
TABLE = Table(
    name="load",
    grain="One row per load of one file, refused ones too.",
    columns=(
        named("load_id", "The load."),
        named("file", "The file, as the user named it."),
        named("batch_id", "Keyed hash of the file and its mapping."),
        named("status", "committed, nothing_new or refused."),
        count("started_at_us", "When it began, microseconds since 1970 UTC."),
        count("duration_ms", "How long it took, ms."),
        count("byte_count", "Size of the file."),
        count("row_count", "Rows read: accepted, duplicate and quarantined together."),
        count("accepted_count", "Rows that entered the log."),
        count("duplicate_count", "Rows that the log held already."),
        count("quarantined_count", "Rows refused."),
        named("quarantined_by_reason", "Rows refused by reason, as JSON."),
        count("set_aside_count", "Records of the file that are no events.", is_required=False),
        count("expectation_count", "Expectations judged."),
        count("position", "Log position; null where the load was refused.", is_required=False),
    ),
)
"""The records of all loads as dbt reads them."""


@dataclass(frozen=True, kw_only=True)
class LoadReport:
    """One load of one file.

    Counts are rows; `row_count` is always accepted + duplicate + quarantined. What is set aside is
    no row: records of the file that are no events, such as later turns in PRISM. `conflicts` counts
    rows whose id something else has, by what has it: a row IN_THIS_FILE, else the event type of the
    log, or NOT_CORRECTABLE where a load that corrects could not. `retracted_count`
    are duplicates of events that were retracted and stay so, `corrected_count` those of the
    accepted that entered as corrections of what the log has. `position` is the log position after
    which the load's events are in the log; null where the load was refused.
    """

    # First what a person looks for.
    file: str
    row_count: int
    accepted_count: int
    duplicate_count: int
    quarantined_count: int
    quarantined_by_reason: dict[str, int]
    conflicts: dict[str, int] = field(default_factory=dict)
    retracted_count: int = 0
    corrected_count: int = 0
    set_aside_count: int = 0
    position: int | None = None
    load_id: str
    batch_id: str
    status: str
    started_at_us: int
    duration_ms: int
    byte_count: int
    accepted_by_event_type: dict[str, int]
    expectation_count: int
    failures: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    examples: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The record as plain data."""
        return asdict(self)

    def again(
        self, load_id: str, *, file: str, started_at_us: int, duration_ms: int, position: int
    ) -> LoadReport:
        """The same file a second time: every row that went in is a duplicate now."""
        return replace(
            self,
            load_id=load_id,
            file=file,
            status="nothing_new",
            started_at_us=started_at_us,
            duration_ms=duration_ms,
            accepted_count=0,
            duplicate_count=self.accepted_count + self.duplicate_count,
            corrected_count=0,
            accepted_by_event_type={},
            position=position,
        )

    def as_in(self, commit: Commit) -> LoadReport | None:
        """The report of the load that made a commit, from what another reading of its file found.

        None where rows were refused since that the commit took: of people who were erased.
        """
        accepted = accepted_in(commit)
        duplicates = self.row_count - sum(accepted.values()) - self.quarantined_count
        if duplicates < 0:
            return None
        name = self.load_id.partition("-")[2]
        return replace(
            self,
            # The same by whichever process, so that two of them make one record.
            load_id=f"{commit.recorded_us:020d}-{name}",
            started_at_us=commit.recorded_us,
            status="committed",
            accepted_count=sum(accepted.values()),
            accepted_by_event_type=accepted,
            duplicate_count=duplicates,
            retracted_count=0,
            position=commit.seq,
        )

    def foresee(self, directory: Path) -> None:
        """Write down before the commit what is to be reported, less every content of a row.

        Of a load that is killed in between, the next load or build makes the record of it.
        """
        make_private(directory)
        foreseen = replace(self, examples=[], warnings=[])
        path = directory / f".{self.load_id}{PENDING}"
        write_durably(path, _record(foreseen).encode(errors="replace"), 0o600)

    def keep(self, directory: Path) -> None:
        """Write the record where `fct_load` finds it; a crash leaves no half record."""
        make_private(directory)
        temporary = directory / f".{self.load_id}.partial"
        temporary.touch(mode=0o600)
        temporary.write_text(_record(self), encoding="utf-8", errors="replace")
        temporary.rename(directory / f"{self.load_id}.json")
        (directory / f".{self.load_id}{PENDING}").unlink(missing_ok=True)


def _record(report: LoadReport) -> str:
    record = json.dumps(report.as_json(), sort_keys=True, ensure_ascii=False, allow_nan=False)
    return f"{record}\n"


def accepted_in(commit: Commit) -> dict[str, int]:
    """How many rows a commit added, by event type."""
    added = Counter[str]()
    for segment in commit.segments:
        added[segment.event_type] += segment.rows
    return dict(sorted(added.items()))


def is_unreported(directory: Path, batch_id: str, names: Iterable[str]) -> bool:
    """Whether no load says that it committed this batch, or is about to."""
    # In this order: a load that ends takes its pending report away once the other is there.
    for path in directory.glob(f".*{PENDING}"):
        try:
            if read_report(path).batch_id == batch_id:
                return False
        except IntegrityError:
            continue
    return earlier_report(directory, batch_id, names) is None


def earlier_report(directory: Path, batch_id: str, names: Iterable[str]) -> LoadReport | None:
    """The report of the load that committed this batch, where it is still there.

    `names` are what load ids of the file may end with.
    """
    found = (path for name in names for path in directory.glob(f"*-{name}.json"))
    for path in sorted(found):
        try:
            report = read_report(path)
        except IntegrityError:  # damaged, or of another version: the load is read again
            continue
        if report.batch_id == batch_id and report.status == "committed":
            return report
    return None


def find_report(directory: Path, load_id: str) -> LoadReport | None:
    """The report of a load; None where there is none of this id.

    Raises:
        IntegrityError: it is damaged.
    """
    path = directory / f"{load_id}.json"
    is_name = not {"/", "\0"} & {*load_id} and len(os.fsencode(path.name)) <= NAME_BYTES
    if not is_name or not path.is_file():
        return None
    return read_report(path)


def recorded_loads(directory: Path) -> set[str]:
    """Loads that have a record, or are about to commit."""
    pending = directory.glob(f".*{PENDING}")
    about_to = {path.name.removeprefix(".").removesuffix(PENDING) for path in pending}
    return about_to | {path.stem for path in directory.glob("*.json")}


def recorded_counts(directory: Path) -> dict[str, int | None]:
    """Rows that each load's record says it refused, by load; None where it doesn't say."""
    found: dict[str, int | None] = dict.fromkeys(recorded_loads(directory))
    for path in directory.glob("*.json"):
        try:
            found[path.stem] = read_report(path).quarantined_count
        except IntegrityError:
            continue
    return found


def read_report(path: Path) -> LoadReport:
    """The report that a file holds.

    Raises:
        IntegrityError: the file is torn, emptied or edited, or of another version; what it was to
            say is in the log.
    """
    try:
        report = LoadReport(**parse_object(path.read_bytes()))
        _require_kinds(report)
    except (OSError, ValueError, TypeError) as error:
        message = f"{path} is no whole report of a load: {error}."
        raise IntegrityError(message, remedy=RESTORE) from error
    return report


def _require_kinds(report: LoadReport) -> None:
    for name, hint in get_type_hints(LoadReport).items():
        value = getattr(report, name)
        kinds = get_args(hint) if isinstance(hint, UnionType) else (get_origin(hint) or hint,)
        is_right = isinstance(value, kinds)
        if is_right and hint == dict[str, int]:
            is_right = all(isinstance(part, int) for part in value.values())
        if is_right and hint == list[str]:
            is_right = all(isinstance(part, str) for part in value)
        if not is_right:
            raise TypeError(f"{name} is {value!r}"[:EXCERPT])


class GateRefusalError(LoadRefusedError):
    """A load refused whole, with its report.

    Args:
        report: what the load did.
        is_kept: whether its refused rows are in quarantine.
    """

    def __init__(self, report: LoadReport, *, is_kept: bool = True) -> None:
        remedy = _refusal_remedy(report, is_kept=is_kept)
        super().__init__(_refusal_message(report), remedy=remedy)
        self.report = report


def example(row: RefusedRow) -> dict[str, Any]:
    """A refused row as reports show it: its content cut to a line."""
    excerpt = row.original if len(row.original) <= EXCERPT else row.original[:EXCERPT] + CUT
    return {
        "row_number": row.row_number,
        "reason": row.reason,
        "column": storable(row.column),
        "original": storable(excerpt),
        "detail": storable(row.detail),
    }


def example_lines(examples: Iterable[Mapping[str, Any]]) -> list[str]:
    """Examples as a person reads them; what is said of several is said under the first."""
    lines, said = [], set[str]()
    for row in examples:
        line = f"row {row['row_number']}: {row['reason']} in {row['column'] or 'the row'}"
        # A line break in a cell would look like another row.
        lines.append(f"{line}: {visible(row['original'])}")
        detail = row.get("detail")
        if detail and detail not in said:
            said.add(detail)
            lines[-1] += f"\n      {detail}"
    return lines


def remedies(report: LoadReport) -> list[str]:
    """What is accepted in place of what was refused, and what to do, by reason."""
    reasons = report.quarantined_by_reason
    said = [text for reason, text in REMEDIES.items() if reason in reasons]
    return [*said, *_of_conflicts(report)] if Refusal.CONFLICTING_DUPLICATE in reasons else said


def _of_conflicts(report: LoadReport) -> list[str]:
    """What to do about rows whose id something else has: in the log, or in their own file."""
    # What the log took of a file is not read again, but by another name or content.
    again = "this file again"
    if report.status != "refused":
        again = "those rows again in a file of their own"
    said = []
    if report.conflicts.keys() != {IN_THIS_FILE}:
        said += [text for kind, text in BY_CORRECTION.items() if kind in report.conflicts]
        said.append(BY_RETRACTION.format(again=again))
    if IN_THIS_FILE in report.conflicts:
        said.append(ONE_ID_TWICE)
    return [f"{Refusal.CONFLICTING_DUPLICATE}: {' '.join(said)}"]


def _refusal_message(report: LoadReport) -> str:
    if not report.row_count and report.set_aside_count:
        return (
            f"{report.file} has no rows that are meant: all {report.set_aside_count:,} were set "
            "aside; the log is untouched."
        )
    if not report.row_count:
        return f"{report.file} has no rows, only what stands above them; the log is untouched."
    share = report.quarantined_count / report.row_count
    rows = example_lines(report.examples)
    message = (
        f"{report.file} was refused whole; the log is untouched: "
        f"{report.quarantined_count:,} of {report.row_count:,} rows ({share:.1%}) are bad."
    )
    said = [*report.warnings, *remedies(report), *report.failures]
    return "\n  ".join([message, *rows, *said])


def _refusal_remedy(report: LoadReport, *, is_kept: bool) -> str:
    if not report.row_count and report.set_aside_count:
        return "Check `where` in the mapping, or the file."
    if not report.row_count:
        return "Write at least one row to it, or leave it out."
    if report.quarantined_count == report.row_count and all(
        row["column"] == "event_type" for row in report.examples
    ):
        return (
            "\nNo row has a known event_type, so this is no file of events. A file with columns of "
            "its own is read by a mapping: --mapping NAME|FILE."
        )
    where = f"Every bad row is in the warehouse's quarantine/{report.load_id}.parquet"
    if not is_kept:
        where = "A load keeps every bad row in the warehouse's quarantine"
    conflicts = report.quarantined_by_reason.get(Refusal.CONFLICTING_DUPLICATE)
    if conflicts == report.quarantined_count:
        return f"\n{where}."
    take = "; to take the good rows as they are, raise --max-bad-share"
    return (
        f"\n{where} with its reason. Correct the file or its mapping"
        f"{'' if report.quarantined_count == report.row_count else take}."
    )
