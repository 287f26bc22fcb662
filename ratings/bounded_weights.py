"""Weights that meet population margins and stay within bounds.

Bounded calibration (Deville and Sarndal 1992, JASA 87, 376-382, case 6, the logit method; R's
``survey::calibrate(calfun = "logit")``): of all weights within the bounds that meet the margins,
those nearest to equal. Where no weights within the bounds meet them, the weights whose margins come
nearest, in least squares, and the result says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ratings.compiled import FloatArray, IndexArray, compiled
from ratings.linear_algebra import factor, solve_factored

MARGIN_ERROR = 1e-12
"""Margins are met where no share is further off than this."""
ROUNDS_MAX = 60
STEPS_MAX = 100
LOOSENESS = 1e6
"""How far one round may move a multiplier: the residual share times this."""
TOTAL_LOOSENESS = 1e4
"""How much looser the total is, which is kept whatever becomes of the margins."""
DEGREES = tuple(10.0**power for power in range(-6, 1))
"""Shares of the looseness by which a round is led to its end where it doesn't find it at once."""
STANDSTILL = 1e-7
"""A round that shortens the residual by less than this share of it changes nothing."""


@dataclass(frozen=True)
class BoundedWeights:
    """What the weighting came to.

    Args:
        ratios: (C,) each cell's weight over its base weight; their base-weighted mean is 1.
        is_met: whether every margin is met; if not, margins are as near as the bounds allow.
        step_count: Newton steps taken.
    """

    ratios: FloatArray
    is_met: bool
    step_count: int


@compiled
def _sum(values: FloatArray) -> float:
    # In the order in which numpy adds up: by halves, and eight at a time.
    n = values.size
    if n > 128:
        half = n // 2 - n // 2 % 8
        return _sum(values[:half]) + _sum(values[half:])
    total = 0.0
    whole = n - n % 8 if n >= 8 else 0
    if whole:
        r = values[:8].copy()
        for i in range(8, whole, 8):
            for j in range(8):
                r[j] += values[i + j]
        total = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]))
    for i in range(whole, n):
        total += values[i]
    return total


@compiled
def _cost(
    at: FloatArray,
    shares: FloatArray,
    levels: IndexArray,
    targets: FloatArray,
    line: tuple[float, float, float, float],
    leash: tuple[FloatArray, FloatArray],
) -> float:
    # The dual, and what moving away from the centre costs. What a Newton step asks for most, and
    # numpy takes five times as long for.
    lower, offset, steepness, slope = line
    stiffness, centre = leash
    weighed, own = np.empty(shares.size), np.empty(levels.shape[1])
    for c in range(shares.size):
        for k in range(own.size):
            own[k] = at[levels[c, k]]
        inner = steepness * _sum(own) + offset
        # The logarithm of one plus the exponential, which may be too large for a float.
        above = max(inner, 0.0) + math.log1p(math.exp(-abs(inner)))
        weighed[c] = shares[c] * (lower * (inner - offset) / steepness + slope * above)
    away = at - centre
    return (_sum(weighed) - _sum(targets * at)) + _sum(stiffness * (away * away)) / 2.0


@compiled
def _step(
    at: FloatArray,
    now: float,
    move: FloatArray,
    gain: float,
    shares: FloatArray,
    levels: IndexArray,
    targets: FloatArray,
    line: tuple[float, float, float, float],
    leash: tuple[FloatArray, FloatArray],
) -> tuple[FloatArray, float, bool]:
    # Where the move ends that lowers the cost enough, the cost there, and whether there is one.
    length = 1.0
    tried = at - move
    then = _cost(tried, shares, levels, targets, line, leash)
    # Close to the end the difference is below what a float can tell.
    while then > now - 1e-4 * length * gain + 1e-15 * (1.0 + abs(now)):
        length /= 2.0
        if length < 1e-10:
            return at, now, False
        tried = at - length * move
        then = _cost(tried, shares, levels, targets, line, leash)
    return tried, then, True


@dataclass(frozen=True)
class _Problem:
    # The dual of the calibration: a smooth convex function of one multiplier per level.
    shares: FloatArray  # (C,)
    levels: IndexArray  # (C, K)
    targets: FloatArray  # (L,)
    lower: float
    upper: float

    @cached_property
    def steepness(self) -> float:
        return (self.upper - self.lower) / ((1.0 - self.lower) * (self.upper - 1.0))

    @cached_property
    def offset(self) -> float:
        return float(np.log((1.0 - self.lower) / (self.upper - 1.0)))

    def inner(self, multipliers: FloatArray) -> FloatArray:
        summed: FloatArray = multipliers[self.levels].sum(axis=1)
        return self.steepness * summed + self.offset

    def ratios(self, inner: FloatArray) -> FloatArray:
        return self.between(_logistic(inner))

    def between(self, p: FloatArray) -> FloatArray:
        return self.lower + (self.upper - self.lower) * p

    def margins(self, of_cells: FloatArray) -> FloatArray:
        weight = np.repeat(self.shares * of_cells, self.levels.shape[1])
        found = np.bincount(self.levels.ravel(), weight, self.targets.size)
        return found.astype(np.float64)

    @cached_property
    def line(self) -> tuple[float, float, float, float]:
        slope = (self.upper - self.lower) / self.steepness
        return self.lower, self.offset, self.steepness, slope

    @cached_property
    def _pairs(self) -> IndexArray:
        pairs = self.levels[:, :, None] * self.targets.size + self.levels[:, None, :]
        return pairs.ravel()

    def curvature(self, p: FloatArray) -> FloatArray:
        weight = self.shares * (self.upper - self.lower) * self.steepness * p * (1.0 - p)
        size, count = self.targets.size, self.levels.shape[1]
        found = np.bincount(self._pairs, np.repeat(weight, count * count), size * size)
        return found.astype(np.float64).reshape(size, size)


