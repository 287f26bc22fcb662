"""Truncated moments against 50 digits (more inside, where mpmath itself would cancel)."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import log_ndtr

from ratings.cut_gaussian import log_band
from ratings.gaussian import draw_moments, win_moments

POINTS = [0.0, 1e-9, 1e-3, 0.1, 0.3, 0.7, 1.4, 3.0, 5.0, 9.9, 10.1, 20.0, 38.5, 80.0, 300.0, 1e3]
MARGINS = [1e-6, 1e-4, 1e-2, 0.1, 0.29, 0.31, 0.5, 0.71, 1.0, 2.0, 5.0]


def upper_tail(x: mpmath.mpf) -> mpmath.mpf:
    return mpmath.erfc(x / mpmath.sqrt(2)) / 2


def exact_win(x: float) -> tuple[mpmath.mpf, ...]:
    with mpmath.workdps(50):
        x = mpmath.mpf(x)
        mass = upper_tail(-x)
        v = mpmath.npdf(x) / mass
        return v, v * (v + x), mpmath.log(mass)


def exact_draw(t: float, margin: float) -> tuple[mpmath.mpf, ...]:
    with mpmath.workdps(120):
        a, b = mpmath.mpf(t) - mpmath.mpf(margin), mpmath.mpf(t) + mpmath.mpf(margin)
        sign = 1
        if t < 0:
            a, b, sign = -b, -a, -1
        mass = upper_tail(a) - upper_tail(b)
        mean = (mpmath.npdf(a) - mpmath.npdf(b)) / mass
        w = mean**2 - (a * mpmath.npdf(a) - b * mpmath.npdf(b)) / mass
        return -sign * mean, w, mpmath.log(mass)


def tabulate(t: NDArray[np.float64], margin: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 6): v, w, log Z of a win at t, then v, w, log Z of a draw at t."""
    battles = list(zip(t.tolist(), margin.tolist(), strict=True))
    win = np.array([win_moments(x - e) for x, e in battles])
    draw = np.array([draw_moments(x, e) for x, e in battles])
    return np.column_stack((win, log_ndtr(t - margin), draw, log_band(t, margin)))


def assert_close(value: float, exact: mpmath.mpf, relative: float = 1e-13) -> None:
    # 1e-300: below that a double has no digits left.
    assert abs(value - exact) <= relative * abs(exact) + 1e-17 * (abs(exact) < 1e-3) + 1e-300


@pytest.mark.parametrize("margin", MARGINS)
@pytest.mark.parametrize("t", [*POINTS, *(-t for t in POINTS[1:])])
def test_moments_agree_with_fifty_digits(t: float, margin: float) -> None:
    got = tabulate(np.array([t]), np.array([margin]))[0]
    for value, exact in zip(got[:3], exact_win(t - margin), strict=True):
        assert_close(value, exact)
    for value, exact in zip(got[3:], exact_draw(t, margin), strict=True):
        assert_close(value, exact)


@given(
    st.floats(-1e3, 1e3, allow_nan=False),
    st.floats(math.log(1e-6), math.log(5.0)).map(math.exp),
)
def test_moments_are_moments(t: float, margin: float) -> None:
    v, w, log_win, v_draw, w_draw, log_draw = tabulate(np.array([t]), np.array([margin]))[0]
    assert v >= 0.0
    assert 0.0 <= w <= 1.0
    assert log_win <= 0.0
    assert abs(v_draw + t) <= margin * (1 + 1e-12)  # the mean of the band lies in the band
    assert 1.0 - margin**2 - 1e-12 <= w_draw <= 1.0
    assert log_draw <= 0.0


@given(st.floats(-30, 30), st.floats(1e-6, 5.0))
def test_swapping_the_sides_of_a_draw_flips_v_alone(t: float, margin: float) -> None:
    there = tabulate(np.array([t]), np.array([margin]))[0]
    back = tabulate(np.array([-t]), np.array([margin]))[0]
    assert back[3] == -there[3] or t == 0.0
    assert back[4] == there[4]
    assert back[5] == there[5]


@given(st.floats(-6, 6), st.floats(1e-3, 4.0))
def test_the_three_outcomes_are_all_there_is(t: float, margin: float) -> None:
    table = tabulate(np.array([t, -t]), np.array([margin, margin]))
    total = np.exp(table[0, 2]) + np.exp(table[1, 2]) + np.exp(table[0, 5])
    assert total == pytest.approx(1.0, abs=1e-14)


def test_moments_are_derivatives_of_the_log_probability_across_branches() -> None:
    step = 1e-5
    t = np.linspace(-12, 12, 481)
    for margin in (0.01, 0.29, 0.31, 0.6, 0.8, 3.0):
        e = np.full_like(t, margin)
        low, mid, high = (tabulate(t + s, e) for s in (-step, 0.0, step))
        for column in (2, 5):
            slope = (high[:, column] - low[:, column]) / (2 * step)
            np.testing.assert_allclose(mid[:, column - 2], slope, rtol=1e-6, atol=1e-8)
