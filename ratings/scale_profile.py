"""An interval for one tau that holds where its likelihood is lopsided or ends at zero.

All tau whose twice the log-evidence, the other tau fitted anew, is within 3.84 of the best (profile
likelihood: Venzon and Moolgavkar 1988, Applied Statistics 37).
Out: the interval that every tau has from the curvature alone (``HierarchicalPosterior.scales``).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ratings.cells import CellCounts
from ratings.hierarchical import TAU_CAP, TAU_FLOOR, fit_hierarchical
from ratings.hierarchical_posterior import NORMAL_975, HierarchicalPosterior

# Of an end in skill units, and of 1.96 there.
TOLERANCE = 5e-3
# The evidence does not change to first order where sites have not settled.
SITES = 1e-4
FIRST_STEP = 0.25


@dataclass(frozen=True)
class _Profile:
    # Signed root of twice the fall of the evidence at a tau of an axis, less 1.96: zero at an end.
    # Nearly straight where the likelihood is nearly normal, so that secants find its zero.
    counts: CellCounts
    best: HierarchicalPosterior
    axis: int

    def __call__(self, tau: float) -> float:
        held = np.full(len(self.best.axes), np.nan)
        held[self.axis] = tau
        there = fit_hierarchical(
            self.counts,
            tau=held,
            draw_margin=self.best.draw_margin,
            beta=self.best.beta,
            prior_mean=self.best.prior_mean,
            prior_sd=self.best.prior_sd,
            warm_start=self.best,
            tolerance=SITES,
        )
        fall = self.best.log_evidence - there.log_evidence
        return math.sqrt(max(2.0 * fall, 0.0)) - NORMAL_975


def profile_interval(
    counts: CellCounts, best: HierarchicalPosterior, axis: str
) -> tuple[float, float]:
    """Ends of the 95% profile interval of an axis' tau, skill units.

    ``best``: the fit of ``counts`` with every tau estimated; its draw margin is held. The lower end
    is 0 where the least tau tried is inside, the upper one infinite where the largest is.
    """
    place = counts.axes.index(axis)
    excess = _Profile(counts, best, place)
    tau = float(best.tau[place])
    low = 0.0
    if tau > TAU_FLOOR * 1.01:
        at_floor = excess(TAU_FLOOR)
        if at_floor > 0.0:
            low = _zero(excess, tau, -NORMAL_975, TAU_FLOOR, at_floor)
    inside, there, step = tau, -NORMAL_975, FIRST_STEP
    while inside < TAU_CAP:
        outside = min(inside + step, TAU_CAP)
        beyond = excess(outside)
        if beyond > 0.0:
            return low, _zero(excess, inside, there, outside, beyond)
        inside, there, step = outside, beyond, 2.0 * step
    return low, math.inf


def _zero(
    excess: Callable[[float], float], inside: float, at_inside: float, outside: float, beyond: float
) -> float:
    # Illinois: false position that halves the value of an end that stays (Dowell, Jarratt 1971).
    stayed = 0.0
    while abs(outside - inside) > TOLERANCE:
        between = (inside * beyond - outside * at_inside) / (beyond - at_inside)
        value = excess(between)
        if abs(value) < TOLERANCE:
            return between
        if value > 0.0:
            outside, beyond = between, value
            at_inside *= 0.5 if stayed > 0.0 else 1.0
        else:
            inside, at_inside = between, value
            beyond *= 0.5 if stayed < 0.0 else 1.0
        stayed = value
    return 0.5 * (inside + outside)
