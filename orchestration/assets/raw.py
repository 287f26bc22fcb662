"""The event log as assets: one per event type, and the loads themselves.

One step loads files and says of each event type they held what came of it. Keys are those of dbt's
sources (`raw.<event_type>`), so that dbt's models hang on them by themselves.

What stays out: the load (loading.py), what files there are (landing.py), the checks (checks.py).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import dagster as dg
from pydantic import Field

from expectations.gate import Gate
from ingestion.contracts import CONTRACTS
from ingestion.errors import DemoscopeError
from ingestion.log import EventLog
from ingestion.paths import Home
from orchestration.assets.metadata import table
from orchestration.checks import DEFAULT_BAD_SHARE, INGEST, LOADS, RAW, gate_checks, gate_results
from orchestration.landing import LandedFile, landed_files
from orchestration.load_report import GateRefusalError, LoadReport
from orchestration.loading import load_file
from orchestration.resources import OWNERS, HomeResource

COUNTS = ("row_count", "accepted_count", "duplicate_count", "quarantined_count")


class FileToLoad(dg.Config):
    """One file, and the mapping that reads it."""

    path: str
    mapping: str | None = None


class IngestConfig(dg.Config):
    """What to load; without files, everything that lies in `landing/`."""

    files: list[FileToLoad] = Field(default_factory=list)
    max_bad_share: float = DEFAULT_BAD_SHARE


def ingest_config(files: Iterable[LandedFile]) -> dg.RunConfig:
    """The configuration of a run of `ingest` that loads these files."""
    named = [FileToLoad(path=str(file.path), mapping=file.mapping) for file in files]
    return dg.RunConfig(ops={"load_files": IngestConfig(files=named)})


def _specs() -> list[dg.AssetSpec]:
    grains = {str(event_type): contract.grain for event_type, contract in CONTRACTS.items()}
    grains[LOADS.path[-1]] = "One row per load of one file, refused ones too."
    return [
        dg.AssetSpec(
            [RAW, name],
            description=grain,
            group_name=INGEST,
            owners=OWNERS,
            kinds={"parquet", "greatexpectations"},
            skippable=True,
        )
        for name, grain in grains.items()
    ]


# Subsetting is allowed because only then may a check be silent; of a file, all is loaded anyway.
@dg.multi_asset(specs=_specs(), check_specs=gate_checks(), can_subset=True)
def load_files(
    context: dg.AssetExecutionContext, config: IngestConfig, home: HomeResource
) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
    """Bring files through the gate into the log."""
    paths = home.paths
    files = config.files or [
        FileToLoad(path=str(file.path), mapping=file.mapping)
        for file in landed_files(paths.landing)
    ]
    reports: list[LoadReport] = []
    errors: list[DemoscopeError] = []
    for file in files:
        try:
            gate = Gate(max_bad_share=config.max_bad_share, is_documented=True)
            report = load_file(paths, file.path, mapping=file.mapping, gate=gate)
        except GateRefusalError as refused:
            errors.append(refused)
            report = refused.report
        except DemoscopeError as error:
            errors.append(error)
            continue
        context.log.info("%s: %s", report.file, report.status)
        reports.append(report)
    if reports:
        for result in _materialised(paths, reports):
            if result.asset_key in context.selected_asset_keys:
                yield result
    yield from gate_results(reports, context.selected_asset_check_keys, paths.data_docs)
    if errors:
        raise dg.Failure("\n\n".join(str(error) for error in errors), allow_retries=False)


def _materialised(home: Home, reports: Sequence[LoadReport]) -> Iterator[dg.MaterializeResult[Any]]:
    yield dg.MaterializeResult(asset_key=LOADS, metadata=_of_loads(reports))
    added: Counter[str] = Counter()
    for report in reports:
        if report.position is not None:
            added.update(report.accepted_by_event_type)
    totals = _rows_in_log(home)
    for event_type in sorted(+added):
        of_type = [report for report in reports if event_type in report.accepted_by_event_type]
        yield dg.MaterializeResult(
            asset_key=dg.AssetKey([RAW, event_type]),
            metadata={
                "dagster/row_count": totals[event_type],
                "accepted of this type": added[event_type],
                **_of_loads(of_type),
            },
        )


def _of_loads(reports: Sequence[LoadReport]) -> dict[str, Any]:
    reasons: Counter[str] = Counter()
    for report in reports:
        reasons.update(report.quarantined_by_reason)
    listed = ({"reason": reason, "rows": rows} for reason, rows in sorted(reasons.items()))
    loads = ({**report.as_json(), "position": report.position or "none"} for report in reports)
    totals = {name: sum(getattr(report, name) for report in reports) for name in COUNTS}
    positions = [report.position for report in reports if report.position is not None]
    return {
        **totals,
        "quarantined by reason": table(("reason", "rows"), listed) if reasons else "none",
        "files": table(("file", "status", *COUNTS, "position", "duration_ms"), loads),
        **({"log position": max(positions)} if positions else {}),
    }


def _rows_in_log(home: Home) -> Counter[str]:
    rows: Counter[str] = Counter()
    log = EventLog.open(home.log)
    for commit in log.commits(log.resolve(None)):
        for segment in commit.segments:
            rows[segment.event_type] += segment.rows
    return rows
