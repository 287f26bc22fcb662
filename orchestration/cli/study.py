"""`demoscope study`: the whole main job on a bundled study.

What stays out: each step (orchestration/studies.py, loading.py, building.py).
"""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ingestion.paths import Home
from orchestration.cli.build import STEPS, say_warnings
from orchestration.cli.leaderboard import Format, show_board
from orchestration.cli.output import progress, say

if TYPE_CHECKING:
    from pathlib import Path

    from orchestration.dbt_results import DbtWarning
    from publishing.boards.store import Board

app = typer.Typer()


@app.command()
def study(
    name: Annotated[str, typer.Argument(help="simulated or arena.")] = "simulated",
    participants: Annotated[int, typer.Option(min=1, help="Size of the simulated study.")] = 24_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulated study.")] = 1,
) -> None:
    """Ingest a bundled study, build, show its leaderboard and make the page."""
    from orchestration.building import build
    from orchestration.loading import load_file
    from orchestration.studies import study_files
    from publishing.page.building import build_site
    from publishing.publications.publication import publish

    home = Home.from_environment()
    for file in study_files(home, name, participants=participants, seed=seed, say=say):
        with progress(file.path.name) as show:
            report = load_file(home, str(file.path), mapping=file.mapping, progress=show)
        say(
            f"{file.path.name}: {report.accepted_count:,} accepted, "
            f"{report.duplicate_count:,} duplicates, {report.quarantined_count:,} quarantined"
        )
    warnings: list[DbtWarning] = []
    board = build(home, step=lambda step: say(f"{STEPS[step]} ..."), warn=warnings.append)
    say_warnings(warnings, home)
    show_board(board, output=Format.TABLE)
    publish(home)
    say_where(home, board, build_site(home, home.site, say))


def say_where(home: Home, board: Board, page: Path) -> None:
    """Say where the results are and what to try next."""
    command = "demoscope" if shutil.which("demoscope") else sys.argv[0]
    strata = board.rows().column("stratum_id").unique().to_pylist()
    stratum = max(strata, key=lambda name: (name.count("/"), name))
    say("")
    say(f"Page       {page}")
    say(f"Tables     {home.marts / 'current'}")
    say(f"Database   {home.database}")
    say(f"Boards     {home.boards}")
    say(f"Try        {command} leaderboard --stratum '{stratum}' --format json")
    say("Dagster    make ui")
