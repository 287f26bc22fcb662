"""What one load did, as a record: for the screen, for Dagster, and for `fct_load`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ingestion.contracts import count, named
from ingestion.errors import LoadRefusedError
from ingestion.tables import Table

if TYPE_CHECKING:
    from pathlib import Path

    from expectations.gate import RefusedRow

EXCERPT = 120
TABLE = Table(
    name="load",
    grain="One row per load of one file, refused ones too.",
    columns=(
        named("load_id", "The load."),
        named("file", "The file, as the user named it."),
        named("batch_id", "Fingerprint of the file and its mapping."),
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
    no row: records of the file that are no events, such as later turns in PRISM. `position` is the
    log position after which the load's events are in the log; null where the load was refused.
    """

    # First what a person looks for.
    file: str
    row_count: int
    accepted_count: int
    duplicate_count: int
    quarantined_count: int
    quarantined_by_reason: dict[str, int]
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
            accepted_by_event_type={},
            position=position,
        )

    def keep(self, directory: Path) -> None:
        """Write the record where `fct_load` finds it; a crash leaves no half record."""
        directory.mkdir(parents=True, exist_ok=True)
        temporary = directory / f".{self.load_id}.partial"
        temporary.write_text(json.dumps(self.as_json(), sort_keys=True) + "\n", encoding="utf-8")
        temporary.rename(directory / f"{self.load_id}.json")


def earlier_report(directory: Path, batch_id: str) -> LoadReport | None:
    """The report of the load that committed this batch, where it is still there."""
    for path in sorted(directory.glob(f"*-{batch_id[:12]}.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["batch_id"] == batch_id and record["status"] == "committed":
            return LoadReport(**record)
    return None


class GateRefusalError(LoadRefusedError):
    """A load refused whole, with its report."""

    def __init__(self, report: LoadReport) -> None:
        super().__init__(_refusal_message(report), remedy=_refusal_remedy(report))
        self.report = report


def example(row: RefusedRow) -> dict[str, Any]:
    """A refused row as reports show it: its content cut to a line."""
    excerpt = row.original if len(row.original) <= EXCERPT else row.original[:EXCERPT] + "..."
    return {
        "row_number": row.row_number,
        "reason": row.reason,
        "column": row.column,
        "original": excerpt,
    }


def _refusal_message(report: LoadReport) -> str:
    if not report.row_count:
        return f"{report.file} has no rows, only what stands above them; the log is untouched."
    share = report.quarantined_count / report.row_count
    rows = (
        f"row {row['row_number']}: {row['reason']} in {row['column'] or 'the row'}: "
        f"{row['original']}"
        for row in report.examples
    )
    message = (
        f"{report.file} was refused whole; the log is untouched: "
        f"{report.quarantined_count:,} of {report.row_count:,} rows ({share:.1%}) are bad."
    )
    return "\n  ".join([message, *rows, *report.failures])


def _refusal_remedy(report: LoadReport) -> str:
    if not report.row_count:
        return "Write at least one row to it, or leave it out."
    if report.quarantined_count == report.row_count and all(
        row["column"] == "event_type" for row in report.examples
    ):
        return (
            "\nNo row has a known event_type, so this is no file of events. A file with columns of "
            "its own is read by a mapping: --mapping NAME|FILE."
        )
    return (
        f"\nEvery bad row is in the warehouse's quarantine/{report.load_id}.parquet with its "
        "reason. Correct the file or its mapping; to take the good rows as they are, raise "
        "--max-bad-share."
    )
