"""The canonical posterior of all skills: full-covariance expectation propagation to convergence.

Model: theta ~ N(prior_mean, prior_sd^2), performance difference ~ N(theta_a - theta_b, 2 beta^2),
a wins above the draw margin, ties within it (Herbrich, Minka, Graepel 2006). The result does not
depend on the order of battles and keeps the covariance that differences need.

A site is (difference, outcome): its copies, one per battle, keep identical parameters, so a site
costs the same for one battle and for a million. Minka 2001, "A family of algorithms for approximate
Bayesian inference", chapter 3; the truncated moments are those of TrueSkill.
"""

import math

import numpy as np

from ratings.compiled import FloatArray, IndexArray, compiled
from ratings.counts import PairCounts
from ratings.gaussian import draw_moments, log_band, log_cdf, win_moments
from ratings.linear_algebra import assemble, marginals, one_block, solve, take_out
from ratings.posterior import BETA, PRIOR_MEAN, PRIOR_SD, Posterior, reference_weights

FIRST_WINS, SECOND_WINS, TIE = 0, 1, 2


@compiled
def site_update(
    mean: float, variance: float, outcome: int, margin: float, noise: float
) -> tuple[float, float]:
    """(precision, precision times mean) of one copy, given the cavity of its difference.

    ``mean``, ``variance``: cavity; ``margin``: draw margin in skill units; ``noise``: 2 beta^2.
    """
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
def site_evidence(mean: float, variance: float, outcome: int, margin: float, noise: float) -> float:
    """log probability of the outcome under the cavity of its difference."""
    root = math.sqrt(variance + noise)
    if outcome == TIE:
        return log_band(mean / root, margin / root)
    if outcome == FIRST_WINS:
        return log_cdf((mean - margin) / root)
    return log_cdf((-mean - margin) / root)


@compiled
def sweep(
    mean: FloatArray,
    variance: FloatArray,
    counts: FloatArray,
    margin: float,
    noise: float,
    precision: FloatArray,
    shift: FloatArray,
    step: float,
) -> None:
    """Refresh all sites in place from the current marginals of their differences.

    ``mean``, ``variance`` (D): marginals; ``counts`` (D, 3); ``precision``, ``shift`` (D, 3): site
    parameters of one copy; ``step`` in (0, 1]: damping.
    A count below one has its whole site removed for the cavity, never more than is there.
    """
    for d in range(mean.size):
        for outcome in range(3):
            count = counts[d, outcome]
            if count > 0.0:
                copy = min(count, 1.0)
                left = 1.0 / variance[d] - copy * precision[d, outcome]
                cavity = 1.0 / left
                centre = cavity * (mean[d] / variance[d] - copy * shift[d, outcome])
                new_precision, new_shift = site_update(centre, cavity, outcome, margin, noise)
                precision[d, outcome] += step * (new_precision - precision[d, outcome])
                shift[d, outcome] += step * (new_shift - shift[d, outcome])


@compiled
def pool(
    counts: FloatArray,
    precision: FloatArray,
    shift: FloatArray,
    out_precision: FloatArray,
    out_shift: FloatArray,
) -> None:
    """Natural parameters of all copies of all outcomes of each difference (D), written in place."""
    for d in range(out_shift.size):
        pi = 0.0
        nu = 0.0
        for outcome in range(3):
            pi += counts[d, outcome] * precision[d, outcome]
            nu += counts[d, outcome] * shift[d, outcome]
        out_precision[d] = pi
        out_shift[d] = nu


@compiled
def evidence(
    mean: FloatArray,
    variance: FloatArray,
    counts: FloatArray,
    margin: float,
    noise: float,
    precision: FloatArray,
    shift: FloatArray,
) -> float:
    """Sum over copies of the log scale of each site (Seeger 2005, "EP for exponential families").

    Add the log normaliser of prior times sites to get the log-evidence.
    """
    total = 0.0
    for d in range(mean.size):
        for outcome in range(3):
            count = counts[d, outcome]
            if count > 0.0:
                copy = min(count, 1.0)
                pi = precision[d, outcome]
                nu = shift[d, outcome]
                cavity = 1.0 / (1.0 / variance[d] - copy * pi)
                centre = cavity * (mean[d] / variance[d] - copy * nu)
                scale = site_evidence(centre, cavity, outcome, margin, noise)
                # Minus the log of the Gaussian integral of cavity times site.
                scale += 0.5 * math.log1p(pi * cavity)
                joint = centre + cavity * nu
                scale -= 0.5 * (joint * joint / (1.0 + pi * cavity) - centre * centre) / cavity
                total += count * scale
    return total


