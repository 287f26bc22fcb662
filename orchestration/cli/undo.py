"""`demoscope log undo`: take back what a load brought."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ingestion.errors import UsageError
from ingestion.vocabulary import EventType
from orchestration.cli.output import AS_JSON, existing_home, print_json, put, say
from publishing.counted import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

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

    home = existing_home()
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
    if found.boards is None or found.renamed is None:
        put("  Nothing is built: which boards change is not known.")
        return
    if found.boards:
        put("  Boards of the last build that get fewer votes:")
        _list(
            f"{board['stratum_id']}, {board['dimension']}: {board['vote_count']:,} ->"
            f" {board['vote_count'] - board['lost_count']:,}"
            for board in found.boards
        )
    if found.renamed:
        others = f" and {len(found.names) - MOST_MODELS:,} more" * (len(found.names) > MOST_MODELS)
        put(f"  names that mean another model then: {', '.join(found.names[:MOST_MODELS])}{others}")
        put("  Boards of the last build with votes under these names, which change:")
        _list(
            f"{board['stratum_id']}, {board['dimension']}: {board['vote_count']:,} votes"
            for board in found.renamed
        )
    other = sorted(found.events.keys() - {EventType.BATTLE_JUDGED, EventType.MODEL_ALIASED})
    if other:
        put(f"  What else it brought ({', '.join(other)}) may change boards too: to see which,")
        put("  build afterwards and compare the releases (demoscope build, demoscope boards diff).")
    if not found.boards and not found.renamed and not other:
        put("  No board of the last build has votes of it.")


def _list(lines: Iterable[str]) -> None:
    every = list(lines)
    for line in every[:MOST_BOARDS]:
        put(f"    {line}")
    if len(every) > MOST_BOARDS:
        put(f"    and {len(every) - MOST_BOARDS:,} more")
