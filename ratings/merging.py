"""Groups that make up a population, merged into one board by their census shares."""

from collections.abc import Sequence

import numpy as np

from ratings.posterior import Posterior, derived
from ratings.prior_pull import shared_pull


def merge_by_census(parts: Sequence[Posterior], shares: Sequence[float]) -> Posterior:
    """sum_s W_s mu_s with covariance sum_s W_s^2 V_s + ``shared_pull``: skills of the population.

    ``parts``: posteriors of S disjoint strata that make up the population, over the same models;
    ``shares`` (S): their census shares, scaled to sum to one. The draw margin is merged alike, for
    what it says of the next battle. Raises ValueError otherwise.
    """
    if len({part.model_ids for part in parts}) != 1:
        raise ValueError("nothing to merge, or not over the same models")
    weights = np.asarray(shares, dtype=np.float64)
    total = float(weights.sum())
    if weights.shape != (len(parts),) or not (weights >= 0).all() or not total > 0:
        raise ValueError("one share of zero or more per tournament, not all zero")
    mean = np.zeros_like(parts[0].mean)
    covariance, own = np.zeros_like(parts[0].covariance), np.zeros_like(parts[0].covariance)
    for part, weight in zip(parts, weights / total, strict=True):
        mean += weight * part.mean
        covariance += weight * weight * part.covariance
        own += weight * weight * part.model_covariance
    return derived(
        parts[0],
        mean,
        covariance + shared_pull(parts, weights / total),
        own_covariance=own + shared_pull(parts, weights / total),
        draw_margin=sum(
            weight * part.draw_margin
            for part, weight in zip(parts, (weights / total).tolist(), strict=True)
        ),
        converged=all(part.converged for part in parts),
    )


def sd_ratio(merged: Posterior, parts: Sequence[Posterior]) -> float:
    """Median sd of a merged skill over the median sd of a stratum's: what merging has bought."""
    typical = float(np.median([np.median(part.skill_sd) for part in parts]))
    return float(np.median(merged.skill_sd)) / typical if typical > 0 else float("nan")
