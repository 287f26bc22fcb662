"""TrueSkill one battle after another, as the `trueskill` package computes it, compiled.

Equal to `trueskill.rate_1vs1` of version 0.4.5 with its default backend, whose cdf is only good to
1.2e-7, wherever that gives a rating that can be used; where it raises FloatingPointError or its
rounding takes over (far tails, bands narrower than its cdf can see) exact moments stand in. The
result depends on the order of battles: `expectation_propagation` does not.
Out: choosing the order.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orchestration.ratings.compiled import compiled
from orchestration.ratings.gaussian import draw_moments, win_moments
from orchestration.ratings.posterior import BETA, PRIOR_MEAN, PRIOR_SD
from orchestration.ratings.sites import FIRST_WINS, TIE

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]

SQRT_TWO = math.sqrt(2.0)
INV_SQRT_TWO_PI = 1.0 / math.sqrt(2.0 * math.pi)

# The package's cdf has a relative error of 1.2e-7. Below these its own w is mostly that error.
LOWEST_CDF = 1e-290
LOWEST_BAND = 1e-4


@compiled
def _package_cdf(x: float) -> float:
    # trueskill.backends.erfc (Numerical Recipes): one exp, and its error is part of the contract.
    z = abs(x) / SQRT_TWO
    t = 1.0 / (1.0 + 0.5 * z)
    poly = 0.17087277
    poly = poly * t - 0.82215223
    poly = poly * t + 1.48851587
    poly = poly * t - 1.13520398
    poly = poly * t + 0.27886807
    poly = poly * t - 0.18628806
    poly = poly * t + 0.09678418
    poly = poly * t + 0.37409196
    poly = poly * t + 1.00002368
    r = t * math.exp(-z * z - 1.26551223 + t * poly)
    return 0.5 * (r if x < 0.0 else 2.0 - r)


@compiled
def _density(x: float) -> float:
    return INV_SQRT_TWO_PI * math.exp(-0.5 * x * x)


@compiled
def package_win(x: float) -> tuple[float, float]:
    """(v, w) of a win at excess x by the package's formulas; exact ones where those break."""
    below = _package_cdf(x)
    if below > LOWEST_CDF:
        v = _density(x) / below
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


@compiled
def _replay(
    size: int,
    index_a: IndexArray,
    index_b: IndexArray,
    outcome: IndexArray,
    margin: float,
    beta: float,
    tau: float,
    prior_mean: float,
    prior_sd: float,
    every: int,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    mu = np.full(size, prior_mean)
    variance = np.full(size, prior_sd * prior_sd)
    steps = index_a.size // every if every > 0 else 0
    history = np.empty((steps, size, 2))
    noise = 2.0 * beta * beta
    drift = tau * tau
    for k in range(index_a.size):
        i = index_a[k]
        j = index_b[k]
        variance_i = variance[i] + drift
        variance_j = variance[j] + drift
        total = variance_i + variance_j + noise
        scale = 1.0 / math.sqrt(total)
        difference = (mu[i] - mu[j]) * scale
        if outcome[k] == TIE:
            v, w = package_draw(difference, margin * scale)
        elif outcome[k] == FIRST_WINS:
            v, w = package_win(difference - margin * scale)
        else:
            v, w = package_win(-difference - margin * scale)
            v = -v
        v *= scale
        w *= scale * scale
        mu[i] += variance_i * v
        mu[j] -= variance_j * v
        variance[i] = variance_i * (1.0 - variance_i * w)
        variance[j] = variance_j * (1.0 - variance_j * w)
        if every > 0 and (k + 1) % every == 0:
            row = (k + 1) // every - 1
            history[row, :, 0] = mu
            history[row, :, 1] = np.sqrt(variance)
    return mu, np.sqrt(variance), history


@dataclass(frozen=True, eq=False)
class OnlineRatings:
    """``mean``, ``sd`` (M) after the last battle; ``history`` (K, M, 2) after each ``every``."""

    mean: FloatArray
    sd: FloatArray
    history: FloatArray
    every: int
    draw_margin: float


def replay(
    size: int,
    index_a: IndexArray,
    index_b: IndexArray,
    outcome: IndexArray,
    *,
    draw_probability: float | None = None,
    beta: float = BETA,
    tau: float = 0.0,
    prior_mean: float = PRIOR_MEAN,
    prior_sd: float = PRIOR_SD,
    every: int = 0,
) -> OnlineRatings:
    """Rate N battles among ``size`` models in the order given.

    ``index_a``, ``index_b``, ``outcome`` (N): models, and 0 a wins, 1 b wins, 2 tie.
    ``draw_probability`` defaults to the share of ties; ``every`` > 0 keeps the ratings after each
    that many battles. Raises ValueError for codes or indices out of range, or a model by itself.
    """
    a, b, code = (np.ascontiguousarray(x, dtype=np.int64) for x in (index_a, index_b, outcome))
    if not a.shape == b.shape == code.shape:
        raise ValueError("index_a, index_b and outcome must have the same length")
    if a.size and (min(a.min(), b.min()) < 0 or max(a.max(), b.max()) >= size):
        raise ValueError(f"model indices must be within 0 and {size - 1}")
    if a.size and (code.min() < 0 or code.max() > TIE):
        raise ValueError("outcome must be 0 (a), 1 (b) or 2 (tie)")
    if np.any(a == b):
        raise ValueError(f"battle {int(np.flatnonzero(a == b)[0])}: a model against itself")
    if draw_probability is None:
        draw_probability = float((code == TIE).mean()) if code.size else 0.0
    if not 0.0 <= draw_probability <= 1.0:
        raise ValueError(f"draw_probability must be within 0 and 1, got {draw_probability}")
    margin = package_draw_margin(draw_probability, beta)
    mean, sd, history = _replay(size, a, b, code, margin, beta, tau, prior_mean, prior_sd, every)
    return OnlineRatings(mean, sd, history, every, margin)
