"""Simulation-based calibration: do intervals cover the truth as often as they say?

`python -m tests.ratings.calibration --studies 200 --out docs` writes calibration.md and
calibration.svg, and leaves the part of `tests.worlds` as it is; a small run of it is a test. Every
study is simulated from a known truth and rated blind; one row per (scenario, method).
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ratings.counts import CellCounts, PairCounts, ParticipantCounts
from ratings.draw_margin import equal_skill_margin, fit_draw_margin
from ratings.expectation_propagation import fit
from ratings.hierarchical import fit_hierarchical
from ratings.posterior import Posterior
from ratings.sandwich import sandwich
from ratings.skewness import corrected, corrected_hierarchy
from tests.ratings.simulation import (
    NOISE_SD,
    PRIOR_SD,
    Study,
    count,
    margin_for,
    outcome_of,
    simulate,
    simulate_panel,
    simulate_society,
)
from tests.worlds.page import block_of

Truth = NDArray[np.float64]
Scenario = Callable[[int], Iterator[tuple[str, Posterior, Truth]]]


@dataclass(frozen=True)
class Row:
    """Coverage of 95% intervals of centred skills, its standard error over studies, mean z^2."""

    scenario: str
    method: str
    studies: int
    coverage: float
    error: float
    mean_square: float


def ordinary(battles: int, share: float, sd: float = PRIOR_SD) -> Scenario:
    """Flat boards at a share of ties, with the matched margin and with TrueSkill's formula."""

    def scenario(seed: int) -> Iterator[tuple[str, Posterior, Truth]]:
        study = simulate(seed, size=28, battles=battles, margin=margin_for(share, sd), sd=sd)
        counts = study.counts
        yield "matched margin", corrected(fit_draw_margin(counts), counts), study.centred
        naive = equal_skill_margin(counts.tie_share)
        yield "TrueSkill's margin", fit(counts, draw_margin=naive), study.centred
        if sd != PRIOR_SD:
            best = corrected(fit_draw_margin(counts, is_spread_learnt=True), counts)
            yield "matched margin, prior from evidence", best, study.centred

    return scenario


def adaptive(seed: int) -> Iterator[tuple[str, Posterior, Truth]]:
    """Ten batches; each pairs models whose order the posterior knows least."""
    rng = np.random.default_rng(seed)
    size, batch = 28, 200
    skill = rng.normal(0.0, PRIOR_SD, size)
    rows, columns = np.triu_indices(size, 1)
    a, b, outcome = (np.empty(0, dtype=np.int64) for _ in range(3))
    counts = count(size, a, b, outcome)
    for _ in range(10):
        posterior = fit(counts, draw_margin=2.0)
        c = posterior.covariance
        sd = np.sqrt(c[rows, rows] + c[columns, columns] - 2 * c[rows, columns])
        doubt = np.exp(-0.5 * ((posterior.mean[rows] - posterior.mean[columns]) / sd) ** 2) * sd
        chosen = rng.choice(rows.size, batch, p=doubt / doubt.sum())
        d = skill[rows[chosen]] - skill[columns[chosen]] + rng.normal(0.0, NOISE_SD, batch)
        a, b = np.append(a, rows[chosen]), np.append(b, columns[chosen])
        outcome = np.append(outcome, outcome_of(d, 2.0))
        counts = count(size, a, b, outcome)
    yield "matched margin", corrected(fit_draw_margin(counts), counts), Study(skill, counts).centred


def panel(raters: int, each: int) -> Scenario:
    """Weights of coefficient of variation 1 and repeat raters."""

    def scenario(seed: int) -> Iterator[tuple[str, Posterior, Truth]]:
        study = simulate_panel(seed, raters=raters, each=each)
        people = ParticipantCounts.from_arrow(study.table)
        posterior = fit_draw_margin(people.counts)
        truth = study.skill - study.skill.mean()
        clustered = sandwich(posterior, people).interval_covariance
        yield "participant-clustered", posterior.with_covariance(clustered), truth
        yield "model's own", posterior, truth

    return scenario


