"""`demoscope build`: from the log to marts and a board.

What stays out: the build itself (orchestration/building.py).
"""

from __future__ import annotations

from typing import Annotated

import typer

from ingestion.paths import Home
from orchestration.cli.output import print_json, say

app = typer.Typer()
STEPS = {
    "transform": "Building state, strata and counts (dbt)",
    "rate": "Rating every tournament",
    "report": "Building reports (dbt)",
    "board": "Keeping the board",
}


@app.command()
def build(
    as_of: Annotated[
        str | None, typer.Option(help="Log position or ISO time; the head where not given.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Build every mart and the leaderboard from the log."""
    from orchestration.building import build as run_build  # imports dbt, numba

    home = Home.from_environment()
    board = run_build(home, as_of=as_of, step=lambda name: say(f"{STEPS[name]} ..."))
    if as_json:
        print_json({"board": {"board_id": board.board_id, **board.subject}})
    else:
        position = board.subject["log_position"]
        print(f"Board {board.board_id} as of log position {position}")  # noqa: T201
