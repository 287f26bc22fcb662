"""Benchmarks and people: equal to scipy, silent where nothing is, right where truth is planted."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata, spearmanr

from ratings.benchmark_gap import (
    FEWEST,
    association,
    average_ranks,
    nothing_known,
    paper_side,
    people_side,
    residuals,
)
from ratings.compiled import FloatArray

UNKNOWN = math.nan


@settings(max_examples=50)
@given(st.lists(st.integers(-3, 3), min_size=1, max_size=12))
def test_ranks_are_scipys(values: list[int]) -> None:
    value = np.array(values, dtype=float)
    np.testing.assert_allclose(average_ranks(value), rankdata(-value))
    np.testing.assert_allclose(average_ranks(np.stack([value, -value]))[1], rankdata(value))


def test_without_errors_correlation_and_p_are_scipys() -> None:
    numbers = np.random.default_rng(3)
    for size in (9, 15, 40):
        skill, score = numbers.standard_normal((2, size)).round(1)
        people = people_side(skill, np.zeros((size, size)), 1)
        told = association(people, paper_side(score, np.full(size, UNKNOWN), 2))
        peer = spearmanr(skill, score)
        assert told.raw == pytest.approx(peer.statistic, abs=1e-12)
        assert told.p == pytest.approx(peer.pvalue, abs=1e-12)
        assert told.true == pytest.approx(told.raw)
        assert (told.true_lo, told.true_hi) == pytest.approx((told.raw_lo, told.raw_hi))
        assert (told.people_root, told.paper_root) == (1.0, 1.0)


def test_too_few_models_or_no_order_say_nothing() -> None:
    order = np.arange(FEWEST - 1.0)
    few = association(
        people_side(order, np.eye(FEWEST - 1), 1), paper_side(order, np.ones(FEWEST - 1), 1)
    )
    assert few.models == FEWEST - 1
    assert math.isnan(few.raw)
    assert few.why_not == "few_models"
    size = 8
    level = paper_side(np.full(size, 0.5), np.full(size, UNKNOWN), 1)
    told = association(people_side(np.arange(float(size)), np.eye(size), 1), level)
    assert math.isnan(told.raw)
    assert told.why_not == "all_equal"
    assert nothing_known(3).models == 3


def test_one_and_the_same_order_is_no_certainty() -> None:
    for way in (1.0, -1.0):
        order = np.arange(9.0)
        people = people_side(order, np.zeros((9, 9)), 1)
        told = association(people, paper_side(way * order, np.full(9, UNKNOWN), 1))
        assert (told.raw, told.why_not) == (way, None)
        # Of 9! orders two are as far from none.
        assert told.p == pytest.approx(2.0 / 362_880)
        ends = (told.raw_lo, told.raw_hi, told.true_lo, told.true_hi)
        assert np.isnan(ends).all()
        # Nobody states an error: asking again says nothing new.
        assert np.isnan((told.own_lo, told.own_hi)).all()


def test_where_all_is_error_nothing_is_said_of_the_truth() -> None:
    size = 20
    skill, score = np.random.default_rng(5).standard_normal((2, size))
    told = association(
        people_side(skill, 4.0 * np.eye(size), 1), paper_side(score, np.full(size, 0.1), 2)
    )
    assert math.isfinite(told.raw)
    assert told.why_not == "mostly_error"
    assert math.isnan(told.people_root)
    assert math.isnan(told.true)
    assert math.isnan(told.own_lo)


def test_the_same_seed_gives_the_same_and_scales_of_scores_do_not_matter() -> None:
    size = 12
    skill, score = np.random.default_rng(8).standard_normal((2, size))
    error = np.full(size, UNKNOWN)
    people = people_side(skill, 0.05 * np.eye(size), 7)
    one, other = (
        residuals(people, paper_side(score, error, 3)),
        residuals(
            people_side(skill, 0.05 * np.eye(size), 7), paper_side(np.exp(3.0 * score), error, 3)
        ),
    )
    np.testing.assert_array_equal(one.residual, other.residual)
    np.testing.assert_array_equal(one.p, other.p)


def worlds(
    models: int, rho: float, people_sd: float, paper_sd: float, count: int, *, is_bent: bool = False
) -> dict[str, float]:
    """Skills and scores with a known correlation, measured with correlated and other errors."""
    numbers = np.random.default_rng(abs(hash((models, rho, people_sd, paper_sd))) % 2**32)
    expected = 6.0 / np.pi * np.arcsin(rho / 2.0)
    hits: dict[str, float] = dict.fromkeys(("like", "own", "alarm", "residual"), 0.0)
    for seed in range(count):
        skill = numbers.standard_normal(models)
        score = rho * skill + math.sqrt(1.0 - rho * rho) * numbers.standard_normal(models)
        skill = np.exp(skill) if is_bent else skill
        mixed = 0.3 * numbers.standard_normal((models, models)) + np.eye(models)
        covariance: FloatArray = mixed @ mixed.T
        covariance *= people_sd**2 / np.diag(covariance).mean()
        seen = skill + numbers.multivariate_normal(np.zeros(models), covariance)
        measured = score + paper_sd * numbers.standard_normal(models)
        people = people_side(seen, covariance, seed)
        paper = paper_side(measured, np.full(models, paper_sd), seed + count)
        told = association(people, paper)
        hits["like"] += bool(told.true_lo <= expected <= told.true_hi)
        hits["own"] += bool(told.own_lo <= spearmanr(skill, score).statistic <= told.own_hi)
        hits["alarm"] += bool(told.p < 0.05)
        hits["residual"] += bool((residuals(people, paper).p <= 0.05).any())
    return {name: value / count for name, value in hits.items()}


def test_intervals_cover_a_known_correlation_where_the_raw_one_is_too_low() -> None:
    found = worlds(28, 0.6, 0.4, 0.4, 200)
    assert 0.92 <= found["like"] <= 1.0
    assert 0.89 <= found["own"] <= 0.99


def test_a_benchmark_that_has_nothing_to_do_with_people_is_rarely_called_related() -> None:
    assert worlds(28, 0.0, 0.4, 0.4, 300)["alarm"] <= 0.09


@pytest.mark.parametrize("is_bent", [False, True])
def test_a_benchmark_that_agrees_wholly_has_nobody_off_the_line(is_bent: bool) -> None:
    # Skills that are no line in the scores, too: only places count.
    assert worlds(28, 1.0, 0.3, 0.1, 200, is_bent=is_bent)["residual"] <= 0.05


def test_the_planted_models_are_off_the_line_on_their_sides() -> None:
    size = 24
    skill = np.linspace(-3.0, 3.0, size)
    paper = skill.copy()
    paper[4], paper[18] = 2.5, -2.5
    found = residuals(
        people_side(skill, 0.02 * np.eye(size), 1), paper_side(paper, np.full(size, 0.1), 2)
    )
    assert found.residual[18] > 1.0
    assert found.residual[4] < -1.0
    assert found.p[4] <= 0.05
    assert found.p[18] <= 0.05
    assert found.rank_gap_lo[18] > 0
    assert found.rank_gap_hi[4] < 0
    assert (found.lo < found.residual).all()
    assert (found.residual < found.hi).all()


def test_an_error_of_the_benchmark_that_nobody_states_stays_in_the_correlation() -> None:
    # What breaks the assumption: the raw figure is too low, and the other no better.
    numbers = np.random.default_rng(2)
    told = []
    for seed in range(200):
        truth = numbers.standard_normal(28)
        people = people_side(truth, np.zeros((28, 28)), seed)
        measured = truth + 0.8 * numbers.standard_normal(28)
        told.append(association(people, paper_side(measured, np.full(28, UNKNOWN), seed)).true)
    assert 0.7 <= np.mean(told) <= 0.82


@pytest.mark.slow
@pytest.mark.parametrize("models", [8, 28])
@pytest.mark.parametrize("rho", [0.0, 0.6, 0.9])
@pytest.mark.parametrize("errors", [(0.4, 0.4), (0.3, 0.0)])
def test_coverage_over_many_worlds(models: int, rho: float, errors: tuple[float, float]) -> None:
    found = worlds(models, rho, *errors, 1_000)
    assert 0.92 <= found["like"] <= 0.995
    assert 0.88 <= found["own"] <= 0.98
    if rho == 0.0:
        assert 0.03 <= found["alarm"] <= 0.07