def society(seed: int) -> Iterator[tuple[str, Posterior, Truth]]:
    """Groups that differ, sampled out of proportion: population skills."""
    study = simulate_society(seed)
    counts = CellCounts.from_arrow(study.table, study.axes)
    truth = study.population - study.population.mean()
    fitted = corrected_hierarchy(fit_hierarchical(counts), counts)
    yield "hierarchical", fitted.board(study.shares), truth
    pooled: PairCounts = counts.pooled
    yield "pooled, unweighted", fit_draw_margin(pooled), truth


SCENARIOS: dict[str, Scenario] = {
    "10% ties, 500 battles": ordinary(500, 0.10),
    "10% ties, 30,000 battles": ordinary(30_000, 0.10),
    "65% ties, 500 battles": ordinary(500, 0.65),
    "65% ties, 30,000 battles": ordinary(30_000, 0.65),
    "skills closer than the prior, 3,000 battles": ordinary(3000, 0.30, 2.5),
    "adaptive pairing, 2,000 battles": adaptive,
    "weights, 500 raters x 6": panel(500, 6),
    "weights, 100 raters x 60": panel(100, 60),
    "groups that differ, 12,000 battles": society,
}


def run(scenarios: dict[str, Scenario], studies: int) -> list[Row]:
    """Coverage of every method in every scenario over ``studies`` simulated studies."""
    rows = []
    for name, scenario in scenarios.items():
        covered: dict[str, list[float]] = {}
        squares: dict[str, list[float]] = {}
        for seed in range(studies):
            for method, posterior, truth in scenario(seed):
                z = (posterior.skill - truth) / posterior.skill_sd
                covered.setdefault(method, []).append(float((np.abs(z) < 1.96).mean()))
                squares.setdefault(method, []).append(float((z**2).mean()))
        for method, shares in covered.items():
            error = float(np.std(shares) / np.sqrt(studies))
            mean_square = float(np.mean(squares[method]))
            rows.append(Row(name, method, studies, float(np.mean(shares)), error, mean_square))
    return rows


def as_markdown(rows: list[Row]) -> str:
    """The table for docs/."""
    lines = [
        "# Calibration",
        "",
        "Do 95% intervals hold the true skill 95% of the time? `make calibrate` simulates",
        f"{rows[0].studies} studies a scenario and writes this page. **Coverage** is the share of",
        "true skills inside their 95% intervals, and **error** is its standard error.",
        "**Mean z^2** is the mean squared error in units of the stated variance: 1 is right,",
        "more is overconfident.",
        "",
        "| scenario | method | coverage | error | mean z^2 |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.scenario} | {r.method} | {r.coverage:.3f} | {r.error:.3f} | {r.mean_square:.2f} |"
        for r in rows
    ]
    return "\n".join([*lines, "", "![coverage](calibration.svg)", ""])


def as_svg(rows: list[Row]) -> str:
    """Dot plot of coverage from 0 to 1, with the line at 0.95."""
    step, left, width = 22, 470, 360
    height = step * (len(rows) + 2)
    line = left + 0.95 * width
    size = f'width="{left + width + 30}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">',
        f'<path d="M{line} 10V{height - 25}" stroke="#999" stroke-dasharray="4 3"/>',
    ]
    for k, row in enumerate(rows):
        y = step * (k + 1)
        x, wide = left + row.coverage * width, 1.96 * row.error * width
        parts.append(f'<text x="8" y="{y + 4}">{row.scenario}: {row.method}</text>')
        parts.append(f'<path d="M{x - wide:.1f} {y}H{x + wide:.1f}" stroke="#1f5fa8"/>')
        parts.append(f'<circle cx="{x:.1f}" cy="{y}" r="4" fill="#1f5fa8"/>')
    for tick in (0.0, 0.5, 0.95):
        x = left + tick * width
        parts.append(f'<text x="{x}" y="{height - 8}" text-anchor="middle">{tick}</text>')
    return "\n".join([*parts, "</svg>", ""])


def main(arguments: list[str] | None = None) -> None:
    """Run all scenarios and write both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--out", type=Path, default=Path("docs"))
    options = parser.parse_args(arguments)
    rows = run(SCENARIOS, options.studies)
    options.out.mkdir(parents=True, exist_ok=True)
    page = options.out / "calibration.md"
    text = as_markdown(rows)
    if page.exists() and (kept := block_of(page.read_text(encoding="utf-8"))):
        text += f"\n{kept}\n"
    page.write_text(text, encoding="utf-8")
    (options.out / "calibration.svg").write_text(as_svg(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
