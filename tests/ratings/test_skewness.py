"""Corrections of skewed posteriors: against exact integrals, copy by copy, and in corners."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import norm

from ratings.counts import CellCounts, PairCounts
from ratings.expectation_propagation import fit
from ratings.hierarchical import TAU_FLOOR, fit_hierarchical
from ratings.posterior import Posterior, Prior
from ratings.skewness import corrected, corrected_hierarchy
from tests.ratings.simulation import PRIOR_SD, model_ids, simulate, simulate_society
from tests.ratings.test_expectation_propagation import (
    CORNERS,
    counts_of_three,
    exact_three,
    log_likelihood,
)

Array = NDArray[np.float64]


def spread(posterior: Posterior, i: int, j: int) -> float:
    c = posterior.covariance
    return float(np.sqrt(c[i, i] + c[j, j] - 2 * c[i, j]))


@pytest.mark.parametrize(("wins", "within"), [(2, 0.01), (5, 0.01), (30, 0.02), (1000, 0.05)])
@pytest.mark.parametrize("margin", [0.5, 6.0])
def test_a_model_that_only_wins_is_known_as_well_as_the_exact_integral_says(
    wins: int, within: float, margin: float
) -> None:
    one = np.array([float(wins), 0.0, 0.0])
    counts = PairCounts.from_indices(
        model_ids(2), np.array([0]), np.array([1]), one[:1], one[1:2], one[2:]
    )
    d = np.linspace(-100, 150, 250_001)
    p = norm.logpdf(d, 0, np.sqrt(2) * PRIOR_SD) + log_likelihood(d, one, margin)
    p = np.exp(p - p.max())
    p /= p.sum()
    mean = float((p * d).sum())
    sd = float(np.sqrt((p * (d - mean) ** 2).sum()))
    before = fit(counts, draw_margin=margin)
    after = corrected(before, counts)
    assert spread(after, 0, 1) == pytest.approx(sd, rel=within)
    assert after.mean[0] - after.mean[1] == pytest.approx(mean, abs=0.02 * sd)
    assert abs(spread(after, 0, 1) - sd) < 0.15 * abs(spread(before, 0, 1) - sd)


@pytest.mark.parametrize("last", [[0, 3, 0], [0, 40, 0], [0, 40, 1], [1, 0, 0]])
def test_three_models_agree_with_exact_integration(last: list[float]) -> None:
    counts = counts_of_three([[6, 3, 1], [last[1], last[0], last[2]], [last[1], last[0], last[2]]])
    after = corrected(fit(counts, draw_margin=2.0), counts)
    mean, covariance, _ = exact_three(counts, 2.0)
    for k in range(2):
        sd = float(np.sqrt(covariance[k, k]))
        assert spread(after, k, 2) == pytest.approx(sd, rel=0.025)
        assert after.mean[k] - after.mean[2] == pytest.approx(mean[k], abs=0.02 * sd)
    between = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    assert spread(after, 0, 1) == pytest.approx(np.sqrt(between), rel=0.01)


def exact_star(spokes: int, wins: int, margin: float) -> tuple[Array, Array]:
    """Mean and sd of the centred skills (hub, spoke) where a hub always won and spokes never met.

    Given the hub's skill the spokes are independent of each other, so one grid is enough.
    """
    axis = np.linspace(-60, 80, 1401)
    prior = norm.logpdf(axis, 0, PRIOR_SD)
    one = np.array([float(wins), 0.0, 0.0])
    joint = prior + log_likelihood(axis[:, None] - axis, one, margin)
    top = joint.max(axis=1)
    p = np.exp(joint - top[:, None])
    mass = p.sum(axis=1)
    m = (p * axis).sum(axis=1) / mass
    v = (p * axis**2).sum(axis=1) / mass - m**2
    log_hub = prior + spokes * (top + np.log(mass))
    hub = np.exp(log_hub - log_hub.max())
    hub /= hub.sum()
    size = spokes + 1.0
    # Centred: own share less everybody's mean; means and variances given the hub.
    means = np.stack(((axis - m) * spokes, m - axis)) / size
    inner = np.stack((spokes * v, v * (spokes**2 + spokes - 1.0))) / size**2
    mean = (hub * means).sum(axis=1)
    return mean, np.sqrt((hub * (means**2 + inner)).sum(axis=1) - mean**2)


@pytest.mark.parametrize(
    ("wins", "of_mean", "of_sd"), [(1, 0.01, 0.01), (5, 0.03, 0.03), (50, 0.1, 0.08)]
)
def test_a_hub_that_beats_all_spokes(wins: int, of_mean: float, of_sd: float) -> None:
    """The hardest case known: nothing but the prior holds any of these models."""
    spokes = 4
    counts = PairCounts.from_indices(
        model_ids(spokes + 1), np.zeros(spokes, dtype=np.int64), np.arange(1, spokes + 1),
        np.full(spokes, float(wins)), np.zeros(spokes), np.zeros(spokes),
    )  # fmt: skip
    mean, sd = exact_star(spokes, wins, 2.0)
    after = corrected(fit(counts, draw_margin=2.0), counts)
    assert (np.abs(after.skill[:2] - mean) / sd).max() < of_mean
    assert np.abs(after.skill_sd[:2] / sd - 1).max() < of_sd


def copies(posterior: Posterior, counts: PairCounts) -> tuple[Array, Array]:
    """Every battle by itself: its difference (K, M), and its third and fourth cumulant (K, 2)."""
    nodes, weights = np.polynomial.legendre.leggauss(300)
    rows, cumulants = [], []
    for p, (i, j) in enumerate(zip(counts.first, counts.second, strict=True)):
        a = np.zeros(len(counts.model_ids))
        a[i], a[j] = 1.0, -1.0
        mean, variance = a @ posterior.mean, spread(posterior, i, j) ** 2
        for outcome in np.flatnonzero(counts.outcomes[p]):
            precision, shift = posterior.sites[:, p, outcome]
            cavity = 1.0 / (1.0 / variance - precision)
            centre = cavity * (mean / variance - shift)
            d = mean + 12 * np.sqrt(variance) * nodes
            likelihood = log_likelihood(d, np.eye(3)[outcome], posterior.draw_margin)
            p_d = weights * norm.pdf(d, centre, np.sqrt(cavity)) * np.exp(likelihood)
            p_d /= p_d.sum()
            gap = d - (p_d * d).sum()
            second, third, fourth = ((p_d * gap**k).sum() for k in (2, 3, 4))
            assert second == pytest.approx(variance, rel=1e-6)
            own = (third / variance**3, (fourth - 3 * second**2) / variance**4)
            for _ in range(int(counts.outcomes[p, outcome])):
                rows.append(a)
                cumulants.append(own)
    return np.array(rows), np.array(cumulants)


def test_the_correction_is_the_sum_over_distinct_battles() -> None:
    counts = simulate(3, size=4, battles=14).counts
    before = fit(counts, draw_margin=2.0)
    after = corrected(before, counts)
    rows, cumulants = copies(before, counts)
    third, fourth = cumulants.T
    between = rows @ before.covariance @ rows.T
    loads = before.covariance @ rows.T
    change, pull = np.zeros((4, 4)), np.zeros(4)
    every = range(len(rows))
    for k in every:
        for m in every:
            if m == k:
                continue
            both = third[k] * third[m] * between[k, m] ** 2 / 2
            change += both * np.outer(loads[:, k], loads[:, m])
            pull += fourth[k] * third[m] * between[k, m] ** 3 / 6 * loads[:, k]
            for n in every:
                if n not in {k, m}:
                    inner = third[m] * third[n] * between[m, n] ** 2 / 2
                    inner *= between[k, m] * between[k, n]
                    pull += third[k] / 2 * inner * loads[:, k]
    # A row or two that hardly matter are left out.
    np.testing.assert_allclose(after.covariance - before.covariance, change, atol=0.02)
    move = before.covariance @ np.linalg.solve(before.covariance + change, pull)
    np.testing.assert_allclose(after.mean - before.mean, move, atol=0.002)
    assert np.abs(change).max() > 1.0
    assert np.abs(move).max() > 0.02


def test_where_nothing_is_skewed_the_posterior_stays_as_it_is() -> None:
    counts = simulate(1, size=10, battles=3000, sd=3.0).counts
    posterior = fit(counts, draw_margin=2.0)
    assert corrected(posterior, counts) is posterior
    assert posterior.fitted is posterior
    society = simulate_society(1, battles=3000, size=6, sd=3.0)
    cells = CellCounts.from_arrow(society.table, society.axes)
    hierarchy = fit_hierarchical(cells)
    assert corrected_hierarchy(hierarchy, cells) is hierarchy


def test_one_battle_is_exact_already() -> None:
    counts = counts_of_three([[1, 0, 0], [0, 0, 0], [0, 0, 0]])
    before = fit(counts, draw_margin=2.0)
    after = corrected(before, counts)
    np.testing.assert_allclose(after.mean, before.mean, atol=1e-9)
    np.testing.assert_allclose(after.covariance, before.covariance, atol=1e-9)


@given(st.integers(0, 10**6), st.integers(2, 8), st.integers(0, 60))
@settings(max_examples=30, deadline=None)
def test_swapping_all_battles_mirrors_the_skills(seed: int, size: int, battles: int) -> None:
    counts = simulate(seed, size=size, battles=battles).counts
    mirrored = PairCounts.from_indices(
        counts.model_ids, counts.first, counts.second,
        counts.win_second, counts.win_first, counts.tie,
    )  # fmt: skip
    there = corrected(fit(counts, draw_margin=2.0), counts)
    back = corrected(fit(mirrored, draw_margin=2.0), mirrored)
    np.testing.assert_allclose(there.skill, -back.skill, atol=1e-7)
    np.testing.assert_allclose(there.covariance, back.covariance, atol=1e-6)


@given(st.integers(0, 10**6), st.integers(2, 6), st.integers(1, 60))
@settings(max_examples=30, deadline=None)
def test_a_model_nobody_has_seen_changes_nothing(seed: int, size: int, battles: int) -> None:
    counts = simulate(seed, size=size, battles=battles).counts
    more = PairCounts.from_indices(
        (*counts.model_ids, "zz"), counts.first, counts.second,
        counts.win_first, counts.win_second, counts.tie,
    )  # fmt: skip
    alone = corrected(fit(counts, draw_margin=2.0), counts)
    beside = corrected(fit(more, draw_margin=2.0), more)
    np.testing.assert_allclose(beside.skill[:-1], alone.skill, atol=1e-7)
    np.testing.assert_allclose(beside.skill_sd[:-1], alone.skill_sd, atol=1e-7)
    assert beside.mean[-1] == pytest.approx(25.0, abs=1e-9)
    assert beside.covariance[-1, -1] == pytest.approx(PRIOR_SD**2, rel=1e-9)


@pytest.mark.parametrize("margin", [1e-5, 0.5, 3.0, 29.0])
@pytest.mark.parametrize("name", CORNERS)
def test_corners_give_a_covariance(name: str, margin: float) -> None:
    counts = counts_of_three(CORNERS[name])
    for prior_sd in (0.05, PRIOR_SD, 400.0):
        after = corrected(fit(counts, draw_margin=margin, prior=Prior(sd=prior_sd)), counts)
        assert np.isfinite(after.mean).all()
        assert (np.linalg.eigvalsh(after.covariance) > 0).all()
        np.testing.assert_array_equal(after.covariance, after.covariance.T)


def test_groups_that_do_not_differ_are_corrected_as_the_flat_board_is() -> None:
    society = simulate_society(3, battles=500, size=5, tau=(0.0, 0.0), groups=(3, 2))
    counts = CellCounts.from_arrow(society.table, society.axes)
    floor = np.full(2, TAU_FLOOR)
    hierarchy = fit_hierarchical(counts, tau=floor, draw_margin=3.0)
    board = corrected_hierarchy(hierarchy, counts).board(society.shares)
    flat = fit(counts.pooled, draw_margin=3.0)
    after = corrected(flat, counts.pooled)
    assert after.skill_sd.max() > 1.1 * flat.skill_sd.max()
    np.testing.assert_allclose(board.skill, after.skill, atol=0.02)
    np.testing.assert_allclose(board.skill_sd, after.skill_sd, rtol=0.01)


def test_the_order_of_rows_changes_no_bit() -> None:
    society = simulate_society(3, battles=500, size=5, tau=(1.2, 0.5), groups=(3, 2))
    turned = society.table.take(np.random.default_rng(0).permutation(500))
    one, other = (CellCounts.from_arrow(some, society.axes) for some in (society.table, turned))
    there = corrected_hierarchy(fit_hierarchical(one), one)
    again = corrected_hierarchy(fit_hierarchical(other), other)
    np.testing.assert_array_equal(there.mean, again.mean)
    np.testing.assert_array_equal(there.covariance, again.covariance)
