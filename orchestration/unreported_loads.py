"""Loads that were killed between their commit and their report: they get the report they had ready.

Without it `fct_load` has fewer accepted rows than the log.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from ingestion.errors import DemoscopeError
from ingestion.log import EventLog
from orchestration.load_report import (
    PENDING,
    LoadReport,
    accepted_in,
    earlier_report,
    read_report,
)

if TYPE_CHECKING:
    from ingestion.log.chain import Commit
    from ingestion.paths import Home


def finish_reports(home: Home) -> None:
    """Make the reports that killed loads owe; for the caller who has the vault alone."""
    for path in sorted(home.loads.glob(f".*{PENDING}")):
        # Half written, or of a log that is damaged: the report can be made by loading again.
        with suppress(DemoscopeError):
            pending = read_report(path)
            commit = EventLog.open(home.log).find_batch(pending.batch_id)
            names = (pending.load_id.partition("-")[2],)
            if commit is not None and not earlier_report(home.loads, pending.batch_id, names):
                _as_committed(pending, commit).keep(home.loads)


def _as_committed(pending: LoadReport, commit: Commit) -> LoadReport:
    """What was foreseen, with the counts of what the commit has."""
    accepted = accepted_in(commit)
    count = sum(accepted.values())
    warnings = ["The load was killed after its commit; its report was made by a later command."]
    if late := pending.accepted_count - count:
        warnings.append(
            f"Of its rows, {late:,} were in the log by another load meanwhile, some perhaps with "
            "other content under the same id: delete this record and ingest the file again to see."
        )
    return replace(
        pending,
        accepted_count=count,
        accepted_by_event_type=accepted,
        duplicate_count=pending.duplicate_count + late,
        position=commit.seq,
        warnings=warnings,
    )
