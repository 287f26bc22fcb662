"""`demoscope ingest`: files through the gate into the log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ingestion.errors import DemoscopeError
from ingestion.paths import Home
from orchestration.cli.output import AS_JSON, print_json, progress, put, say

if TYPE_CHECKING:
    from orchestration.load_report import LoadReport


def ingest(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files of events.")],
    mapping: Annotated[
        str | None, typer.Option(help="Preset name or YAML file; none for native event files.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="Name of the source, part of each id.")] = None,
    max_bad_share: Annotated[
        float, typer.Option(min=0, max=1, help="Refuse the file above this share of bad rows.")
    ] = 0.2,
    signature: Annotated[
        Path | None, typer.Option(help="The file's minisign signature; else FILE.minisig.")
    ] = None,
    across_sources: Annotated[
        bool,
        typer.Option("--across-sources", help="Let it speak for other sources, of their events."),
    ] = False,
    as_json: AS_JSON = False,
) -> None:
    """Bring files through the gate into the event log."""
    from expectations.gate import Gate, Permit
    from orchestration.load_report import GateRefusalError
    from orchestration.loading import load_file  # imports pyarrow and DuckDB

    home = Home.from_environment()
    permit = Permit(is_across=across_sources, signature=signature)
    loads = []
    worst: DemoscopeError | None = None
    for path in paths:
        gate = Gate(max_bad_share=max_bad_share, permit=permit)
        try:
            with progress(path) as show:
                report = load_file(
                    home,
                    path,
                    mapping=mapping,
                    source_name=source,
                    gate=gate,
                    progress=show,
                )
        except GateRefusalError as refused:
            report = refused.report
            worst = refused
            say(f"error: {refused}")
        except DemoscopeError as error:
            worst = error
            say(f"error: {error}")
            continue
        loads.append(report.as_json())
        if not as_json:
            _summary(report)
    if as_json:
        print_json({"loads": loads})
    if worst is not None:
        raise typer.Exit(worst.exit_code)


def _what_was_refused(report: LoadReport) -> None:
    """Examples of refused rows, and what can be done about them."""
    from ingestion.vocabulary import Refusal
    from orchestration.load_report import TWO_WAYS, example_line, remedies

    for row in report.examples:
        put(f"    {example_line(row)}")
    for remedy in remedies(report):
        put(f"    {remedy}")
    is_refused = report.status == "refused"
    if Refusal.CONFLICTING_DUPLICATE in report.quarantined_by_reason and not is_refused:
        put(f"  {TWO_WAYS}")


def _summary(report: LoadReport) -> None:
    """Rows, accepted, duplicates, quarantined by reason: what a person wants to know."""
    load = report.as_json()
    put(f"{report.file}: {report.status.replace('_', ' ')}")
    for label, name in (
        ("rows", "row_count"),
        ("held back" if report.status == "refused" else "accepted", "accepted_count"),
        ("duplicates", "duplicate_count"),
        ("quarantined", "quarantined_count"),
    ):
        put(f"  {label:<12} {load[name]:>12,}")
    for reason, count in load["quarantined_by_reason"].items():
        put(f"    {reason:<22} {count:>10,}")
    if load["set_aside_count"]:
        put(f"  {'set aside':<12} {load['set_aside_count']:>12,}  (records that are no events)")
    _what_was_refused(report)
    for warning in report.warnings:
        put(f"  warning: {warning}")
    if report.retracted_count:
        put(
            f"  {report.retracted_count:,} of the duplicates were retracted and stay so."
            " A mistaken load is taken back by `demoscope log undo`."
        )
    if report.status == "nothing_new":
        put("  Every row that the gate let through was in the log already.")
    if report.position is not None:
        put(f"  log position {report.position}")
