"""Comparisons of ratings where a few people give most of them, and where all say the same."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import ttest_rel

from ratings.experience import DomainMeans, Spread, contrasts, domain_means, spread_weights
from ratings.tiers import separated

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Raters:
    """Raters of every model, some of whom rate each so many times; people's tastes differ."""

    models: int = 6
    raters: int = 30
    heavy: int = 3
    times: int = 10
    centre: float = 4.5
    better: float = 0.0
    weight_sd: float = 0.0

    def means(self, generator: np.random.Generator) -> DomainMeans:
        """Of every model; the first is ``better``."""
        taste = generator.normal(0.0, 0.8, (self.raters, self.models))
        taste[:, 0] += self.better
        count = np.ones(self.raters, dtype=np.int64)
        count[: self.heavy] = self.times
        rater = np.tile(np.repeat(np.arange(self.raters), count), self.models)
        model = np.repeat(np.arange(self.models), count.sum())
        level = self.centre + taste[rater, model] + generator.normal(0.0, 0.7, rater.size)
        weight = np.ones(rater.size)
        if self.weight_sd:
            own = np.exp(self.weight_sd * generator.standard_normal(self.raters))
            weight = spread_weights(rater, model, own[rater])
        value = np.clip(np.rint(level), 1, 7)
        return domain_means(rater, model, value, weight, self.models)


def spread_of(means: DomainMeans) -> Spread:
    return means.spread(np.arange(means.mean.size))


def found(raters: Raters, seeds: range) -> tuple[float, float, float]:
    """Boards on which any two models differ, pairs of the first, and intervals that miss."""
    boards, pairs, missed = [], [], []
    for seed in seeds:
        means = raters.means(np.random.default_rng(seed))
        spread = spread_of(means)
        better = separated(means.mean, spread.covariance, spread.of_pairs).better
        boards.append(bool(better.any()))
        pairs.append(better[0, 1:].mean())
        lo, hi = contrasts([(means, np.eye(raters.models)[1:])]).interval(0.05)
        missed.append(float(np.mean((lo > raters.centre) | (hi < raters.centre))))
    return float(np.mean(boards)), float(np.mean(pairs)), float(np.mean(missed))


def test_means_move_as_they_do_when_each_rater_is_left_out() -> None:
    generator = np.random.default_rng(1)
    person, domain = generator.integers(0, 12, 200), generator.integers(0, 3, 200)
    value = generator.integers(1, 8, 200).astype(np.float64)
    weight = generator.uniform(0.3, 3.0, 12)[person]
    means = domain_means(person, domain, value, weight, 3)

    def mean_of(kept: NDArray[np.bool_]) -> Floats:
        return np.array(
            [
                np.average(value[kept & (domain == one)], weights=weight[kept & (domain == one)])
                for one in range(3)
            ]
        )

    everybody = mean_of(np.ones(200, dtype=bool))
    moves = np.array([everybody - mean_of(person != one) for one in range(12)])
    np.testing.assert_allclose(
        spread_of(means).covariance, moves.T @ moves * 11.0 / 12.0, rtol=1e-10
    )


def test_of_equal_raters_every_pair_is_a_paired_t_test() -> None:
    means = Raters(models=3, raters=20, heavy=0).means(np.random.default_rng(2))
    spread = spread_of(means)
    assert spread.of_pairs.tolist() == np.full((3, 3), 19.0).tolist()
    generator = np.random.default_rng(3)
    one, other = generator.integers(1, 8, (2, 20)).astype(np.float64)
    pair = domain_means(
        np.tile(np.arange(20), 2), np.repeat([0, 1], 20), np.append(one, other), np.ones(40), 2
    )
    own = spread_of(pair)
    alone = separated(pair.mean, own.covariance, own.of_pairs)
    assert alone.p[0, 1] == pytest.approx(ttest_rel(one, other).pvalue)


def test_degrees_of_freedom_are_those_of_the_people_who_matter() -> None:
    # One of eleven gives half of the ratings: squares 1/4 + 10/400, fourths 1/16 + 10/160,000.
    person = np.array([0] * 10 + list(range(1, 11)))
    value = np.arange(20.0) % 7.0 + 1.0
    spread = spread_of(domain_means(person, np.zeros(20, dtype=np.int64), value, np.ones(20), 1))
    wanted = (0.25 + 0.025) ** 2 / (0.0625 + 0.0000625)
    assert spread.of_pairs[0, 0] == pytest.approx(wanted)
    assert spread.degrees_of_freedom(np.array([[1.0]]))[0] == pytest.approx(wanted)


