"""The evidence finds the spread that the skills were drawn with."""

import numpy as np
import pytest

from ratings.counts import PairCounts
from ratings.draw_margin import HIGHEST, LOWEST, fit_prior_sd
from ratings.posterior import Prior
from tests.ratings.simulation import model_ids, simulate

BETA = 25.0 / 6.0


def recovered(battles: int, sd: float, seeds: int) -> tuple[np.ndarray, np.ndarray]:
    """Estimated over realised spread of the skills, and margins."""
    ratio, margin = [], []
    for seed in range(seeds):
        study = simulate(seed, size=28, battles=battles, sd=sd, margin=3.0)
        posterior = fit_prior_sd(study.counts)
        assert posterior.converged
        ratio.append(posterior.prior.sd / np.sqrt((study.centred**2).sum() / 27))
        margin.append(posterior.draw_margin)
    return np.array(ratio), np.array(margin)


@pytest.mark.parametrize("sd", [2.0, 8.0])
def test_spread_and_margin_come_out_and_tighten(sd: float) -> None:
    spread = []
    for battles in (500, 3000, 100_000):
        ratio, margin = recovered(battles, sd, 8)
        assert abs(ratio.mean() - 1.0) < 4 * ratio.std(ddof=1) / np.sqrt(8) + 0.02
        assert abs(margin.mean() - 3.0) < 4 * margin.std(ddof=1) / np.sqrt(8)
        spread.append(np.log(ratio).std() + np.log(margin).std())
    assert spread[0] > spread[1] > spread[2]
    assert spread[2] < 0.04


@pytest.mark.parametrize(
    "rows",
    [
        ([0, 0, 0], [0, 0, 0], [0, 0, 0]),
        ([1, 0, 0], [0, 0, 0], [0, 0, 0]),
        ([50, 50, 50], [0, 0, 0], [0, 0, 0]),
        ([0, 0, 0], [0, 0, 0], [50, 50, 50]),
        ([1e6, 1e6, 0], [0, 0, 1e6], [0, 0, 0]),
        ([20, 20, 20], [20, 20, 20], [5, 5, 5]),
    ],
)
def test_it_never_crashes_and_says_when_there_is_no_peak(rows: tuple[list[float], ...]) -> None:
    counts = PairCounts.from_indices(
        model_ids(3), np.array([0, 0, 1]), np.array([1, 2, 2]), *np.array(rows, dtype=float)
    )
    posterior = fit_prior_sd(counts)
    assert np.isfinite(posterior.mean).all()
    assert LOWEST * BETA * 0.99 <= posterior.prior.sd <= HIGHEST * BETA * 1.01
    if rows[0] == [20, 20, 20]:
        # Three models that nothing tells apart: the evidence has no peak.
        assert posterior.prior.sd < LOWEST * BETA * 1.01


def test_it_is_the_maximum_of_the_evidence() -> None:
    counts = simulate(3, size=12, battles=800).counts
    best = fit_prior_sd(counts)
    from ratings.draw_margin import fit_draw_margin

    for factor in (0.5, 0.9, 0.99, 1.01, 1.1, 2.0):
        other = fit_draw_margin(counts, Prior(sd=best.prior.sd * factor))
        assert other.log_evidence < best.log_evidence
