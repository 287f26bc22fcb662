"""The best of several against simulation: equal variants, different ones, and only one."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ratings.best_of_n import Winner, mean_of_largest, winner


def test_the_largest_of_n_as_tables_have_it() -> None:
    # Harter 1961, Biometrika 48.
    expected = {1: 0.0, 2: 0.56419, 3: 0.84628, 5: 1.16296, 10: 1.53875, 27: 2.00, 100: 2.50759}
    for count, mean in expected.items():
        assert mean_of_largest(count) == pytest.approx(mean, abs=6e-3 if count == 27 else 1e-4)
    with pytest.raises(ValueError, match="none"):
        mean_of_largest(0)


def studies(
    skill: NDArray[np.float64], covariance: NDArray[np.float64], count: int
) -> list[Winner]:
    rng = np.random.default_rng(1)
    noise = rng.multivariate_normal(np.zeros(skill.size), covariance, count)
    return [winner(skill + one, covariance) for one in noise]


@pytest.mark.parametrize("size", [1, 2, 10, 27])
def test_of_equal_variants_the_best_looks_better_than_it_is(size: int) -> None:
    covariance = 0.25 * np.eye(size)
    found = studies(np.zeros(size), covariance, 2000)
    assert np.mean([one.score for one in found]) == pytest.approx(
        0.5 * mean_of_largest(size), abs=0.04
    )
    above = np.mean([one.estimate > 0.0 for one in found])
    assert above == pytest.approx(0.5, abs=0.04)
    assert np.mean([one.low < 0.0 < one.high for one in found]) == pytest.approx(0.95, abs=0.02)


def test_where_one_is_far_ahead_nothing_is_taken_off() -> None:
    found = studies(np.array([0.0, 0.0, 5.0]), 0.25 * np.eye(3), 500)
    assert max(abs(one.inflation) for one in found) < 0.01


def test_variants_that_share_their_noise_are_chosen_by_the_rest_of_it() -> None:
    covariance = 0.2 + 0.05 * np.eye(8)
    skill = np.linspace(0.0, 0.3, 8)
    found = studies(skill, covariance, 2000)
    truth = np.array([skill[one.place] for one in found])
    below = np.array([one.estimate for one in found]) < truth
    assert below.mean() == pytest.approx(0.5, abs=0.04)
    inside = [one.low < true < one.high for one, true in zip(found, truth, strict=True)]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.02)


def test_none_is_refused() -> None:
    with pytest.raises(ValueError, match="variants"):
        winner(np.empty(0), np.empty((0, 0)))
