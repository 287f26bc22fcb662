"""Moments of a unit Gaussian that is cut off on one or both sides, for kernels.

``v`` is d log Z / dt and ``w`` is -d2 log Z / dt2, with Z the probability of the outcome when the
standardised difference is t (Herbrich, Minka, Graepel 2006, "TrueSkill", section 3 and table 1).
The textbook forms divide one underflowing tail by another; here every tail is factored, so that
nothing is lost for |t| up to 1e3 and margins from 1e-6 to 5. Never NaN for finite input.
"""

import math

import numpy as np

from ratings.compiled import compiled

NORMAL_975 = 1.959963984540054
SQRT_HALF = math.sqrt(0.5)
SQRT_HALF_PI = math.sqrt(0.5 * math.pi)
INV_SQRT_PI = 1.0 / math.sqrt(math.pi)
INV_SQRT_TWO_PI = 1.0 / math.sqrt(2.0 * math.pi)
# Beyond this 1 / mills(y) - y has lost a hundred ulps to cancellation and the continued fraction
# below is exact in double precision with CONTINUED_FRACTION_TERMS terms.
FAR_TAIL = 10.0
CONTINUED_FRACTION_TERMS = 24
# A band narrower than this, or so flat that the density changes by less than e^NARROW_SLOPE
# across half of it, is integrated: differences of two tails would cancel.
NARROW_MARGIN = 0.3
NARROW_SLOPE = 0.5
_NODES, _NODE_WEIGHTS = (column.copy() for column in np.polynomial.legendre.leggauss(10))


@compiled
def erfcx(x: float) -> float:
    """Scaled complementary error function exp(x^2) erfc(x) for x >= 0, relative error near 1e-16.

    Rational Chebyshev approximations of W. J. Cody, Mathematics of Computation 23 (1969) 631-637.
    """
    if x <= 0.46875:
        z = x * x
        top = 1.85777706184603153e-1
        top = top * z + 3.16112374387056560
        top = top * z + 1.13864154151050156e2
        top = top * z + 3.77485237685302021e2
        top = top * z + 3.20937758913846947e3
        low = z + 2.36012909523441209e1
        low = low * z + 2.44024637934444173e2
        low = low * z + 1.28261652607737228e3
        low = low * z + 2.84423683343917062e3
        return math.exp(z) * (1.0 - x * top / low)
    if x <= 4.0:
        top = 2.15311535474403846e-8
        top = top * x + 5.64188496988670089e-1
        top = top * x + 8.88314979438837594
        top = top * x + 6.61191906371416295e1
        top = top * x + 2.98635138197400131e2
        top = top * x + 8.81952221241769090e2
        top = top * x + 1.71204761263407058e3
        top = top * x + 2.05107837782607147e3
        top = top * x + 1.23033935479799725e3
        low = x + 1.57449261107098347e1
        low = low * x + 1.17693950891312499e2
        low = low * x + 5.37181101862009858e2
        low = low * x + 1.62138957456669019e3
        low = low * x + 3.29079923573345963e3
        low = low * x + 4.36261909014324716e3
        low = low * x + 3.43936767414372164e3
        low = low * x + 1.23033935480374942e3
        return top / low
    z = 1.0 / (x * x)
    top = 1.63153871373020978e-2
    top = top * z + 3.05326634961232344e-1
    top = top * z + 3.60344899949804439e-1
    top = top * z + 1.25781726111229246e-1
    top = top * z + 1.60837851487422766e-2
    top = top * z + 6.58749161529837803e-4
    low = z + 2.56852019228982242
    low = low * z + 1.87295284992346725
    low = low * z + 5.27905102951428412e-1
    low = low * z + 6.05183413124413191e-2
    low = low * z + 2.33520497626869185e-3
    return (INV_SQRT_PI - z * top / low) / x


@compiled
def mills(y: float) -> float:
    """Mills ratio of the upper tail, (1 - Phi(y)) / phi(y), for y >= 0."""
    return SQRT_HALF_PI * erfcx(y * SQRT_HALF)


@compiled
def mills_gap(y: float, ratio: float) -> float:
    """1 / mills(y) - y for y >= 0, without cancellation; ``ratio`` is mills(y).

    Laplace's continued fraction, Abramowitz and Stegun 26.2.14.
    """
    if y < FAR_TAIL:
        return 1.0 / ratio - y
    tail = y
    for k in range(CONTINUED_FRACTION_TERMS, 1, -1):
        tail = y + k / tail
    return 1.0 / tail


@compiled
def density(x: float) -> float:
    """Standard normal density."""
    return INV_SQRT_TWO_PI * math.exp(-0.5 * x * x)


@compiled
def win_moments(x: float) -> tuple[float, float]:
    """(v, w) of a win at standardised excess x = t - margin. v > 0, 0 <= w <= 1."""
    if x >= 0.0:
        height = density(x)
        v = height / (1.0 - height * mills(x))
        return v, v * (v + x)
    y = -x
    ratio = mills(y)
    gap = mills_gap(y, ratio)
    return y + gap, (y + gap) * gap


@compiled
def _narrow_band(c: float, margin: float) -> tuple[float, float]:
    # Density over the band relative to its middle c, u = c + margin * x, x in [-1, 1]:
    # exp(-c * margin * x - margin^2 x^2 / 2), at most e^0.75 apart, so ten nodes are exact.
    slope = c * margin
    bend = 0.5 * margin * margin
    mass = 0.0
    first = 0.0
    second = 0.0
    for k in range(_NODES.size):
        x = _NODES[k]
        part = _NODE_WEIGHTS[k] * math.exp(-x * (slope + bend * x))
        mass += part
        first += part * x
        second += part * x * x
    mean = first / mass
    return mean, max(second / mass - mean * mean, 0.0)


@compiled
def draw_moments(t: float, margin: float) -> tuple[float, float]:
    """(v, w) of a draw, |difference| < margin, at standardised t; margin > 0, 0 <= w <= 1.

    With U a standard normal cut to [|t| - margin, |t| + margin]: v = -sign(t) E[U], w = 1 - Var[U].
    """
    c = abs(t)
    a = c - margin
    b = c + margin
    if a >= 0.0 and c * margin >= NARROW_SLOPE:
        # Both ends in one tail: phi(a) is factored out, r is what is left of phi(b).
        r = math.exp(-2.0 * c * margin)
        ratio_a = mills(a)
        ratio_b = mills(b)
        mass = ratio_a - r * ratio_b
        beyond = ratio_a * mills_gap(a, ratio_a)
        beyond -= r * ratio_b * (mills_gap(b, ratio_b) + 2.0 * margin)
        excess = beyond / mass
        mean = a + excess
        w = excess * mean + 2.0 * margin * r / mass
    elif a < 0.0 and margin >= NARROW_MARGIN:
        height_a = density(a)
        height_b = density(b)
        mass = 1.0 - height_a * mills(-a) - height_b * mills(b)
        mean = -height_a * math.expm1(-2.0 * c * margin) / mass
        w = mean * mean + (height_b * b - height_a * a) / mass
    else:
        shift, spread = _narrow_band(c, margin)
        mean = c + margin * shift
        w = 1.0 - margin * margin * spread
    w = min(max(w, 0.0), 1.0)
    return (-mean, w) if t >= 0.0 else (mean, w)
