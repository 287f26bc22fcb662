"""The draw margin at which the posterior expects as many ties as were seen.

TrueSkill's own formula takes the margin from the tie share as if all models were equally good; its
intervals then cover far too little where ties are common. Here the margin and the posterior are
brought into agreement: sum over pairs of n * E[P(tie)] equals the ties counted.
"""

import math
from dataclasses import replace

import numpy as np
from scipy.special import ndtri

from ratings.compiled import FloatArray
from ratings.counts import PairCounts
from ratings.cut_gaussian import density, log_band
from ratings.expectation_propagation import fit
from ratings.posterior import TRUESKILL_PRIOR, Posterior, Prior
from ratings.prior_spread import SpreadLearner

# In units of sqrt(2) beta. Without ties the likelihood pushes the margin to zero, where a draw has
# no probability at all; with nothing but ties it pushes it to infinity. At the cap two equal models
# tie in all but one of 1.7 million battles.
FLOOR = 1e-6
CAP = 5.0
MAX_ROUNDS = 40
MAX_STEPS = 200
ROUND_TOLERANCE = 1e-9


def expected_ties(
    d_mean: FloatArray, d_variance: FloatArray, battles: FloatArray, margin: float, noise: float
) -> tuple[float, float]:
    """Ties expected over P pairs and the derivative by the margin.

    ``d_mean``, ``d_variance``, ``battles`` (P); ``margin`` in skill units; ``noise``: 2 beta^2.
    """
    root = np.sqrt(d_variance + noise)
    t, e = d_mean / root, margin / root
    total = (battles * np.exp(log_band(t, e))).sum()
    slope = (battles * (density(e - t) + density(e + t)) / root).sum()
    return float(total), float(slope)


def matching_margin(posterior: Posterior, counts: PairCounts) -> float:
    """Margin (skill units) at which ``posterior`` expects the ties in ``counts``; bounded."""
    scale = math.sqrt(posterior.prior.noise)
    ties = float(counts.tie.sum())
    if ties <= 0.0:
        return FLOOR * scale
    mean, variance = counts.differences.marginals(posterior.mean, posterior.covariance)
    battles = counts.outcomes.sum(axis=1)
    low, high = FLOOR * scale, CAP * scale
    # Expected ties grow with the margin, so Newton's steps can be kept inside a bracket.
    margin = min(max(posterior.draw_margin, low), high)
    for _ in range(MAX_STEPS):
        total, slope = expected_ties(mean, variance, battles, margin, scale * scale)
        if total > ties:
            high = margin
        else:
            low = margin
        after = margin + (ties - total) / slope if slope > 0.0 else high
        if not low < after < high:
            after = 0.5 * (low + high)
        if abs(after - margin) <= 1e-13 * margin:
            return after
        margin = after
    return margin


def equal_skill_margin(tie_share: float, prior: Prior = TRUESKILL_PRIOR) -> float:
    """TrueSkill's own margin (skill units): ties as if all skills were equal; bounded.

    Herbrich, Minka, Graepel 2006, section 3.1. A start for the fit, never its result.
    """
    margin = float(ndtri(0.5 + 0.5 * tie_share))
    return math.sqrt(prior.noise) * min(max(margin, FLOOR), CAP)


def fit_draw_margin(
    counts: PairCounts, prior: Prior = TRUESKILL_PRIOR, *, is_spread_learnt: bool = False
) -> Posterior:
    """Posterior whose draw margin matches the ties seen, and on request whose prior sd is learnt.

    Without ties the margin is FLOOR, with only ties it is CAP (times sqrt(2) beta). Alternates
    fitting and matching with secant steps until the margin moves by less than 1e-9 of itself;
    ``converged`` is false if it never does.
    """
    scale = math.sqrt(prior.noise)
    margin = equal_skill_margin(counts.tie_share, prior)
    learner = SpreadLearner(prior) if is_spread_learnt else None
    posterior = fit(counts, draw_margin=margin, prior=prior, learn=learner)
    last: tuple[float, float] | None = None
    for _ in range(MAX_ROUNDS):
        matched = matching_margin(posterior, counts)
        gap = matched - margin
        if abs(gap) <= ROUND_TOLERANCE * margin:
            return posterior
        after = matched
        if last is not None and last[1] != gap:
            # Where the line through the last two (margin, gap) crosses zero.
            secant = margin - gap * (margin - last[0]) / (gap - last[1])
            if 0.5 * matched < secant < 2.0 * matched:
                after = secant
        last = (margin, gap)
        margin = min(max(after, FLOOR * scale), CAP * scale)
        posterior = fit(
            counts, draw_margin=margin, prior=posterior.prior, warm_start=posterior, learn=learner
        )
    return replace(posterior, converged=False)
