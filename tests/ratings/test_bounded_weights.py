"""Weights within bounds: met exactly where they can be, as near as they can where not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import lsq_linear, minimize

from ratings.bounded_weights import _cost, _Problem, bound_weights
from ratings.compiled import FloatArray, IndexArray


def margins(levels: IndexArray, weights: FloatArray, size: int) -> FloatArray:
    summed = np.bincount(levels.ravel(), np.repeat(weights, levels.shape[1]), size)
    return summed.astype(np.float64)


def crossed(*sizes: int) -> IndexArray:
    """Every combination of the levels of margins."""
    firsts = np.cumsum([0, *sizes[:-1]])
    grids = np.meshgrid(
        *(np.arange(size) + first for size, first in zip(sizes, firsts, strict=True))
    )
    return np.stack([grid.ravel() for grid in grids], axis=1)


def study(seed: int, spread: float) -> tuple[FloatArray, IndexArray, FloatArray]:
    """Shares of cells skewed by `spread`, their levels, and targets."""
    generator = np.random.default_rng(seed)
    levels = crossed(3, 2, 4)
    shares = np.exp(generator.normal(0, spread, len(levels)))
    truth = np.exp(generator.normal(0, 0.3, len(levels)))
    shares, truth = shares / shares.sum(), truth / truth.sum()
    return shares, levels, margins(levels, truth, 9)


def test_nearest_of_all_weights_that_meet_the_margins() -> None:
    """By the distance of the paper, which a general optimiser makes least as well."""
    shares, levels, targets = study(1, 0.5)
    lower, upper = 0.3, 3.0
    found = bound_weights(shares, levels, targets, lower, upper)
    slope = (upper - lower) / ((1 - lower) * (upper - 1))

    def distance(g: FloatArray) -> float:
        below, above = np.maximum(g - lower, 1e-300), np.maximum(upper - g, 1e-300)
        low = (g - lower) * np.log(below / (1 - lower))
        high = (upper - g) * np.log(above / (upper - 1))
        return float((shares * (low + high)).sum()) / slope

    constraint: Any = {
        "type": "eq",
        "fun": lambda g: np.delete(margins(levels, shares * g, 9) - targets, [0, 3]),
    }
    oracle = minimize(
        distance,
        np.ones(len(shares)),
        method="SLSQP",
        bounds=[(lower, upper)] * len(shares),
        constraints=constraint,
        options={"ftol": 1e-15, "maxiter": 500},
    )
    assert found.is_met
    np.testing.assert_allclose(found.ratios, oracle.x, atol=2e-4)
    assert distance(found.ratios) <= distance(oracle.x) + 1e-9


# Newton's steps went to and fro between two cells' bounds, and ended far from the nearest weights.
@example(seed=281, spread=1.893136423733722, upper=5.881505956611399)
@example(seed=281, spread=1.8999958498561922, upper=5.939552679299055)
@example(seed=281, spread=1.776098642768665, upper=1.7081071577134002)
@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), spread=st.floats(0.1, 2.5), upper=st.floats(1.2, 6.0))
def test_no_weight_is_outside_and_the_margins_are_as_near_as_can_be(
    seed: int, spread: float, upper: float
) -> None:
    shares, levels, targets = study(seed, spread)
    found = bound_weights(shares, levels, targets, 0.3, upper)
    assert found.ratios.min() >= 0.3
    assert found.ratios.max() <= upper
    assert (shares * found.ratios).sum() == pytest.approx(1.0, abs=1e-12)
    error = margins(levels, shares * found.ratios, 9) - targets
    if found.is_met:
        assert np.abs(error).max() < 1e-11
        return
    # The total is a margin too, kept before the others.
    design = np.zeros((10, len(shares)))
    for cell, of_cell in enumerate(levels):
        design[of_cell, cell] = shares[cell]
    design[9] = 1e4 * shares
    oracle = lsq_linear(design, np.append(targets, 1e4), (0.3, upper), tol=1e-13, max_iter=500)
    shortest = np.linalg.norm((design @ oracle.x)[:9] - targets)
    assert np.linalg.norm(error) <= shortest + 1e-4


def test_margins_that_say_the_same_thing_twice() -> None:
    """Nobody who kept their age to themselves told their sex: two levels of the same people."""
    levels = np.array([[0, 3], [0, 4], [1, 3], [1, 4], [2, 5]])
    shares = np.array([0.3, 0.2, 0.2, 0.1, 0.2])
    targets = np.array([0.4, 0.4, 0.2, 0.35, 0.45, 0.2])
    found = bound_weights(shares, levels, targets, 0.3, 3.0)
    assert found.is_met
    np.testing.assert_allclose(margins(levels, shares * found.ratios, 6), targets, atol=1e-12)


def test_margins_that_contradict_each_other_meet_halfway() -> None:
    """Every Republican is old: a third of adults and a half cannot both be met."""
    levels = np.array([[0, 2], [1, 3]])
    found = bound_weights(np.array([0.5, 0.5]), levels, np.array([0.5, 0.5, 0.3, 0.7]), 0.3, 3.0)
    assert not found.is_met
    np.testing.assert_allclose(found.ratios, [0.8, 1.2], atol=1e-6)


def test_people_who_are_as_they_should_be_weigh_one() -> None:
    shares, levels, _ = study(3, 1.0)
    found = bound_weights(shares, levels, margins(levels, shares, 9), 0.3, 3.0)
    assert found.is_met
    np.testing.assert_allclose(found.ratios, 1.0, atol=1e-12)


def test_nobody_at_all() -> None:
    found = bound_weights(np.zeros(0), np.zeros((0, 2), np.int64), np.zeros(0), 0.3, 3.0)
    assert found.ratios.size == 0


@pytest.mark.parametrize(("lower", "upper"), [(1.0, 3.0), (0.3, 1.0), (-0.1, 3.0)])
def test_bounds_that_do_not_enclose_one_are_refused(lower: float, upper: float) -> None:
    with pytest.raises(ValueError, match="do not enclose 1"):
        bound_weights(np.ones(1), np.zeros((1, 1), np.int64), np.ones(1), lower, upper)


@given(st.integers(1, 700), st.integers(1, 12), st.integers(0, 2**32))
def test_the_cost_is_what_numpy_makes_of_it(cells: int, margin_count: int, seed: int) -> None:
    drawn = np.random.default_rng(seed)
    shares, targets = drawn.random(cells), drawn.random(30)
    levels = drawn.integers(0, 30, (cells, margin_count))
    at = drawn.standard_normal(30) * 10.0 ** drawn.integers(-3, 3)
    problem = _Problem(shares, levels, targets, 0.3, 3.0)
    inner = problem.inner(at)
    line = 0.3 * (inner - problem.offset) / problem.steepness
    potential = line + 2.7 / problem.steepness * np.logaddexp(0.0, inner)
    stiffness, centre = drawn.random(30), drawn.standard_normal(30)
    expected = (shares * potential).sum() - (targets * at).sum()
    expected += (stiffness * (at - centre) ** 2).sum() / 2.0
    found = _cost(at, shares, levels, targets, problem.line, (stiffness, centre))
    assert found == pytest.approx(expected, rel=1e-13, abs=1e-13)
