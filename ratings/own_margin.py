"""A board's own draw margin, near that of all battles of its dimension where its own are few.

How readily people tie differs between groups: on real studies between 3 and 49% of verdicts. A
group rated with everybody's margin has its ties taken for too strong or too weak evidence of equal
skill. So each board's margin makes the ties expected those seen, after PSEUDO_BATTLES more that tie
as everybody's margin says.
"""

import math
from dataclasses import dataclass

from ratings.counts import PairCounts
from ratings.draw_margin import CAP, FLOOR, expected_ties
from ratings.expectation_propagation import Propagation, fit
from ratings.posterior import Posterior

# A board of so many battles is half-way between its own margin and everybody's.
PSEUDO_BATTLES = 30.0
# The first sweeps move the sites too far for the margin to learn from them.
LEARN_FROM = 2


@dataclass(frozen=True, eq=False)
class MarginLearner:
    """One Newton step of the margin before every sweep; ``common``: everybody's, skill units."""

    counts: PairCounts
    common: float
    noise: float

    def __call__(self, state: Propagation) -> None:
        """Move ``state.margin``."""
        battles = self.counts.outcomes.sum(axis=1)
        total = float(battles.sum())
        if state.sweeps < LEARN_FROM or total <= 0.0:
            return

        def expected(margin: float) -> tuple[float, float]:
            return expected_ties(state.d_mean, state.d_variance, battles, margin, self.noise)

        # The pseudo-battles are spread over pairs as the board's own are.
        more = PSEUDO_BATTLES / total
        ties = float(self.counts.tie.sum()) + more * expected(self.common)[0]
        now, slope = expected(state.margin)
        low, high = FLOOR * math.sqrt(self.noise), CAP * math.sqrt(self.noise)
        wanted = high
        if slope > 0.0:
            wanted = state.margin + (ties - (1.0 + more) * now) / ((1.0 + more) * slope)
        wanted = min(max(wanted, 0.5 * state.margin), 2.0 * state.margin)
        state.margin = min(max(wanted, low), high)


def fit_own_margin(anchor: Posterior, counts: PairCounts) -> Posterior:
    """Posterior of ``counts`` with the prior and noise of ``anchor`` and a margin near its own."""
    learner = MarginLearner(counts, anchor.draw_margin, anchor.prior.noise)
    return fit(counts, draw_margin=anchor.draw_margin, prior=anchor.prior, learn=learner)
