"""`demoscope queue`: which battles to hold next, as a table, JSON or CSV, or as scheduled events.

What stays out: choosing and scheduling them (orchestration/queueing.py).
"""

from __future__ import annotations

import csv
import sys
from typing import Annotated, Any

import typer

from ingestion.errors import UsageError
from ingestion.paths import Home
from orchestration.cli.leaderboard import Format
from orchestration.cli.output import print_json, say

app = typer.Typer()
EVERYBODY = "all"


@app.command()
def queue(
    stratum: Annotated[
        str | None,
        typer.Option(help="Whose board gains and who judges; the population's where not given."),
    ] = None,
    dimension: Annotated[str, typer.Option(help="What is to be judged.")] = "overall",
    batch: Annotated[
        int | None, typer.Option(min=1, max=100_000, help="How many; the policy says otherwise.")
    ] = None,
    policy: Annotated[
        str | None, typer.Option(help="name or name@version; the study's default if not given.")
    ] = None,
    participant: Annotated[
        str | None,
        typer.Option(
            help="Who is asked, by the source's id, or by key without --source: by their stratum,"
            " and no pair they have met."
        ),
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="The study's source; needed by --participant, --schedule.")
    ] = None,
    schedule: Annotated[
        bool, typer.Option("--schedule", help="Write the proposals into the log as events.")
    ] = False,
    output: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TABLE,
) -> None:
    """Show which battles to hold next."""
    from orchestration import asked_battles, queueing  # imports duckdb, numba
    from orchestration.dbt_runs import PROJECT_DIRECTORY
    from ratings.tables.planning import POPULATION, Wanted

    is_key = participant is not None and asked_battles.is_pseudonym(participant)
    if source is None and (schedule or (participant is not None and not is_key)):
        message = "A participant's id, and an event, belong to a source."
        raise UsageError(message, remedy="Add --source NAME.")
    home = Home.from_environment()
    chosen = queueing.find_policy(PROJECT_DIRECTORY, policy)
    start = queueing.read_start(home.ratings, dimension)
    board, judge = stratum or POPULATION, None
    seen: frozenset[frozenset[str]] = frozenset()
    if participant is not None:
        key = participant if source is None else asked_battles.key_of(home, source, participant)
        seen = asked_battles.pairs_met(home, key) if key else seen
        if stratum is None:
            judge = queueing.part_of(home, start, key, chosen) if key else None
            board = POPULATION if judge else EVERYBODY
            if judge is None:
                say(
                    f"Their {chosen.population_axis} is not known; what teaches most about {board}:"
                )
    awaited = asked_battles.battles_awaited(home, dimension, chosen.awaited_battles)
    size = batch or chosen.batch_size
    wanted = Wanted(board, dimension, size, participant, seen, judge, awaited)
    proposals = queueing.next_battles(start, wanted, chosen)
    if awaited:
        say(f"{len(awaited):,} scheduled battles are awaited, and count as if they were judged.")
    if board != POPULATION and queueing.is_unheard(start, board, dimension):
        say(f"Nobody in {board} has judged {dimension} yet; to the prior all models are alike.")
    if len(proposals) < wanted.size:
        say(f"There are no more than {len(proposals)} pairs to ask for.")
    if schedule and source is not None:
        report = queueing.schedule(home, proposals, source, participant)
        say(
            f"Scheduled {report.accepted_count:,} battles, {report.duplicate_count:,} were"
            f" already; log position {report.position}"
        )
    _print(proposals, board, chosen.pairing.policy, output)


def _print(proposals: list[dict[str, Any]], board: str, policy: str, output: Format) -> None:
    rows = [{"stratum": row["stratum_id"], **row} for row in proposals]
    for row in rows:
        del row["stratum_id"], row["board"]
    if output is Format.JSON:
        print_json({"board": board, "policy": policy, "rows": rows})
    elif output is Format.CSV:
        writer = csv.DictWriter(sys.stdout, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        _print_table(rows, board)


def _print_table(rows: list[dict[str, Any]], board: str) -> None:
    from rich.console import Console
    from rich.table import Table

    first = rows[0]
    title = f"Next battles on {first['dimension']}, for the board of {board}"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("place", justify="right")
    for name in ("stratum", "left", "right"):
        table.add_column(name, no_wrap=True)
    for name in ("gain", "propensity"):
        table.add_column(name, justify="right")
    table.add_column("", style="dim")
    for row in rows:
        table.add_row(
            str(row["place"]),
            row["stratum"],
            row["model_a"],
            row["model_b"],
            f"{row['expected_gain']:.4f}",
            f"{row['propensity']:.6f}",
            "random" if row["is_random"] else "",
        )
    console = Console(width=None if sys.stdout.isatty() else 110)
    console.print(table)
    note = f"policy {first['policy']}@{first['policy_version']}; gain in nats, given those above"
    console.print(note, style="dim", highlight=False)
