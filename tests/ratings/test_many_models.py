"""Boards of many models are cut into blocks: the same figures, in memory that does not grow."""

import numpy as np
import pytest

from ratings import consistency, linear_algebra, sandwich, skewness, summary
from ratings.compiled import MANY_MODELS, FloatArray
from ratings.counts import PairCounts, ParticipantCounts
from ratings.draw_margin import fit_draw_margin
from ratings.expectation_propagation import fit
from ratings.posterior import Posterior
from ratings.summary import predict, rank_distribution, winshare
from tests.ratings.simulation import simulate, simulate_panel


@pytest.fixture(scope="module")
def fitted() -> tuple[Posterior, PairCounts]:
    """Twelve models with few battles, one of which never lost."""
    counts = simulate(2, size=12, battles=90).counts
    return fit_draw_margin(counts), counts


def test_win_shares_and_separation_in_blocks(
    fitted: tuple[Posterior, PairCounts], monkeypatch: pytest.MonkeyPatch
) -> None:
    posterior, _ = fitted
    whole = winshare(posterior).share, consistency.separation(posterior)
    monkeypatch.setattr(summary, "CELLS", 4 * 12 * 5)
    assert [rows.size for rows in summary.model_blocks(12)] == [5, 5, 2]
    assert np.array_equal(winshare(posterior).share, whole[0])
    assert consistency.separation(posterior) == pytest.approx(whole[1], rel=1e-14)
    rows = np.array([3, 7])
    for some, every in zip(predict(posterior, rows), predict(posterior), strict=True):
        assert np.array_equal(some, every[rows])


def test_sorted_draws_have_the_ranks_of_compared_ones() -> None:
    generator = np.random.default_rng(1)
    skill = np.ascontiguousarray(generator.integers(0, 6, (40, 64)).astype(np.float64))
    counted, by_order = np.empty_like(skill), np.empty_like(skill)
    summary._count_better(skill, counted)
    summary._sort_better(skill, by_order)
    assert np.array_equal(counted, by_order)


def test_ranks_of_many_models_are_those_of_few() -> None:
    # Beyond the bound by models that nobody has compared, far below: the first keep their places.
    size, more = 5, MANY_MODELS
    few = fit(simulate(3, size=size, battles=60).counts, draw_margin=1.0)
    names = tuple(f"m{number:04}" for number in range(size + more))
    mean = np.concatenate((few.mean, np.full(more, -1e4)))
    covariance = np.zeros((mean.size, mean.size))
    covariance[:size, :size] = few.covariance
    covariance[np.arange(size, mean.size), np.arange(size, mean.size)] = 1.0
    many = Posterior(
        names, mean, covariance, np.full(mean.size, 1 / mean.size),
        converged=True, draw_margin=1.0,
    )  # fmt: skip
    shares = rank_distribution(many, 1)
    assert shares[:size, :size].sum(axis=1) == pytest.approx(np.ones(size))
    assert shares[:size, 0] == pytest.approx(rank_distribution(few, 1)[:, 0], abs=0.03)


def test_skewness_in_blocks(
    fitted: tuple[Posterior, PairCounts], monkeypatch: pytest.MonkeyPatch
) -> None:
    posterior, counts = fitted
    whole = skewness.corrected(posterior, counts)
    assert whole is not posterior
    monkeypatch.setattr(skewness, "CELLS", 12 * 7)
    parts = skewness.corrected(posterior, counts)
    assert np.array_equal(parts.mean, whole.mean)
    assert np.array_equal(parts.covariance, whole.covariance)


def test_a_correction_of_many_models_is_over_the_rows_that_matter_most(
    fitted: tuple[Posterior, PairCounts], monkeypatch: pytest.MonkeyPatch
) -> None:
    posterior, counts = fitted
    whole = skewness.corrected(posterior, counts)
    monkeypatch.setattr(skewness, "MANY_MODELS", 1)
    monkeypatch.setattr(skewness, "MOST_ROWS", 20)
    most = skewness.corrected(posterior, counts)
    moved = np.abs(whole.mean - posterior.mean).max()
    assert 0.0 < np.abs(most.mean - whole.mean).max() < 0.5 * moved


def test_the_sandwich_of_many_models_is_that_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    people = ParticipantCounts.from_arrow(simulate_panel(3, raters=30, each=8, size=6).table)
    posterior = fit(people.counts, draw_margin=1.0)
    few = sandwich.sandwich(posterior, people)
    monkeypatch.setattr(sandwich, "MANY_MODELS", 1)
    many = sandwich.sandwich(posterior, people)
    assert many.sampling == pytest.approx(few.sampling, rel=1e-9, abs=1e-12)
    assert np.array_equal(many.prior, few.prior)
    assert many.degrees_of_freedom == pytest.approx(few.degrees_of_freedom, rel=1e-9)


def fours(row: FloatArray, share: FloatArray, rows: FloatArray) -> None:
    """Take ``rows`` (K, N) times ``share`` (K) off a row, in fours and then one by one."""
    whole = share.size // 4 * 4
    for k in range(0, whole, 4):
        row -= (
            share[k] * rows[k] + share[k + 1] * rows[k + 1]
            + share[k + 2] * rows[k + 2] + share[k + 3] * rows[k + 3]
        )  # fmt: skip
    for k in range(whole, share.size):
        row -= share[k] * rows[k]


@pytest.mark.parametrize("size", [1, 3, 4, 15, 16, 17, 35, 70])
def test_tiles_do_not_change_the_order_of_a_sum(size: int) -> None:
    generator = np.random.default_rng(size)
    root = generator.standard_normal((size, size + 2))
    matrix = root @ root.T
    upper, lower, gram = np.triu(matrix), np.zeros_like(matrix), np.zeros_like(matrix)
    for i in range(size):
        fours(upper[i, i:], upper[:i, i], upper[:i, i:])
        upper[i, i:] *= 1.0 / np.sqrt(upper[i, i])
    assert np.array_equal(linear_algebra.factor(matrix, 0.0), upper)
    for i in range(size):
        fours(lower[i], upper[:i, i], lower[:i])
        lower[i] *= 1.0 / upper[i, i]
        lower[i, i] = 1.0 / upper[i, i]
    for i in range(size):
        fours(gram[i, : i + 1], -lower[i:, i], lower[i:, : i + 1])
        gram[: i + 1, i] = gram[i, : i + 1]
    assert np.array_equal(linear_algebra.inverse(matrix)[0], gram)
