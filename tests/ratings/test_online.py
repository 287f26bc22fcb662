"""The compiled online update against the `trueskill` package, and where the package gives up."""

import warnings

import numpy as np
import pytest
import trueskill
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ratings.online import package_draw, package_draw_margin, package_win, replay

Index = NDArray[np.int64]

BETA = 25.0 / 6.0


def battles(
    seed: int, count: int, size: int = 20, margin: float = 2.0
) -> tuple[Index, Index, Index]:
    rng = np.random.default_rng(seed)
    skill = rng.normal(25.0, 8.0, size)
    a = rng.integers(0, size, count)
    b = (a + rng.integers(1, size, count)) % size
    d = skill[a] - skill[b] + rng.normal(0.0, np.sqrt(2.0) * BETA, count)
    return a, b, np.where(np.abs(d) < margin, 2, np.where(d > 0, 0, 1))


def package_ratings(
    a: Index, b: Index, outcome: Index, size: int, draw_probability: float, tau: float
) -> list[list[tuple[float, float]]]:
    env = trueskill.TrueSkill(draw_probability=draw_probability, tau=tau)
    ratings = [env.create_rating() for _ in range(size)]
    history = []
    for i, j, code in zip(a.tolist(), b.tolist(), outcome.tolist(), strict=True):
        winner, loser = (j, i) if code == 1 else (i, j)
        ratings[winner], ratings[loser] = trueskill.rate_1vs1(
            ratings[winner], ratings[loser], drawn=code == 2, env=env
        )
        history.append([(r.mu, r.sigma) for r in ratings])
    return history


@pytest.mark.parametrize("tau", [0.0, 25.0 / 300.0])
@pytest.mark.parametrize("margin", [0.5, 2.0, 8.0])
def test_equal_to_the_package_after_every_battle(tau: float, margin: float) -> None:
    a, b, outcome = battles(7, 1500, margin=margin)
    ours = replay(20, a, b, outcome, tau=tau, every=1)
    theirs = package_ratings(a, b, outcome, 20, float((outcome == 2).mean()), tau)
    np.testing.assert_allclose(ours.history, np.array(theirs), atol=1e-9)
    np.testing.assert_array_equal(ours.history[-1, :, 0], ours.mean)
    np.testing.assert_array_equal(ours.history[-1, :, 1], ours.sd)


@pytest.mark.slow
@pytest.mark.parametrize("tau", [0.0, 25.0 / 300.0])
def test_equal_to_the_package_over_a_hundred_thousand_battles(tau: float) -> None:
    a, b, outcome = battles(8, 100_000)
    ours = replay(20, a, b, outcome, tau=tau)
    env = trueskill.TrueSkill(draw_probability=float((outcome == 2).mean()), tau=tau)
    ratings = [env.create_rating() for _ in range(20)]
    for i, j, code in zip(a.tolist(), b.tolist(), outcome.tolist(), strict=True):
        winner, loser = (j, i) if code == 1 else (i, j)
        ratings[winner], ratings[loser] = trueskill.rate_1vs1(
            ratings[winner], ratings[loser], drawn=code == 2, env=env
        )
    np.testing.assert_allclose(ours.mean, [r.mu for r in ratings], atol=1e-9)
    np.testing.assert_allclose(ours.sd, [r.sigma for r in ratings], atol=1e-9)


@given(st.floats(0.001, 0.999))
def test_the_draw_margin_is_the_packages(draw_probability: float) -> None:
    env = trueskill.TrueSkill(draw_probability=draw_probability)
    theirs = trueskill.calc_draw_margin(draw_probability, 2, env)
    assert package_draw_margin(draw_probability) == pytest.approx(theirs, abs=1e-12)


def one(
    mu_a: float, sd_a: float, mu_b: float, sd_b: float, outcome: int, draw: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The update between two arbitrary ratings, with the formulas the kernel uses."""
    margin = package_draw_margin(draw)
    total = sd_a**2 + sd_b**2 + 2 * BETA**2
    t, e = (mu_a - mu_b) / np.sqrt(total), margin / np.sqrt(total)
    v, w = package_draw(t, e) if outcome == 2 else package_win(t - e)
    mu = mu_a + sd_a**2 / np.sqrt(total) * v, mu_b - sd_b**2 / np.sqrt(total) * v
    sd = (
        sd_a * np.sqrt(1 - sd_a**2 / total * w),
        sd_b * np.sqrt(1 - sd_b**2 / total * w),
    )
    return mu, sd


def test_an_upset_beyond_all_reason_is_rated_where_the_package_raises() -> None:
    env = trueskill.TrueSkill(draw_probability=0.1, tau=0.0)
    with pytest.raises(FloatingPointError):
        trueskill.rate_1vs1(env.create_rating(0, 1), env.create_rating(240, 1), env=env)
    mu, sd = one(0.0, 1.0, 240.0, 1.0, 0, 0.1)
    assert np.isfinite([*mu, *sd]).all()
    # The exact posterior moves both far towards each other and never widens.
    assert mu[0] > 0.0
    assert mu[1] < 240.0
    assert mu[0] + mu[1] == pytest.approx(240.0)
    assert 0.0 < sd[0] <= 1.0


@given(
    st.floats(-80.0, 80.0), st.floats(1e-3, 30.0), st.sampled_from([0, 2]),
    st.sampled_from([0.0, 1e-12, 1e-9, 1e-6, 1e-3, 0.1, 0.65, 0.999, 1.0]),
)  # fmt: skip
def test_no_rating_ever_breaks_or_widens(
    t: float, sd: float, outcome: int, draw_probability: float
) -> None:
    gap = t * np.sqrt(2 * sd**2 + 2 * BETA**2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mu, sds = one(25.0 + gap / 2, sd, 25.0 - gap / 2, sd, outcome, draw_probability)
    assert np.isfinite(mu).all()
    assert 0.0 < sds[0] <= sd
    assert 0.0 < sds[1] <= sd


@pytest.mark.parametrize("draw_probability", [0.0, 1e-9, None])
def test_a_long_replay_stays_finite_and_narrows(draw_probability: float | None) -> None:
    a, b, outcome = battles(3, 5000)
    got = replay(20, a, b, outcome, draw_probability=draw_probability, every=100)
    assert np.isfinite(got.history).all()
    assert (np.diff(got.history[:, :, 1], axis=0) <= 1e-12).all()


def test_bad_battles_are_refused() -> None:
    two = np.array([0, 1]), np.array([1, 0])
    with pytest.raises(ValueError, match="battle 1: a model against itself"):
        replay(2, np.array([0, 1]), np.array([1, 1]), np.array([0, 0]))
    with pytest.raises(ValueError, match="outcome"):
        replay(2, *two, np.array([0, 3]))
    with pytest.raises(ValueError, match="indices"):
        replay(1, *two, np.array([0, 1]))
    with pytest.raises(ValueError, match="same length"):
        replay(2, *two, np.array([0]))
    with pytest.raises(ValueError, match="draw_probability"):
        replay(2, *two, np.array([0, 1]), draw_probability=1.5)
    assert replay(3, *[np.zeros(0, dtype=int)] * 3).mean.tolist() == [25.0] * 3
