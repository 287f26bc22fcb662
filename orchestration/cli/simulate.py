"""`demoscope simulate`: a study whose truth is known, as files to ingest.

What stays out: the simulation (ingestion/simulation).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.output import print_json, progress, say

app = typer.Typer()


@app.command()
def simulate(
    participants: Annotated[int, typer.Option(min=1, help="How many people take part.")] = 24_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed, the same bytes.")] = 1,
    out: Annotated[Path, typer.Option(help="Directory to write to.")] = Path("simulated"),
    effects: Annotated[
        float, typer.Option(min=0, help="Scale of demographic effects; 0 for none.")
    ] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Write a simulated study whose truth is known."""
    from ingestion.simulation.parameters import Parameters  # imports numpy
    from ingestion.simulation.study import simulate as run

    parameters = Parameters(participants=participants, seed=seed, effects=effects)
    with progress("Simulating") as show:
        summary = run(parameters, out, progress=lambda done, _whole: show(done))
    if as_json:
        print_json({"files": [str(path) for path in summary.files]})
        return
    for path in summary.files:
        print(path)  # noqa: T201 (the command's output)
    say(f"The truth is in {out / 'truth.json'}. Load the rest: demoscope ingest {out}/*.jsonl")
