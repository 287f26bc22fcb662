"""EP against exact integration, against EP with one site per battle, and in corners."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import norm

from ratings.counts import PairCounts
from ratings.expectation_propagation import fit
from ratings.posterior import Prior
from tests.ratings.simulation import NOISE_SD, PRIOR_SD, model_ids, simulate

Array = NDArray[np.float64]

PAIRS_OF_THREE = (np.array([0, 0, 1]), np.array([1, 2, 2]))


def counts_of_three(outcomes: list[list[float]]) -> PairCounts:
    data = np.array(outcomes, dtype=float)
    return PairCounts.from_indices(model_ids(3), *PAIRS_OF_THREE, *data.T)


def log_likelihood(d: Array, counts: Array, margin: float) -> Array:
    """Of one pair at differences d."""
    up, down = norm.logcdf((d - margin) / NOISE_SD), norm.logcdf((-d - margin) / NOISE_SD)
    band = norm.cdf((margin - d) / NOISE_SD) - norm.cdf((-margin - d) / NOISE_SD)
    log_p: Array = counts[0] * up + counts[1] * down + counts[2] * np.log(np.maximum(band, 1e-300))
    return log_p


def exact_three(counts: PairCounts, margin: float) -> tuple[Array, Array, float]:
    """Mean and covariance of (theta_0 - theta_2, theta_1 - theta_2), and evidence, on a grid."""
    axis = np.linspace(-60, 60, 1601)
    x, y = np.meshgrid(axis, axis, indexing="ij")
    prior = np.linalg.inv(PRIOR_SD**2 * np.array([[2.0, 1.0], [1.0, 2.0]]))
    log_p = -0.5 * (prior[0, 0] * x * x + 2 * prior[0, 1] * x * y + prior[1, 1] * y * y)
    log_p += 0.5 * np.log(np.linalg.det(prior)) - np.log(2 * np.pi)
    for pair, d in enumerate((x - y, x, y)):
        log_p += log_likelihood(d, counts.outcomes[pair], margin)
    top = log_p.max()
    p = np.exp(log_p - top)
    total = p.sum()
    mean = np.array([(p * x).sum(), (p * y).sum()]) / total
    dx, dy = x - mean[0], y - mean[1]
    covariance = np.array([[(p * dx * dx).sum(), (p * dx * dy).sum()], [0.0, (p * dy * dy).sum()]])
    return mean, covariance / total, float(top + np.log(total * (axis[1] - axis[0]) ** 2))


@pytest.mark.parametrize(
    ("outcomes", "margin"),
    [
        ([[3, 1, 2], [5, 0, 1], [2, 2, 2]], 2.0),
        ([[1, 0, 0], [1, 0, 0], [1, 0, 0]], 1.0),
        ([[0, 0, 4], [0, 0, 7], [1, 0, 9]], 6.0),
        ([[30, 12, 20], [55, 4, 11], [21, 20, 26]], 3.0),
        ([[8, 0, 0], [0, 8, 0], [0, 0, 8]], 0.5),
    ],
)
def test_three_models_agree_with_exact_integration(
    outcomes: list[list[float]], margin: float
) -> None:
    counts = counts_of_three(outcomes)
    posterior = fit(counts, draw_margin=margin)
    mean, covariance, log_evidence = exact_three(counts, margin)
    for k in range(2):
        sd = np.sqrt(covariance[k, k])
        c = posterior.covariance
        got_sd = np.sqrt(c[k, k] + c[2, 2] - 2 * c[k, 2])
        assert abs(posterior.mean[k] - posterior.mean[2] - mean[k]) < 0.03 * sd
        assert abs(got_sd / sd - 1.0) < 0.06
    assert posterior.log_evidence == pytest.approx(log_evidence, abs=0.05)


@pytest.mark.parametrize("outcome", [0, 1, 2])
def test_one_battle_is_exact(outcome: int) -> None:
    one = np.eye(3)[outcome]
    counts = PairCounts.from_indices(
        model_ids(2), np.array([0]), np.array([1]), one[:1], one[1:2], one[2:]
    )
    posterior = fit(counts, draw_margin=2.0)
    d = np.linspace(-150, 150, 300001)
    p = norm.pdf(d, 0, np.sqrt(2) * PRIOR_SD) * np.exp(log_likelihood(d, one, 2.0))
    total = p.sum()
    mean = (p * d).sum() / total
    variance = (p * (d - mean) ** 2).sum() / total
    c = posterior.covariance
    assert posterior.mean[0] - posterior.mean[1] == pytest.approx(mean, abs=1e-9)
    assert c[0, 0] + c[1, 1] - 2 * c[0, 1] == pytest.approx(variance, rel=1e-9)
    assert posterior.log_evidence == pytest.approx(np.log(total * (d[1] - d[0])), abs=1e-9)


def one_site_per_battle(counts: PairCounts, margin: float) -> tuple[Array, Array]:
    """Sequential EP as Minka describes it, nothing shared, moments by quadrature."""
    size = len(counts.model_ids)
    battles = [
        (i, j, outcome)
        for i, j, c in zip(counts.first, counts.second, counts.outcomes, strict=True)
        for outcome in range(3)
        for _ in range(int(c[outcome]))
    ]
    nodes, weights = np.polynomial.hermite_e.hermegauss(200)
    precision, shift = np.zeros(len(battles)), np.zeros(len(battles))
    sigma, h = np.eye(size) * PRIOR_SD**2, np.zeros(size)
    for _ in range(60):
        for k, (i, j, outcome) in enumerate(battles):
            a = np.zeros(size)
            a[i], a[j] = 1.0, -1.0
            mean, variance = a @ sigma @ h, a @ sigma @ a
            cavity = 1.0 / (1.0 / variance - precision[k])
            centre = cavity * (mean / variance - shift[k])
            d = centre + np.sqrt(cavity) * nodes
            p = weights * np.exp(log_likelihood(d, np.eye(3)[outcome], margin))
            m = (p * d).sum() / p.sum()
            v = (p * (d - m) ** 2).sum() / p.sum()
            d_precision = 1.0 / v - 1.0 / cavity - precision[k]
            d_shift = m / v - centre / cavity - shift[k]
            precision[k] += d_precision
            shift[k] += d_shift
            sa = sigma @ a
            sigma -= np.outer(sa, sa) * d_precision / (1.0 + d_precision * variance)
            h += a * d_shift
    return sigma @ h, sigma


def test_shared_sites_are_the_same_fixed_point_as_one_site_per_battle() -> None:
    counts = simulate(3, size=5, battles=40).counts
    posterior = fit(counts, draw_margin=2.0)
    mean, covariance = one_site_per_battle(counts, 2.0)
    np.testing.assert_allclose(posterior.mean - 25.0, mean, atol=2e-7)
    np.testing.assert_allclose(posterior.covariance, covariance, rtol=2e-6, atol=2e-6)


@given(st.integers(0, 10**6), st.integers(2, 8), st.integers(0, 60))
@settings(max_examples=40)
def test_swapping_all_battles_mirrors_the_skills(seed: int, size: int, battles: int) -> None:
    counts = simulate(seed, size=size, battles=battles).counts
    mirrored = PairCounts.from_indices(
        counts.model_ids, counts.first, counts.second,
        counts.win_second, counts.win_first, counts.tie,
    )  # fmt: skip
    there, back = fit(counts, draw_margin=2.0), fit(mirrored, draw_margin=2.0)
    np.testing.assert_allclose(there.skill, -back.skill, atol=1e-8)
    np.testing.assert_allclose(there.covariance, back.covariance, atol=1e-7)


@given(st.integers(0, 10**6), st.integers(2, 8), st.integers(1, 200))
@settings(max_examples=40)
def test_a_model_nobody_has_seen_changes_nothing(seed: int, size: int, battles: int) -> None:
    counts = simulate(seed, size=size, battles=battles).counts
    more = PairCounts.from_indices(
        (*counts.model_ids, "zz"), counts.first, counts.second,
        counts.win_first, counts.win_second, counts.tie,
    )  # fmt: skip
    alone, beside = fit(counts, draw_margin=2.0), fit(more, draw_margin=2.0)
    np.testing.assert_allclose(beside.skill[:-1], alone.skill, atol=1e-7)
    np.testing.assert_allclose(beside.skill_sd[:-1], alone.skill_sd, atol=1e-7)
    assert beside.mean[-1] == pytest.approx(25.0, abs=1e-9)
    assert beside.covariance[-1, -1] == pytest.approx(PRIOR_SD**2, rel=1e-9)
    assert beside.log_evidence == pytest.approx(alone.log_evidence, abs=1e-6)


CORNERS: dict[str, list[list[float]]] = {
    "no battles": [[0, 0, 0], [0, 0, 0], [0, 0, 0]],
    "one battle": [[1, 0, 0], [0, 0, 0], [0, 0, 0]],
    "only wins": [[9, 0, 0], [9, 0, 0], [9, 0, 0]],
    "only wins, a million": [[1e6, 0, 0], [1e6, 0, 0], [1e6, 0, 0]],
    "only ties": [[0, 0, 9], [0, 0, 9], [0, 0, 9]],
    "only ties, a million": [[0, 0, 1e6], [0, 0, 1e6], [0, 0, 1e6]],
    "disconnected": [[3, 1, 1], [0, 0, 0], [0, 0, 0]],
    "against all reason": [[1e6, 0, 0], [0, 1e6, 0], [1e6, 0, 0]],
    "lopsided": [[1e6, 1, 0], [1, 0, 1e6], [0, 1, 1]],
    "fractions": [[0.01, 0.3, 0.2], [0.0, 0.1, 0.0], [0.7, 0.0, 1.5]],
}


@pytest.mark.parametrize("margin", [1e-5, 0.5, 3.0, 29.0])
@pytest.mark.parametrize("name", CORNERS)
def test_corners_converge(name: str, margin: float) -> None:
    counts = counts_of_three(CORNERS[name])
    posterior = fit(counts, draw_margin=margin)
    assert posterior.converged
    assert np.isfinite(posterior.mean).all()
    assert np.isfinite(posterior.log_evidence)
    assert (np.linalg.eigvalsh(posterior.covariance) > 0).all()
    assert (np.diag(posterior.covariance) <= PRIOR_SD**2 * (1 + 1e-9)).all()


def test_a_warm_start_ends_at_the_same_place_sooner() -> None:
    counts = simulate(11, battles=2000).counts
    near, cold = fit(counts, draw_margin=2.1), fit(counts, draw_margin=2.0)
    warm = fit(counts, draw_margin=2.0, warm_start=near)
    np.testing.assert_allclose(warm.mean, cold.mean, atol=1e-8)
    assert warm.sweeps < cold.sweeps


@pytest.mark.parametrize("name", ["draw_margin", "beta", "sd"])
@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), float("inf")])
def test_scales_must_be_positive(name: str, bad: float) -> None:
    scales = {"draw_margin": 1.0, "beta": 1.0, "sd": 1.0, name: bad}
    with pytest.raises(ValueError, match=name):
        fit(
            simulate(1, battles=10).counts,
            draw_margin=scales["draw_margin"],
            prior=Prior(beta=scales["beta"], sd=scales["sd"]),
        )
