"""Clustered intervals under weights and repeat raters: coverage, and a refit jackknife."""

import numpy as np
import pyarrow as pa
import pytest
import scipy.stats

from ratings.counts import InvalidCountsError, ParticipantCounts
from ratings.draw_margin import fit_draw_margin
from ratings.expectation_propagation import fit
from ratings.sandwich import design_effect, sandwich
from tests.ratings.simulation import PRIOR_SD, simulate_panel


def coverage(raters: int, each: int, seeds: int) -> tuple[float, float]:
    """Shares of skills covered by the model's own intervals and by the sandwich's."""
    own, clustered = [], []
    for seed in range(seeds):
        panel = simulate_panel(seed, raters=raters, each=each)
        people = ParticipantCounts.from_arrow(panel.table)
        posterior = fit_draw_margin(people.counts)
        error = np.abs(posterior.skill - (panel.skill - panel.skill.mean()))
        wide = posterior.with_covariance(sandwich(posterior, people).interval_covariance)
        own.append((error < 1.96 * posterior.skill_sd).mean())
        clustered.append((error < 1.96 * wide.skill_sd).mean())
    return float(np.mean(own)), float(np.mean(clustered))


def test_five_hundred_raters_of_six_battles_are_covered() -> None:
    own, clustered = coverage(500, 6, 120)
    assert 0.93 <= clustered <= 0.97
    assert own < 0.88  # what ignoring weights and raters would claim


def test_the_interval_is_the_variance_as_student_has_it() -> None:
    panel = simulate_panel(3, raters=30, each=40, size=6)
    people = ParticipantCounts.from_arrow(panel.table)
    posterior = fit(people.counts, draw_margin=3.0)
    got = sandwich(posterior, people)
    # Weights of CV 1 make thirty raters worth about half of that.
    assert 5 < got.degrees_of_freedom < 25
    quantile = scipy.stats.t.ppf(0.975, got.degrees_of_freedom) / scipy.stats.norm.ppf(0.975)
    expected = quantile**2 * got.sampling + got.prior
    np.testing.assert_allclose(got.interval_covariance, expected, rtol=1e-10)


def test_degrees_of_freedom_are_about_the_raters_who_say_something() -> None:
    freedom = {}
    for raters, cv in ((60, 0.0), (60, 1.0), (240, 0.0)):
        known = []
        for seed in range(10):
            panel = simulate_panel(seed, raters=raters, each=40, cv=cv, size=4)
            people = ParticipantCounts.from_arrow(panel.table)
            posterior = fit(people.counts, draw_margin=3.0)
            known.append(sandwich(posterior, people).degrees_of_freedom)
        freedom[raters, cv] = np.mean(known)
    assert 30 < freedom[60, 0.0] < 66
    assert freedom[60, 1.0] < 0.7 * freedom[60, 0.0]  # large weights make a few raters of many
    assert 2 < freedom[240, 0.0] / freedom[60, 0.0] < 6


@pytest.mark.slow
@pytest.mark.parametrize(
    ("raters", "each", "low"), [(500, 6, 0.94), (100, 60, 0.94), (30, 60, 0.93)]
)
def test_coverage_over_many_studies(raters: int, each: int, low: float) -> None:
    _, clustered = coverage(raters, each, 400)
    assert low <= clustered <= 0.96


def test_a_hundred_raters_of_sixty_battles_are_covered() -> None:
    own, clustered = coverage(100, 60, 120)
    assert 0.93 <= clustered <= 0.97
    assert own < 0.85


def test_it_is_the_jackknife_over_participants() -> None:
    panel = simulate_panel(1, raters=40, each=30, size=6)
    people = ParticipantCounts.from_arrow(panel.table)
    full = fit(people.counts, draw_margin=3.0)
    moved = []
    for name in sorted(set(panel.table.column("participant_id").to_pylist())):
        rest = panel.table.filter(pa.compute.not_equal(panel.table.column("participant_id"), name))
        left = fit(ParticipantCounts.from_arrow(rest).counts, draw_margin=3.0)
        moved.append(left.mean - full.mean)
    jackknife = 39 / 40 * np.array(moved).T @ np.array(moved)
    jackknife += full.covariance @ full.covariance / PRIOR_SD**2
    ours = np.sqrt(np.diag(sandwich(full, people).covariance))
    np.testing.assert_allclose(ours, np.sqrt(np.diag(jackknife)), rtol=0.03)


def test_independent_unweighted_raters_need_no_sandwich() -> None:
    ratios = []
    for seed in range(6):
        panel = simulate_panel(seed, raters=6000, each=1, cv=0.0, taste=0.0, size=10)
        people = ParticipantCounts.from_arrow(panel.table)
        posterior = fit_draw_margin(people.counts)
        ratios.append(design_effect(posterior, sandwich(posterior, people).covariance))
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.05)


def test_rows_in_any_order_and_split_in_any_way_give_the_same_bits() -> None:
    table = simulate_panel(2, raters=30, each=8, size=5).table
    names = ["participant_id", "model_b", "model_a", "win_b_count", "win_a_count", "tie_count"]
    order = np.random.default_rng(0).permutation(table.num_rows)
    turned = table.take(order).select(names)
    turned = turned.rename_columns(table.column_names)
    covariances = []
    for rows in (table, turned):
        people = ParticipantCounts.from_arrow(rows)
        got = sandwich(fit(people.counts, draw_margin=3.0), people)
        covariances.append(got.interval_covariance)
    np.testing.assert_array_equal(covariances[0], covariances[1])


def test_participants_are_summed_and_counted() -> None:
    panel = simulate_panel(4, raters=25, each=7, size=5)
    people = ParticipantCounts.from_arrow(panel.table)
    frame = panel.table.to_pandas()
    frame["weight"] = frame.win_a_count + frame.win_b_count + frame.tie_count
    weights = frame.groupby("participant_id").weight.sum().sort_index()
    np.testing.assert_allclose(people.weights, weights)
    assert people.participant_count == 25
    kish = weights.sum() ** 2 / (weights**2).sum()
    assert people.effective_participant_count == pytest.approx(kish)
    assert ParticipantCounts.from_arrow(panel.table[:0]).effective_participant_count == 0.0


def test_corners_and_refusals() -> None:
    panel = simulate_panel(5, raters=1, each=9, size=4)
    people = ParticipantCounts.from_arrow(panel.table)
    posterior = fit(people.counts, draw_margin=3.0)
    alone = sandwich(posterior, people).interval_covariance
    assert (np.diag(alone) >= np.diag(posterior.covariance)).all()
    other = ParticipantCounts.from_arrow(simulate_panel(6, raters=5, each=9, size=6).table)
    with pytest.raises(ValueError, match="not fitted"):
        sandwich(posterior, other)
    frame = panel.table.to_pandas()
    frame.loc[3, "tie_count"] = -0.5
    with pytest.raises(InvalidCountsError, match=r"row 3: tie_count is -0\.5"):
        ParticipantCounts.from_arrow(pa.Table.from_pandas(frame, preserve_index=False))
    frame = panel.table.to_pandas()
    frame.loc[2, "participant_id"] = None
    with pytest.raises(InvalidCountsError, match="row 2: participant_id is null"):
        ParticipantCounts.from_arrow(pa.Table.from_pandas(frame, preserve_index=False))
