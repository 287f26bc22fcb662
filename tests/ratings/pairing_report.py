"""The pairing study as a page: `python -m tests.ratings.pairing_report --studies 36 --out docs`.

It writes pairing.md and pairing.svg.
"""

import argparse
from pathlib import Path

from orchestration.uncertainty_plot import Curve, Panel, plot
from tests.ratings.pairing_study import RANDOM, SCENARIOS, Row, run

COLUMNS = (
    "policy",
    "battles",
    "saving",
    "rank accuracy",
    "mean interval",
    "coverage",
    "when stopped",
)


def as_markdown(results: list[list[Row]]) -> str:
    """The tables for docs/, one per scenario."""
    lines = [
        "# What choosing battles saves",
        "",
        "Each pairing policy (a rule that picks the next battles) runs in simulated studies, batch",
        "by batch, until the widest 95% interval is as narrow as asked. `make pairing` writes this",
        "page. All figures are means over studies.",
        "",
        "- **battles**: how many the study took, with one standard error. `>` marks policies of",
        "  which a study was cut off before it got there.",
        "- **saving**: how many times as many battles random pairs take.",
        "- **rank accuracy** (Kendall's tau with the true order), **mean interval** and",
        "  **coverage** of 95% intervals: measured when each study has as many battles as",
        "  `information_gain` needed. They compare what is known for the same price.",
        "- **when stopped**: coverage at the point where each study stopped. Stopping must not",
        "  lower it.",
        "",
    ]
    for rows in results:
        scenario = rows[0].scenario
        base = next(row.battles for row in rows if row.policy == RANDOM)
        lines += [
            f"## {scenario.label}",
            "",
            f"{rows[0].studies} studies; width {scenario.width:g}, batches of {scenario.batch}.",
            "",
            f"| {' | '.join(COLUMNS)} |",
            "|---" * len(COLUMNS) + "|",
        ]
        lines += [
            f"| {r.policy} | {'> ' * r.is_cut_off}{r.battles:,.0f} \u00b1 {r.error:,.0f} "
            f"| {base / r.battles:.2f} | {r.accuracy:.3f} | {r.spread:.2f} "
            f"| {r.coverage:.3f} | {r.stopped:.3f} |"
            for r in rows
        ]
        lines.append("")
    return "\n".join([*lines, "![widest interval against battles](pairing.svg)", ""])


COLOURS = ("#1f5fa8", "#888888", "#c0392b", "#2e8b57", "#b8860b")


def as_svg(results: list[list[Row]]) -> str:
    """One panel per scenario: widest interval against battles, both on log scales."""
    panels = [
        Panel(
            rows[0].scenario.label,
            tuple(
                Curve(row.policy, row.curve, colour)
                for row, colour in zip(rows, COLOURS, strict=True)
            ),
            target=rows[0].scenario.width,
        )
        for rows in results
    ]
    return plot(panels, across="battles", up="widest 95% interval")


def main(arguments: list[str] | None = None) -> None:
    """Run all scenarios and write both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=36)
    parser.add_argument("--out", type=Path, default=Path("docs"))
    options = parser.parse_args(arguments)
    # A study of 100 models costs what four of 28 do.
    results = [run(one, max(options.studies * 28 // one.size, 2)) for one in SCENARIOS]
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "pairing.md").write_text(as_markdown(results), encoding="utf-8")
    (options.out / "pairing.svg").write_text(as_svg(results), encoding="utf-8")


if __name__ == "__main__":
    main()
