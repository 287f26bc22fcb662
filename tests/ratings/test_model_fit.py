"""What does not fit is found, and a world that fits is left in peace, however few people judge."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from ratings.battles import Battles
from ratings.counts import PairCounts
from ratings.draw_margin import fit_draw_margin
from ratings.model_fit import DRIFT, PAIRS, TRIADS, Check, checks, discovered
from ratings.posterior import Prior
from tests.ratings.simulation import NOISE_SD, model_ids, outcome_of


@dataclass(frozen=True)
class World:
    """People with tastes of their own and very unequal numbers of verdicts.

    ``cycle``: how much each model is better than the next in a circle than skills say; ``drift``:
    sd of what skills change by between halves. Both in units of a battle's noise.
    """

    size: int = 8
    raters: int = 200
    taste: float = 0.0
    cycle: float = 0.0
    drift: float = 0.0

    def checked(self, seed: int) -> dict[str, Check]:
        rng = np.random.default_rng(seed)
        skill = rng.normal(0.0, 3.0, self.size)
        later = rng.normal(0.0, self.drift * NOISE_SD, self.size)
        each = np.minimum(np.ceil(rng.lognormal(2.0, 1.0, self.raters)), 80).astype(int)
        who = np.repeat(np.arange(self.raters), each)
        tastes = rng.normal(0.0, self.taste * NOISE_SD, (self.raters, self.size))
        a = rng.integers(0, self.size, who.size)
        b = (a + rng.integers(1, self.size, who.size)) % self.size
        is_late = rng.random(self.raters)[who] < 0.5
        d = skill[a] - skill[b] + tastes[who, a] - tastes[who, b]
        d += np.where(is_late, 0.5, -0.5) * (later[a] - later[b])
        d += self.cycle * NOISE_SD * self._circle(a, b)
        outcome = outcome_of(d + rng.normal(0.0, NOISE_SD, who.size), 2.0)
        swap = a > b
        wins = np.where(swap, outcome == 1, outcome == 0)
        losses = np.where(swap, outcome == 0, outcome == 1)
        names = np.array(model_ids(self.size))
        table = pa.table(
            {
                "participant_id": who,
                "model_a": names[np.minimum(a, b)],
                "model_b": names[np.maximum(a, b)],
                "is_a_first": ~swap,
                "is_late": is_late,
                "win_a_count": wins.astype(np.int64),
                "win_b_count": losses.astype(np.int64),
                "tie_count": (outcome == 2).astype(np.int64),
            }
        )
        counts = PairCounts.from_arrow(table)
        fitted = fit_draw_margin(counts, is_spread_learnt=True)
        found = checks(fitted, counts, Battles.from_arrow(table, counts), seed)
        return {one.name: one for one in found}

    def _circle(self, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.float64]:
        ahead = (b - a) % self.size
        return np.where(2 * ahead < self.size, 1.0, np.where(2 * ahead > self.size, -1.0, 0.0))


def rejected(world: World, seeds: int, level: float = 0.05) -> dict[str, float]:
    """Share of studies in which each check's p is below the level."""
    found = [world.checked(seed) for seed in range(seeds)]
    return {name: float(np.mean([one[name].p < level for one in found])) for name in found[0]}


@pytest.mark.parametrize("world", [World(), World(taste=0.4), World(size=4, raters=60, taste=0.3)])
def test_a_world_that_fits_is_left_in_peace(world: World) -> None:
    for name, share in rejected(world, 100).items():
        assert share <= 0.1, name


@pytest.mark.parametrize("prior_sd", [3.0, 25.0 / 3.0, 60.0])
@pytest.mark.parametrize(("size", "raters"), [(2, 20), (3, 200), (5, 40), (12, 100)])
def test_who_all_agree_are_not_accused(size: int, raters: int, prior_sd: float) -> None:
    # The better model wins every battle; what is left is what the prior holds back.
    for seed in range(4):
        rng = np.random.default_rng(seed)
        each = np.minimum(np.ceil(rng.lognormal(2.0, 1.0, raters)), 80).astype(int)
        who = np.repeat(np.arange(raters), each)
        a = rng.integers(0, size, who.size)
        b = (a + rng.integers(1, size, who.size)) % size
        names = np.array(model_ids(size))
        table = pa.table(
            {
                "participant_id": who,
                "model_a": names[np.minimum(a, b)],
                "model_b": names[np.maximum(a, b)],
                "is_a_first": a < b,
                "is_late": rng.random(raters)[who] < 0.5,
                "win_a_count": np.ones(who.size, dtype=np.int64),
                "win_b_count": np.zeros(who.size, dtype=np.int64),
                "tie_count": np.zeros(who.size, dtype=np.int64),
            }
        )
        counts = PairCounts.from_arrow(table)
        fitted = fit_draw_margin(counts, Prior(sd=prior_sd))
        for one in checks(fitted, counts, Battles.from_arrow(table, counts), seed):
            assert one.p > 0.01, (seed, one)
            if prior_sd == 60.0 and one.name == PAIRS:
                assert one.p == 1.0


def test_cycles_are_found() -> None:
    share = rejected(World(cycle=0.5), 20)
    assert share[PAIRS] > 0.9
    assert share[TRIADS] > 0.9
    assert share[DRIFT] <= 0.2


def test_drift_is_found() -> None:
    share = rejected(World(drift=0.5), 20)
    assert share[DRIFT] > 0.9
    assert share[TRIADS] <= 0.2


def test_tastes_raise_what_is_expected_of_pairs() -> None:
    alike, unlike = (
        np.mean(
            [World(size=4, raters=40, taste=taste).checked(s)[PAIRS].expected for s in range(9)]
        )
        for taste in (0.0, 1.5)
    )
    assert alike == pytest.approx(1.0, abs=0.25)
    assert unlike > 1.25 * alike


def test_few_people_tell_nothing() -> None:
    for one in World(raters=6).checked(1).values():
        assert np.isnan(one.p)
        assert np.isfinite([one.statistic, one.expected]).all()


def test_the_same_seed_gives_the_same_bits() -> None:
    assert World().checked(3) == World().checked(3)


def test_few_discoveries_are_false() -> None:
    p = np.array([0.001, 0.5, 0.021, np.nan, 0.04, 0.9])
    assert discovered(p).tolist() == [True, False, False, False, False, False]
    assert discovered(np.array([0.001, 0.01, 0.02])).tolist() == [True] * 3
    assert not discovered(np.array([])).any()
