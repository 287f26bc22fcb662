"""Groups that agree are not said to differ, however heavy some raters; groups that differ are."""

import math
from typing import Any

import numpy as np
import pytest

from ratings.axis_effect import LEVEL, axis_scores, holm, p_permutation, tau_interval
from ratings.hierarchical import fit_hierarchical
from tests.ratings.raters import simulate_raters

NOBODY = (0.0, 0.0, 0.0)


def told(seed: int, draws: int = 99, **world: Any) -> list[tuple[float, float, float, float]]:
    """Per axis: tau, the ends of its interval as shown, and p of the permutations."""
    society = simulate_raters(seed, **world)
    counts = society.counts
    people, fitted = society.people(counts), fit_hierarchical(counts)
    rows = []
    for axis in range(len(counts.axes)):
        scores = axis_scores(counts, fitted.sites, fitted.tau, fitted.prior, axis, people)
        p = p_permutation(scores, len(counts.model_ids), 100 * seed + axis, draws)
        tau, low, high = tau_interval([scores])
        rows.append((tau, 0.0 if p > LEVEL else low, high, p))
    return rows


def test_without_a_difference_heavy_raters_make_none() -> None:
    found = np.array(
        [told(seed, raters=200, verdicts=20, tau=NOBODY, size=8) for seed in range(20)]
    )
    assert (found[:, :, 1] > 0.0).mean() <= 0.1
    # 60 p's are uniform: their mean is one half, give or take 3 sd.
    assert found[:, :, 3].mean() == pytest.approx(0.5, abs=3 / np.sqrt(12 * 60))
    assert np.mean([min(holm(ps)) <= LEVEL for ps in found[:, :, 3]]) <= 0.15


def test_a_difference_is_found_and_its_size_is_inside_the_interval() -> None:
    truth = (1.5, 0.0, 0.8)
    found = np.array([told(seed, raters=300, verdicts=20, tau=truth) for seed in range(8)])
    assert (found[:, 0, 3] <= 0.01).all()
    assert (found[:, 2, 3] <= LEVEL).mean() >= 0.6
    inside = (found[:, :, 1] <= truth) & (truth <= found[:, :, 2])
    assert inside.mean() >= 0.85
    assert found[:, 0, 0].mean() == pytest.approx(1.5, abs=0.3)


def test_an_axis_that_follows_another_is_not_taken_for_it() -> None:
    found = [
        told(seed, raters=300, verdicts=20, tau=(1.5, 0.0, 0.0), alike=0.6) for seed in range(8)
    ]
    assert all(rows[0][3] <= 0.01 for rows in found)
    assert sum(rows[1][3] <= LEVEL for rows in found) <= 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("raters", "verdicts", "tail"), [(1500, 1, 0.0), (300, 20, 1.0), (100, 60, 1.5)]
)
def test_false_rates_are_as_said(raters: int, verdicts: float, tail: float) -> None:
    world = {"raters": raters, "verdicts": verdicts, "tail": tail, "tau": NOBODY}
    found = np.array([told(seed, 199, **world) for seed in range(150)])
    assert (found[:, :, 1] > 0.0).mean() <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 450)
    wrong = np.mean([min(holm(ps)) <= LEVEL for ps in found[:, :, 3]])
    assert wrong <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 150)


def test_one_group_cannot_be_told_apart_and_unknown_judges_say_nothing() -> None:
    society = simulate_raters(1, raters=30, verdicts=5, size=5, shares=((1.0,),), tau=(0.0,))
    counts = society.counts
    fitted = fit_hierarchical(counts)
    for people in (society.people(counts), None):
        scores = axis_scores(counts, fitted.sites, fitted.tau, fitted.prior, 0, people)
        assert math.isnan(p_permutation(scores, 5, 1, 19))
        tau, low, high = tau_interval([scores])
        assert low <= tau <= high
        assert low == 0.0


def test_holm_is_the_published_step_down() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    some = holm([math.nan, 0.5, 0.9])
    assert math.isnan(some[0])
    assert some[1:] == pytest.approx([1.0, 1.0])
