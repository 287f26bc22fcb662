"""`demoscope log events`: find events by what a person knows, to correct, retract or follow them.

What stays out: the search (orchestration/event_search.py).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from ingestion.errors import NotFoundError, UsageError
from ingestion.paths import Home
from orchestration.cli.output import print_json, say
from publishing.counted import counted

ENVELOPE = ("position", "commit_seq", "recorded_at", "event_type", "event_id")
NOT_SHOWN = {*ENVELOPE, "schema_version"}


def events(
    source: Annotated[str | None, typer.Option(help="Name of the source.")] = None,
    native_id: Annotated[
        list[str] | None, typer.Option(help="The source's own id; once per part of a composite id.")
    ] = None,
    participant_id: Annotated[str | None, typer.Option(help="The source's own id.")] = None,
    event_id: Annotated[str | None, typer.Option(help="Id in the log, or its beginning.")] = None,
    event_type: Annotated[str | None, typer.Option(help="battle_judged, ...")] = None,
    dimension: Annotated[str | None, typer.Option(help="What was judged.")] = None,
    model: Annotated[
        list[str] | None, typer.Option(help="A model that takes part; repeatable.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Find events and what is about them: their ids, positions and content."""
    from ingestion.vocabulary import EventType
    from orchestration.event_search import Search, find_events

    try:
        kind = None if event_type is None else EventType(event_type)
    except ValueError as error:
        known = ", ".join(sorted(EventType))
        message = f"There is no event type {event_type!r}."
        raise UsageError(message, remedy=f"There are: {known}.") from error
    search = Search(
        source=source,
        native_id=tuple(native_id or ()),
        participant_id=participant_id,
        event_id=event_id,
        event_type=kind,
        dimension=dimension,
        models=tuple(model or ()),
    )
    found = [_plain(row) for row in find_events(Home.from_environment(), search, limit=limit)]
    if as_json:
        print_json({"events": found})
    elif not found:
        raise NotFoundError("No such event is in the log.")
    else:
        for row in found:
            _print(row)
        if len(found) >= limit:
            say(f"{counted(limit, 'event')} at most; --limit shows more.")


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Values as JSON has them, the envelope first, nulls left out."""
    ordered = {name: row[name] for name in ENVELOPE} | row
    return {
        name: value.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if isinstance(value, datetime) else value
        for name, value in ordered.items()
        if value is not None
    }


def _print(row: dict[str, Any]) -> None:
    content = ", ".join(f"{name} {row[name]}" for name in row if name not in NOT_SHOWN)
    print(f"{row['event_id']}  {row['event_type']}")  # noqa: T201 (the command's output)
    print(f"    position {row['position']}, log position {row['commit_seq']}; {content}")  # noqa: T201
