"""The worlds' own truth, against what a great many verdicts say and against other fits of it."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import norm

from tests.worlds.declarations import AGES, CENSUS, WORLDS, World
from tests.worlds.population import Floats, Population, Shares, mixed
from tests.worlds.truth import PRINTED, Truth, logit, probit, truths_of
from tests.worlds.verdicts import judge


def population(world: World, size: int, seed: int = 1) -> Population:
    return Population.draw(world, size, np.random.default_rng(seed))


@pytest.mark.parametrize("name", list(WORLDS))
def test_what_a_population_says_is_what_its_people_are_heard_to_say(name: str) -> None:
    # Every rater gives one verdict, and prompts are as many as verdicts: nothing repeats.
    alone = {"raters": 150_000, "verdicts": 1.0, "volume": "even", "is_adaptive": False}
    world = replace(WORLDS[name], **alone, is_side_fixed=False)  # type: ignore[arg-type]
    if world.prompts:
        world = replace(world, prompts=150_000)
    of = population(world, 3)
    said = judge(of, np.random.default_rng(2))
    for age in range(len(AGES)):
        shares = of.of_age(age)
        of_age = said.raters.age[said.rater] == age
        for i, j in ((0, 1), (1, 0), (0, 2), (2, 1)):
            here = said.outcome[of_age & (said.left == i) & (said.right == j)]
            for outcome, expected in ((0, shares.win[i, j]), (1, shares.lose[i, j])):
                error = np.sqrt(expected * (1.0 - expected) / here.size)
                assert (here == outcome).mean() == pytest.approx(expected, abs=4.5 * error)


def test_the_fit_is_the_maximum_that_a_general_optimiser_finds() -> None:
    of = population(WORLDS["all"], 5)
    shares = of.of_age(2)

    def lost(x: Floats) -> float:
        total = 0.0
        for i in range(5):
            for j in range(5):
                if i != j:
                    d = x[i] - x[j]
                    win, lose = norm.cdf(d - np.exp(x[5])), norm.cdf(-d - np.exp(x[5]))
                    seen = (shares.win[i, j], shares.lose[i, j])
                    total -= seen[0] * np.log(win) + seen[1] * np.log(lose)
                    total -= (1.0 - sum(seen)) * np.log(1.0 - win - lose)
        return total + float(x[:5].sum() ** 2)

    skill, margin = probit(shares)
    best = minimize(lost, np.zeros(6), tol=1e-12).x
    np.testing.assert_allclose(skill, best[:5], atol=2e-5)
    assert margin == pytest.approx(np.exp(best[5]), abs=2e-5)


def test_where_the_model_is_right_its_truth_is_the_skills_themselves() -> None:
    of = population(WORLDS["independent"], 6)
    truth = truths_of(of)
    for one in (truth.census, truth.as_came, truth.census_of_ages, *truth.ages.values()):
        np.testing.assert_allclose(one.skill, PRINTED * (of.common - of.common.mean()), atol=2e-4)
    assert probit(of.of_age(0))[1] == pytest.approx(0.4, abs=1e-5)
    # Tastes are noise to the model: everything is that much smaller.
    of = population(replace(WORLDS["independent"], taste=0.5), 6)
    smaller = (of.common - of.common.mean()) / np.sqrt(1.0 + 2.0 * 0.5**2)
    skill, margin = probit(of.of_age(0))
    np.testing.assert_allclose(skill, smaller, atol=1e-5)
    assert margin == pytest.approx(0.4 / np.sqrt(1.5), abs=1e-5)


def test_bradley_terry_finds_log_odds() -> None:
    odds = np.array([0.9, 0.2, -0.3, -0.8])
    points = 1.0 / (1.0 + np.exp(odds[None, :] - odds[:, None]))
    np.testing.assert_allclose(logit(points), odds, atol=1e-9)


@pytest.mark.parametrize("name", list(WORLDS))
def test_twins_are_the_same_to_everybody(name: str) -> None:
    for seed in range(4):
        of = Population.draw(WORLDS[name], 6, np.random.default_rng(seed), "twins")
        truth = truths_of(of)
        for one in (truth.census, truth.as_came, *truth.ages.values()):
            second, first = np.sort(one.skill)[-2:]
            alike = np.abs(one.skill[:, None] - one.skill[None, :]) < 1e-7
            assert alike.sum() == 6 + 2
            if one is truth.census:
                assert first - second < 1e-7
        nobody = Population.draw(WORLDS[name], 6, np.random.default_rng(seed), "equal")
        np.testing.assert_allclose(truths_of(nobody).census.skill, 0.0, atol=1e-7)


def test_cycles_move_pairs_but_add_up_to_no_skill_of_their_own() -> None:
    of = population(replace(WORLDS["cycles"], spread=0.0), 12)
    apart = of.of_age(0).points - 0.5
    np.fill_diagonal(apart, 0.0)
    np.testing.assert_allclose(apart, -apart.T, atol=1e-12)
    assert np.abs(apart).max() > 0.1
    three = [(i, j, k) for i in range(12) for j in range(i) for k in range(j)]
    cyclic = sum(len({bool(apart[a, b] > 0) for a, b in ((i, j), (j, k), (k, i))}) == 1
                 for i, j, k in three)  # fmt: skip
    assert cyclic > 0.05 * len(three)


def test_win_shares_are_points_over_all_others() -> None:
    win = np.array([[0.0, 0.5, 0.7], [0.3, 0.0, 0.4], [0.1, 0.2, 0.0]])
    truth = Truth((Shares(win, win.T),))
    by_hand = [(0.6 + 0.8) / 2, (0.4 + 0.6) / 2, (0.2 + 0.4) / 2]
    np.testing.assert_allclose(truth.win_share(), by_hand)
    np.testing.assert_allclose(truth.win_share(np.array([0, 2])), [0.8, 0.2])


def test_ties_by_age_are_as_declared() -> None:
    each = [population(WORLDS["ties_by_age"], 12, seed) for seed in range(6)]
    for age, share in enumerate((0.22, 0.35, 0.54)):
        said = [of.of_age(age) for of in each]
        ties = np.array([1.0 - one.win - one.lose for one in said])
        assert ties[:, ~np.eye(12, dtype=bool)].mean() == pytest.approx(share, abs=0.02)
    everybody = mixed([each[0].of_age(age) for age in range(3)], CENSUS["age"])
    assert everybody.points[0, 1] + everybody.points[1, 0] == pytest.approx(1.0)
