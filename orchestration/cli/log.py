"""`demoscope log show|events|verify`: what the log holds, and whether it is whole.

What stays out: the log itself (ingestion/log).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingestion.errors import IntegrityError
from ingestion.paths import Home
from orchestration.cli.log_events import events
from orchestration.cli.output import print_json

if TYPE_CHECKING:
    from ingestion.log import Commit, EventLog

app = typer.Typer(no_args_is_help=True, help="Look into the event log and check that it is whole.")
app.command()(events)
AS_JSON = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def show(*, as_json: AS_JSON = False) -> None:
    """List the commits, oldest first."""
    commits = [_as_json(commit) for commit in _log().commits()]
    if as_json:
        print_json({"commits": commits})
        return
    from rich.console import Console  # only for people
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("seq", "recorded_at", "event_count", "event_types", "hash"):
        table.add_column(name, justify="right" if name in {"seq", "event_count"} else "left")
    for commit in commits:
        table.add_row(
            str(commit["seq"]),
            commit["recorded_at"],
            f"{commit['event_count']:,}",
            ", ".join(commit["event_types"]),
            commit["hash"][:12],
        )
    Console().print(table)


@app.command()
def verify(*, as_json: AS_JSON = False) -> None:
    """Check the chain of commits and every segment's hash; exit 5 where something is not whole."""
    verification = _log().verify()
    if as_json:
        print_json(
            {
                "is_whole": verification.is_ok,
                "commit_count": verification.commit_count,
                "event_count": verification.event_count,
                "head_hash": verification.head_hash,
                "findings": [str(finding) for finding in verification.findings],
                "notes": [str(note) for note in verification.notes],
            }
        )
    else:
        print(  # noqa: T201 (the command's output)
            f"{verification.commit_count:,} commits, {verification.event_count:,} events: "
            + ("whole" if verification.is_ok else "NOT whole")
        )
        for line in (*verification.findings, *verification.notes):
            print(f"  {line}")  # noqa: T201
    if not verification.is_ok:
        raise typer.Exit(IntegrityError.exit_code)


def _log() -> EventLog:
    from ingestion.log import EventLog  # imports pyarrow

    return EventLog.open(Home.from_environment().log)


def _as_json(commit: Commit) -> dict[str, Any]:
    return {
        "seq": commit.seq,
        "recorded_at": commit.recorded_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "batch_id": commit.batch_id,
        "event_count": commit.event_count,
        "hash": commit.hash,
        "event_types": sorted({str(segment.event_type) for segment in commit.segments}),
    }
