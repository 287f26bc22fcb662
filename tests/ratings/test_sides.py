"""A preference for the model shown first: found, taken out where it can be, and said where not."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from ratings.battles import Battles
from ratings.counts import PairCounts
from ratings.draw_margin import fit_draw_margin
from ratings.posterior import Posterior
from ratings.sides import (
    SideEffect,
    both_ways_share,
    exposure,
    imbalance,
    is_one_sided,
    side_effect,
    without_side_effect,
)
from tests.ratings.simulation import NOISE_SD, model_ids, outcome_of

SIZE = 10


@dataclass(frozen=True)
class World:
    """People with a habit of their own, whose verdicts lean to what was shown first.

    ``first_share``: how often the model that is first by name was shown first. ``tail``: sd of the
    logarithm of how many verdicts a person gives, ``most`` of them at most.
    """

    bias: float = 0.3 * NOISE_SD
    first_share: float = 0.5
    raters: int = 250
    personal: float = 0.1 * NOISE_SD
    tail: float = 0.9
    most: int = 60

    def drawn(self, seed: int) -> tuple[PairCounts, Battles, NDArray[np.float64]]:
        rng = np.random.default_rng(seed)
        skill = rng.uniform(-5.0, 5.0, SIZE)
        each = np.minimum(np.ceil(rng.lognormal(1.8, self.tail, self.raters)), self.most)
        each = each.astype(int)
        who = np.repeat(np.arange(self.raters), each)
        a = rng.integers(0, SIZE, who.size)
        b = (a + rng.integers(1, SIZE, who.size)) % SIZE
        a, b = np.minimum(a, b), np.maximum(a, b)
        is_first = rng.random(who.size) < self.first_share
        lean = self.bias + rng.normal(0.0, self.personal, self.raters)[who]
        d = skill[a] - skill[b] + np.where(is_first, lean, -lean)
        outcome = outcome_of(d + rng.normal(0.0, NOISE_SD, who.size), 3.0)
        table = pa.table(
            {
                "participant_id": who,
                "model_a": [model_ids(SIZE)[k] for k in a],
                "model_b": [model_ids(SIZE)[k] for k in b],
                "is_a_first": is_first,
                "is_late": pa.nulls(who.size, pa.bool_()),
                "win_a_count": (outcome == 0).astype(np.int64),
                "win_b_count": (outcome == 1).astype(np.int64),
                "tie_count": (outcome == 2).astype(np.int64),
            }
        )
        counts = PairCounts.from_arrow(table)
        return counts, Battles.from_arrow(table, counts), skill - skill.mean()


def measured(
    world: World, seed: int
) -> tuple[Posterior, Posterior, SideEffect, NDArray[np.float64], NDArray[np.float64]]:
    """The fit, the fit without the effect, the effect, what hangs on it, and the truth."""
    counts, judged, truth = world.drawn(seed)
    fitted = fit_draw_margin(counts, is_spread_learnt=True)
    effect = side_effect(fitted, counts, judged)
    exposed = exposure(fitted, counts, imbalance(counts, judged))
    return fitted, without_side_effect(fitted, exposed, effect), effect, exposed, truth


def covered(posterior: Posterior, truth: NDArray[np.float64]) -> float:
    return float((np.abs(posterior.skill - truth) < 1.96 * posterior.skill_sd).mean())


@pytest.mark.parametrize(("bias", "first_share"), [(0.0, 0.5), (0.3, 0.5), (0.3, 0.9)])
def test_the_effect_is_found_and_its_interval_holds(bias: float, first_share: float) -> None:
    world = World(bias=bias * NOISE_SD, first_share=first_share)
    effects = [measured(world, seed)[2] for seed in range(60)]
    z = np.array([(one.effect - world.bias) / one.sd for one in effects])
    assert 0.85 <= (np.abs(z) < 1.96).mean() <= 1.0
    assert abs(np.mean([one.effect for one in effects]) - world.bias) < 0.05 * NOISE_SD
    assert all(one.is_known for one in effects)


def test_boards_are_right_without_it_where_most_pairs_stood_one_way() -> None:
    before, after = [], []
    for seed in range(60):
        fitted, without, _, _, truth = measured(World(first_share=0.9), seed)
        before.append(covered(fitted, truth))
        after.append(covered(without, truth))
    assert np.mean(before) < 0.6
    assert np.mean(after) > 0.9


def test_without_an_effect_nothing_is_broken() -> None:
    before, after = [], []
    for seed in range(40):
        fitted, without, effect, exposed, truth = measured(World(bias=0.0, personal=0.0), seed)
        before.append(covered(fitted, truth))
        after.append(covered(without, truth))
        assert not is_one_sided(without, exposed, effect)
    assert np.mean(after) > np.mean(before) - 0.02


def test_sides_that_never_changed_are_said_and_not_guessed() -> None:
    for seed in range(5):
        fitted, without, effect, exposed, _ = measured(World(first_share=1.0), seed)
        assert not effect.is_known
        assert without is fitted
        assert is_one_sided(fitted, exposed, effect)
        counts, judged, _ = World(first_share=1.0).drawn(seed)
        assert both_ways_share(counts, judged) == 0.0
    counts, judged, _ = World().drawn(0)
    assert both_ways_share(counts, judged) > 0.95


def test_few_battles_at_random_are_not_accused() -> None:
    said = []
    for seed in range(40):
        fitted, _, effect, exposed, _ = measured(World(bias=0.0, raters=12), seed)
        said.append(is_one_sided(fitted, exposed, effect))
    assert np.mean(said) <= 0.05


@pytest.mark.parametrize("raters", [10, 20, 30])
def test_few_people_of_whom_some_judge_most_seldom_show_what_is_not(raters: int) -> None:
    world = World(bias=0.0, raters=raters, personal=0.3 * NOISE_SD, tail=1.5, most=400)
    effects, warned = [], []
    for seed in range(100):
        _, _, effect, exposed, _ = found = measured(world, seed)
        effects.append(effect)
        warned.append(is_one_sided(found[0], exposed, effect))
    said = np.array([one.p < 0.05 for one in effects])
    outside = np.array([abs(one.effect) > 1.96 * one.interval_sd for one in effects])
    assert said.mean() <= 0.05
    assert outside.mean() <= 0.06
    assert np.mean(warned) <= 0.05


def test_thirty_people_who_lean_are_found_out() -> None:
    world = World(bias=0.5 * NOISE_SD, raters=30)
    assert np.mean([measured(world, seed)[2].p < 0.05 for seed in range(20)]) > 0.9


def some(judged: Battles, kept: NDArray[np.bool_]) -> Battles:
    person = np.unique(judged.person[kept], return_inverse=True)[1].reshape(-1)
    return Battles(
        judged.pair[kept], person, judged.side[kept], judged.half[kept], judged.outcomes[kept]
    )


def test_the_sd_is_of_leaving_each_person_out() -> None:
    counts, judged, _ = World(raters=15).drawn(4)
    fitted = fit_draw_margin(counts)
    effect = side_effect(fitted, counts, judged)
    others = np.array(
        [
            side_effect(fitted, counts, some(judged, judged.person != person)).effect
            for person in range(judged.people)
        ]
    )
    expected = np.sqrt(14.0 / 15.0 * ((effect.effect - others) ** 2).sum())
    assert effect.sd == pytest.approx(expected, rel=1e-9)
    assert effect.people == 15
    assert effect.degrees_of_freedom < 14.0
    assert effect.interval_sd > 1.05 * effect.sd


def test_few_people_have_no_p() -> None:
    _, _, effect, _, _ = measured(World(raters=9), 1)
    assert effect.is_known
    assert np.isnan(effect.p)
    assert np.isfinite(measured(World(raters=10), 3)[2].p)


def test_what_never_differs_is_unknown_and_not_certain() -> None:
    counts, judged, _ = World(raters=40).drawn(1)
    ties = np.zeros_like(judged.outcomes)
    ties[:, 2] = judged.battles
    all_ties = Battles(judged.pair, judged.person, judged.side, judged.half, ties)
    fitted = fit_draw_margin(counts)
    assert not side_effect(fitted, counts, all_ties).is_known
    # Of one pair the first shown always wins: there is an effect, but nothing tells of its spread.
    pair = (judged.pair == judged.pair[0]).nonzero()[0]
    first = np.zeros_like(judged.outcomes[pair])
    first[judged.side[pair] > 0, 0] = first[judged.side[pair] < 0, 1] = 1.0
    person = np.arange(pair.size)
    alike = Battles(judged.pair[pair], person, judged.side[pair], judged.half[pair], first)
    assert not side_effect(fitted, counts, alike).is_known


def test_what_one_person_alone_tells_is_unknown() -> None:
    counts, judged, _ = World(first_share=1.0, raters=40).drawn(1)
    side = judged.side.copy()
    side[np.flatnonzero(judged.person == 3)[:1]] = -1.0
    lone = Battles(judged.pair, judged.person, side, judged.half, judged.outcomes)
    assert not side_effect(fit_draw_margin(counts), counts, lone).is_known


def test_the_first_order_change_is_what_another_fit_gives() -> None:
    # Verdicts as many either way round as if an effect were none: the same board.
    counts, judged, _ = World(first_share=0.7, raters=600).drawn(1)
    fitted = fit_draw_margin(counts)
    exposed = exposure(fitted, counts, imbalance(counts, judged))
    nothing = without_side_effect(fitted, exposed, SideEffect(0.0, 0.0))
    np.testing.assert_array_equal(nothing.mean, fitted.mean)
    np.testing.assert_array_equal(nothing.covariance, fitted.covariance)
    assert nothing.fitted is fitted


def test_no_battles() -> None:
    index = np.empty(0, dtype=np.int64)
    none = np.empty(0)
    counts = PairCounts.from_indices(model_ids(3), index, index, none, none, none)
    table = pa.table(
        {
            "participant_id": pa.array([1]),
            "model_a": ["model-000"],
            "model_b": ["model-001"],
            "is_a_first": [True],
            "is_late": [False],
            **{name: [1] for name in ("win_a_count", "win_b_count", "tie_count")},
        }
    )
    judged = Battles.from_arrow(table, counts)
    assert judged.pair.size == 0
    assert not side_effect(fit_draw_margin(counts), counts, judged).is_known
