"""What a study costs by its size: `python -m tests.benchmarks.sizes [--rows N...] [--plot FILE]`.

People, models and battles of a simulated study are loaded and built, each by a process of its own:
first everything, where dbt reads its project for the first time too, then the boards alone.
The plot has CPU seconds against judgments; a slope of 1 would be twice the time for twice as many.
"""

import argparse
import math
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ingestion.simulation.parameters import Parameters
from ingestion.simulation.study import simulate
from orchestration.uncertainty_plot import Curve, Panel, plot
from tests.benchmarks.ingest import DIMENSIONS, measured

ROWS = (120_000, 1_000_000, 10_000_000)
LOADED = ("models.jsonl", "participants.jsonl", "battles.jsonl")
COLOURS = {"ingest": "#1f5fa8", "build": "#888888", "its boards alone": "#b35806"}


def cost(rows: int) -> tuple[float, float, float]:
    """CPU seconds of the loads of a study of so many judgments, of its build, and of its boards."""
    demoscope = [sys.executable, "-m", "orchestration.cli"]
    with tempfile.TemporaryDirectory() as directory:
        home, study = Path(directory, "home"), Path(directory, "study")
        judgments = simulate(Parameters(participants=rows // DIMENSIONS), study).counts
        print(f"{judgments['judgment_count']:,} judgments, {rows // DIMENSIONS:,} people")
        loads = [
            measured(f"  ingest {name}", [*demoscope, "ingest", str(study / name)], 0, home)
            for name in LOADED
        ]
        build = [*demoscope, "build"]
        whole = measured("  build", build, 0, home)
        return sum(loads), whole, measured("  boards", [*build, "--stage", "boards"], 0, home)


def slope(points: Sequence[tuple[int, float]]) -> float:
    """Of the logarithm of seconds against that of judgments, from the first point to the last."""
    (few, least), *_, (many, most) = points
    return math.log(most / least) / math.log(many / few)


def main(arguments: Sequence[str] = ()) -> None:
    """Every size, and the plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS)
    parser.add_argument("--plot", type=Path)
    chosen = parser.parse_args(arguments)
    costs = [(rows, *cost(rows)) for rows in chosen.rows]
    curves = []
    for place, (name, colour) in enumerate(COLOURS.items(), 1):
        points = tuple((one[0], one[place]) for one in costs)
        if len(points) > 1:
            print(f"slope of {name}: {slope(points):.2f}")
        curves.append(Curve(name, points, colour))
    if chosen.plot:
        panel = Panel("CPU seconds by judgments, two cores", tuple(curves))
        chosen.plot.write_text(plot([panel], across="judgments", up="CPU seconds"))


if __name__ == "__main__":
    main(sys.argv[1:])
