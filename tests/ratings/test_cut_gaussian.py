"""Third and fourth cumulants of a cut Gaussian against mpmath, with digits to spare for tails."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratings import cut_gaussian
from ratings.gaussian import draw_moments, win_moments

POINTS = [0.0, 1e-9, 1e-3, 0.1, 0.3, 0.7, 1.4, 3.0, 3.99, 4.01, 5.0, 10.1, 38.5, 80.0, 1e3]
MARGINS = [1e-6, 1e-4, 1e-2, 0.1, 0.29, 0.31, 0.5, 0.71, 1.0, 2.0, 5.0]


def win_cumulants(x: float) -> tuple[float, float]:
    third, fourth = cut_gaussian.win_cumulants(np.array([x])).ravel().tolist()
    return third, fourth


def draw_cumulants(t: float, margin: float) -> tuple[float, float]:
    cumulants = cut_gaussian.draw_cumulants(np.array([t]), np.array([margin]))
    third, fourth = cumulants.ravel().tolist()
    return third, fourth


def exact(low: mpmath.mpf, high: mpmath.mpf | None) -> tuple[mpmath.mpf, ...]:
    """Variance, third and fourth cumulant of a unit Gaussian cut to [low, high], by moments."""
    root = mpmath.sqrt(2)
    mass = mpmath.erfc(low / root) / 2
    below, above = mpmath.npdf(low), mpmath.mpf(0)
    if high is not None:
        mass -= mpmath.erfc(high / root) / 2
        above = mpmath.npdf(high)
    end = mpmath.mpf(0) if high is None else high
    m = [mpmath.mpf(1), (below - above) / mass]
    for k in (2, 3, 4):
        m.append((k - 1) * m[k - 2] + (low ** (k - 1) * below - end ** (k - 1) * above) / mass)
    variance = m[2] - m[1] ** 2
    third = m[3] - 3 * m[1] * m[2] + 2 * m[1] ** 3
    fourth = m[4] - 4 * m[1] * m[3] - 3 * m[2] ** 2 + 12 * m[1] ** 2 * m[2] - 6 * m[1] ** 4
    return variance, third, fourth


@pytest.mark.parametrize("x", [*POINTS[:-2], *(-t for t in POINTS[1:])])
def test_cumulants_of_a_win_agree_with_all_digits(x: float) -> None:
    with mpmath.workdps(500):
        _, third, fourth = exact(mpmath.mpf(-x), None)
        got = win_cumulants(x)
        assert abs(got[0] - third) <= 1e-11 * third + mpmath.mpf(1e-300)
        assert abs(got[1] - fourth) <= 1e-10 * abs(fourth) + mpmath.mpf(1e-300)


@pytest.mark.parametrize("margin", MARGINS)
@pytest.mark.parametrize("t", [*POINTS, *(-t for t in POINTS[1:])])
def test_cumulants_of_a_draw_agree_with_all_digits(t: float, margin: float) -> None:
    with mpmath.workdps(120):
        # What the performance difference has left, seen from its mean, in the mirror for t > 0.
        middle = mpmath.mpf(abs(t))
        variance, third, fourth = exact(middle - margin, middle + margin)
        got = draw_cumulants(t, margin)
        assert abs(got[0] - (third if t < 0 else -third)) <= 1e-10 * variance**1.5
        assert abs(got[1] - fourth) <= 1e-10 * variance**2


@given(st.floats(-1e3, 1e3), st.floats(math.log(1e-6), math.log(5.0)).map(math.exp))
def test_no_cut_is_more_skewed_than_an_exponential(t: float, margin: float) -> None:
    for third, fourth in (win_cumulants(t - margin), draw_cumulants(t, margin)):
        assert abs(third) <= 2.0
        assert -2.0 <= fourth <= 6.0
    third, fourth = draw_cumulants(t, margin)
    assert draw_cumulants(-t, margin) == (-third, fourth) or t == 0.0


def test_they_are_derivatives_of_w_across_branches() -> None:
    step = 1e-5
    for t in np.linspace(-12, 12, 241):
        w = [win_moments(t + s)[1] for s in (-step, step)]
        assert win_cumulants(t)[0] == pytest.approx((w[0] - w[1]) / (2 * step), rel=1e-4, abs=1e-8)
        for margin in (0.01, 0.29, 0.31, 0.6, 0.8, 3.0):
            w = [draw_moments(t + s, margin)[1] for s in (-step, step)]
            slope = (w[0] - w[1]) / (2 * step)
            assert draw_cumulants(t, margin)[0] == pytest.approx(slope, rel=1e-4, abs=1e-8)
