"""The draw margin: the equation it solves, what it recovers, and its two ends."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from ratings.counts import PairCounts
from ratings.draw_margin import CAP, FLOOR, equal_skill_margin, fit_draw_margin
from ratings.posterior import Posterior
from tests.ratings.simulation import NOISE_SD, margin_for, model_ids, simulate


def ties_expected(posterior: Posterior, counts: PairCounts) -> float:
    """sum over pairs of n * E[P(tie)], written out with scipy."""
    c = posterior.covariance
    i, j = counts.first, counts.second
    d = posterior.mean[i] - posterior.mean[j]
    spread = np.sqrt(c[i, i] + c[j, j] - 2 * c[i, j] + NOISE_SD**2)
    e = posterior.draw_margin
    p = norm.cdf((e - d) / spread) - norm.cdf((-e - d) / spread)
    return float((counts.outcomes.sum(axis=1) * p).sum())


@given(st.integers(0, 10**6), st.floats(0.05, 0.9), st.sampled_from([20, 300, 5000]))
@settings(max_examples=30)
def test_ties_expected_are_the_ties_seen(seed: int, share: float, battles: int) -> None:
    counts = simulate(seed, size=12, battles=battles, margin=margin_for(share)).counts
    posterior = fit_draw_margin(counts)
    ties = counts.tie.sum()
    if 0 < ties < battles:
        assert posterior.converged
        assert ties_expected(posterior, counts) == pytest.approx(ties, rel=1e-7)


@pytest.mark.parametrize("share", [0.1, 0.35, 0.65])
def test_the_true_margin_comes_out(share: float) -> None:
    margin = margin_for(share)
    found = [
        fit_draw_margin(simulate(seed, battles=20_000, margin=margin).counts).draw_margin
        for seed in range(12)
    ]
    error = np.std(found, ddof=1) / np.sqrt(len(found))
    # Few hundredths of a skill unit, and within four of its own standard errors.
    assert abs(np.mean(found) - margin) < 4 * error
    assert error < 0.05


def test_without_ties_the_floor_and_with_nothing_else_the_cap() -> None:
    battles = np.array([40.0, 30.0, 20.0])
    nothing = np.zeros(3)
    pairs = (model_ids(3), np.array([0, 0, 1]), np.array([1, 2, 2]))
    no_ties = fit_draw_margin(PairCounts.from_indices(*pairs, battles, battles, nothing))
    only_ties = fit_draw_margin(PairCounts.from_indices(*pairs, nothing, nothing, battles))
    assert no_ties.draw_margin == pytest.approx(FLOOR * NOISE_SD)
    assert only_ties.draw_margin == pytest.approx(CAP * NOISE_SD)
    for posterior in (no_ties, only_ties):
        assert posterior.converged
        np.testing.assert_allclose(posterior.skill, 0.0, atol=1e-6)


def test_no_battles_at_all() -> None:
    none = np.zeros(0)
    index = np.zeros(0, dtype=np.int64)
    posterior = fit_draw_margin(PairCounts.from_indices(model_ids(4), index, index, *[none] * 3))
    assert posterior.converged
    np.testing.assert_allclose(posterior.mean, 25.0)


@given(st.floats(1e-4, 0.999))
def test_the_equal_skill_margin_inverts_the_tie_share(share: float) -> None:
    margin = equal_skill_margin(share)
    assert 2 * norm.cdf(margin / NOISE_SD) - 1 == pytest.approx(share, rel=1e-9)
