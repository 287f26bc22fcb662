"""Replicate weights against linearisation and against the sandwich of a weighted board."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from ratings.bounded_weights import bound_weights
from ratings.compiled import FloatArray, IndexArray
from ratings.replicates import replicate_weights
from ratings.tournaments import RatingParameters, rate_each, rate_weighted

BOUNDS = (0.3, 3.0)
# Two margins: the young are over-represented, and so are those of the first party.
LEVELS = np.array([[0, 2], [0, 3], [1, 2], [1, 3]])
TARGETS = np.array([0.4, 0.6, 0.5, 0.5])
MODELS = ("a", "b", "c")


@pytest.fixture(scope="module")
def cells() -> IndexArray:
    return np.random.default_rng(4).choice(4, 240, p=[0.35, 0.2, 0.3, 0.15]).astype(np.int64)


@pytest.fixture(scope="module")
def weights(cells: IndexArray) -> FloatArray:
    shares = np.bincount(cells, minlength=4) / cells.size
    return bound_weights(shares, LEVELS, TARGETS, *BOUNDS).ratios[cells]


@pytest.fixture(scope="module")
def replicates(cells: IndexArray) -> FloatArray:
    return replicate_weights(cells, LEVELS, TARGETS, BOUNDS, seed=7)


def test_every_replicate_meets_the_margins(cells: IndexArray, replicates: FloatArray) -> None:
    np.testing.assert_allclose(replicates.mean(axis=0), 1.0, atol=1e-12)
    for margin, targets in ((0, TARGETS[:2]), (1, TARGETS[2:])):
        for level, target in zip(np.unique(LEVELS[:, margin]), targets, strict=True):
            here = LEVELS[cells, margin] == level
            np.testing.assert_allclose(replicates[here].sum(axis=0) / cells.size, target, atol=1e-9)
    again = replicate_weights(cells, LEVELS, TARGETS, BOUNDS, seed=7)
    np.testing.assert_array_equal(replicates, again)
    # More replicates begin with the same ones.
    few = replicate_weights(cells, LEVELS, TARGETS, BOUNDS, seed=7, replicate_count=3)
    np.testing.assert_array_equal(few, replicates[:, :3])


def svrep_error(point: float, replicates: FloatArray) -> float:
    """R's `svrepdesign(scale = 1 / R, rscales = 1, mse = TRUE)`."""
    return float(np.sqrt(((replicates - point) ** 2).mean()))


def test_a_mean_has_the_error_of_linearisation(
    cells: IndexArray, weights: FloatArray, replicates: FloatArray
) -> None:
    """The residual on the margins: what weighting explains varies no more."""
    generator = np.random.default_rng(5)
    value = generator.normal(0, 1, cells.size) + 2.0 * (LEVELS[cells, 0] == 0)
    mean = float((weights * value).sum() / weights.sum())
    found = (replicates * value[:, None]).sum(axis=0) / replicates.sum(axis=0)
    design = np.column_stack([LEVELS[cells, 0] == 1, LEVELS[cells, 1] == 3, np.ones(cells.size)])
    root = np.sqrt(weights)[:, None]
    fit, *_ = np.linalg.lstsq(design * root, value * root[:, 0], rcond=None)
    residual = weights * (value - design @ fit) / weights.sum()
    error = np.sqrt(cells.size / (cells.size - 1) * (residual**2).sum())
    assert svrep_error(mean, found) == pytest.approx(error, rel=0.12)
    # Margins as random as the sample's own would be far too wide.
    assert svrep_error(mean, found) < 0.8 * value.std() * np.sqrt((weights**2).sum()) / cells.size


def judgments(
    people: IndexArray, weights: FloatArray, pairs: IndexArray, wins: IndexArray
) -> pa.Table:
    """Verdicts as the rating step reads them: a participant's weight spread over them."""
    count = np.bincount(people, minlength=weights.size)
    each = weights[people] / count[people] * 1e6
    kept = each > 0
    return pa.table(
        {
            "participant_id": people[kept],
            "model_a": [MODELS[a] for a in pairs[kept, 0]],
            "model_b": [MODELS[b] for b in pairs[kept, 1]],
            "win_a_count": np.where(wins == 1, each, 0.0)[kept],
            "win_b_count": np.where(wins == 0, each, 0.0)[kept],
            "tie_count": np.where(wins == -1, each, 0.0)[kept],
            "battle_count": np.ones(int(kept.sum())),
        }
    )


def test_a_skill_has_the_error_of_the_participant_clustered_interval(
    cells: IndexArray, weights: FloatArray, replicates: FloatArray
) -> None:
    """Raters with tastes of their own and very different diligence, refitted 60 times."""
    generator = np.random.default_rng(6)
    diligence = np.minimum(np.ceil(generator.pareto(1.5, cells.size) * 4), 60).astype(int)
    people = np.repeat(np.arange(cells.size), diligence)
    taste = generator.normal([1.0, 0.0, -1.0], 1.0, (cells.size, 3))
    pairs = np.array([[0, 1], [0, 2], [1, 2]])[generator.integers(0, 3, people.size)]
    lead = taste[people, pairs[:, 0]] - taste[people, pairs[:, 1]]
    # 1 the first, 0 the second, -1 a tie.
    said = lead + generator.normal(0, 1.5, people.size)
    wins = np.where(np.abs(said) < 0.4, -1, (said > 0).astype(int))
    flat = pa.table(
        {
            "stratum_id": ["all"] * people.size,
            "dimension": ["overall"] * people.size,
            "model_a": [MODELS[a] for a in pairs[:, 0]],
            "model_b": [MODELS[b] for b in pairs[:, 1]],
            "win_a_count": (wins == 1).astype(float),
            "win_b_count": (wins == 0).astype(float),
            "tie_count": (wins == -1).astype(float),
        }
    )
    anchor = next(
        one for one in rate_each(flat, RatingParameters()) if one.estimator == "trueskill_ep"
    )

    def skills(of_weights: FloatArray) -> FloatArray:
        table = judgments(people, of_weights, pairs, wins)
        one = rate_weighted("w", "all", "overall", table, {"overall": anchor.posterior})
        return one.posterior.skill

    table = judgments(people, weights, pairs, wins)
    board = rate_weighted("w", "all", "overall", table, {"overall": anchor.posterior})
    found = np.array([skills(replicates[:, one]) for one in range(60)])
    errors = np.sqrt(((found - board.posterior.skill) ** 2).mean(axis=0))
    clustered = board.shown.skill_sd
    np.testing.assert_allclose(errors, clustered, rtol=0.35)
    assert errors.mean() == pytest.approx(clustered.mean(), rel=0.2)


def test_a_level_that_is_not_drawn_leaves_its_share_to_the_others() -> None:
    cells = np.array([0] * 30 + [1] * 2, dtype=np.int64)
    levels, targets = np.array([[0], [1]]), np.array([0.85, 0.15])
    replicates = replicate_weights(cells, levels, targets, BOUNDS, seed=1, replicate_count=40)
    without = replicates[30:].sum(axis=0) == 0
    assert 0 < without.sum() < 40
    np.testing.assert_allclose(replicates.mean(axis=0), 1.0)
    assert replicate_weights(cells[:1], levels, targets, BOUNDS, seed=1).tolist() == [[1.0] * 200]
