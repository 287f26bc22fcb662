"""Slopes against least squares, leaving people out one by one, and judges that err."""

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from ratings.judge_error import variance_of_share
from ratings.regression import ErrorRates, Rows, Slope, e_value, indicators, regression

JUDGE = (0.8, 0.85)


def study(
    seed: int, true_slope: float, *, human_labels: int = 150, people: int = 300
) -> tuple[Rows, ErrorRates]:
    """Ratings of conversations that a judge labelled; each person has a taste and a slope."""
    rng = np.random.default_rng(seed)
    counts = np.maximum(np.rint(6 * np.exp(rng.normal(-0.5, 1.0, people))), 1).astype(int)
    who = np.repeat(np.arange(people), counts)
    model = rng.integers(0, 12, who.size)
    length = rng.normal(size=who.size)
    share = rng.uniform(0.1, 0.6, 12)[model] + 0.05 * length
    true = rng.random(who.size) < share
    label = np.where(true, rng.random(who.size) < JUDGE[0], rng.random(who.size) >= JUDGE[1])
    own = true_slope + rng.normal(0.0, 0.3, people)
    outcome = own[who] * true + rng.normal(size=12)[model] + 0.5 * length
    outcome += rng.normal(0.0, 0.7, people)[who] + rng.normal(size=who.size)
    human = rng.choice(who.size, human_labels, replace=False)
    found, left = label[human][true[human]], ~label[human][~true[human]]
    rates = ErrorRates(
        *(float(one.mean()) for one in (found, left)),
        *(variance_of_share(float(one.mean()), float(one.size)) for one in (found, left)),
    )
    controls = np.column_stack([indicators(model), length])
    one = np.ones(who.size)
    found = label.astype(np.float64)
    return Rows(outcome, found, controls, who, one, one, found), rates


def slope(rows: Rows) -> Slope:
    return regression(rows).slope()


def corrected_slope(rows: Rows, rates: ErrorRates) -> Slope:
    return regression(rows).slope(rates)


def least_squares(rows: Rows, kept: NDArray[np.bool_]) -> float:
    design = np.column_stack([rows.exposure, rows.controls])[kept]
    root = np.sqrt(rows.weight[kept])
    found = np.linalg.lstsq(design * root[:, None], rows.outcome[kept] * root, rcond=None)[0]
    return float(found[0])


def test_the_slope_is_that_of_least_squares() -> None:
    rows, _ = study(1, -0.5)
    weight = np.random.default_rng(2).uniform(0.2, 3.0, rows.outcome.size)
    rows = replace(rows, weight=weight)
    whole = np.ones(rows.outcome.size, dtype=np.bool_)
    assert slope(rows).estimate == pytest.approx(least_squares(rows, whole), abs=1e-9)


def test_its_sd_is_how_far_leaving_out_a_person_moves_it() -> None:
    rows, _ = study(3, -0.5, people=60, human_labels=60)
    people = np.unique(rows.cluster)
    moves = np.array([least_squares(rows, rows.cluster != one) for one in people])
    jackknife = np.sqrt((len(moves) - 1) / len(moves) * np.sum((moves - slope(rows).estimate) ** 2))
    assert slope(rows).sd == pytest.approx(jackknife, rel=1e-6)


@pytest.mark.parametrize("true_slope", [-0.6, 0.0])
def test_a_judge_that_errs_is_corrected(true_slope: float) -> None:
    naive, corrected, sure = 0, 0, 0
    for seed in range(100):
        rows, rates = study(seed, true_slope)
        found = slope(rows)
        naive += found.low < true_slope < found.high
        found = corrected_slope(rows, rates)
        corrected += found.low < true_slope < found.high
        sure += found.p < 0.05
    assert corrected >= 90
    if true_slope:
        assert naive < 30
        assert sure > 95
    else:
        assert sure <= 9


def test_a_label_on_the_true_scale_has_the_variance_of_its_errors() -> None:
    rates, rng = ErrorRates(0.8, 0.85), np.random.default_rng(1)
    true = rng.random(100_000) < 0.3
    label = np.where(true, rng.random(true.size) < 0.8, rng.random(true.size) >= 0.85)
    value = (label - 1.0 + rates.specificity) / rates.span
    assert value.mean() == pytest.approx(0.3, abs=0.01)
    assert (value - true).var() == pytest.approx(rates.error(0.3), rel=0.02)


def test_what_cannot_be_told_is_said() -> None:
    rows, rates = study(5, -0.5)
    few = replace(rows, cluster=rows.cluster % 9)
    assert not slope(few).is_known
    alike = replace(rows, exposure=rows.controls[:, 0].copy())
    assert not slope(alike).is_known
    coin = replace(rates, sensitivity=0.5, specificity=0.5)
    assert not corrected_slope(rows, coin).is_known


def test_an_e_value_as_published() -> None:
    # VanderWeele and Ding 2017: a risk ratio of 3.9 has 7.26.
    assert e_value(math.log(3.9) / 0.91) == pytest.approx(7.26, abs=0.01)
    assert e_value(0.0) == 1.0
