"""`demoscope leaderboard`: one leaderboard as a table, JSON or CSV.

What stays out: building it (orchestration/building.py), which an `--as-of` nobody has asked for
before does first.
"""

from __future__ import annotations

import csv
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingestion.paths import Home
from orchestration.cli.output import print_json, say

if TYPE_CHECKING:
    from publishing.boards.store import Board

app = typer.Typer()


class Format(StrEnum):
    """How a leaderboard is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@app.command()
def leaderboard(
    dimension: Annotated[
        str | None, typer.Option(help="What was judged; `overall` where not given.")
    ] = None,
    stratum: Annotated[
        str, typer.Option(help="all, US, UK, US/age/18-34, UK/politics/Labour, ...")
    ] = "all",
    estimator: Annotated[str, typer.Option(help="How skills are estimated.")] = "trueskill_ep",
    weighting: Annotated[
        str | None, typer.Option(help="none, or a scheme; the census where not given.")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(help="Log position, time or board id; the last build if not given."),
    ] = None,
    valid_until: Annotated[
        str | None, typer.Option(help="ISO time: what happened later does not count.")
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TABLE,
) -> None:
    """Show a leaderboard."""
    show_board(
        _board(Home.from_environment(), as_of, valid_until),
        dimension=dimension,
        stratum=stratum,
        estimator=estimator,
        weighting=weighting,
        output=output,
    )


def show_board(
    board: Board,
    *,
    dimension: str | None = None,
    stratum: str = "all",
    estimator: str = "trueskill_ep",
    weighting: str | None = None,
    output: Format = Format.TABLE,
) -> None:
    """Print one leaderboard of a board."""
    from publishing.boards.view import leaderboard as view  # imports pyarrow

    head, rows = view(
        board, dimension=dimension, stratum=stratum, estimator=estimator, weighting=weighting
    )
    if output is Format.JSON:
        print_json({"board": head, "rows": rows})
    elif output is Format.CSV:
        writer = csv.DictWriter(sys.stdout, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        _print_table(head, rows)


def _board(home: Home, as_of: str | None, valid_until: str | None) -> Board:
    from publishing.boards import store

    if as_of is None and valid_until is None:
        return store.current(home.boards)
    from ingestion.log import EventLog
    from orchestration.dbt_runs import PROJECT_DIRECTORY
    from publishing.boards.as_of import named_board, resolve
    from publishing.boards.designs import design_hash
    from publishing.boards.inputs import wanted_subject, with_changes

    if as_of is not None and valid_until is None:
        named = named_board(home.boards, as_of)
        if named is not None:
            return named
    log = EventLog.open(home.log)
    cut = resolve(home.boards, log, as_of, valid_until)
    wanted = wanted_subject(log, cut, design_hash(PROJECT_DIRECTORY), with_changes(()))
    found = store.find(home.boards, wanted)
    if found is not None:
        return found
    from orchestration.building import build

    say(f"No board as of {cut} is kept; building it ...")
    return build(home, as_of=as_of or cut.log_position, valid_until=valid_until)


def _print_table(head: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=head["title"], title_justify="left", box=None, pad_edge=False)
    table.add_column("rank", justify="right")
    table.add_column("range", justify="center", style="dim")
    table.add_column("model", no_wrap=True)
    for name in ("skill", "95% interval", "P(best)", "win share", "battles"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            str(row["rank"]),
            f"{row['rank_lo']}-{row['rank_hi']}",
            row["model_id"] + (" *" if row["is_provisional"] else ""),
            f"{row['skill']:+.2f}",
            f"{row['skill_lo']:+.2f} to {row['skill_hi']:+.2f}",
            f"{row['p_best']:.3f}",
            f"{row['winshare']:.3f}",
            f"{row['battle_count']:,}",
        )
    console = Console(width=None if sys.stdout.isatty() else 110)
    console.print(table)
    notes = [f"board {head['board_id'][:12]} as of log position {head['log_position']}"]
    if head["valid_until"]:
        notes.append(f"without what happened after {head['valid_until']}")
    if any(row["is_provisional"] for row in rows):
        notes.append("* provisional: too few battles, or too wide an interval")
    if rows[0].get("component_count", 1) > 1:
        notes.append(
            "models fall into groups never compared; ranks across groups rest on the prior"
        )
    console.print("; ".join(notes), style="dim", highlight=False)
