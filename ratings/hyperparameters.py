"""The prior's spread, chosen by the evidence, on request.

Out: the draw margin, which is matched to the ties at every spread tried (``draw_margin``).
"""

import math

from ratings.counts import PairCounts
from ratings.draw_margin import fit_draw_margin
from ratings.posterior import BETA, PRIOR_MEAN, Posterior

# In units of beta. Below, no model can be told from another; above, no battle is undecided.
LOWEST = 0.01
HIGHEST = 100.0

GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0
RELATIVE_TOLERANCE = 1e-5
GRID = 13


def fit_prior_sd(
    counts: PairCounts, *, beta: float = BETA, prior_mean: float = PRIOR_MEAN
) -> Posterior:
    """Posterior whose prior sd (skill units) maximises EP's evidence, within bounds times beta.

    A coarse grid over log sd brackets the maximum and golden section narrows it to 1e-5 of itself:
    no derivative and no start to get wrong. Without battles the evidence is flat and the result is
    the lower bound; ``at_bound`` tells. MacKay 1992 for maximising evidence.
    """
    tried: dict[float, Posterior] = {}

    def evidence(log_sd: float) -> float:
        if log_sd not in tried:
            tried[log_sd] = fit_draw_margin(
                counts, beta=beta, prior_mean=prior_mean, prior_sd=math.exp(log_sd)
            )
        return tried[log_sd].log_evidence

    low, high = math.log(LOWEST * beta), math.log(HIGHEST * beta)
    grid = [low + (high - low) * k / (GRID - 1) for k in range(GRID)]
    best = max(range(GRID), key=lambda k: evidence(grid[k]))
    left, right = grid[max(best - 1, 0)], grid[min(best + 1, GRID - 1)]
    inner = [right - GOLDEN * (right - left), left + GOLDEN * (right - left)]
    while right - left > RELATIVE_TOLERANCE:
        if evidence(inner[0]) >= evidence(inner[1]):
            right, inner[1] = inner[1], inner[0]
            inner[0] = right - GOLDEN * (right - left)
        else:
            left, inner[0] = inner[0], inner[1]
            inner[1] = left + GOLDEN * (right - left)
    return tried[max(tried, key=evidence)]


def at_bound(posterior: Posterior) -> bool:
    """Whether the prior sd ended at the edge of what is tried, so that the evidence has no peak."""
    share = posterior.prior_sd / posterior.beta
    return share < LOWEST * 1.01 or share > HIGHEST / 1.01
