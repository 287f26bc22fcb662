"""The event log as assets: one per event type, and the loads themselves, with the gate's checks.

One step loads files and says of each event type they held what came of it. Keys are those of dbt's
sources (`raw.<event_type>`), so that dbt's tables hang on them by themselves.

Every expectation of the gate is an asset check, known before any load: one per expectation of a
contract's suite, on the event's asset, and one per expectation on a whole load, on the asset of the
loads. All are blocking: what depends on events that failed the gate is not built in that run.
A load that is refused whole is a failed run and no failed check: the data that stand are sound.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from expectations.gate import BAD_SHARE, Gate
from expectations.suites import Expectation, beginning, contract_suite, load_suite
from ingestion.contracts import CONTRACTS
from ingestion.errors import DemoscopeError
from ingestion.log import EventLog
from ingestion.paths import Home
from orchestration.assets.common import OWNERS, HomeResource, plain, table
from orchestration.landing import LandedFile, landed_files, require_landed, settled
from orchestration.load_report import GateRefusalError, LoadReport
from orchestration.loading import load_file

INGEST = "ingest"
RAW = "raw"
LOADS = dg.AssetKey([RAW, "load"])
REFUSED = "refused"
LOAD_IDS = "load ids"
TO_DO = (
    "What to do here: correct the file in landing/, or the mapping.yml beside it; the sensor then "
    "takes it again. To take the good rows as they are, launch `ingest` with max_bad_share in its "
    "configuration. The other files of this run are loaded, and what the log had stands."
)
COUNTS = ("row_count", "accepted_count", "duplicate_count", "quarantined_count")


class FileToLoad(dg.Config):
    """One file below `landing/`, and the mapping that reads it."""

    path: str
    mapping: str | None = None


class IngestConfig(dg.Config):
    """What to load; without files, everything in `landing/` that has stopped growing."""

    files: list[FileToLoad] = Field(default_factory=list)
    max_bad_share: float | None = None


def ingest_config(files: Iterable[LandedFile]) -> dg.RunConfig:
    """The configuration of a run of `ingest` that loads these files."""
    named = [FileToLoad(path=str(file.path), mapping=file.mapping) for file in files]
    return dg.RunConfig(ops={"load_files": IngestConfig(files=named)})


def gate_checks() -> list[dg.AssetCheckSpec]:
    """A check per expectation, of every contract and of a load."""
    return [
        dg.AssetCheckSpec(
            name=check_name(one),
            asset=key,
            blocking=True,
            description=f"{one.kind}({', '.join(f'{k} = {v}' for k, v in one.arguments.items())})",
        )
        for key, suite in _suites().items()
        for one in suite
    ]


def gate_results(
    reports: Sequence[LoadReport], wanted: AbstractSet[dg.AssetCheckKey], data_docs: Path
) -> Iterator[dg.AssetCheckResult]:
    """What the wanted expectations said of these loads together; only of events they held."""
    by_key: dict[dg.AssetKey, list[LoadReport]] = {LOADS: list(reports)}
    for report in reports:
        for event_type in report.accepted_by_event_type:
            by_key.setdefault(dg.AssetKey([RAW, event_type]), []).append(report)
    for key, judged in by_key.items():
        for expectation in _suites()[key] if judged else []:
            if dg.AssetCheckKey(key, check_name(expectation)) in wanted:
                yield _result(key, expectation, judged, data_docs)


def _result(
    key: dg.AssetKey, expectation: Expectation, judged: Sequence[LoadReport], data_docs: Path
) -> dg.AssetCheckResult:
    start = beginning(expectation.kind, expectation.arguments)
    failures = [
        f"{report.file}: {text}"
        for report in judged
        for text in report.failures
        if text.startswith(start)
    ]
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=check_name(expectation),
        passed=not failures,
        severity=dg.AssetCheckSeverity.ERROR,
        description="\n".join(failures) or None,
        metadata={
            "expectation": expectation.kind,
            **{name: str(value) for name, value in expectation.arguments.items()},
            "files": dg.MetadataValue.md("\n".join(f"- {plain(report.file)}" for report in judged)),
            "rows": sum(report.row_count for report in judged),
            "data docs": dg.MetadataValue.path(data_docs / judged[-1].load_id),
        },
    )


def check_name(expectation: Expectation) -> str:
    """`expect_column_values_to_not_be_null__model_a`; without a column, the kind alone."""
    column = expectation.arguments.get("column")
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", expectation.kind).lower()
    return snake + (f"__{column}" if column else "")


@cache
def _suites() -> dict[dg.AssetKey, list[Expectation]]:
    contracts = {
        dg.AssetKey([RAW, str(event_type)]): contract_suite(contract)
        for event_type, contract in CONTRACTS.items()
    }
    return contracts | {LOADS: load_suite(BAD_SHARE)}


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
        for file in settled(landed_files(paths.landing))
    ]
    reports: list[LoadReport] = []
    errors: list[DemoscopeError] = []
    for file in files:
        try:
            require_landed(paths.landing, file.path, file.mapping)
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
        for result in materialised(paths, reports):
            if result.asset_key in context.selected_asset_keys:
                yield result
    # Of a refused load nothing is in the log: what stands there has no part in its faults.
    taken = [report for report in reports if report.status != REFUSED]
    yield from gate_results(taken, context.selected_asset_check_keys, paths.data_docs)
    if errors:
        whole = [report for report in reports if report.status == REFUSED]
        raise _failure(errors, whole, paths.data_docs)


def _failure(
    errors: Sequence[DemoscopeError], refused: Sequence[LoadReport], data_docs: Path
) -> dg.Failure:
    """Why the run failed, what to do here, and where the pages on refused loads lie."""
    pages = {
        f"data docs of {plain(report.file)}": dg.MetadataValue.path(data_docs / report.load_id)
        for report in refused
    }
    said = "\n\n".join([*(str(error) for error in errors), TO_DO])
    return dg.Failure(said, metadata=pages, allow_retries=False)


def materialised(home: Home, reports: Sequence[LoadReport]) -> Iterator[dg.MaterializeResult[Any]]:
    """What became of the loads, and of each event type that they added to."""
    yield dg.MaterializeResult(asset_key=LOADS, metadata=_of_loads(reports))
    added: Counter[str] = Counter()
    for report in reports:
        if report.position is not None:
            added.update(report.accepted_by_event_type)
    totals = event_counts(home)
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


def event_counts(home: Home) -> Counter[str]:
    """Rows of the log by event type."""
    totals: Counter[str] = Counter()
    log = EventLog.open(home.log)
    for commit in log.commits(log.resolve(None)):
        for segment in commit.segments:
            totals[segment.event_type] += segment.rows
    return totals


def _of_loads(reports: Sequence[LoadReport]) -> dict[str, Any]:
    reasons = sum((Counter(report.quarantined_by_reason) for report in reports), Counter[str]())
    listed = ({"reason": reason, "rows": rows} for reason, rows in sorted(reasons.items()))
    loads = ({**report.as_json(), "position": report.position or "none"} for report in reports)
    totals = {name: sum(getattr(report, name) for report in reports) for name in COUNTS}
    positions = [report.position for report in reports if report.position is not None]
    return {
        **totals,
        "quarantined by reason": table(("reason", "rows"), listed) if reasons else "none",
        "files": table(("file", "status", *COUNTS, "position", "duration_ms"), loads),
        LOAD_IDS: [report.load_id for report in reports],
        **({"log position": max(positions)} if positions else {}),
    }
