"""The best of several against simulation: equal variants, different ones, and only one."""

from dataclasses import dataclass

import numpy as np
import pytest

from ratings.best_of_n import family, mean_of_largest, own_noise, winner
from ratings.compiled import FloatArray


def test_the_largest_of_n_as_tables_have_it() -> None:
    # Harter 1961, Biometrika 48.
    expected = {1: 0.0, 2: 0.56419, 3: 0.84628, 5: 1.16296, 10: 1.53875, 50: 2.24907, 100: 2.50759}
    for count, mean in expected.items():
        assert mean_of_largest(count) == pytest.approx(mean, abs=1e-4)
    with pytest.raises(ValueError, match="none"):
        mean_of_largest(0)


def test_noise_that_variants_share_decides_between_none() -> None:
    assert own_noise(0.2 + 0.05 * np.eye(8)) == pytest.approx(0.05**0.5)
    assert own_noise(np.array([[0.25]])) == pytest.approx(0.5)


@dataclass(frozen=True)
class Studies:
    """Of each study the winner's skill, its score, and both estimates with their intervals."""

    truth: FloatArray
    score: FloatArray
    corrected: FloatArray
    shrunk: FloatArray

    @property
    def inflation(self) -> float:
        return float(np.mean(self.score - self.truth))

    def coverage(self, name: str) -> float:
        _, low, high = getattr(self, name).T
        return float(np.mean((low < self.truth) & (self.truth < high)))


def studies(skill: FloatArray, covariance: FloatArray, count: int, *, seed: int = 1) -> Studies:
    rng = np.random.default_rng(seed)
    rows = []
    for noise in rng.multivariate_normal(np.zeros(skill.size), covariance, count):
        score = skill + noise
        place = int(np.argmax(score))
        best, drawn = winner(score, covariance), family(score, covariance, place).skill
        rows.append(
            [skill[place], score[place]]
            + [value for one in (best, drawn) for value in (one.estimate, one.low, one.high)]
        )
    made = np.array(rows)
    return Studies(made[:, 0], made[:, 1], made[:, 2:5], made[:, 5:8])


@pytest.mark.parametrize("size", [2, 5, 27])
def test_of_equal_variants_the_best_looks_better_than_it_is(size: int) -> None:
    found = studies(np.zeros(size), 0.25 * np.eye(size), 800)
    assert found.inflation == pytest.approx(0.5 * mean_of_largest(size), abs=0.05)
    above = np.mean(found.corrected[:, 0] > found.truth)
    assert above == pytest.approx(0.5, abs=0.055)
    assert 0.93 <= found.coverage("corrected") <= 0.97
    # The joint posterior can't be sure that variants are equal, so it takes off somewhat less.
    taken = np.mean(found.score - found.shrunk[:, 0])
    assert 0.55 * found.inflation < taken < found.inflation
    assert found.coverage("shrunk") >= 0.93


def test_where_variants_are_as_different_as_noisy_both_are_right() -> None:
    rng = np.random.default_rng(3)
    rows = [
        studies(np.asarray(0.5 * rng.standard_normal(27)), 0.25 * np.eye(27), 8, seed=place)
        for place in range(200)
    ]
    inflation = np.mean([one.inflation for one in rows])
    taken = np.mean([one.score - one.shrunk[:, 0] for one in rows])
    assert taken == pytest.approx(inflation, abs=0.12)
    above = np.mean([one.corrected[:, 0] > one.truth for one in rows])
    assert above == pytest.approx(0.5, abs=0.07)
    for name in ("corrected", "shrunk"):
        assert 0.92 <= np.mean([one.coverage(name) for one in rows]) <= 0.98


def test_of_one_alone_nothing_is_taken_off() -> None:
    covariance = np.array([[0.25]])
    for estimate in (
        winner(np.array([1.0]), covariance),
        family(np.array([1.0]), covariance, 0).skill,
    ):
        assert estimate.estimate == pytest.approx(1.0, abs=1e-6)
        assert estimate.low == pytest.approx(1.0 - 1.96 * 0.5, abs=0.02)
        assert estimate.high == pytest.approx(1.0 + 1.96 * 0.5, abs=0.02)


