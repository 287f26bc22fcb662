"""The canonical posterior of all skills: full-covariance expectation propagation to convergence.

Model: theta ~ N(mean, sd^2), performance difference ~ N(theta_a - theta_b, 2 beta^2),
a wins above the draw margin, ties within it (Herbrich, Minka, Graepel 2006). The result does not
depend on the order of battles and keeps the covariance that differences need.

A site is (difference, outcome): its copies, one per battle, keep identical parameters, so a site
costs the same for one battle and for a million. Minka 2001, "A family of algorithms for approximate
Bayesian inference", chapter 3; the truncated moments are those of TrueSkill.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy.special import log_ndtr

from ratings.compiled import FloatArray, IndexArray, compiled
from ratings.counts import PairCounts
from ratings.cut_gaussian import log_band
from ratings.differences import Differences
from ratings.gaussian import draw_moments, win_moments
from ratings.linear_algebra import inverse
from ratings.posterior import TRUESKILL_PRIOR, Posterior, Prior, reference_weights

FIRST_WINS, SECOND_WINS, TIE = 0, 1, 2
TOLERANCE = 1e-9
MAX_SWEEPS = 1000
# Undamped sweeps this many times before a change that does not shrink is taken for a cycle.
PATIENCE = 30
SHORTEST_STEP = 0.1


@compiled
def _site_update(
    mean: float, variance: float, outcome: int, margin: float, noise: float
) -> tuple[float, float]:
    # (precision, precision times mean) of one copy, given the cavity of its difference.
    total = variance + noise
    root = math.sqrt(total)
    if outcome == TIE:
        v, w = draw_moments(mean / root, margin / root)
    elif outcome == FIRST_WINS:
        v, w = win_moments((mean - margin) / root)
    else:
        v, w = win_moments((-mean - margin) / root)
        v = -v
    # What is left of the variance after seeing the outcome; at least noise / total > 0.
    left = 1.0 - w * variance / total
    precision = w / (total * left)
    return precision, precision * mean + v / (root * left)


@compiled
def sweep(
    mean: FloatArray,
    variance: FloatArray,
    counts: FloatArray,
    margin: FloatArray,
    noise: float,
    precision: FloatArray,
    shift: FloatArray,
    step: float,
) -> None:
    """Refresh all sites in place from the current marginals of their differences.

    ``mean``, ``variance`` (D): marginals; ``counts`` (D, 3); ``margin`` (D): draw margins in skill
    units; ``noise``: 2 beta^2; ``precision``, ``shift`` (D, 3): site parameters of one copy;
    ``step`` in (0, 1]: damping. A count below one has its whole site removed for the cavity, never
    more than is there.
    """
    for d in range(mean.size):
        for outcome in range(3):
            count = counts[d, outcome]
            if count > 0.0:
                copy = min(count, 1.0)
                left = 1.0 / variance[d] - copy * precision[d, outcome]
                cavity = 1.0 / left
                centre = cavity * (mean[d] / variance[d] - copy * shift[d, outcome])
                new_precision, new_shift = _site_update(centre, cavity, outcome, margin[d], noise)
                precision[d, outcome] += step * (new_precision - precision[d, outcome])
                shift[d, outcome] += step * (new_shift - shift[d, outcome])


def pool(counts: FloatArray, parameter: FloatArray) -> FloatArray:
    """A natural parameter (D, 3) of one copy, summed over all copies of all outcomes (D)."""
    total: FloatArray = np.einsum("do,do->d", counts, parameter)
    return total


class Cavities(NamedTuple):
    """Differences without one copy, one for each of N sites with battles.

    ``row``, ``outcome``, ``battles`` (N): the site; ``share`` (N): how much of a copy is taken
    away, less than one where the count is; ``mean``, ``variance`` (N).
    """

    row: IndexArray
    outcome: IndexArray
    battles: FloatArray
    share: FloatArray
    mean: FloatArray
    variance: FloatArray


def cavities(
    mean: FloatArray, variance: FloatArray, counts: FloatArray, sites: FloatArray
) -> Cavities:
    """Of marginals ``mean`` and ``variance`` (D), ``counts`` (D, 3) and ``sites`` (2, D, 3)."""
    row, outcome = np.nonzero(counts)
    battles = counts[row, outcome]
    precision, shift = sites[:, row, outcome]
    share = np.minimum(battles, 1.0)
    cavity = 1.0 / (1.0 / variance[row] - share * precision)
    centre = cavity * (mean[row] / variance[row] - share * shift)
    return Cavities(row, outcome, battles, share, centre, cavity)


def log_probabilities(
    mean: FloatArray, variance: FloatArray, outcome: IndexArray, margin: FloatArray, noise: float
) -> FloatArray:
    """log P(outcome) of differences N(mean, variance), each with outcome and draw margin (N)."""
    root = np.sqrt(variance + noise)
    out: FloatArray = log_ndtr((np.where(outcome == FIRST_WINS, mean, -mean) - margin) / root)
    tie = outcome == TIE
    out[tie] = log_band(mean[tie] / root[tie], margin[tie] / root[tie])
    return out


def _evidence(cavity: Cavities, sites: FloatArray, margin: FloatArray, noise: float) -> float:
    # Sum over copies of the log scale of each site (Seeger 2005, "EP for exponential families").
    # Added to the log normaliser of prior times sites it makes the log-evidence.
    scale = log_probabilities(
        cavity.mean, cavity.variance, cavity.outcome, margin[cavity.row], noise
    )
    precision, shift = sites[:, cavity.row, cavity.outcome]
    # Minus the log of the Gaussian integral of cavity times site.
    more = 1.0 + precision * cavity.variance
    joint = cavity.mean + cavity.variance * shift
    scale += 0.5 * np.log(more)
    scale -= 0.5 * (joint * joint / more - cavity.mean**2) / cavity.variance
    return float((cavity.battles * scale).sum())


@dataclass(eq=False)
class Propagation:
    """How far the sweeps are, or where they ended, over the blocks and rows of `Differences`.

    ``sites`` (2, D, 3): precision and shift of one copy of each (row, outcome); ``prior_precision``
    (B); ``margin``: draw margin, ``habit`` (D) what each row's is times it; ``mean`` (B * M),
    ``covariance`` (B * M, B * M): of all effects; ``stiffness`` (B): what is added to common modes,
    zero at the end; ``d_mean``, ``d_variance`` (D): marginals of differences. ``change``: the
    largest of any mean or sd of them in the last sweep, ``step`` in (0, 1]: its damping;
    ``is_plain``: whether one step of learning went before it, and no more or less.
    """

    sites: FloatArray
    prior_precision: FloatArray
    margin: float
    mean: FloatArray
    covariance: FloatArray
    stiffness: FloatArray
    d_mean: FloatArray
    d_variance: FloatArray
    habit: FloatArray
    log_evidence: float = math.nan
    sweeps: int = 0
    converged: bool = False
    change: float = math.inf
    step: float = 1.0
    is_plain: bool = True

    @property
    def margins(self) -> FloatArray:
        """Draw margin of each row (D)."""
        return self.margin * self.habit

    def solve(self, differences: Differences, counts: FloatArray) -> tuple[float, float]:
        """Means and covariances that the sites lead to; log normaliser, largest change of any."""
        shift = pool(counts, self.sites[1])
        matrix, pull, self.stiffness = differences.assemble(
            pool(counts, self.sites[0]), shift, self.prior_precision
        )
        self.covariance, log_determinant = inverse(matrix)
        self.mean = (self.covariance * pull).sum(axis=1)
        mean, variance = differences.marginals(self.mean, self.covariance)
        moved = np.abs(mean - self.d_mean), np.abs(np.sqrt(variance) - np.sqrt(self.d_variance))
        self.d_mean, self.d_variance = mean, variance
        # Of prior times sites, without what was added to the common modes.
        common = np.log(self.prior_precision + differences.size * self.stiffness).sum()
        own = (differences.size - 1.0) * np.log(self.prior_precision).sum()
        normaliser = 0.5 * (own + common - log_determinant + (shift * mean).sum())
        return float(normaliser), float(np.max(moved, initial=0.0))


def propagate(
    differences: Differences,
    counts: FloatArray,
    sites: FloatArray,
    *,
    prior_precision: FloatArray,
    margin: float,
    noise: float,
    tolerance: float = TOLERANCE,
    learn: Callable[[Propagation], None] | None = None,
    habit: FloatArray | None = None,
) -> Propagation:
    """Sweep until no difference's mean or sd moves by ``tolerance``, all in skill units.

    ``counts`` (D, 3); ``sites`` (2, D, 3): where to start; ``prior_precision`` (B): of each block's
    skills. ``learn`` is called before each sweep; it may change ``prior_precision``, ``margin`` and
    ``habit`` (D), times which a row's margin is ``margin``, all ones unless given; and, where it
    moves them far, ``is_plain``, ``step`` and ``change``, as sweeps begin anew.
    """
    counts = np.ascontiguousarray(counts)
    nothing, rows = np.empty(0), differences.first.size
    state = Propagation(
        sites.copy(), prior_precision, margin, nothing, nothing, nothing,
        np.zeros(rows), np.zeros(rows), np.ones(rows) if habit is None else habit,
    )  # fmt: skip
    while True:
        before = state.change
        normaliser, state.change = state.solve(differences, counts)
        is_still = state.is_plain and state.change <= tolerance * state.step
        state.converged = rows == 0 or (state.sweeps > 0 and is_still)
        if state.converged or state.sweeps >= MAX_SWEEPS:
            break
        if state.sweeps > PATIENCE and state.change > 0.9 * before:
            state.step = max(0.5 * state.step, SHORTEST_STEP)
        if learn is not None:
            learn(state)
        sweep(
            state.d_mean, state.d_variance, counts, state.margins, noise,
            state.sites[0], state.sites[1], state.step,
        )  # fmt: skip
        state.sweeps += 1
    cavity = cavities(state.d_mean, state.d_variance, counts, state.sites)
    state.log_evidence = normaliser + _evidence(cavity, state.sites, state.margins, noise)
    differences.take_out(state.covariance, state.stiffness, state.prior_precision)
    state.stiffness = np.zeros_like(state.stiffness)
    return state


def fit(
    counts: PairCounts,
    *,
    draw_margin: float,
    prior: Prior = TRUESKILL_PRIOR,
    warm_start: Posterior | None = None,
    tolerance: float = TOLERANCE,
    learn: Callable[[Propagation], None] | None = None,
) -> Posterior:
    """Posterior of the skills of all models in ``counts``.

    All scales in skill units. Sweeps until no difference's mean or sd moves by ``tolerance`` (skill
    units); ``converged`` says whether it did. ``warm_start``: a posterior over the same pairs.
    ``learn``: as in ``propagate``; the margin and the prior's sd are where it left them. Raises
    ValueError unless draw_margin is positive and finite.
    """
    if not (math.isfinite(draw_margin) and draw_margin > 0):
        raise ValueError(f"draw_margin must be positive, got {draw_margin}")
    sites = np.zeros((2, *counts.outcomes.shape))
    if warm_start is not None and warm_start.sites.shape == sites.shape:
        sites = warm_start.sites
    found = propagate(
        counts.differences, counts.outcomes, sites,
        prior_precision=np.array([prior.sd**-2]), margin=draw_margin, noise=prior.noise,
        tolerance=tolerance, learn=learn,
    )  # fmt: skip
    if learn is not None:
        draw_margin = found.margin
        prior = replace(prior, sd=float(found.prior_precision[0]) ** -0.5)
    return Posterior(
        model_ids=counts.model_ids,
        mean=found.mean + prior.mean,
        covariance=found.covariance,
        reference=reference_weights(counts.battles_per_model),
        sweeps=found.sweeps,
        converged=found.converged,
        draw_margin=draw_margin,
        prior=prior,
        log_evidence=found.log_evidence,
        sites=found.sites,
    )
