"""What countries gain in one model, over simulations: `python -m tests.ratings.nations_report`."""

import sys

import numpy as np
from numpy.typing import NDArray

from ratings.countries import fit_countries
from ratings.hierarchical import fit_hierarchical
from ratings.posterior import Posterior
from ratings.skewness import corrected_hierarchy
from tests.ratings.nations import simulate_nations

STUDIES = 40
SCENARIOS = ((1.0, (400, 6000)), (1.0, (3000, 3000)), (0.0, (3000, 3000)))


def covered(board: Posterior, truth: NDArray[np.float64]) -> float:
    """Share of true skills inside the 95% intervals."""
    return float((np.abs(board.skill - (truth - truth.mean())) < 1.96 * board.skill_sd).mean())


def report(tau: float, battles: tuple[int, int]) -> str:
    """One scenario: coverage and sd per country, with and without the other, and tau_country."""
    found: dict[str, list[tuple[float, float, float]]] = {"UK": [], "US": []}
    spreads = []
    for seed in range(STUDIES):
        nations = simulate_nations(seed, tau=tau, battles=battles)
        fitted = fit_countries(nations.parts)
        spreads.append(fitted.tau_country)
        for name, rows in found.items():
            census = {effect: nations.census[name][effect] for effect in fitted.parts[name].effects}
            together = fitted.country(name).board(census)
            part = nations.parts[name]
            apart = corrected_hierarchy(fit_hierarchical(part), part).board(census)
            ratio = float(np.median(together.skill_sd) / np.median(apart.skill_sd))
            truth = nations.truth[name]
            rows.append((covered(together, truth), covered(apart, truth), ratio))
    lines = [f"tau_country {tau:g}, {STUDIES} studies"]
    for (name, rows), count in zip(found.items(), battles, strict=True):
        inside, before, ratio = np.mean(rows, axis=0)
        lines.append(
            f"  {name}, {count:,} battles: coverage {inside:.3f}, apart {before:.3f};"
            f" sd {ratio:.2f} of what it is apart"
        )
    value, low, high = np.array(spreads).T
    is_inside = (low <= tau) & (tau <= high)
    lines.append(
        f"  tau_country: mean {value.mean():.2f}, truth inside {is_inside.mean():.3f},"
        f" from 0 in {(low == 0.0).mean():.3f}, median upper end {np.median(high):.2f}"
    )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    for scenario in SCENARIOS:
        sys.stdout.write(report(*scenario))
