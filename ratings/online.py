"""TrueSkill one battle after another, as the `trueskill` package computes it, compiled.

Equal to `trueskill.rate_1vs1` wherever that gives a rating that can be used, finite where it does
not (`package_formulas`). The result depends on the order of battles; that of
`expectation_propagation` does not.
Out: choosing the order.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ratings.compiled import compiled
from ratings.package_formulas import (
    package_draw,
    package_draw_margin,
    package_win,
)
from ratings.posterior import BETA, PRIOR_MEAN, PRIOR_SD
from ratings.sites import TIE

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]


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
    steps = -(-index_a.size // every) if every > 0 else 0
    history = np.empty((steps, size, 2))
    noise = 2.0 * beta * beta
    drift = tau * tau
    for k in range(index_a.size):
        i = index_a[k]
        j = index_b[k]
        variance_i = variance[i] + drift
        variance_j = variance[j] + drift
        total = variance_i + variance_j + noise
        # 1 / sqrt(total), with the root and the division side by side.
        scale = math.sqrt(total) * (1.0 / total)
        difference = (mu[i] - mu[j]) * scale
        if outcome[k] == TIE:
            v, w = package_draw(difference, margin * scale)
        else:
            # One call for both sides: who won is a coin flip that no branch predictor guesses.
            sign = 1.0 - 2.0 * outcome[k]
            v, w = package_win(sign * difference - margin * scale)
            v *= sign
        v *= scale
        w *= scale * scale
        mu[i] += variance_i * v
        mu[j] -= variance_j * v
        variance[i] = variance_i * (1.0 - variance_i * w)
        variance[j] = variance_j * (1.0 - variance_j * w)
        if every > 0 and ((k + 1) % every == 0 or k + 1 == index_a.size):
            row = k // every
            history[row, :, 0] = mu
            history[row, :, 1] = np.sqrt(variance)
    return mu, np.sqrt(variance), history


@compiled
def _inspect(
    size: int, index_a: IndexArray, index_b: IndexArray, outcome: IndexArray
) -> tuple[int, int]:
    # (first battle that cannot be rated or -1, ties).
    ties = 0
    for k in range(index_a.size):
        i = index_a[k]
        j = index_b[k]
        if i < 0 or j < 0 or i >= size or j >= size or i == j:
            return k, ties
        if outcome[k] < 0 or outcome[k] > TIE:
            return k, ties
        ties += outcome[k] == TIE
    return -1, ties


def _complaint(size: int, a: int, b: int, outcome: int, battle: int) -> str:
    if not (0 <= a < size and 0 <= b < size):
        return f"battle {battle}: model indices {a} and {b} must be within 0 and {size - 1}"
    if a == b:
        return f"battle {battle}: a model against itself"
    return f"battle {battle}: outcome {outcome} must be 0 (a), 1 (b) or 2 (tie)"


@dataclass(frozen=True, eq=False)
class OnlineRatings:
    """``mean``, ``sd`` (M) after the last battle.

    ``history`` (K, M, 2): mean and sd after each ``every`` battles and after the last;
    ``battle_numbers`` (K): how many those were.
    """

    mean: FloatArray
    sd: FloatArray
    history: FloatArray
    battle_numbers: IndexArray
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
    that many battles and after the last. Raises ValueError for codes or indices out of range, or a
    model by itself.
    """
    a, b, code = (np.ascontiguousarray(x, dtype=np.int64) for x in (index_a, index_b, outcome))
    if not a.shape == b.shape == code.shape:
        raise ValueError("index_a, index_b and outcome must have the same length")
    bad, ties = _inspect(size, a, b, code)
    if bad >= 0:
        raise ValueError(_complaint(size, int(a[bad]), int(b[bad]), int(code[bad]), bad))
    if draw_probability is None:
        draw_probability = ties / code.size if code.size else 0.0
    if not 0.0 <= draw_probability <= 1.0:
        raise ValueError(f"draw_probability must be within 0 and 1, got {draw_probability}")
    margin = package_draw_margin(draw_probability, beta)
    mean, sd, history = _replay(size, a, b, code, margin, beta, tau, prior_mean, prior_sd, every)
    numbers = np.minimum(np.arange(1, history.shape[0] + 1) * every, a.size)
    return OnlineRatings(mean, sd, history, numbers, margin)
