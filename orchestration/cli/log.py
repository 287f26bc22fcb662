"""`demoscope log show|verify`: what the log holds, and whether it is whole.

What stays out: the log itself (ingestion/log), and the other `log` commands (a file each).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingestion.errors import IntegrityError
from ingestion.paths import Home
from orchestration.cli.log_compact import compact
from orchestration.cli.log_erase import erase
from orchestration.cli.log_events import events
from orchestration.cli.log_export import export
from orchestration.cli.log_proofs import (
    CHECKPOINT,
    PUBLIC_KEY,
    checkpoint,
    held_checkpoint,
    prove,
    verify_proof,
)
from orchestration.cli.output import print_json
from publishing.counted import counted

if TYPE_CHECKING:
    from ingestion.log import Commit, EventLog

app = typer.Typer(no_args_is_help=True, help="Look into the event log and check that it is whole.")
app.command()(events)
app.command()(checkpoint)
app.command()(prove)
app.command("verify-proof")(verify_proof)
app.command()(export)
app.command()(compact)
app.command()(erase)
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
def verify(
    *,
    checkpoint: CHECKPOINT = None,
    public_key: PUBLIC_KEY = None,
    as_json: AS_JSON = False,
) -> None:
    """Check every commit, segment and row; with a checkpoint also that it is the same log.

    Exit code 5 where something is not whole.
    """
    home = Home.from_environment()
    held = None if checkpoint is None else held_checkpoint(home, checkpoint, public_key)
    verification = _log().verify(held)
    if as_json:
        print_json(
            {
                "is_whole": verification.is_ok,
                "commit_count": verification.commit_count,
                "event_count": verification.event_count,
                "erased_event_count": verification.redacted_count,
                "head_hash": verification.head_hash,
                "checkpoint_commit_count": None if held is None else held.size,
                "findings": [str(finding) for finding in verification.findings],
                "notes": [str(note) for note in verification.notes],
            }
        )
    else:
        erased = verification.redacted_count
        print(  # noqa: T201 (the command's output)
            f"{counted(verification.commit_count, 'commit')},"
            f" {counted(verification.event_count, 'event')}: "
            + ("whole" if verification.is_ok else "NOT whole")
            + (f", {erased:,} of them erased" if erased else "")
            + (
                ""
                if held is None
                else f", compared with a checkpoint of {counted(held.size, 'commit')}"
            )
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
        "compacted_file_count": len(commit.compacted),
        "redacted_file_count": len(commit.redacted),
    }
