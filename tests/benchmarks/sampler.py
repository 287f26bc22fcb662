"""The hierarchical fit beside a sampler of the same model: `python -m tests.benchmarks.sampler`.

A study small enough for the sampler to end in minutes. The error of its means is the posterior's sd
over the root of the effective draws, so it is held to as many as tests ask for. A fit has no such
error, but takes the posterior for Gaussian and tau for known.
"""

import numpy as np

from ratings.counts import CellCounts
from ratings.hierarchical import fit_hierarchical
from ratings.skewness import corrected_hierarchy
from tests.benchmarks.peers import run_peer
from tests.benchmarks.ratings import cpu, report
from tests.ratings.simulation import NOISE_SD, PRIOR_SD, simulate_society

# What the tests ask of a mean, in sd: tests/ratings/test_nuts.py.
ERROR = 0.03


def main() -> None:
    """One fit, one sampler."""
    society = simulate_society(0, battles=1_500, size=10, tau=(1.2, 0.5), groups=(3, 2), sd=3.0)
    counts = CellCounts.from_arrow(society.table, society.axes)
    ours = cpu(lambda: corrected_hierarchy(fit_hierarchical(counts), counts), 5)
    found = run_peer(
        "nuts",
        first=counts.first,
        second=counts.second,
        outcomes=counts.outcomes,
        blocks=np.pad(counts.cell_effects + 1, ((0, 0), (1, 0)))[counts.cell],
        axis=counts.axis_of_effect,
        share=np.array([society.shares[effect] for effect in counts.effects]),
        prior=PRIOR_SD,
        noise=NOISE_SD,
    )
    if found is None:
        return
    needed = ERROR**-2
    effective, seconds = found["effective_draws"], found["cpu"]
    board = corrected_hierarchy(fit_hierarchical(counts), counts).board(society.shares)
    gap = np.abs((board.skill - found["mean"]) / found["sd"]).max()
    spread = np.abs(board.skill_sd / found["sd"] - 1.0).max()
    name = "hierarchical, 10 models, 1,500 battles, 6 cells, tau and margin included"
    report(name, ours, "s", (f"NUTS, {effective:,.0f} effective of {found['draws']:,}", seconds))
    same = seconds * needed / effective
    report(
        f"  means within {ERROR} sd, {needed:,.0f} effective",
        ours,
        "s",
        ("NUTS, in proportion", same),
    )
    print(f"  boards: means within {gap:.2g} sd of each other, sds within {spread:.1%}", flush=True)


if __name__ == "__main__":
    main()
