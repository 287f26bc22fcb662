"""Every Great Expectations result of a load as an asset check on the events it is about.

The checks are known before any load: one per expectation of a contract's suite, on the event's
asset, and one per expectation on a whole load, on the asset of the loads. All are blocking: what
depends on events that failed the gate is not built in that run.

dbt's tests are asset checks too, and blocking; dagster-dbt makes them (assets/warehouse.py).

What stays out: the expectations (expectations/suites.py) and their evaluation (gate.py).
"""

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from pathlib import Path

import dagster as dg

from expectations.suites import Expectation, beginning, contract_suite, load_suite
from ingestion.contracts import CONTRACTS
from orchestration.load_report import LoadReport

RAW = "raw"
INGEST = "ingest"
"""The group of the events' assets, the first stage."""
LOADS = dg.AssetKey([RAW, "load"])
DEFAULT_BAD_SHARE = 0.2


def gate_checks() -> list[dg.AssetCheckSpec]:
    """A check per expectation, of every contract and of a load."""
    return [
        dg.AssetCheckSpec(
            name=check_name(expectation),
            asset=key,
            blocking=True,
            description=_description(expectation),
        )
        for key, suite in _suites().items()
        for expectation in suite
    ]


def gate_results(
    reports: Sequence[LoadReport], wanted: AbstractSet[dg.AssetCheckKey], data_docs: Path
) -> Iterator[dg.AssetCheckResult]:
    """What the expectations said of these loads together; only of events they held.

    Args:
        reports: of the loads.
        wanted: the checks Dagster asked for.
        data_docs: where Great Expectations' pages of loads are.
    """
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
    failures = [text for report in judged for text in _failures(report, expectation)]
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=check_name(expectation),
        passed=not failures,
        severity=dg.AssetCheckSeverity.ERROR,
        description="\n".join(failures) or None,
        metadata={
            "expectation": expectation.kind,
            **{name: str(value) for name, value in expectation.arguments.items()},
            "files": dg.MetadataValue.md("\n".join(f"- {report.file}" for report in judged)),
            "rows": sum(report.row_count for report in judged),
            "data docs": dg.MetadataValue.path(data_docs / judged[-1].load_id),
        },
    )


def check_name(expectation: Expectation) -> str:
    """`expect_column_values_to_not_be_null__model_a`; without a column, the kind alone."""
    column = expectation.arguments.get("column")
    return _snake(expectation.kind) + (f"__{column}" if column else "")


@cache
def _suites() -> dict[dg.AssetKey, list[Expectation]]:
    contracts = {
        dg.AssetKey([RAW, str(event_type)]): contract_suite(contract)
        for event_type, contract in CONTRACTS.items()
    }
    return contracts | {LOADS: load_suite(DEFAULT_BAD_SHARE)}


def _failures(report: LoadReport, expectation: Expectation) -> list[str]:
    """The report's sentences about this expectation."""
    start = beginning(expectation.kind, expectation.arguments)
    return [f"{report.file}: {text}" for text in report.failures if text.startswith(start)]


def _description(expectation: Expectation) -> str:
    arguments = ", ".join(f"{name} = {value}" for name, value in expectation.arguments.items())
    return f"{expectation.kind}({arguments})"


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
