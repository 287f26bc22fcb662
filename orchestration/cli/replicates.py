"""`demoscope replicates`: replicate weights for a statistician's own program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ingestion.paths import Home
from orchestration.cli.output import put, say


def replicates(
    out: Annotated[Path, typer.Option(help="File to write: .csv or .parquet.")],
    count: Annotated[int, typer.Option(min=2, max=2000, help="How many replicates.")] = 200,
) -> None:
    """Write replicate weights of the default scheme: a row per participant, so confidential."""
    from orchestration.replicate_export import replicates as made
    from orchestration.replicate_export import stopped, write_replicates

    home = Home.from_environment()
    table = made(home, count)
    write_replicates(table, out)
    put(f"{out}: {table.num_rows:,} participants, {count} replicates")
    if told := stopped(home):
        say(f"warning: without countries whose answers are not understood ({told}).")
    say("A row is a person: keep the file like the vault. docs/weighting.md says how to use it.")
