"""What a build costs with many models: `python -m tests.benchmarks.many_models [--models N...]`.

CPU seconds, seconds waited and peak memory, each step a process of its own; part of `make bench`
with 250 and 1,000 models. Cold means that no compiled code is kept from before. Two studies, both
of 120,000 judgments:

- votes: one question, and of a voter no more than an id, as a public arena's file is;
- panel: five questions, and people of two countries with HUMAINE's 22 groups.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ingestion.simulation.parameters import Model, Parameters
from ingestion.simulation.study import simulate
from tests.benchmarks.ingest import DIMENSIONS, measured

MODELS = (250, 1000)
JUDGMENTS = 120_000


@dataclass(frozen=True, kw_only=True)
class ManyModels(Parameters):
    """A simulated study of more models than the roster has."""

    model_count: int = 1000

    @property
    def models(self) -> tuple[Model, ...]:
        """Numbered ones."""
        return tuple(
            Model(f"model-{number:05}", f"Model {number:,}", "Nobody", "none")
            for number in range(self.model_count)
        )


def write_study(kind: str, models: int, directory: Path) -> list[str]:
    """Files to ingest: of votes the battles alone, of a panel everything."""
    if kind == "votes":
        parameters = ManyModels(
            participants=JUDGMENTS, tie_rates={"overall": 0.1}, model_count=models
        )
    else:
        parameters = ManyModels(participants=JUDGMENTS // DIMENSIONS, model_count=models)
    files = simulate(parameters, directory).files
    return [str(path) for path in (files[-1:] if kind == "votes" else files)]


def measure(kind: str, models: int) -> None:
    """From files to a page."""
    with tempfile.TemporaryDirectory() as directory:
        demoscope, home = [sys.executable, "-m", "orchestration.cli"], Path(directory) / "home"
        files = write_study(kind, models, Path(directory) / "study")
        cache = str(Path(directory) / "cache")
        run = partial(measured, rows=0, home=home, cache=cache)
        print(f"{kind}: {models:,} models, {JUDGMENTS:,} judgments", flush=True)
        run("  ingest", [*demoscope, "ingest", *files])
        run("  build, cold", [*demoscope, "build"])
        run("  build, warm", [*demoscope, "build"])
        run("  publish", [*demoscope, "publish"])
        run("  page", [*demoscope, "site", "build"])
        size = (home / "site" / "index.html").stat().st_size
        print(f"  page: {size / 1e6:,.1f} MB", flush=True)


def main(arguments: list[str]) -> None:
    """Every study with every number of models."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, nargs="+", default=MODELS)
    parser.add_argument("--study", nargs="+", choices=("votes", "panel"), default=("votes",))
    asked = parser.parse_args(arguments)
    for kind in asked.study:
        for models in asked.models:
            measure(kind, models)


if __name__ == "__main__":
    main(sys.argv[1:])
