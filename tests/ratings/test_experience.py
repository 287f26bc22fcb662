"""Means of ratings: R `survey`'s own figures, and covariances worked out one by one."""

import csv
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import false_discovery_control, ttest_1samp

from ratings.experience import (
    centred,
    contrasts,
    domain_means,
    false_discovery,
    spread_weights,
)

REFERENCE = Path(__file__).parents[1] / "data" / "weighting_reference"
AGREEMENT = 1e-9
AGES = ("18-34", "35-54", "55+")
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def rows_of(name: str) -> list[dict[str, str]]:
    with (REFERENCE / f"synthetic_{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def expected(method: str, stat: str, variable: str) -> tuple[float, float]:
    """R's estimate and standard error."""
    [row] = [
        row
        for row in rows_of("expected_stats")
        if (row["method"], row["stat"], row["variable"]) == (method, stat, variable)
    ]
    return float(row["estimate"]), float(row["se"])


def test_a_weighted_mean_and_its_error_are_those_of_r_survey() -> None:
    sample = rows_of("sample")
    rating, weight = (
        np.array([float(row[name]) for row in sample]) for name in ("rating", "base_w")
    )
    person = np.arange(len(sample))
    found = domain_means(person, np.zeros_like(person), rating, weight, 1)
    mean, error = expected("base", "svymean", "rating")
    assert found.mean[0] == pytest.approx(mean, rel=AGREEMENT)
    assert found.sd[0] == pytest.approx(error, rel=AGREEMENT)


def test_domains_are_those_of_r_survey() -> None:
    sample = rows_of("sample")
    person = np.arange(len(sample))
    domain = np.array([AGES.index(row["age3"]) for row in sample])
    rating, weight = (
        np.array([float(row[name]) for row in sample]) for name in ("rating", "base_w")
    )
    found = domain_means(person, domain, rating, weight, len(AGES), cluster_count=len(sample))
    for place, age in enumerate(AGES):
        mean, error = expected("base", f"svymean|age3={age}", "rating")
        assert found.mean[place] == pytest.approx(mean, rel=AGREEMENT)
        assert found.sd[place] == pytest.approx(error, rel=AGREEMENT)


@pytest.mark.parametrize(
    ("method", "is_spread"), [("battles_w_i_per_battle", False), ("battles_w_i_over_m_i", True)]
)
def test_what_one_person_says_several_times_is_one_cluster(method: str, is_spread: bool) -> None:
    weights = {row["pid"]: float(row["rake"]) for row in rows_of("expected_weights")}
    battles = rows_of("battles")
    _, person = np.unique([row["pid"] for row in battles], return_inverse=True)
    weight = np.array([weights[row["pid"]] for row in battles])
    domain = np.zeros_like(person)
    if is_spread:
        weight = spread_weights(person, domain, weight)
    value = np.array([float(row["y"]) for row in battles])
    found = domain_means(person, domain, value, weight, 1)
    mean, error = expected(method, "svymean_cluster_pid", "y")
    assert found.mean[0] == pytest.approx(mean, rel=AGREEMENT)
    assert found.sd[0] == pytest.approx(error, rel=AGREEMENT)


def drawn(seed: int) -> tuple[Ints, Ints, Floats, Floats]:
    generator = np.random.default_rng(seed)
    person = generator.integers(0, 60, 500)
    domain = generator.integers(0, 4, 500)
    value = generator.integers(1, 8, 500).astype(np.float64)
    return person, domain, value, generator.uniform(0.3, 3.0, 60)[person]


def test_covariances_are_sums_over_participants() -> None:
    person, domain, value, weight = drawn(1)
    found = domain_means(person, domain, value, weight, 4)
    scores = np.zeros((60, 4))
    for place in range(value.size):
        of = domain == domain[place]
        mean = np.average(value[of], weights=weight[of])
        share = weight[place] / weight[of].sum()
        scores[person[place], domain[place]] += share * (value[place] - mean)
    people = np.array([np.unique(person[domain == place]).size for place in range(4)])
    factor = np.sqrt(people / (people - 1.0))
    wanted = scores.T @ scores * np.multiply.outer(factor, factor)
    np.testing.assert_allclose(found.covariance, wanted, rtol=1e-12)
    assert found.participant_count.tolist() == people.tolist()


def test_people_are_taken_in_any_order() -> None:
    person, domain, value, weight = drawn(2)
    whole = domain_means(person, domain, value, weight, 4)
    order = np.random.default_rng(0).permutation(value.size)
    parts = domain_means(person[order], domain[order], value[order], weight[order], 4)
    np.testing.assert_allclose(parts.covariance, whole.covariance, rtol=1e-12)
    np.testing.assert_allclose(parts.shares, whole.shares, rtol=1e-12)


def test_shares_and_effective_participants() -> None:
    person, domain = np.array([0, 0, 1]), np.zeros(3, dtype=np.int64)
    weight = spread_weights(person, domain, np.array([2.0, 2.0, 1.0]))
    found = domain_means(person, domain, np.array([1.0, 7.0, 7.0]), weight, 2)
    assert found.shares[0].tolist() == pytest.approx([1 / 3, 0, 0, 0, 0, 0, 2 / 3])
    assert found.effective_count[0] == pytest.approx(9 / 5)
    assert np.isnan(found.mean[1])
    assert found.rating_count.tolist() == [3, 0]


def test_a_contrast_of_one_sample_is_a_paired_t_test() -> None:
    generator = np.random.default_rng(3)
    first, second = generator.integers(1, 8, (2, 80)).astype(np.float64)
    person = np.tile(np.arange(80), 2)
    means = domain_means(
        person, np.repeat([0, 1], 80), np.concatenate((first, second)), np.ones(160), 2
    )
    found = contrasts([(means, np.array([[1.0, -1.0]]))])
    peer = ttest_1samp(first - second, 0.0)
    assert found.p[0] == pytest.approx(peer.pvalue)
    interval = peer.confidence_interval()
    assert [ends[0] for ends in found.interval(0.05)] == pytest.approx(
        [interval.low, interval.high]
    )


def test_two_samples_are_welchs() -> None:
    from scipy.stats import ttest_ind

    generator = np.random.default_rng(4)
    here, there = generator.normal(5.0, 1.0, 12), generator.normal(4.5, 2.0, 40)
    parts = []
    for sample, sign in ((here, 1.0), (there, -1.0)):
        person = np.arange(sample.size)
        means = domain_means(person, np.zeros_like(person), sample, np.ones(sample.size), 1)
        parts.append((means, np.array([[sign]])))
    peer = ttest_ind(here, there, equal_var=False)
    assert contrasts(parts).p[0] == pytest.approx(peer.pvalue)


def test_false_discovery_is_scipys() -> None:
    p = np.random.default_rng(5).random(200) ** 3
    np.testing.assert_allclose(false_discovery(p), false_discovery_control(p))


def test_a_raters_scale_is_taken_off() -> None:
    person = np.array([0, 0, 1, 1, 2, 2])
    value = np.array([1.0, 3.0, 5.0, 7.0, 4.0, 4.0])
    deviation, standardised = centred(person, value, np.ones(6, dtype=bool))
    assert deviation.tolist() == [-1.0, 1.0, -1.0, 1.0, 0.0, 0.0]
    assert standardised[:4].tolist() == [-1.0, 1.0, -1.0, 1.0]
    assert np.isnan(standardised[4:]).all()
