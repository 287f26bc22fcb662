"""Batches against brute force, the package's match quality, and how often pairs really come."""

from itertools import combinations

import numpy as np
import pytest
import trueskill
from numpy.typing import NDArray

from ratings.expectation_propagation import fit
from ratings.pairing import (
    Batch,
    PairingPolicy,
    Rule,
    expecting,
    match_qualities,
    pair_precisions,
    propose,
)
from ratings.posterior import Posterior, over_models
from tests.ratings.simulation import NOISE_SD, model_ids, simulate

GREEDY = PairingPolicy("greedy", "1", random_share=0.0, model_limit=100.0)


def small(size: int = 6, battles: int = 120, seed: int = 4) -> Posterior:
    return fit(simulate(seed, size=size, battles=battles).counts, draw_margin=2.0)


def pairs_of(batch: Batch) -> list[tuple[int, int, int]]:
    low, high = np.minimum(batch.left, batch.right), np.maximum(batch.left, batch.right)
    return list(zip(batch.part.tolist(), low.tolist(), high.tolist(), strict=True))


def board_variances(
    covariances: list[NDArray[np.float64]], shares: tuple[float, ...]
) -> NDArray[np.float64]:
    size = covariances[0].shape[0]
    centre = np.eye(size) - 1.0 / size
    whole = sum(w**2 * centre @ v @ centre for w, v in zip(shares, covariances, strict=True))
    return np.diag(np.asarray(whole))


