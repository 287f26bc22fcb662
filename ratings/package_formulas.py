"""The v, w and draw margin of the `trueskill` package, version 0.4.5 with its default backend.

Its cdf is only good to 1.2e-7, and that error is part of what has to be equalled. Where the package
raises FloatingPointError or its rounding takes over (far tails, bands narrower than its cdf can
see) the exact moments of `gaussian` stand in.
Out: the updates of ratings.
"""

import math

from ratings.compiled import compiled
from ratings.gaussian import draw_moments, win_moments
from ratings.posterior import BETA

SQRT_TWO = math.sqrt(2.0)
SQRT_HALF = math.sqrt(0.5)
INV_SQRT_TWO_PI = 1.0 / math.sqrt(2.0 * math.pi)

# Beyond these the package's densities leave the range of doubles with all their digits.
LOWEST_EXCESS = -37.0
HIGHEST_EXCESS = 37.0
# The package's cdf has an error of 1e-7: in a band less probable than this, w is mostly that.
LOWEST_BAND = 1e-4


@compiled
def _half_exp_exponent(t: float) -> float:
    # exp(_erfc_exponent(t)) / 2 for t in (0, 1] as its Chebyshev interpolant of degree 17 in
    # 2 t - 1 (relative error 6e-13): half the cost of the exponential itself.
    u = 2.0 * t - 1.0
    u2 = u * u
    u4 = u2 * u2
    u8 = u4 * u4
    low = (0.25539567676283814 + 0.17178991312532965 * u) + u2 * (
        0.06986779684244175 + 0.009115742981689622 * u
    )
    low += u4 * (
        (-0.005374407049761132 - 0.0016494674421356484 * u)
        + u2 * (0.0007564677653854394 + 0.00027964313221554824 * u)
    )
    high = (-0.00013040914767621222 - 8.443378951954226e-05 * u) + u2 * (
        2.4479958742162977e-07 + 2.6084053312111168e-05 * u
    )
    high += u4 * (
        (9.422548110583209e-06 - 1.1955958868909388e-06 * u)
        + u2 * (-1.1946180157555354e-06 + 2.55465058239424e-08 * u)
    )
    return low + u8 * (high + u8 * (1.0002880304753423e-07 + 5.056890302943814e-09 * u))


@compiled
def _erfc_exponent(t: float) -> float:
    # trueskill.backends.erfc (Numerical Recipes) is t exp(exponent - z^2) with t = 1 / (1 + z / 2);
    # its error is part of the contract. Summed in pairs (Estrin), half the latency of nested
    # brackets.
    t2 = t * t
    t4 = t2 * t2
    poly = (-1.26551223 + 1.00002368 * t) + t2 * (0.37409196 + 0.09678418 * t)
    poly += t4 * ((-0.18628806 + 0.27886807 * t) + t2 * (-1.13520398 + 1.48851587 * t))
    return poly + t4 * t4 * (-0.82215223 + 0.17087277 * t)


@compiled
def _half_erfc(z: float, square: float) -> float:
    t = 1.0 / (1.0 + 0.5 * z)
    return 0.5 * t * math.exp(_erfc_exponent(t) - square)


@compiled
def _package_cdf(x: float) -> float:
    half = _half_erfc(abs(x) * SQRT_HALF, 0.5 * x * x)
    return half if x < 0.0 else 1.0 - half


@compiled
def _density(x: float) -> float:
    return INV_SQRT_TWO_PI * math.exp(-0.5 * x * x)


@compiled
def package_win(x: float) -> tuple[float, float]:
    """(v, w) of a win at excess x by the package's formulas; exact ones where those break."""
    if LOWEST_EXCESS < x < HIGHEST_EXCESS:
        if x < 0.0:
            # exp(-x^2 / 2) is in both density and cdf and cancels; 1 / t needs no division.
            one_over_t = 1.0 - 0.5 * SQRT_HALF * x
            v = 2.0 * INV_SQRT_TWO_PI * one_over_t * math.exp(-_erfc_exponent(1.0 / one_over_t))
        else:
            t = 1.0 / (1.0 + 0.5 * SQRT_HALF * x)
            height = math.exp(-0.5 * x * x)
            v = INV_SQRT_TWO_PI * height / (1.0 - t * _half_exp_exponent(t) * height)
        w = v * (v + x)
        if 0.0 < w < 1.0:
            return v, w
    return win_moments(x)


@compiled
def package_draw(t: float, margin: float) -> tuple[float, float]:
    """(v, w) of a draw at t by the package's formulas; exact ones where those break."""
    c = abs(t)
    a = margin - c
    b = -margin - c
    band = _package_cdf(a) - _package_cdf(b)
    if band > LOWEST_BAND:
        height_a = _density(a)
        height_b = _density(b)
        v = (height_b - height_a) / band
        w = v * v + (a * height_a - b * height_b) / band
        if 0.0 < w < 1.0:
            return (-v if t < 0.0 else v), w
    return draw_moments(t, margin)


def package_draw_margin(draw_probability: float, beta: float = BETA) -> float:
    """Draw margin (skill units) as `trueskill.calc_draw_margin` gives it for two players.

    Its inverse cdf is a rational guess with two Newton steps; ``draw_probability`` in [0, 1).
    """
    y = 2.0 * ((draw_probability + 1.0) / 2.0)
    if y >= 2.0:
        return 100.0 * SQRT_TWO * SQRT_TWO * beta
    y = 2.0 - y
    t = math.sqrt(-2.0 * math.log(y / 2.0))
    x = -0.70711 * ((2.30753 + t * 0.27061) / (1.0 + t * (0.99229 + t * 0.04481)) - t)
    for _ in range(2):
        error = 2.0 * _package_cdf(-SQRT_TWO * x) - y
        x += error / (1.12837916709551257 * math.exp(-(x**2)) - x * error)
    return max(x * SQRT_TWO, 0.0) * SQRT_TWO * beta
