"""Bradley-Terry against `choix`, which knows nothing of this code."""

import choix
import numpy as np
import pytest

from ratings.bradley_terry import fit_bradley_terry
from ratings.counts import PairCounts
from ratings.posterior import TRUESKILL_PRIOR
from tests.ratings.simulation import PRIOR_SD, model_ids, simulate


@pytest.mark.parametrize("seed", range(4))
def test_equal_to_choix_with_the_same_penalty(seed: int) -> None:
    counts = simulate(seed, size=9, battles=250).counts
    # Twice everything makes a tie one win each way; the penalty doubles with it.
    data = [
        pair
        for i, j, (win, lose, tie) in zip(counts.first, counts.second, counts.outcomes, strict=True)
        for pair in [(i, j)] * int(2 * win + tie) + [(j, i)] * int(2 * lose + tie)
    ]
    unit = TRUESKILL_PRIOR.log_odds_unit
    penalty = (unit / PRIOR_SD) ** 2 / 2.0
    theirs = choix.opt_pairwise(9, data, alpha=2 * penalty, tol=1e-10)
    ours = (fit_bradley_terry(counts).mean - 25.0) / unit
    np.testing.assert_allclose(ours, theirs, atol=2e-6)


def test_the_covariance_is_the_inverse_curvature() -> None:
    counts = simulate(5, size=6, battles=400).counts
    posterior = fit_bradley_terry(counts)
    unit = TRUESKILL_PRIOR.log_odds_unit
    theta = (posterior.mean - 25.0) / unit
    curvature = np.eye(6) * (unit / PRIOR_SD) ** 2
    for i, j, n in zip(counts.first, counts.second, counts.outcomes.sum(axis=1), strict=True):
        a = np.zeros(6)
        a[i], a[j] = 1, -1
        p = 1 / (1 + np.exp(-(theta[i] - theta[j])))
        curvature += n * p * (1 - p) * np.outer(a, a)
    np.testing.assert_allclose(posterior.covariance, np.linalg.inv(curvature) * unit**2, rtol=1e-8)


@pytest.mark.parametrize(
    "rows",
    [
        ([1e6, 1e6, 1e6], [0, 0, 0], [0, 0, 0]),
        ([0, 0, 0], [0, 0, 0], [9, 9, 9]),
        ([1e6, 0, 1e6], [0, 1e6, 0], [0, 0, 0]),
        ([1, 0, 0], [0, 0, 0], [0, 0, 0]),
        ([0, 0, 0], [0, 0, 0], [0, 0, 0]),
    ],
)
def test_it_never_diverges(rows: tuple[list[float], ...]) -> None:
    counts = PairCounts.from_indices(
        model_ids(3), np.array([0, 0, 1]), np.array([1, 2, 2]), *np.array(rows, dtype=float)
    )
    posterior = fit_bradley_terry(counts)
    assert posterior.converged
    assert np.isfinite(posterior.mean).all()
    assert (np.linalg.eigvalsh(posterior.covariance) > 0).all()
