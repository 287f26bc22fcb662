"""Board rows from a posterior, each column recomputed by other means."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray
from scipy.stats import multivariate_normal, norm, rankdata

from ratings.draw_margin import fit_draw_margin
from ratings.posterior import Posterior
from ratings.summary import pairwise, rank_distribution, summarise
from tests.ratings.simulation import NOISE_SD, model_ids, simulate

STUDY = simulate(4, size=6, battles=120, sd=3.0)
POSTERIOR = fit_draw_margin(STUDY.counts)
SEED = 2**127 + 12345


def gaussian(mean: Sequence[float] | NDArray[np.float64], covariance: ArrayLike) -> Posterior:
    size = len(mean)
    return Posterior(
        model_ids(size), np.array(mean, dtype=float), np.array(covariance, dtype=float),
        np.full(size, 1 / max(size, 1)), True, 2.0,
    )  # fmt: skip


def test_skills_are_centred_with_their_covariance() -> None:
    rows = summarise(POSTERIOR, SEED).to_pandas()
    centring = np.eye(6) - 1 / 6
    sd = np.sqrt(np.diag(centring @ POSTERIOR.covariance @ centring.T))
    np.testing.assert_allclose(rows.skill, centring @ POSTERIOR.mean, atol=1e-12)
    np.testing.assert_allclose(rows.skill_sd, sd, rtol=1e-12)
    np.testing.assert_allclose(norm.cdf((rows.skill_hi - rows.skill) / sd), 0.975, atol=1e-12)
    np.testing.assert_allclose(rows.skill - rows.skill_lo, rows.skill_hi - rows.skill)
    # The prior's common mode makes an absolute mu far less certain than a centred skill.
    assert (np.sqrt(np.diag(POSTERIOR.covariance)) > sd).all()
    assert rows["rank"].tolist() == (-rows.skill).rank().astype(int).tolist()


def test_two_models_have_closed_forms() -> None:
    two = gaussian([26.0, 25.0], [[2.0, 0.5], [0.5, 1.5]])
    d, variance = 1.0, 2.0 + 1.5 - 2 * 0.5
    rows = summarise(two, SEED, draws=200_000).to_pandas()
    best = norm.cdf(d / np.sqrt(variance))
    assert rows.p_best[0] == pytest.approx(best, abs=0.005)
    spread = np.sqrt(variance + NOISE_SD**2)
    win, lose = norm.cdf((d - 2.0) / spread), norm.cdf((-d - 2.0) / spread)
    assert rows.win_share[0] == pytest.approx(win + 0.5 * (1 - win - lose), abs=1e-12)
    assert rows.win_share.sum() == pytest.approx(1.0, abs=1e-12)
    pairs = pairwise(two, simulate(0, size=2, battles=9).counts).to_pandas()
    assert pairs.p_better[0] == pytest.approx(best, abs=1e-14)
    assert pairs.p_win.tolist() == pytest.approx([win, lose], abs=1e-14)
    assert pairs.p_tie[0] == pytest.approx(1 - win - lose, abs=1e-14)
    assert pairs.battle_count.tolist() == [9, 9]
    assert pairs.win_share.tolist() == pytest.approx(rows.win_share.tolist(), abs=1e-12)
    ends = [d + side * norm.ppf(0.975) * np.sqrt(variance) for side in (-1, 1)]
    shares = [norm.cdf((end - 2.0) / NOISE_SD) / 2 + norm.cdf((end + 2.0) / NOISE_SD) / 2
              for end in ends]  # fmt: skip
    assert [pairs.win_share_lo[0], pairs.win_share_hi[0]] == pytest.approx(shares, abs=1e-12)
    assert pairs.win_share_lo[1] == pytest.approx(1 - shares[1], abs=1e-12)


@pytest.mark.parametrize("lead", [1.9, 1.95, 1.97, 2.2])
def test_an_interval_of_a_pair_leaves_out_a_half_where_one_is_surely_better(lead: float) -> None:
    two = gaussian([25.0 + lead, 25.0], [[0.5, 0.0], [0.0, 0.5]])
    pairs = pairwise(two, simulate(0, size=2, battles=9).counts).to_pandas()
    assert (pairs.win_share_lo[0] > 0.5) == (pairs.p_better[0] > 0.975)
    assert (pairs.win_share_hi[1] < 0.5) == (pairs.p_better[1] < 0.025)


@pytest.mark.parametrize("sd", [0.0, 3.0], ids=["all are equal", "they differ"])
def test_the_interval_of_a_pair_covers_its_true_share(sd: float) -> None:
    """And of equal models one pair in twenty seems unequal, no more."""
    covered = []
    for seed in range(100):
        study = simulate(seed, size=8, battles=600, sd=sd)
        pairs = pairwise(fit_draw_margin(study.counts), study.counts).to_pandas()
        skill = dict(zip(model_ids(8), study.skill, strict=True))
        lead = np.array(
            [skill[a] - skill[b] for a, b in zip(pairs.model_a, pairs.model_b, strict=True)]
        )
        share = (norm.cdf((lead - 2.0) / NOISE_SD) + norm.cdf((lead + 2.0) / NOISE_SD)) / 2.0
        covered.append(((pairs.win_share_lo <= share) & (share <= pairs.win_share_hi)).mean())
    assert np.mean(covered) == pytest.approx(0.95, abs=0.015)


def test_p_best_of_three_is_an_orthant_probability() -> None:
    mean = np.array([1.0, 0.3, 0.0])
    covariance = np.array([[1.0, 0.4, 0.1], [0.4, 0.8, -0.2], [0.1, -0.2, 1.5]])
    share = rank_distribution(gaussian(mean, covariance), SEED, draws=400_000)
    contrast = np.array([[-1.0, 1.0, 0.0], [-1.0, 0.0, 1.0]])  # others minus the first
    exact = multivariate_normal(contrast @ mean, contrast @ covariance @ contrast.T).cdf([0, 0])
    assert share[0, 0] == pytest.approx(exact, abs=0.004)
    np.testing.assert_allclose(share.sum(axis=0), 1.0)
    np.testing.assert_allclose(share.sum(axis=1), 1.0)


@pytest.mark.parametrize(("size", "draws"), [(1, 2), (5, 130), (9, 128), (28, 1000), (60, 6)])
def test_ranks_are_counted_as_by_sorting_each_draw(size: int, draws: int) -> None:
    basis = np.random.default_rng(size).normal(size=(size, size))
    posterior = gaussian(np.linspace(-1.0, 1.0, size), basis @ basis.T / size)
    upper = np.linalg.cholesky(posterior.covariance).T
    normal = np.random.Generator(np.random.Philox(key=SEED)).standard_normal((draws // 2, size))
    drawn = posterior.mean + np.concatenate([normal, -normal]) @ upper
    ranks = rankdata(-drawn, axis=1).astype(int) - 1
    expected = [np.bincount(column, minlength=size) / draws for column in ranks.T]
    np.testing.assert_array_equal(rank_distribution(posterior, SEED, draws), expected)


def test_equal_skills_share_the_better_rank() -> None:
    share = rank_distribution(gaussian([2.0, 1.0, 2.0, 0.0], np.zeros((4, 4))), SEED, draws=200)
    np.testing.assert_array_equal(share, np.eye(4)[[0, 2, 0, 3]])


def test_ranks_are_ranges_and_bits_repeat() -> None:
    first, again = summarise(POSTERIOR, SEED), summarise(POSTERIOR, SEED)
    assert first.equals(again)
    rows = first.to_pandas()
    assert (rows.rank_lo <= rows["rank"]).all()
    assert (rows["rank"] <= rows.rank_hi).all()
    assert rows.p_best.sum() == pytest.approx(1.0)
    other = summarise(POSTERIOR, SEED + 1).to_pandas()
    assert not np.array_equal(other.p_best, rows.p_best)
    np.testing.assert_allclose(other.p_best, rows.p_best, atol=0.03)


def test_a_rank_range_holds_the_true_rank_as_often_as_it_says() -> None:
    held = total = 0
    for seed in range(120):
        study = simulate(seed, size=10, battles=300)
        rows = summarise(fit_draw_margin(study.counts), seed, draws=2000).to_pandas()
        true = (-study.skill).argsort().argsort() + 1
        held += int(((rows.rank_lo <= true) & (true <= rows.rank_hi)).sum())
        total += 10
    assert held / total >= 0.94  # ranks are whole numbers: a 95% range may hold more


def test_certain_and_singular_posteriors() -> None:
    certain = gaussian([3.0, 1.0, 2.0, 2.0], np.zeros((4, 4)))
    rows = summarise(certain, SEED).to_pandas()
    assert rows["rank"].tolist() == [1, 4, 2, 3]  # equal skills by model_id
    assert rows.p_best.tolist() == [1.0, 0.0, 0.0, 0.0]
    centred = replace(POSTERIOR, mean=POSTERIOR.skill, covariance=POSTERIOR.skill_covariance)
    np.testing.assert_allclose(
        summarise(centred, SEED).to_pandas().p_best,
        summarise(POSTERIOR, SEED).to_pandas().p_best,
        atol=0.03,
    )
    alone = summarise(gaussian([25.0], [[4.0]]), SEED).to_pylist()[0]
    assert (alone["rank"], alone["p_best"], alone["win_share"]) == (1, 1.0, 0.5)
    assert summarise(gaussian([], np.zeros((0, 0))), SEED).num_rows == 0
