"""Third and fourth cumulants of a unit Gaussian that is cut off on one side or on both.

They are the third and fourth derivatives of log Z by the standardised difference t, as ``v`` and
-``w`` are the first and second (``gaussian``). Near the middle they follow from v and w or from the
heights at the two ends. In the tails those forms cancel to nothing; there, and in narrow bands, the
density is smooth and is integrated.
Out: the first two moments, and what a site makes of them.
"""

import math

import numpy as np
from numpy.typing import NDArray

from ratings.compiled import compiled
from ratings.gaussian import (
    NARROW_MARGIN,
    NARROW_SLOPE,
    density,
    mills,
    win_moments,
)

# From here on a win's closed form has lost more digits than the integral does.
WIN_TAIL = 4.0
# The density is integrated until it has fallen by e^-DEPTH.
DEPTH = 40.0

# Nodes and weights (2, N): for the tails, and for narrow bands, whose density hardly changes.
_MANY = np.array(np.polynomial.legendre.leggauss(32))
_FEW = np.array(np.polynomial.legendre.leggauss(10))


@compiled
def _integrated(slope: float, bend: float, rule: NDArray[np.float64]) -> tuple[float, float]:
    # Cumulants of x in [-1, 1] with density exp(-slope * x - bend * x^2 / 2).
    parts = np.empty(rule.shape[1])
    mass = 0.0
    mean = 0.0
    for k in range(parts.size):
        x = rule[0, k]
        parts[k] = rule[1, k] * math.exp(-x * (slope + 0.5 * bend * x))
        mass += parts[k]
        mean += parts[k] * x
    mean /= mass
    second = 0.0
    third = 0.0
    fourth = 0.0
    for k in range(parts.size):
        gap = rule[0, k] - mean
        square = gap * gap
        second += parts[k] * square
        third += parts[k] * square * gap
        fourth += parts[k] * square * square
    second /= mass
    return third / mass, fourth / mass - 3.0 * second * second


@compiled
def _from(start: float, width: float) -> tuple[float, float]:
    # Of a unit Gaussian cut to [start, start + width], start >= 0; the far end may be infinite.
    reach = 2.0 * DEPTH / (start + math.sqrt(start * start + 2.0 * DEPTH))
    half = 0.5 * min(width, reach)
    third, fourth = _integrated((start + half) * half, half * half, _MANY)
    return third * half**3, fourth * half**4


@compiled
def win_cumulants(x: float) -> tuple[float, float]:
    """Third (> 0) and fourth cumulant of a win at standardised excess x = t - margin."""
    y = -x
    if y > WIN_TAIL:
        return _from(y, math.inf)
    v, _ = win_moments(x)
    gap = v - y
    third = v * (2.0 * gap * gap + y * gap - 1.0)
    fourth = -v * (6.0 * gap * gap * (gap + y) + (y * y - 4.0) * gap - y)
    return third, fourth


@compiled
def draw_cumulants(t: float, margin: float) -> tuple[float, float]:
    """Third and fourth cumulant of a draw, |difference| < margin, at standardised t; margin > 0.

    Of the performance difference: where t is above the band, what is left leans towards its far
    end, and the third cumulant is negative.
    """
    c = abs(t)
    a = c - margin
    b = c + margin
    if a >= 0.0 and c * margin >= NARROW_SLOPE:
        third, fourth = _from(a, 2.0 * margin)
    elif a < 0.0 and margin >= NARROW_MARGIN:
        low = density(a)
        high = density(b)
        mass = 1.0 - low * mills(-a) - high * mills(b)
        low /= mass
        high /= mass
        m1 = low - high
        m2 = 1.0 + a * low - b * high
        m3 = 2.0 * m1 + a * a * low - b * b * high
        m4 = 3.0 * m2 + a * a * a * low - b * b * b * high
        third = m3 + m1 * (2.0 * m1 * m1 - 3.0 * m2)
        fourth = m4 - 4.0 * m1 * m3 - 3.0 * m2 * m2 + m1 * m1 * (12.0 * m2 - 6.0 * m1 * m1)
    else:
        third, fourth = _integrated(c * margin, margin * margin, _FEW)
        third *= margin**3
        fourth *= margin**4
    return (-third, fourth) if t > 0.0 else (third, fourth)
