"""One sweep of expectation propagation over outcome sites that share a Gaussian difference.

A site is (difference, outcome): its copies, one per battle, keep identical parameters, so a site
costs the same for one battle and for a million. Minka 2001, "A family of algorithms for approximate
Bayesian inference", chapter 3; the truncated moments are those of TrueSkill.
Out: how differences get their means and variances.
"""

import math

import numpy as np
from numpy.typing import NDArray

from ratings.compiled import compiled
from ratings.gaussian import draw_moments, log_band, log_cdf, win_moments

FloatArray = NDArray[np.float64]

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