def bound_weights(
    shares: FloatArray,
    levels: IndexArray,
    targets: FloatArray,
    lower: float,
    upper: float,
    margin_error: float = MARGIN_ERROR,
) -> BoundedWeights:
    """Ratios of weights to base weights within [lower, upper] that meet the margins.

    The dual is minimised by the proximal point method (Rockafellar 1976), each round by damped
    Newton steps. Where the margins can be met it ends there; where they cannot, what a round adds
    tends to the shortest residual there is (Pazy 1971), so one method serves both.

    Args:
        shares: (C,) base weight of each cell, summing to 1.
        levels: (C, K) the cell's level on each of K margins, numbered 0 to L - 1 over all margins.
        targets: (L,) share of each level; those of a margin sum to 1.
        lower: smallest ratio, below 1.
        upper: largest ratio, above 1.
        margin_error: a share that is no further off than this is met.

    Raises:
        ValueError: the bounds do not enclose 1.
    """
    if not 0.0 <= lower < 1.0 < upper:
        raise ValueError(f"bounds {lower} and {upper} do not enclose 1")
    if not shares.size:
        return BoundedWeights(shares, is_met=True, step_count=0)
    everybody = np.full((shares.size, 1), targets.size)
    targets = np.append(targets, 1.0)
    problem = _Problem(shares, np.hstack([levels, everybody]), targets, lower, upper)
    multipliers = np.zeros(targets.size)
    step_count, is_met, before = 0, False, np.inf
    for _ in range(ROUNDS_MAX):
        centre = multipliers
        multipliers, steps = _round(problem, centre, centre, margin_error / 10.0)
        step_count += steps
        if steps == STEPS_MAX:
            multipliers, steps = _by_degrees(problem, centre, margin_error / 10.0)
            step_count += steps
        residual = problem.margins(problem.ratios(problem.inner(multipliers))) - targets
        is_met = bool(np.abs(residual).max(initial=0.0) <= margin_error)
        length = float(np.sqrt((residual * residual).sum()))
        if is_met or length > before * (1.0 - STANDSTILL):
            break
        before = length
    inner = problem.inner(multipliers)
    if not is_met:
        inner = _centred(problem, inner)
    return BoundedWeights(problem.ratios(inner), is_met, step_count)


def _by_degrees(
    problem: _Problem, centre: FloatArray, slope_error: float
) -> tuple[FloatArray, int]:
    # Cells at their bounds make the dual nearly a polyhedron, on whose edges Newton steps go to and
    # fro. On a tight leash they don't; and where margins can't be met, the end moves away in
    # proportion to the leash, so that one end tells nearly where the next is.
    at, step_count, before = centre, 0, DEGREES[0]
    for share in DEGREES:
        begin = centre + (at - centre) * (share / before)
        at, steps = _round(problem, centre, begin, slope_error, share)
        step_count, before = step_count + steps, share
    return at, step_count


def _round(
    problem: _Problem,
    centre: FloatArray,
    begin: FloatArray,
    slope_error: float,
    share: float = 1.0,
) -> tuple[FloatArray, int]:
    # The multipliers that minimise the dual plus what moving away from the centre costs.
    stiffness = np.full(centre.size, 1.0 / (share * LOOSENESS))
    stiffness[-1] /= TOTAL_LOOSENESS

    of_cost = problem.shares, problem.levels, problem.targets, problem.line, (stiffness, centre)
    at, now = begin, _cost(begin, *of_cost)
    for step in range(STEPS_MAX):
        p = _logistic(problem.inner(at))
        slope = problem.margins(problem.between(p)) - problem.targets
        slope += stiffness * (at - centre)
        if np.abs(slope).max(initial=0.0) <= slope_error:
            return at, step
        curvature = problem.curvature(p)
        curvature.ravel()[:: centre.size + 1] += stiffness
        move = solve_factored(factor(curvature, 0.0), slope)
        gain = float((slope * move).sum())
        at, now, is_lower = _step(at, now, move, gain, *of_cost)
        if not is_lower:
            return at, step
    return at, STEPS_MAX


def _centred(problem: _Problem, inner: FloatArray) -> FloatArray:
    # Moved so that the mean ratio is 1, to the last digit, although the margins are not met.
    lowest, highest = -40.0 - float(inner.max(initial=0.0)), 40.0 - float(inner.min(initial=0.0))
    for _ in range(200):
        middle = (lowest + highest) / 2.0
        if middle in (lowest, highest):
            break
        if float((problem.shares * problem.ratios(inner + middle)).sum()) < 1.0:
            lowest = middle
        else:
            highest = middle
    return inner + (lowest + highest) / 2.0


def _logistic(x: FloatArray) -> FloatArray:
    # exp of what is never above zero cannot overflow.
    small = np.exp(-np.abs(x))
    return np.where(x >= 0.0, 1.0, small) / (1.0 + small)
