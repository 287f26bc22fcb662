"""`demoscope log undo`: take back what a load brought."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ingestion.errors import UsageError
from ingestion.paths import Home
from orchestration.cli.output import AS_JSON, print_json, put, say
from publishing.counted import counted

if TYPE_CHECKING:
    from orchestration.undoing import Undo

MOST_BOARDS = 10
MOST_MODELS = 12


def undo(
    load: Annotated[
        str,
        typer.Argument(
            metavar="LOAD_ID|COMMIT",
            help="A load's id, or a log position or hash of `demoscope log show`.",
        ),
    ],
    *,
    reason: Annotated[str, typer.Option(help="Why; kept in the log.")] = "The load was a mistake.",
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    as_json: AS_JSON = False,
) -> None:
    """Take back what a load brought: retract each of its events that still counts.

    History keeps both. The same file, or a corrected one, can be loaded afterwards.
    """
    from orchestration.undoing import find_undo
    from orchestration.undoing import undo as undo_load

    home = Home.from_environment()
    found = find_undo(home, load)
    document = found.as_json()
    if not len(found.targets):
        if as_json:
            print_json({**document, "status": "nothing_to_undo"})
        else:
            put(f"Commit {found.commit.seq}: nothing to undo. None of its events counts any more.")
        return
    if not as_json:
        _show(found)
    if not yes:
        if as_json or not sys.stdin.isatty():
            message = f"This would retract {counted(len(found.targets), 'event')}."
            raise UsageError(message, remedy="Add --yes to do it.")
        typer.confirm("Take them back?", abort=True)
    report = undo_load(home, found, reason)
    if as_json:
        print_json({**document, "status": "undone", "log_position": report.position})
        return
    retracted = counted(report.accepted_count, "event")
    put(f"Undone: {retracted} retracted, log position {report.position}")
    say("Build again for boards without them: demoscope build")


def _show(found: Undo) -> None:
    put(f"Commit {found.commit.seq}, recorded {found.commit.recorded_text}, brought")
    for kind, count in found.events.items():
        put(f"  {kind:<24} {count:>12,}")
    models = found.models
    if models:
        others = f" and {len(models) - MOST_MODELS:,} more" if len(models) > MOST_MODELS else ""
        put(f"  models: {', '.join(models[:MOST_MODELS])}{others}")
    for dimension, count in found.votes.items():
        put(f"  votes in dimension {dimension}: {count:,}")
    if found.boards is None:
        put("  Nothing is built: which boards get fewer votes is not known.")
        return
    if not found.boards:
        put("  No board of the last build has votes of it.")
        return
    put("  Boards of the last build that get fewer votes:")
    for board in found.boards[:MOST_BOARDS]:
        before, after = board["vote_count"], board["vote_count"] - board["lost_count"]
        put(f"    {board['stratum_id']}, {board['dimension']}: {before:,} -> {after:,}")
    if len(found.boards) > MOST_BOARDS:
        put(f"    and {len(found.boards) - MOST_BOARDS:,} more")
