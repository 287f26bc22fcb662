"""Log-probabilities and cumulants of a unit Gaussian cut off on one or both sides, in arrays.

The third and fourth cumulants are the third and fourth derivatives of log Z, as v and w are the
first two (``gaussian``). Near the middle they follow from v and w, or from the heights at the two
ends. In the tails those forms cancel to nothing; there, and in narrow bands, the density is smooth
and is integrated.
"""

import math

import numpy as np
from scipy.special import erfcx

from ratings.compiled import FloatArray, Mask
from ratings.gaussian import INV_SQRT_TWO_PI, NARROW_MARGIN, NARROW_SLOPE, SQRT_HALF, SQRT_HALF_PI

LOG_SQRT_TWO_PI = 0.5 * math.log(2.0 * math.pi)
# From here on a win's closed form has lost more digits than the integral does.
WIN_TAIL = 4.0
# The density is integrated until it has fallen by e^-DEPTH.
DEPTH = 40.0
# Nodes and weights (2, N): for the tails, and for narrow bands, whose density hardly changes.
_MANY = np.array(np.polynomial.legendre.leggauss(32))
_FEW = np.array(np.polynomial.legendre.leggauss(10))


def density(x: FloatArray) -> FloatArray:
    """Standard normal density."""
    height: FloatArray = INV_SQRT_TWO_PI * np.exp(-0.5 * x * x)
    return height


def _mills(y: FloatArray) -> FloatArray:
    # Mills ratio of the upper tail, (1 - Phi(y)) / phi(y).
    ratio: FloatArray = SQRT_HALF_PI * erfcx(y * SQRT_HALF)
    return ratio


def _regimes(c: FloatArray, margin: FloatArray) -> tuple[Mask, Mask, Mask]:
    # Both ends in one tail; the middle inside a band that is wide; a narrow or flat band.
    tail = (c >= margin) & (c * margin >= NARROW_SLOPE)
    wide = (c < margin) & (margin >= NARROW_MARGIN)
    return tail, wide, ~(tail | wide)


def log_band(t: FloatArray, margin: FloatArray) -> FloatArray:
    """log P(|N(t, 1)| < margin): log-evidence of a draw at t (N) with margin (N) above zero."""
    c = np.abs(t)
    out = np.empty_like(c)
    tail, wide, narrow = _regimes(c, margin)
    a, e = c[tail] - margin[tail], margin[tail]
    mass = _mills(a) - np.exp(-2.0 * c[tail] * e) * _mills(a + 2.0 * e)
    out[tail] = -0.5 * a * a - LOG_SQRT_TWO_PI + np.log(mass)
    a, b = margin[wide] - c[wide], margin[wide] + c[wide]
    out[wide] = np.log1p(-density(a) * _mills(a) - density(b) * _mills(b))
    e = margin[narrow]
    parts = _weighed(c[narrow] * e, e * e, _FEW)
    out[narrow] = -0.5 * c[narrow] ** 2 - LOG_SQRT_TWO_PI + np.log(e * parts.sum(axis=1))
    return out


def _weighed(slope: FloatArray, bend: FloatArray, rule: FloatArray) -> FloatArray:
    # Nodes' parts (N, K) of the density exp(-slope * x - bend * x^2 / 2) on [-1, 1].
    nodes, weights = rule
    parts: FloatArray = weights * np.exp(-nodes * (slope[:, None] + 0.5 * bend[:, None] * nodes))
    return parts


def _integrated(slope: FloatArray, bend: FloatArray, rule: FloatArray) -> FloatArray:
    # Third and fourth cumulants (2, N) of x in [-1, 1] with that density.
    parts = _weighed(slope, bend, rule)
    parts /= parts.sum(axis=1)[:, None]
    gap = rule[0] - (parts * rule[0]).sum(axis=1)[:, None]
    second, third, fourth = ((parts * gap**power).sum(axis=1) for power in (2, 3, 4))
    return np.stack((third, fourth - 3.0 * second * second))


def _from(start: FloatArray, width: FloatArray | float) -> FloatArray:
    # Of a unit Gaussian cut to [start, start + width], start >= 0; the far end may be infinite.
    reach = 2.0 * DEPTH / (start + np.sqrt(start * start + 2.0 * DEPTH))
    half = 0.5 * np.minimum(width, reach)
    return _integrated((start + half) * half, half * half, _MANY) * np.stack((half**3, half**4))


def win_cumulants(x: FloatArray) -> FloatArray:
    """Third (> 0) and fourth cumulant (2, N) of a win at standardised excess x = t - margin (N)."""
    out = np.empty((2, x.size))
    tail = -x > WIN_TAIL
    out[:, tail] = _from(-x[tail], math.inf)
    y = -x[~tail]
    v = 1.0 / _mills(y)
    gap = v - y
    out[0, ~tail] = v * (2.0 * gap * gap + y * gap - 1.0)
    out[1, ~tail] = -v * (6.0 * gap * gap * (gap + y) + (y * y - 4.0) * gap - y)
    return out


def draw_cumulants(t: FloatArray, margin: FloatArray) -> FloatArray:
    """Third and fourth cumulant (2, N) of a draw, |difference| < margin, at standardised t (N).

    Of the performance difference: where t is above the band, what is left leans towards its far
    end, and the third cumulant is negative. ``margin`` (N), above zero.
    """
    c = np.abs(t)
    out = np.empty((2, c.size))
    tail, wide, narrow = _regimes(c, margin)
    out[:, tail] = _from(c[tail] - margin[tail], 2.0 * margin[tail])
    out[:, wide] = _of_ends(c[wide] - margin[wide], c[wide] + margin[wide])
    e = margin[narrow]
    out[:, narrow] = _integrated(c[narrow] * e, e * e, _FEW) * np.stack((e**3, e**4))
    out[0] *= np.where(t > 0.0, -1.0, 1.0)
    return out


def _of_ends(a: FloatArray, b: FloatArray) -> FloatArray:
    # Cumulants of a unit Gaussian cut to [a, b], a < 0 < b, from its heights there.
    low, high = density(a), density(b)
    mass = 1.0 - low * _mills(-a) - high * _mills(b)
    low, high = low / mass, high / mass
    m1 = low - high
    m2 = 1.0 + a * low - b * high
    m3 = 2.0 * m1 + a * a * low - b * b * high
    m4 = 3.0 * m2 + a * a * a * low - b * b * b * high
    third = m3 + m1 * (2.0 * m1 * m1 - 3.0 * m2)
    fourth = m4 - 4.0 * m1 * m3 - 3.0 * m2 * m2 + m1 * m1 * (12.0 * m2 - 6.0 * m1 * m1)
    return np.stack((third, fourth))
