"""The prior's spread is found where there is one, and the leader is no surer than it may be."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ratings.counts import PairCounts
from ratings.draw_margin import fit_draw_margin
from ratings.posterior import Posterior, Prior
from ratings.prior_spread import HIGHEST, LOWEST
from ratings.summary import rank_distribution
from tests.ratings.simulation import NOISE_SD, count, margin_for, model_ids, outcome_of, simulate

BETA = 25.0 / 6.0


def recovered(battles: int, sd: float, seeds: int) -> tuple[np.ndarray, np.ndarray]:
    """Estimated over realised spread of the skills, and margins."""
    ratio, margin = [], []
    for seed in range(seeds):
        study = simulate(seed, size=28, battles=battles, sd=sd, margin=3.0)
        posterior = fit_draw_margin(study.counts, is_spread_learnt=True)
        assert posterior.converged
        ratio.append(posterior.prior.sd / np.sqrt((study.centred**2).sum() / 27))
        margin.append(posterior.draw_margin)
    return np.array(ratio), np.array(margin)


@pytest.mark.parametrize("sd", [2.0, 8.0])
def test_spread_and_margin_come_out_and_tighten(sd: float) -> None:
    spread = []
    for battles in (500, 3000, 100_000):
        ratio, margin = recovered(battles, sd, 8)
        assert abs(ratio.mean() - 1.0) < 4 * ratio.std(ddof=1) / np.sqrt(8) + 0.05
        assert abs(margin.mean() - 3.0) < 4 * margin.std(ddof=1) / np.sqrt(8)
        spread.append(np.log(ratio).std() + np.log(margin).std())
    assert spread[0] > spread[1] > spread[2]
    assert spread[2] < 0.04


@pytest.mark.parametrize(
    "rows",
    [
        ([0, 0, 0], [0, 0, 0], [0, 0, 0]),
        ([1, 0, 0], [0, 0, 0], [0, 0, 0]),
        ([50, 50, 50], [0, 0, 0], [0, 0, 0]),
        ([0, 0, 0], [0, 0, 0], [50, 50, 50]),
        ([1e6, 1e6, 0], [0, 0, 1e6], [0, 0, 0]),
        ([20, 20, 20], [20, 20, 20], [5, 5, 5]),
    ],
)
def test_it_never_crashes_nor_says_that_all_are_equal(rows: tuple[list[float], ...]) -> None:
    counts = PairCounts.from_indices(
        model_ids(3), np.array([0, 0, 1]), np.array([1, 2, 2]), *np.array(rows, dtype=float)
    )
    posterior = fit_draw_margin(counts, is_spread_learnt=True)
    assert np.isfinite(posterior.mean).all()
    assert LOWEST * BETA < posterior.prior.sd < HIGHEST * BETA
    if rows[0] == [20, 20, 20]:
        # Nothing tells three models apart, and their evidence has no peak above zero.
        assert 0.05 * BETA < posterior.prior.sd < 0.5 * BETA


def test_without_battles_it_is_the_most_probable_one_before() -> None:
    nothing = np.empty(0, dtype=np.int64)
    for mode in (2.0, 25.0 / 3.0):
        found = fit_draw_margin(
            count(5, nothing, nothing, nothing), Prior(sd=mode), is_spread_learnt=True
        )
        assert found.prior.sd == pytest.approx(mode, rel=1e-6)
        assert found.converged


def test_it_is_the_maximum_of_evidence_times_gamma() -> None:
    counts = simulate(3, size=12, battles=800).counts

    def height(posterior: Posterior) -> float:
        sd = posterior.prior.sd
        return float(posterior.log_evidence + np.log(sd) - sd / Prior().sd)

    best = fit_draw_margin(counts, is_spread_learnt=True)
    for factor in (0.5, 0.8, 1.25, 2.0):
        assert height(fit_draw_margin(counts, Prior(sd=best.prior.sd * factor))) < height(best)


def drawn(law: str, size: int, sd: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Skills of that sd by laws that are not the estimator's, too."""
    if law == "uniform":
        return np.asarray(rng.uniform(-1.0, 1.0, size) * sd * np.sqrt(3.0))
    if law == "one ahead":
        skill = rng.normal(0.0, sd, size)
        skill[0] += 2.0 * sd
        return skill
    return rng.normal(0.0, sd, size)


def leaders(
    law: str, size: int, battles: int, sd: float, studies: int, *, is_learnt: bool
) -> tuple[float, float, float, float]:
    """P(best) of the leader, how often it is; coverage of all models and of the leader."""
    found = []
    for seed in range(studies):
        rng = np.random.default_rng((seed, size, battles))
        skill = drawn(law, size, sd, rng)
        a = rng.integers(0, size, battles)
        b = (a + rng.integers(1, size, battles)) % size
        d = skill[a] - skill[b] + rng.normal(0.0, NOISE_SD, battles)
        counts = count(size, a, b, outcome_of(d, margin_for(0.3, sd)))
        posterior = fit_draw_margin(counts, is_spread_learnt=is_learnt)
        within = np.abs(posterior.skill - skill + skill.mean()) < 1.96 * posterior.skill_sd
        leader = int(np.argmax(posterior.skill))
        sure = rank_distribution(posterior, seed, 512)[leader, 0]
        found.append((sure, leader == np.argmax(skill), within.mean(), within[leader]))
    return tuple(np.array(found, dtype=float).mean(axis=0).tolist())


@pytest.mark.parametrize(
    ("law", "size", "battles", "sd"),
    [
        ("normal", 28, 256, 1.0),
        ("normal", 6, 100, 2.0),
        ("uniform", 28, 256, 1.0),
        ("one ahead", 28, 512, 1.0),
    ],
)
def test_the_leader_is_as_sure_as_it_is_right(law: str, size: int, battles: int, sd: float) -> None:
    sure, right, covered, of_leader = leaders(law, size, battles, sd, 150, is_learnt=True)
    assert sure - right < 0.12
    assert covered > 0.92
    assert of_leader > 0.85


def test_a_fixed_wide_prior_is_too_sure_of_the_leader() -> None:
    sure, right, _, of_leader = leaders("normal", 28, 256, 1.0, 150, is_learnt=False)
    assert sure - right > 0.15
    assert of_leader < 0.8


@pytest.mark.slow
@pytest.mark.parametrize("law", ["normal", "uniform", "one ahead"])
@pytest.mark.parametrize("sd", [0.5, 1.0, 2.0, 4.0, 8.0])
@pytest.mark.parametrize(("size", "battles"), [(6, 100), (6, 1000), (28, 256), (28, 2000)])
def test_the_leader_is_as_sure_as_it_is_right_everywhere(
    law: str, sd: float, size: int, battles: int
) -> None:
    sure, right, covered, of_leader = leaders(law, size, battles, sd, 400, is_learnt=True)
    # Few battles tell little of how far models differ: of 6 models that hardly do (sd 0.5) the
    # leader is said to be best in 43% and is in 32%; of those that do (sd 8) intervals hold 91%.
    is_few = battles < 250
    assert sure - right < (0.13 if is_few else 0.1)
    assert covered > (0.9 if is_few else 0.92)
    assert of_leader > 0.85