def test_of_scores_that_are_shown_in_part_the_best_as_shown_is_corrected() -> None:
    # Of a score of more noise a smaller share is shown, as the prior draws it more.
    rng = np.random.default_rng(5)
    sd = np.exp(rng.uniform(np.log(0.2), np.log(1.5), 27))
    kept = 1.0 / (1.0 + sd**2)
    other, inside, above = [], [], []
    for _ in range(600):
        skill = 0.3 * rng.standard_normal(27)
        score = skill + sd * rng.standard_normal(27)
        place = int(np.argmax(kept * score))
        best = winner(score, np.diag(sd**2), kept)
        other.append(place != int(np.argmax(score)))
        inside.append(best.low < skill[place] < best.high)
        above.append(best.estimate > skill[place])
    assert np.mean(other) > 0.3
    assert 0.93 <= np.mean(inside) <= 0.97
    assert np.mean(above) == pytest.approx(0.5, abs=0.055)


def test_where_variants_are_far_apart_nothing_is_taken_off() -> None:
    skill, covariance = np.linspace(0.0, 20.0, 5), 0.25 * np.eye(5)
    found = studies(skill, covariance, 300)
    assert np.abs(found.score - found.corrected[:, 0]).max() < 0.01
    assert np.abs(found.score - found.shrunk[:, 0]).max() < 0.1


def test_variants_that_share_their_noise_are_chosen_by_the_rest_of_it() -> None:
    found = studies(np.linspace(0.0, 0.3, 8), 0.2 + 0.05 * np.eye(8), 800)
    assert np.mean(found.corrected[:, 0] < found.truth) == pytest.approx(0.5, abs=0.055)
    assert 0.93 <= found.coverage("corrected") <= 0.97
    assert 0.93 <= found.coverage("shrunk") <= 0.98


def test_one_whose_noise_is_in_anothers_is_bounded_from_above_too() -> None:
    # The second's score is the first's, twice as far, and some noise: it wins where that is high.
    half = np.array([[1.0, 0.0], [2.0, 0.3]])
    found = studies(np.array([0.0, 0.2]), half @ half.T, 800)
    assert np.mean(found.corrected[:, 0] < found.truth) == pytest.approx(0.5, abs=0.055)
    assert 0.93 <= found.coverage("corrected") <= 0.97


def test_a_family_that_is_not_normal_costs_the_joint_posterior_a_little_and_the_other_nothing() -> (
    None
):
    # One variant far ahead of two that are equal.
    found = studies(np.array([0.0, 0.0, 5.0]), 0.25 * np.eye(3), 800)
    assert found.coverage("shrunk") >= 0.88
    assert 0.93 <= found.coverage("corrected") <= 0.97


def test_which_one_was_published_does_not_matter_to_the_joint_posterior() -> None:
    rng = np.random.default_rng(4)
    covariance = 0.25 * np.eye(9)
    inside = []
    for _ in range(300):
        skill = rng.normal(0.0, 0.3, 9)
        score = skill + 0.5 * rng.standard_normal(9)
        place = int(np.argsort(score)[-3])
        drawn = family(score, covariance, place).skill
        inside.append(drawn.low < skill[place] < drawn.high)
    assert np.mean(inside) >= 0.93


def test_that_a_skill_is_above_its_score_is_as_probable_as_its_interval_says() -> None:
    score, covariance = np.array([1.4, 0.2, 0.1, -0.3]), 0.25 * np.eye(4)
    surer = family(score, covariance, 0)
    assert surer.p_above < 0.5 < family(score, covariance, 3).p_above
    assert (surer.p_above < 0.025) == (surer.skill.high < score[0])
    assert family(score[:1], covariance[:1, :1], 0).p_above == 0.5


def test_none_is_refused() -> None:
    with pytest.raises(ValueError, match="variants"):
        winner(np.empty(0), np.empty((0, 0)))