TOLERANCE = 1e-9
MAX_ITERATIONS = 1000
# Undamped sweeps this many times before a change that does not shrink is taken for a cycle.
PATIENCE = 20


@compiled
def _propagate(
    size: int,
    blocks: IndexArray,
    cell: IndexArray,
    first: IndexArray,
    second: IndexArray,
    counts: FloatArray,
    precision: FloatArray,
    shift: FloatArray,
    margin: float,
    beta: float,
    prior_sd: float,
    tolerance: float,
    max_iterations: int,
) -> tuple[FloatArray, FloatArray, int, bool, float]:
    noise = 2.0 * beta * beta
    prior_precision = np.full(1, 1.0 / (prior_sd * prior_sd))
    d_mean = np.zeros(first.size)
    d_variance = np.zeros(first.size)
    pair_precision = np.empty(first.size)
    pair_shift = np.empty(first.size)
    iterations = 0
    step = 1.0
    before = math.inf
    while True:
        pool(counts, precision, shift, pair_precision, pair_shift)
        matrix, pull, stiffness = assemble(
            size, blocks, cell, first, second, pair_precision, pair_shift, prior_precision
        )
        mean, covariance, log_determinant = solve(matrix, pull)
        change = marginals(size, blocks, cell, first, second, mean, covariance, d_mean, d_variance)
        converged = first.size == 0 or (iterations > 0 and change <= tolerance * step)
        if converged or iterations >= max_iterations:
            break
        if iterations > PATIENCE and change > 0.9 * before:
            step = max(0.5 * step, 0.05)
        before = change
        sweep(d_mean, d_variance, counts, margin, noise, precision, shift, step)
        iterations += 1
    # log normaliser of prior times sites, without the stiffness; then the scale of every copy.
    log_prior = math.log(prior_precision[0])
    log_determinant += log_prior - math.log(prior_precision[0] + size * stiffness[0])
    log_evidence = size * log_prior - log_determinant
    for p in range(first.size):
        log_evidence += pair_shift[p] * d_mean[p]
    log_evidence *= 0.5
    log_evidence += evidence(d_mean, d_variance, counts, margin, noise, precision, shift)
    take_out(covariance, stiffness, prior_precision)
    return mean, covariance, iterations, converged, log_evidence


def fit(
    counts: PairCounts,
    *,
    draw_margin: float,
    beta: float = BETA,
    prior_mean: float = PRIOR_MEAN,
    prior_sd: float = PRIOR_SD,
    warm_start: Posterior | None = None,
    tolerance: float = TOLERANCE,
) -> Posterior:
    """Posterior of the skills of all models in ``counts``.

    All scales in skill units. Sweeps until no difference's mean or sd moves by ``tolerance`` (skill
    units); ``converged`` says whether it did. ``warm_start``: a posterior over the same pairs.
    Raises ValueError unless draw_margin, beta and prior_sd are positive and finite.
    """
    for name, value in (("draw_margin", draw_margin), ("beta", beta), ("prior_sd", prior_sd)):
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"{name} must be positive, got {value}")
    outcomes = counts.outcomes
    sites = np.zeros((*outcomes.shape, 2))
    if warm_start is not None and warm_start.sites.shape == sites.shape:
        sites = warm_start.sites
    precision, shift = sites[..., 0].copy(), sites[..., 1].copy()
    mean, covariance, iterations, converged, log_evidence = _propagate(
        len(counts.model_ids), *one_block(counts.first.size), counts.first, counts.second,
        outcomes, precision, shift,
        draw_margin, beta, prior_sd, tolerance, MAX_ITERATIONS,
    )  # fmt: skip
    return Posterior(
        model_ids=counts.model_ids,
        mean=mean + prior_mean,
        covariance=covariance,
        reference=reference_weights(counts.battles_per_model),
        iterations=iterations,
        converged=converged,
        draw_margin=draw_margin,
        beta=beta,
        prior_mean=prior_mean,
        prior_sd=prior_sd,
        log_evidence=log_evidence,
        sites=np.stack((precision, shift), axis=-1),
    )
