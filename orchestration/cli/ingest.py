"""`demoscope ingest`: files through the gate into the log."""

from __future__ import annotations

from typing import Annotated

import typer

from ingestion.errors import DemoscopeError
from ingestion.paths import Home
from orchestration.cli.output import print_json, progress, say

app = typer.Typer()


@app.command()
def ingest(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files of events.")],
    mapping: Annotated[
        str | None, typer.Option(help="Preset name or YAML file; none for native event files.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="Name of the source, part of each id.")] = None,
    max_bad_share: Annotated[
        float, typer.Option(min=0, max=1, help="Refuse the file above this share of bad rows.")
    ] = 0.2,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Bring files through the gate into the event log."""
    from expectations.gate import Gate
    from orchestration.load_report import GateRefusalError
    from orchestration.loading import load_file  # imports pyarrow and DuckDB

    home = Home.from_environment()
    loads = []
    worst: DemoscopeError | None = None
    for path in paths:
        try:
            with progress(path) as show:
                report = load_file(
                    home,
                    path,
                    mapping=mapping,
                    source_name=source,
                    gate=Gate(max_bad_share=max_bad_share),
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
        loads.append(report)
        if not as_json:
            _summary(report.as_json())
    if as_json:
        print_json({"loads": [report.as_json() for report in loads]})
    if worst is not None:
        raise typer.Exit(worst.exit_code)


def _summary(load: dict[str, object]) -> None:
    """Rows, accepted, duplicates, quarantined by reason: what a person wants to know."""
    reasons = load["quarantined_by_reason"]
    print(f"{load['file']}: {str(load['status']).replace('_', ' ')}")  # noqa: T201 (the command's output)
    for label, name in (
        ("rows", "row_count"),
        ("held back" if load["status"] == "refused" else "accepted", "accepted_count"),
        ("duplicates", "duplicate_count"),
        ("quarantined", "quarantined_count"),
    ):
        print(f"  {label:<12} {load[name]:>12,}")  # noqa: T201
    if isinstance(reasons, dict):
        for reason, count in reasons.items():
            print(f"    {reason:<22} {count:>10,}")  # noqa: T201
    if load["set_aside_count"]:
        print(f"  {'set aside':<12} {load['set_aside_count']:>12,}  (records that are no events)")  # noqa: T201
    examples = load["examples"]
    if isinstance(examples, list):
        for row in examples:
            where = f"row {row['row_number']}: {row['reason']} in {row['column'] or 'the row'}"
            print(f"    {where}: {row['original']}")  # noqa: T201
    if load["status"] == "nothing_new":
        print("  Every row that the gate let through was in the log already.")  # noqa: T201
    if load["position"] is not None:
        print(f"  log position {load['position']}")  # noqa: T201