@pytest.mark.parametrize("power", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("shares", [(1.0,), (0.7, 0.3)])
def test_every_choice_is_the_best_by_brute_force(power: float, shares: tuple[float, ...]) -> None:
    parts = [small(seed=k) for k in range(len(shares))]
    policy = PairingPolicy("greedy", "1", random_share=0, uncertainty_power=power, model_limit=100)
    batch = propose(parts, policy, size=6, seed=1, shares=shares)
    covariances = [part.covariance.copy() for part in parts]
    start = board_variances(covariances, shares)
    worth = (start / start.mean()) ** power / start
    precision = [pair_precisions(p) for p in parts]
    seen: set[tuple[int, int, int]] = set()
    for chosen, gain in zip(pairs_of(batch), batch.gain, strict=True):
        before = board_variances(covariances, shares)
        gains = {}
        for s, i, j in ((s, i, j) for s in range(len(parts)) for i, j in combinations(range(6), 2)):
            if (s, i, j) in seen:
                continue
            v = covariances[s]
            a = v[i] - v[j]
            after = list(covariances)
            k = precision[s][i, j] / (1 + precision[s][i, j] * (a[i] - a[j]))
            after[s] = v - k * np.outer(a, a)
            gains[s, i, j] = (
                0.5 * float((worth * (before - board_variances(after, shares))).sum()),
                after,
            )
        best = max(gains, key=lambda pair: gains[pair][0])
        assert gains[chosen][0] == pytest.approx(gains[best][0], rel=1e-9)
        assert gain == pytest.approx(gains[chosen][0], rel=1e-9)
        covariances = gains[chosen][1]
        seen.add(chosen)


def test_propensities_are_the_frequencies() -> None:
    posterior = small(size=4, battles=40)
    policy = PairingPolicy("mixed", "1", random_share=0.4, model_limit=100)
    draws = 6000
    seen: dict[tuple[int, int, int], int] = {}
    said: dict[tuple[int, int, int], float] = {}
    inverse = np.zeros(2)
    for seed in range(draws):
        batch = propose([posterior], policy, size=2, seed=seed)
        first = pairs_of(batch)[0]
        seen[first] = seen.get(first, 0) + 1
        said[first] = float(batch.propensity[0])
        inverse += 1.0 / batch.propensity
    assert sum(said.values()) == pytest.approx(1.0)
    for pair, propensity in said.items():
        error = np.sqrt(propensity * (1 - propensity) / draws)
        assert seen[pair] / draws == pytest.approx(propensity, abs=4 * error)
    # Horvitz and Thompson: the slot counts its allowed pairs, six and then five.
    assert inverse / draws == pytest.approx([6.0, 5.0], rel=0.06)


def test_a_random_policy_gives_every_pair_alike() -> None:
    batch = propose(
        [small()], PairingPolicy("r", "1", Rule.RANDOM, model_limit=100), size=3, seed=2
    )
    assert batch.is_random.all()
    assert batch.propensity == pytest.approx([1 / 15, 1 / 14, 1 / 13])


def test_the_share_at_random_is_as_asked() -> None:
    posterior = small(size=28, battles=1000)
    batch = propose([posterior], PairingPolicy("p", "1", model_limit=100), size=300, seed=5)
    assert batch.is_random.mean() == pytest.approx(0.5, abs=0.09)
    assert (batch.propensity[~batch.is_random] > 0.5).all()
    assert (batch.propensity > 0).all()
    assert (batch.left < batch.right).mean() == pytest.approx(0.5, abs=0.1)


def test_no_pair_comes_twice_and_no_model_too_often() -> None:
    posterior = small(size=10, battles=200)
    policy = PairingPolicy("p", "1", model_limit=1.5)
    batch = propose([posterior], policy, size=20, seed=3)
    assert len(set(pairs_of(batch))) == len(pairs_of(batch))
    met = np.bincount(np.concatenate((batch.left, batch.right)), minlength=10)
    assert met.max() <= np.ceil(1.5 * 2 * 20 / 10)
    assert propose([posterior], GREEDY, size=60, seed=3).gain.size == 45


def test_only_allowed_pairs_come() -> None:
    allowed = np.zeros((1, 6, 6), dtype=np.bool_)
    for i, j in ((0, 3), (2, 5)):
        allowed[0, i, j] = allowed[0, j, i] = True
    batch = propose([small()], GREEDY, size=5, seed=1, allowed=allowed)
    assert set(pairs_of(batch)) == {(0, 0, 3), (0, 2, 5)}
    assert not allowed[0, 0, 1]
    assert allowed[0, 0, 3]  # the caller's mask is left as it was
    alone = over_models(small(), model_ids(1))
    assert propose([alone], GREEDY, size=5, seed=1).gain.size == 0


def test_the_same_seed_gives_the_same_bits() -> None:
    first, second = (propose([small()], PairingPolicy("p", "1"), size=8, seed=9) for _ in range(2))
    assert first.gain.tobytes() == second.gain.tobytes()
    assert pairs_of(first) == pairs_of(second)
    other = propose([small()], PairingPolicy("p", "1"), size=8, seed=10)
    assert pairs_of(other) != pairs_of(first)


def test_match_quality_is_the_packages() -> None:
    mean, sd = np.array([25.0, 31.0, 12.0]), np.array([8.0, 2.0, 1.0])
    ours = match_qualities(mean[None], np.diag(sd**2)[None], NOISE_SD**2)[0]
    for i, j in combinations(range(3), 2):
        one, other = (trueskill.Rating(mean[k], sd[k]) for k in (i, j))
        assert ours[i, j] == pytest.approx(trueskill.quality_1vs1(one, other), rel=1e-12)


def test_a_model_nobody_has_seen_comes_first() -> None:
    names = [*model_ids(6), "new"]
    posterior = over_models(small(), names)
    assert posterior.covariance[6, 6] == pytest.approx(posterior.prior.sd**2)
    assert posterior.mean[:6] == pytest.approx(small().mean)
    assert 6 in pairs_of(propose([posterior], GREEDY, size=1, seed=1))[0]
    assert over_models(small(), names[1:3]).mean == pytest.approx(small().mean[1:3])


@pytest.mark.parametrize(
    "wrong", [{"random_share": 1.1}, {"model_limit": 0.0}, {"uncertainty_power": -1.0}]
)
def test_a_policy_that_cannot_be_followed_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        PairingPolicy("p", "1", **wrong)  # type: ignore[arg-type]


def test_tournaments_of_different_models_are_refused() -> None:
    with pytest.raises(ValueError, match="of the same models"):
        propose([small(), small(size=7)], GREEDY, size=1, seed=1, shares=(0.5, 0.5))


def test_what_is_awaited_counts_as_observations_of_the_differences() -> None:
    posterior = small()
    first, second = np.array([0, 0, 2]), np.array([3, 3, 1])
    expected = expecting(posterior, first, second)
    assert (expected.mean == posterior.mean).all()
    each = pair_precisions(posterior)
    covariance = posterior.covariance
    # One after the other, as Kalman has it.
    for i, j in zip(first, second, strict=True):
        u = np.zeros(6)
        u[i], u[j] = 1.0, -1.0
        reach = covariance @ u
        spread = u @ reach
        covariance = covariance - np.outer(reach, reach) / (1.0 / each[i, j] + spread)
    np.testing.assert_allclose(expected.covariance, covariance, rtol=1e-9)
    nothing = np.empty(0, dtype=np.int64)
    assert expecting(posterior, nothing, nothing) is posterior
