"""The ordered probit with a random effect, held against the same likelihood by other means."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import trapezoid
from scipy.optimize import minimize
from scipy.stats import norm

from ratings import ordered_probit
from ratings.ordered_probit import fit_ordered_probit

KAPPA = np.array([-2.4, -1.9, -1.2, -0.5, 0.3, 1.2])
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def drawn(
    seed: int, people: int, tau: float, theta: Floats, tasks: int = 4
) -> tuple[Ints, Ints, Ints, Floats]:
    generator = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), tasks)
    model = generator.integers(0, theta.size, person.size)
    level = theta[model] + tau * generator.standard_normal(people)[person]
    rating = 1 + np.searchsorted(KAPPA, level + generator.standard_normal(person.size))
    return person, model, rating, generator.uniform(0.5, 2.0, people)[person]


def log_likelihood(
    parameters: Floats, person: Ints, model: Ints, rating: Ints, weight: Floats
) -> float:
    """By the trapezoidal rule over each rater's effect, on two thousand points."""
    models = int(model.max()) + 1
    theta = np.concatenate(([0.0], parameters[: models - 1]))
    kappa = np.concatenate(([-np.inf], parameters[models - 1 : -1], [np.inf]))
    category = rating - rating.min()
    u = np.linspace(-9.0, 9.0, 2001)
    level = theta[model][:, None] + parameters[-1] * u
    each = norm.cdf(kappa[category + 1][:, None] - level)
    each -= norm.cdf(kappa[category][:, None] - level)
    total = 0.0
    for one in np.unique(person):
        own = person == one
        integral = trapezoid(np.prod(each[own], axis=0) * norm.pdf(u), u)
        total += weight[own][0] * np.log(integral)
    return float(total)


def test_the_fit_is_where_the_likelihood_by_another_rule_is_highest() -> None:
    person, model, rating, weight = drawn(1, 25, 0.8, np.array([0.0, 0.5]), tasks=3)
    rating = 1 + (rating > 4).astype(np.int64) + (rating > 6)
    found = fit_ordered_probit(person, model, rating, weight, 2)
    assert found is not None
    assert found.is_converged
    weight = weight / weight[::3].mean()

    def loss(parameters: Floats) -> float:
        return -log_likelihood(parameters, person, model, rating, weight)

    peer = minimize(loss, [0.3, -0.5, 0.8, 0.7], method="Nelder-Mead", tol=1e-7)
    assert found.log_likelihood == pytest.approx(-peer.fun, abs=2e-4)
    # The ridge and the nodes matter less than a hundredth of an interval.
    effects = found.parameters[:2]
    assert effects[1] - effects[0] == pytest.approx(peer.x[0], abs=0.01)
    assert abs(found.parameters[-1]) == pytest.approx(abs(peer.x[-1]), abs=0.02)


def test_derivatives_are_those_of_differences() -> None:
    theta = np.array([-0.5, 0.0, 0.7])
    person, model, rating, weight = drawn(2, 40, 0.9, theta)
    found = fit_ordered_probit(person, model, rating, weight, 3)
    assert found is not None
    _, starts, cluster = np.unique(person, return_index=True, return_inverse=True)
    levels, category = np.unique(rating, return_inverse=True)
    data = ordered_probit._Data(
        starts=starts, weight=weight[starts], cluster=cluster, model=model,
        category=category, levels=levels.astype(np.float64), models=3,
    )  # fmt: skip
    place, weights = np.polynomial.hermite_e.hermegauss(15)
    logs = np.log(weights / weights.sum())

    def at(parameters: Floats) -> tuple[float, Floats, Floats]:
        value, scores, hessian = ordered_probit._derivatives(data, parameters, place, logs)
        return value, data.weight @ scores, hessian

    here = found.parameters + 0.05 * np.arange(found.parameters.size)
    _, gradient, hessian = at(here)
    steps = 1e-5 * np.eye(here.size)
    by_value = [(at(here + step)[0] - at(here - step)[0]) / 2e-5 for step in steps]
    by_gradient = [(at(here + step)[1] - at(here - step)[1]) / 2e-5 for step in steps]
    np.testing.assert_allclose(gradient, by_value, atol=1e-5)
    np.testing.assert_allclose(hessian, by_gradient, atol=1e-4)


def test_clusters_in_parts_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn_rows = drawn(3, 80, 0.8, np.array([-0.3, 0.0, 0.3]))
    whole = fit_ordered_probit(*drawn_rows, 3)
    monkeypatch.setattr(ordered_probit, "CELLS", 15 * 10 * 7)
    parts = fit_ordered_probit(*drawn_rows, 3)
    assert whole is not None
    assert parts is not None
    np.testing.assert_allclose(parts.mean, whole.mean, rtol=1e-9)
    np.testing.assert_allclose(parts.mean_sd, whole.mean_sd, rtol=1e-7)


def test_it_finds_what_was_planted_and_intervals_cover_it() -> None:
    theta, tau = np.linspace(-0.6, 0.6, 4), 0.9
    truth = 1.0 + norm.cdf((theta[:, None] - KAPPA) / np.hypot(1.0, tau)).sum(axis=1)
    covered = []
    for seed in range(60):
        found = fit_ordered_probit(*drawn(100 + seed, 120, tau, theta), 4)
        assert found is not None
        covered += (np.abs(found.mean - truth) < 1.96 * found.mean_sd).tolist()
    assert 0.90 <= np.mean(covered) <= 0.985


def test_a_severe_rater_of_one_model_alone_moves_it_less_than_its_mean() -> None:
    generator = np.random.default_rng(7)
    # Half of people rate all three models, the other half, severe ones, model 0 and 1 alone; each
    # model four times.
    person, model, rating = [], [], []
    for one in range(200):
        is_severe = one % 2
        for which in 4 * ((0, 1) if is_severe else (0, 1, 2)):
            level = (-1.5 if is_severe else 0.0) + generator.standard_normal()
            person.append(one)
            model.append(which)
            rating.append(1 + int(np.searchsorted(KAPPA, level)))
    found = fit_ordered_probit(
        np.array(person), np.array(model), np.array(rating), np.ones(len(person)), 3
    )
    assert found is not None
    mean = [np.mean([r for r, m in zip(rating, model, strict=True) if m == k]) for k in range(3)]
    assert mean[2] - mean[0] > 0.6
    assert abs(found.mean[2] - found.mean[0]) < (mean[2] - mean[0]) / 2.0
    assert found.rater_share > 0.2


@pytest.mark.parametrize("tau", [0.0, 2.0])
def test_raters_alike_and_raters_far_apart(tau: float) -> None:
    found = fit_ordered_probit(*drawn(8, 400, tau, np.array([0.0, 0.0, 0.5])), 3)
    assert found is not None
    assert found.is_converged
    assert found.rater_share == pytest.approx(tau**2 / (1.0 + tau**2), abs=0.06)


def test_what_everybody_rates_best_has_a_finite_rating_and_equal_answers_have_no_fit() -> None:
    person, model = np.arange(60), np.arange(60) % 2
    rating = np.where(model == 0, 7, 1 + person % 7)
    found = fit_ordered_probit(person, model, rating, np.ones(60), 2)
    assert found is not None
    assert 6.5 < found.mean[0] <= 7.0
    assert np.isfinite(found.mean_sd).all()
    assert fit_ordered_probit(person, model, np.full(60, 4), np.ones(60), 2) is None
