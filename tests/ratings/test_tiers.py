"""Tiers against raters who don't know the model: nothing to tell apart, and much."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from ratings.expectation_propagation import fit
from ratings.posterior import Posterior
from ratings.sandwich import sandwich
from ratings.tiers import Separations, battles_to_separate, separations, tiers
from tests.ratings.test_looks import looks, people_of, verdicts
from tests.ratings.test_summary import gaussian

ALL = np.ones(4, dtype=np.bool_)


def independent(mean: list[float], sd: float) -> Posterior:
    return gaussian(mean, sd * sd * np.eye(len(mean)))


def test_two_models_have_the_p_value_of_their_difference() -> None:
    found = separations(independent([26.0, 25.0], 0.5))
    exact = 2 * norm.sf(1.0 / math.sqrt(0.5))
    assert found.p[0, 1] == found.p[1, 0] == pytest.approx(exact, abs=0.03)
    assert found.critical == pytest.approx(norm.ppf(0.975), abs=0.1)
    assert not found.better.any()


def test_more_pairs_ask_for_more() -> None:
    # Sidak's for 190 pairs; Tukey's studentised range of 20 means has 5.01 / sqrt(2) = 3.54.
    found = separations(independent([25.0] * 20, 0.5))
    assert found.critical == pytest.approx(norm.isf(0.5 * (1 - 0.95 ** (1 / 190))))


def test_few_participants_ask_for_more() -> None:
    posterior = independent([25.0] * 5, 0.5)
    assert separations(posterior, 6.0).critical > separations(posterior).critical


def test_what_is_told_apart_first_helps_the_rest() -> None:
    # With eight models far away from each other, two are left, which are tested alone.
    far = [25.0 + 10 * k for k in range(8)]
    found = separations(independent([*far, far[-1] + 1.8], 0.5))
    assert found.p[7, 8] == pytest.approx(2 * norm.sf(1.8 / math.sqrt(0.5)), abs=0.02)
    assert found.better[8, 7]
    assert 1.8 / math.sqrt(0.5) < found.critical


def test_a_line_is_drawn_where_all_above_are_better_than_all_below() -> None:
    better = np.zeros((4, 4), dtype=np.bool_)
    better[0, 1] = better[0, 2] = better[1, 2] = True
    rank = np.array([1, 2, 3, 4])
    assert tiers(better, rank, ALL).tolist() == [1, 1, 1, 1]
    # A model that is provisional is told from none, and hides no line.
    assert tiers(better, rank, np.array([True, True, True, False])).tolist() == [1, 2, 3, 0]
    better[0, 3] = True
    assert tiers(better, rank, ALL).tolist() == [1, 2, 2, 2]
    better[0, 1] = False
    assert tiers(better, rank, ALL).tolist() == [1, 1, 1, 1]


def test_battles_still_needed_grow_with_the_square() -> None:
    one = np.array([[0.0, 1.5], [-1.5, 0.0]])
    found = Separations(np.array([[1.0, 0.2], [0.2, 1.0]]), one, 3.0)
    first, second = np.array([0]), np.array([1])
    assert battles_to_separate(found, first, second, 100) == [300]
    assert battles_to_separate(found, first, second, 1234.5) == [3800]
    none = Separations(found.p, 0.0 * one, 3.0)
    assert battles_to_separate(none, first, second, 100) == [None]
    sure = Separations(np.array([[1.0, 0.04], [0.04, 1.0]]), one, 3.0)
    assert battles_to_separate(sure, first, second, 100) == [0]


def wrong(studies: range, raters: int, most: int) -> int:
    """Boards of four equal models that tell any two apart."""
    count = 0
    for seed in studies:
        people = people_of(list(verdicts(seed, np.zeros(4), raters, most)))
        posterior = fit(people.counts, draw_margin=2.0)
        found = sandwich(posterior, people)
        shown = posterior.with_covariance(found.interval_covariance)
        effective = people.effective_participant_count
        told = separations(shown, found.degrees_of_freedom, effective)
        count += bool(told.better.any())
    return count


def test_equal_models_are_one_tier() -> None:
    assert wrong(range(60), 100, 60) <= 7


def test_equal_models_are_one_tier_where_a_few_people_judge_most_battles() -> None:
    assert wrong(range(100), 30, 400) <= 5


@pytest.mark.slow
@pytest.mark.parametrize(("raters", "most"), [(150, 60), (30, 400)])
def test_at_most_one_board_in_twenty_is_wrong(raters: int, most: int) -> None:
    # Three standard errors of 5% of 1,000.
    assert wrong(range(1000), raters, most) <= 50 + 21


def test_models_that_differ_are_told_apart() -> None:
    apart = np.array([6.0, 2.0, -2.0, -6.0])
    board = next(looks(1, apart, raters=300, every=300))
    found = separations(board)
    rank = np.argsort(np.argsort(-board.mean)) + 1
    assert tiers(found.better, rank, ALL).tolist() == [1, 2, 3, 4]