def test_a_pairs_degrees_of_freedom_are_those_of_its_contrast() -> None:
    means = Raters(weight_sd=0.7).means(np.random.default_rng(4))
    spread = spread_of(means)
    one, other = np.triu_indices(6, 1)
    coefficients = np.eye(6)[one] - np.eye(6)[other]
    np.testing.assert_allclose(
        spread.degrees_of_freedom(coefficients), spread.of_pairs[one, other], rtol=1e-12
    )


def test_few_heavy_raters_make_no_model_better() -> None:
    boards, _, missed = found(Raters(), range(60))
    assert boards <= 0.05
    assert missed <= 0.07


def test_among_equal_raters_a_better_model_is_found() -> None:
    boards, pairs, missed = found(Raters(heavy=0, raters=40, better=0.8), range(60))
    assert boards >= 0.8
    assert pairs >= 0.45
    assert missed <= 0.09


HEAVY = [
    Raters(),
    Raters(models=8, raters=40),
    Raters(models=4, raters=50, heavy=5),
    Raters(raters=12, times=5),
    Raters(raters=100, heavy=10),
    Raters(models=10, heavy=4, times=15),
    Raters(raters=12, heavy=2, times=15),
    Raters(models=12, raters=10, heavy=1, times=15),
    Raters(heavy=0, raters=40, weight_sd=1.2),
    Raters(models=8, heavy=0, raters=12, centre=7.5),
]


@pytest.mark.slow
@pytest.mark.parametrize("raters", HEAVY, ids=str)
def test_false_separations_over_many_studies(raters: Raters) -> None:
    boards, _, missed = found(raters, range(10_000, 10_600))
    assert boards <= 0.06
    if raters.centre < 7.0:
        assert missed <= 0.06


@pytest.mark.slow
def test_where_people_are_equal_nothing_is_lost() -> None:
    boards, _, missed = found(Raters(heavy=0, raters=40), range(20_000, 20_600))
    assert 0.02 <= boards <= 0.07
    assert 0.035 <= missed <= 0.065
    _, pairs, _ = found(Raters(heavy=0, raters=40, better=0.8), range(30_000, 30_600))
    assert pairs >= 0.5


@pytest.mark.parametrize("weight", [1.0, 0.3])
def test_where_all_say_the_same_there_is_no_interval_and_nobody_is_better(weight: float) -> None:
    person, domain = np.tile(np.arange(12), 3), np.repeat([0, 1, 2], 12)
    own = np.linspace(weight, 1.7, 12)[person]
    # All say 7 of the first, 6 of the second, and two less than that of nothing else.
    value = np.repeat([7.0, 6.0, 5.0], 12)
    means = domain_means(person, domain, value, own, 3)
    spread = spread_of(means)
    assert not separated(means.mean, spread.covariance, spread.of_pairs).better.any()
    compared = contrasts([(means, np.array([[1.0, 0.0, 0.0], [1.0, -1.0, 0.0]]))])
    assert compared.p.tolist() == [1.0, 1.0]
    assert np.isnan(compared.interval(0.05)).all()


def test_where_everybody_differs_by_as_much_nothing_tells_how_people_differ() -> None:
    generator = np.random.default_rng(5)
    person = np.tile(np.arange(300), 2)
    value = generator.integers(2, 8, 300).astype(np.float64)
    weight = generator.uniform(0.3, 3.0, 300)[person]
    means = domain_means(person, np.repeat([0, 1], 300), np.append(value, value - 1.0), weight, 2)
    spread = spread_of(means)
    assert not separated(means.mean, spread.covariance, spread.of_pairs).better.any()
    compared = contrasts([(means, np.array([[1.0, -1.0]]))])
    assert compared.p[0] == 1.0
    assert np.isnan(compared.interval(0.05)).all()


def test_who_rates_alone_has_no_interval() -> None:
    means = domain_means(
        np.zeros(5, dtype=np.int64), np.zeros(5, dtype=np.int64), np.arange(1.0, 6.0), np.ones(5), 1
    )
    assert np.isnan(contrasts([(means, np.array([[1.0]]))]).interval(0.05)).all()
    assert spread_of(means).covariance.tolist() == [[0.0]]
