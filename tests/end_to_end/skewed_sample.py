"""The picture of docs/weighting.md: a skewed sample, unweighted and weighted, beside its truth.

`make weighting-plot` writes it: the same bytes on every machine, for a board is. It prints the
README's share of true skills inside the 95% intervals.

What stays out: the test of the same (test_simulated_truth.py).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from ingestion.simulation.parameters import Parameters
from tests.end_to_end.truth import Row, board_and_truth, covers

STUDY = Parameters(seed=31)
STRATUM, DIMENSION = "US", "overall"
BOARDS = (("none", "unweighted", "#b5482a"), ("plus_politics", "weighted", "#1f5fa8"))
STEP, LEFT, WIDTH, TOP = 24, 170, 560, 46
TICKS = range(-9, 10, 3)
COVERED = (
    ("trueskill_ep", "none", "unweighted"),
    ("trueskill_ep", "plus_politics", "weighted to the census"),
    ("trueskill_hierarchical", "census", "census"),
)


def as_svg(rows: list[Row]) -> str:
    """Per model the interval of either board, and the truth as a line across both.

    Args:
        rows: of one stratum and dimension, by any estimator and weighting, with their truth.
    """
    boards = {
        weighting: {
            row["model_id"]: row
            for row in rows
            if (row["weighting"], row["estimator"]) == (weighting, "trueskill_ep")
        }
        for weighting, _, _ in BOARDS
    }
    models = sorted(boards["none"], key=lambda model: -boards["none"][model]["truth"])
    height = TOP + STEP * len(models) + 34
    size = f'width="{LEFT + WIDTH + 20}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">',
        f'<rect {size} fill="#fff"/>',
    ]
    for place, (weighting, label, colour) in enumerate(BOARDS):
        inside = sum(covers(row) for row in boards[weighting].values())
        text = f"{label}: the truth is inside {inside} of {len(models)} intervals"
        y = 16 + 16 * place
        parts.append(f'<path d="M8 {y - 4}h24" stroke="{colour}" stroke-width="3"/>')
        parts.append(f'<text x="40" y="{y}">{text}</text>')
    parts.append(f'<path d="M{LEFT + 300} 6v20" stroke="#111" stroke-width="2"/>')
    parts.append(f'<text x="{LEFT + 308}" y="20">true skill among adults ({STRATUM})</text>')
    for number, model in enumerate(models):
        y = TOP + STEP * number + 10
        truth = _x(boards["none"][model]["truth"])
        parts.append(f'<text x="8" y="{y + 4}">{model}</text>')
        for place, (weighting, _, colour) in enumerate(BOARDS):
            row = boards[weighting][model]
            low, high = _x(row["skill_lo_micro"] / 1e6), _x(row["skill_hi_micro"] / 1e6)
            line = f"M{low:.1f} {y - 4 + 8 * place}H{high:.1f}"
            parts.append(f'<path d="{line}" stroke="{colour}" stroke-width="3"/>')
        parts.append(f'<path d="M{truth:.1f} {y - 9}v18" stroke="#111" stroke-width="2"/>')
    parts += [f'<text x="{_x(tick):.0f}" y="{height - 10}">{tick:+d}</text>' for tick in TICKS]
    return "\n".join([*parts, "</svg>", ""])


def coverage(rows: list[Row]) -> list[str]:
    """Per kind of board of the US and the UK, the share of true skills inside its intervals."""
    lines = []
    for estimator, weighting, label in COVERED:
        inside = [
            covers(row)
            for row in rows
            if (row["estimator"], row["weighting"]) == (estimator, weighting)
            and row["stratum_id"] in {"US", "UK"}
        ]
        lines.append(f"{estimator}, {label}, US and UK: {sum(inside) / len(inside):.0%}")
    return lines


def _x(skill: float) -> float:
    return LEFT + WIDTH * (skill - TICKS[0]) / (TICKS[-1] - TICKS[0])


def main(arguments: list[str] | None = None) -> None:
    """Simulate, build, and write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs"))
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as directory:
        rows = board_and_truth(Path(directory), STUDY)
    chosen = [row for row in rows if (row["stratum_id"], row["dimension"]) == (STRATUM, DIMENSION)]
    (options.out / "weighting.svg").write_text(as_svg(chosen), encoding="utf-8")
    sys.stdout.write("\n".join([*coverage(rows), ""]))


if __name__ == "__main__":
    main()
