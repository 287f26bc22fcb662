"""The canonical posterior of all skills: full-covariance expectation propagation to convergence.

Model: theta ~ N(prior_mean, prior_sd^2), performance difference ~ N(theta_a - theta_b, 2 beta^2),
a wins above the draw margin, ties within it (Herbrich, Minka, Graepel 2006). The result does not
depend on the order of battles and keeps the covariance that differences need.
Out: choosing the draw margin or the prior, and everything reported from a posterior.
"""

import math

import numpy as np
from numpy.typing import NDArray

from ratings.compiled import compiled
from ratings.counts import PairCounts
from ratings.differences import marginals, solve, take_out
from ratings.posterior import (
    BETA,
    PRIOR_MEAN,
    PRIOR_SD,
    Posterior,
    reference_weights,
)
from ratings.sites import evidence, pool, sweep

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]

TOLERANCE = 1e-9
MAX_ITERATIONS = 1000
# Undamped sweeps this many times before a change that does not shrink is taken for a cycle.
PATIENCE = 20


@compiled
def _propagate(
    size: int,
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
    prior_precision = 1.0 / (prior_sd * prior_sd)
    d_mean = np.zeros(first.size)
    d_variance = np.zeros(first.size)
    pair_precision = np.empty(first.size)
    pair_shift = np.empty(first.size)
    pool(counts, precision, shift, pair_precision, pair_shift)
    mean, covariance, log_determinant, stiffness = solve(
        size, first, second, pair_precision, pair_shift, prior_precision
    )
    marginals(first, second, mean, covariance, d_mean, d_variance)
    iterations = 0
    converged = first.size == 0
    step = 1.0
    before = math.inf
    while not converged and iterations < max_iterations:
        sweep(d_mean, d_variance, counts, margin, noise, precision, shift, step)
        pool(counts, precision, shift, pair_precision, pair_shift)
        mean, covariance, log_determinant, stiffness = solve(
            size, first, second, pair_precision, pair_shift, prior_precision
        )
        change = marginals(first, second, mean, covariance, d_mean, d_variance)
        iterations += 1
        converged = change <= tolerance * step
        if iterations > PATIENCE and change > 0.9 * before:
            step = max(0.5 * step, 0.05)
        before = change
    # log normaliser of prior times sites, then the scale of every copy.
    log_evidence = size * math.log(prior_precision) - log_determinant
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
        len(counts.model_ids), counts.first, counts.second, outcomes, precision, shift,
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
