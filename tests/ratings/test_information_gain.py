"""The closed forms against quadrature of the model itself, and against mutual information."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import norm

from ratings import pairing
from ratings.expectation_propagation import fit
from tests.ratings.pairing_study import information
from tests.ratings.simulation import NOISE_SD, simulate

NOISE = NOISE_SD**2
CASES = [
    (mean, sd, margin)
    for mean in (0.0, 1.0, -6.0, 20.0)
    for sd in (0.2, 3.0, 12.0)
    for margin in (0.01, 2.0, 9.0)
]


def battle_information(mean: float, variance: float, margin: float) -> float:
    return pairing.battle_information(np.array([mean]), np.array([variance]), margin, NOISE).item()


def battle_precision(mean: float, variance: float, margin: float) -> float:
    return pairing.battle_precision(np.array([mean]), np.array([variance]), margin, NOISE).item()


def outcomes(
    mean: float, sd: float, margin: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Grid of the difference (n), its weights (n), and P(outcome | difference) (3, n)."""
    grid = np.linspace(mean - 10 * sd, mean + 10 * sd, 20_001)
    weight = norm.pdf(grid, mean, sd)
    win = norm.cdf((grid - margin) / NOISE_SD)
    lose = norm.cdf((-grid - margin) / NOISE_SD)
    return grid, weight / weight.sum(), np.stack((win, lose, 1.0 - win - lose))


@pytest.mark.parametrize(("mean", "sd", "margin"), CASES)
def test_it_is_the_expected_divergence_of_the_updated_difference(
    mean: float, sd: float, margin: float
) -> None:
    grid, weight, given_difference = outcomes(mean, sd, margin)
    divergence = 0.0
    for likelihood in given_difference:
        chance = float((weight * likelihood).sum())
        after = weight * likelihood / chance
        centre = float((after * grid).sum())
        left = float((after * (grid - centre) ** 2).sum()) / sd**2
        shift = (centre - mean) / sd
        divergence += chance * 0.5 * (left - 1.0 - math.log(left) + shift**2)
    assert battle_information(mean, sd**2, margin) == pytest.approx(divergence, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize(("mean", "sd", "margin"), CASES)
def test_it_is_close_to_the_mutual_information_and_never_more(
    mean: float, sd: float, margin: float
) -> None:
    _, weight, given_difference = outcomes(mean, sd, margin)
    given_difference = np.maximum(given_difference, 1e-300)
    marginal = (weight * given_difference).sum(axis=1)
    mutual = float((weight * given_difference * np.log(given_difference)).sum())
    mutual -= float((marginal * np.log(marginal)).sum())
    ours = battle_information(mean, sd**2, margin)
    assert ours <= mutual * (1 + 1e-6) + 1e-9
    assert ours >= 0.6 * mutual - 1e-9


@pytest.mark.parametrize("difference", [0.0, 2.0, -7.0])
@pytest.mark.parametrize("margin", [0.5, 4.0])
def test_a_known_difference_teaches_fishers_information(difference: float, margin: float) -> None:
    step = 1e-4
    _, _, around = outcomes(difference, step / 10, margin)
    low, middle, high = (around[:, k] for k in (0, 10_000, 20_000))
    slope = (high - low) / (2 * step)
    fisher = float((slope**2 / middle).sum())
    assert battle_precision(difference, 0.0, margin) == pytest.approx(fisher, rel=1e-5)


@given(
    st.floats(-1e3, 1e3),
    st.floats(0.0, 1e4),
    st.floats(1e-6, 30.0),
)
def test_never_negative_and_never_nan(mean: float, variance: float, margin: float) -> None:
    nats = battle_information(mean, variance, margin)
    assert 0.0 <= nats < 2.0
    assert 0.0 <= battle_precision(mean, variance, margin) <= 1.0 / NOISE * 1.01


def test_differences_come_from_the_whole_covariance() -> None:
    posterior = fit(simulate(3, size=8, battles=400).counts, draw_margin=2.0)
    nats = information(posterior)
    assert (nats == nats.T).all()
    assert (np.diag(nats) == 0).all()
    alone = information(posterior.with_covariance(np.diag(np.diag(posterior.covariance))))
    rows = np.triu_indices(8, 1)
    # Skills rise and fall together with those they were compared with, so alone is too much.
    assert (alone[rows] > 1.2 * nats[rows]).all()
