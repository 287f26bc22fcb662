"""`demoscope ingest`: files through the gate into the log."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from ingestion.errors import DemoscopeError
from ingestion.paths import Home
from orchestration.cli.output import AS_JSON, print_json, progress, put, say


def ingest(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files of events.")],
    mapping: Annotated[
        str | None, typer.Option(help="Preset name or YAML file; none for native event files.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="Name of the source, part of each id.")] = None,
    max_bad_share: Annotated[
        float, typer.Option(min=0, max=1, help="Refuse the file above this share of bad rows.")
    ] = 0.2,
    is_dry: Annotated[
        bool, typer.Option("--dry-run", help="Read, check and report; write nothing.")
    ] = False,
    as_json: AS_JSON = False,
) -> None:
    """Bring files through the gate into the event log."""
    from expectations.gate import Gate
    from orchestration.dry_run import first_rows, notes_of
    from orchestration.load_report import GateRefusalError
    from orchestration.loading import load_file, try_file  # imports pyarrow and DuckDB

    home = Home.from_environment()
    bring = try_file if is_dry else load_file
    loads = []
    worst: DemoscopeError | None = None
    for path in paths:
        gate = Gate(max_bad_share=max_bad_share)
        try:
            with progress(path) as show:
                report = bring(
                    home, path, mapping=mapping, source_name=source, gate=gate, progress=show
                )
        except GateRefusalError as refused:
            report = refused.report
            worst = refused
            say(f"error: {refused}")
        except DemoscopeError as error:
            worst = error
            say(f"error: {error}")
            continue
        load = report.as_json()
        if is_dry:
            load |= {"status": "dry_run", "notes": [*load["notes"], *notes_of(home)]}
            load["first_rows"] = first_rows(path, mapping, source)
        loads.append(load)
        if not as_json:
            _summary(load)
    if as_json:
        print_json({"loads": loads})
    if worst is not None:
        raise typer.Exit(worst.exit_code)


def _summary(load: dict[str, Any]) -> None:
    """Rows, accepted, duplicates, quarantined by reason: what a person wants to know."""
    put(f"{load['file']}: {load['status'].replace('_', ' ')}")
    for label, name in (
        ("rows", "row_count"),
        ("held back" if load["status"] == "refused" else "accepted", "accepted_count"),
        ("duplicates", "duplicate_count"),
        ("quarantined", "quarantined_count"),
    ):
        put(f"  {label:<12} {load[name]:>12,}")
    for reason, count in load["quarantined_by_reason"].items():
        put(f"    {reason:<22} {count:>10,}")
    if load["set_aside_count"]:
        what = "(no events, or not what the mapping means)"
        put(f"  {'set aside':<12} {load['set_aside_count']:>12,}  {what}")
    for note in load["notes"]:
        put(f"  note: {note}")
    for row in load["examples"]:
        where = f"row {row['row_number']}: {row['reason']} in {row['column'] or 'the row'}"
        put(f"    {where}: {row['original']}")
    if load["status"] == "nothing_new":
        put("  Every row that the gate let through was in the log already.")
    if load["position"] is not None and load["status"] != "dry_run":
        put(f"  log position {load['position']}")
    for row in load.get("first_rows", []):
        put(f"  would be understood as: {json.dumps(row, default=str, ensure_ascii=False)}")
    if load["status"] == "dry_run":
        put("  nothing was written")
