"""`demoscope build`: from the log to marts and a board.

What stays out: the build itself (orchestration/building.py).
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from ingestion.errors import BusyError
from ingestion.paths import Home
from orchestration.cli.output import print_json, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestration.dbt_results import DbtWarning

app = typer.Typer()
STEPS = {
    "transform": "Building state, strata and counts (dbt)",
    "rate": "Rating every tournament",
    "verify": "Checking the log",
    "report": "Building reports (dbt)",
    "board": "Keeping the board",
}
UNCOMPARED = """
select model_id from dim_model
where is_registered and not has_battled and not is_retired
order by model_id
"""


@app.command()
def build(
    as_of: Annotated[
        str | None,
        typer.Option(help="Log position, time or board id: what was known. The head if not given."),
    ] = None,
    valid_until: Annotated[
        str | None, typer.Option(help="ISO time: what happened later does not count.")
    ] = None,
    parameter: Annotated[
        list[str] | None, typer.Option(help="name=value: a parameter of the ratings; repeatable.")
    ] = None,
    estimate_hyperparameters: Annotated[
        bool,
        typer.Option(
            "--estimate-hyperparameters",
            help="Let the evidence choose the prior's spread per dimension.",
        ),
    ] = False,
    pool_countries: Annotated[
        bool,
        typer.Option(
            "--pool-countries",
            help="One trueskill_hierarchical over all countries: each borrows from the rest.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Build every mart and the leaderboard from the log."""
    from orchestration.building import build as run_build  # imports dbt, numba
    from publishing.boards.inputs import cut_of, with_changes

    home = Home.from_environment()
    chosen = ["estimate_prior_sd=true"] if estimate_hyperparameters else []
    chosen += ["pool_countries=true"] if pool_countries else []
    warnings: list[DbtWarning] = []
    board = run_build(
        home,
        as_of=as_of,
        valid_until=valid_until,
        parameters=with_changes([*(parameter or ()), *chosen]),
        step=lambda name: say(f"{STEPS[name]} ..."),
        warn=warnings.append,
    )
    say_warnings(warnings, home)
    _warn(home, board.subject["log_position"])
    if as_of is None and valid_until is None:
        _name_the_uncompared(home)
    if as_json:
        print_json({"board": {"board_id": board.board_id, **board.subject}})
    else:
        print(f"Board {board.board_id} as of {cut_of(board.subject)}")  # noqa: T201


def say_warnings(warnings: Sequence[DbtWarning], home: Home) -> None:
    """What dbt's tests warn of, on stderr, and where the SQL lies that selects the rows."""
    for warning in warnings:
        say(f"warning: {warning}")
    compiled = home.root / "dbt" / "target" / "compiled"
    if warnings and compiled.exists():
        say(f"The SQL that selects the rows lies under {compiled}, by the names of the tests.")


def _warn(home: Home, position: int) -> None:
    """A mistyped target does nothing, which nobody would notice."""
    from ingestion.log import EventLog
    from orchestration.event_search import unmatched_targets

    count = unmatched_targets(EventLog.open(home.log), position)
    if count:
        say(f"warning: {count:,} events are corrected or retracted that are not in the log.")


def _name_the_uncompared(home: Home) -> None:
    """Whoever registered a model and does not find it on a board wonders why."""
    from orchestration.mart_rows import mart_rows

    # The board is made; that somebody else has the database open by now is no failure.
    with suppress(BusyError):
        models = [row["model_id"] for row in mart_rows(home, UNCOMPARED)]
        if models:
            say(
                f"note: registered, but on no board, as nobody compared them: {', '.join(models)}."
                " demoscope queue proposes battles."
            )
