"""How a hierarchical fit learns its scales: tau of each axis, the draw margin, habits of ties.

At first a small step is taken before each sweep. Where battles are few that can take a thousand
sweeps: a step assumes that the sites stay as they are, but they follow the scales. So after the
first sweeps the scales are held until the sites have nearly followed them. Then they move to where
the last moves say that a step would be zero (Anderson 1965, "Iterative procedures for nonlinear
integral equations", Journal of the ACM 12).

The fit ends where it would end without this: where one small step and one sweep change nothing by
more than the tolerance.
"""

from typing import Protocol

import numpy as np

from ratings.compiled import FloatArray
from ratings.expectation_propagation import PATIENCE, Propagation
from ratings.linear_algebra import factor, solve_factored

# Moves that are remembered.
DEPTH = 4
# Sites have followed the scales once they move so much less than they did at first.
FOLLOWED = 0.1
LONGEST_WAIT = 60
# Of what mixing adds to a plain step, logs.
LONGEST_LEAP = 0.3
# What is remembered is no guide any more where a plain step grows so much.
ASTRAY = 3.0
RIDGE = 1e-10


class Scales(Protocol):
    """A learner whose logs of scales can be read and moved."""

    def __call__(self, state: Propagation) -> None:
        """Learn one step."""

    def logs(self, state: Propagation) -> FloatArray:
        """The scales as they are."""

    def move(self, logs: FloatArray, state: Propagation) -> None:
        """Put them there, as near as their bounds allow."""


class Settling:
    """Learns ``scales``; ``tolerance``: of a difference's mean or sd."""

    def __init__(self, scales: Scales, tolerance: float) -> None:
        self._scales, self._tolerance = scales, tolerance
        self._held, self._first = 0, np.inf
        self._ends: list[FloatArray] = []
        self._steps: list[FloatArray] = []

    def __call__(self, state: Propagation) -> None:
        """Learn, or wait until sites have followed."""
        if state.sweeps <= PATIENCE:
            self._scales(state)
            return
        if self._held == 1:
            self._first = state.change
        is_settled = state.change <= self._tolerance * state.step
        near = FOLLOWED * self._first
        if 0 < self._held < LONGEST_WAIT and not is_settled and state.change > near:
            self._held += 1
            state.is_plain = False
            return
        begin = self._scales.logs(state)
        self._scales(state)
        self._held, state.is_plain = 1, is_settled
        if not is_settled:
            self._scales.move(self._mixed(begin, self._scales.logs(state)), state)
            state.step, state.change = min(2.0 * state.step, 1.0), np.inf

    def _mixed(self, begin: FloatArray, end: FloatArray) -> FloatArray:
        """From a plain step's begin and end to where the next one would be zero."""
        step = end - begin
        if self._steps and np.abs(step).max() > ASTRAY * np.abs(self._steps[-1]).max():
            self._forget()
        self._ends = [*self._ends[-DEPTH:], end]
        self._steps = [*self._steps[-DEPTH:], step]
        if len(self._steps) == 1:
            return end
        steps, ends = np.diff(self._steps, axis=0), np.diff(self._ends, axis=0)
        between = (steps[:, None] * steps).sum(axis=2)
        scale = 1.0 / np.sqrt(np.maximum(np.diag(between), 1e-300))
        between *= scale[:, None] * scale
        between[np.diag_indices(scale.size)] += RIDGE
        share = solve_factored(factor(between, 0.0), (steps * step).sum(axis=1) * scale) * scale
        leap = (share[:, None] * ends).sum(axis=0)
        if not np.isfinite(leap).all():
            self._forget()
            return end
        longest = max(float(np.abs(leap).max()), LONGEST_LEAP)
        return np.asarray(end - leap * (LONGEST_LEAP / longest))

    def _forget(self) -> None:
        self._ends, self._steps = [], []
