"""The draw margin at which the posterior expects as many ties as were seen; the prior's spread.

TrueSkill's own formula takes the margin from the tie share as if all models were equally good; its
intervals then cover far too little where ties are common. Here the margin and the posterior are
brought into agreement: sum over pairs of n * E[P(tie)] equals the ties counted. On request the
prior's spread is chosen by the evidence, the margin matched at every spread tried.
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


def fit_draw_margin(counts: PairCounts, prior: Prior = TRUESKILL_PRIOR) -> Posterior:
    """Posterior whose draw margin matches the ties seen.

    Without ties the margin is FLOOR, with only ties it is CAP (times sqrt(2) beta). Alternates
    fitting and matching with secant steps until the margin moves by less than 1e-9 of itself;
    ``converged`` is false if it never does.
    """
    scale = math.sqrt(prior.noise)
    margin = equal_skill_margin(counts.tie_share, prior)
    posterior = fit(counts, draw_margin=margin, prior=prior)
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
        posterior = fit(counts, draw_margin=margin, prior=prior, warm_start=posterior)
    return replace(posterior, converged=False)


# In units of beta. Below, no model can be told from another; above, no battle is undecided.
LOWEST = 0.01
HIGHEST = 100.0
GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0
RELATIVE_TOLERANCE = 1e-5
GRID = 13


def fit_prior_sd(counts: PairCounts, prior: Prior = TRUESKILL_PRIOR) -> Posterior:
    """Posterior whose prior sd (skill units) maximises EP's evidence, within bounds times beta.

    A coarse grid over log sd brackets the maximum and golden section narrows it to 1e-5 of itself:
    no derivative and no start to get wrong. Without battles the evidence is flat and the result is
    the lower bound. MacKay 1992 for maximising evidence.
    """
    tried: dict[float, Posterior] = {}

    def evidence(log_sd: float) -> float:
        if log_sd not in tried:
            tried[log_sd] = fit_draw_margin(counts, replace(prior, sd=math.exp(log_sd)))
        return tried[log_sd].log_evidence

    low, high = math.log(LOWEST * prior.beta), math.log(HIGHEST * prior.beta)
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
