"""`demoscope mapping`: a first mapping for a file, drafted from its first rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ingestion.errors import UsageError
from ingestion.vocabulary import EventType
from orchestration.cli.output import AS_JSON, print_json, put_file, say
from publishing.meant import did_you_mean

if TYPE_CHECKING:
    from ingestion.drafting.draft import Draft

app = typer.Typer(add_completion=False, no_args_is_help=True)
UNUSED_SHOWN = 20
INCOMPLETE = 1


@app.callback()
def about_mappings() -> None:
    """Draft a mapping: what the columns of a file mean."""


@app.command()
def init(
    path: Annotated[str, typer.Argument(metavar="FILE", help="CSV, JSONL or Parquet.")],
    event: Annotated[
        EventType | None, typer.Option(help="What a row is; seen from the columns if not given.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="Name of the source; the file's own if not given.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Zone of times that name none.")
    ] = None,
    out: Annotated[
        str | None, typer.Option(metavar="FILE", help="Where to write it; - for stdout.")
    ] = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the mapping there.")] = False,
    as_json: AS_JSON = False,
) -> None:
    """Write a first mapping for a file, and say what was guessed and what is to be filled in."""
    from ingestion.drafting.draft import draft_mapping
    from ingestion.sources.files import inspect_file
    from ingestion.sources.mapping import check_source

    if timezone is not None:
        _require_zone(timezone)
    if source is not None:
        check_source(source)
    target = out or f"{Path(path).name.split('.')[0] or 'mapping'}.yml"
    if target != "-" and Path(target).exists() and not force:
        raise UsageError(f"{target} is there already.", remedy="Use --out FILE, or --force.")
    draft = draft_mapping(inspect_file(path), event=event, source=source, zone=timezone)
    if target != "-":
        Path(target).write_text(draft.text, encoding="utf-8")
    elif not as_json:
        put_file(draft.text)
    if as_json:
        print_json(_document(draft, target))
    else:
        _say(draft, path, target)
    if not draft.is_whole:
        raise typer.Exit(INCOMPLETE)


def _require_zone(name: str) -> None:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        meant = did_you_mean(name, available_timezones())
        remedy = f"{meant}Write UTC or, say, Europe/Berlin."
        raise UsageError(f"There is no time zone {name!r}.", remedy=remedy) from error


def _document(draft: Draft, target: str) -> dict[str, object]:
    trial = draft.trial
    return {
        "file": None if target == "-" else target,
        "event": draft.event,
        "preset": draft.preset,
        "mapping": draft.text,
        "is_complete": draft.is_whole,
        "row_count": draft.sample.row_count,
        "guesses": [
            {"column": name, "from": yaml, "why": why} for name, yaml, why in draft.guesses
        ],
        "to_check": draft.checks,
        "to_fill_in": draft.gaps,
        "unused": draft.unused,
        "understood_count": None if trial is None else trial.understood_count,
        "refused": [] if trial is None else list(trial.examples.values()),
    }


def _say(draft: Draft, path: str, target: str) -> None:
    sample = draft.sample
    mark = "" if sample.delimiter is None else f", columns parted by {sample.delimiter!r}"
    say(
        f"{path}: {sample.format}{mark}; of {draft.event}, seen from the first "
        f"{sample.row_count:,} rows"
    )
    if draft.preset is not None:
        say(f"Its columns are those of the preset {draft.preset}, of which this is a copy.")
    else:
        for name, yaml, why in draft.guesses:
            say(f"  {name:<16} {yaml}  ({why})")
    if draft.unused:
        more = len(draft.unused) - UNUSED_SHOWN
        rest = f" and {more} more" if more > 0 else ""
        say(f"not used: {', '.join(draft.unused[:UNUSED_SHOWN])}{rest}")
    _listed("to check:", draft.checks)
    _listed("to fill in:", draft.gaps)
    if draft.trial is not None:
        trial = draft.trial
        say(
            f"tried on these rows: {trial.understood_count:,} understood, "
            f"{trial.refused_count:,} refused"
        )
        for line in trial.examples.values():
            say(f"  {line}")
    if target != "-":
        say(f"wrote {target}")
        then = "Then" if draft.is_whole else f"Fill in what is missing in {target}, then"
        say(f"{then} try it: demoscope ingest --dry-run {path} --mapping {_as_path(target)}")


def _as_path(target: str) -> str:
    """A path that is taken for one, and not for the name of a preset."""
    return target if "/" in target or target.endswith((".yml", ".yaml")) else f"./{target}"


def _listed(heading: str, lines: list[str]) -> None:
    if lines:
        say(heading)
    for line in lines:
        say(f"  - {line}")
