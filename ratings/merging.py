"""Separate tournaments into one board for a population.

The census-weighted merge estimates what the population would say. The precision-weighted one
estimates a single skill that all groups are assumed to share; where they differ its intervals are
far too narrow, and it is here to show exactly that.
Out: overlapping strata (`hierarchical` handles those) and the weights.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ratings.cholesky import inverse
from ratings.posterior import Posterior

FloatArray = NDArray[np.float64]


def _same_models(parts: Sequence[Posterior]) -> None:
    if not parts:
        raise ValueError("nothing to merge")
    if any(part.model_ids != parts[0].model_ids for part in parts):
        raise ValueError("tournaments to merge must rate the same models")


def _whole(parts: Sequence[Posterior], mean: FloatArray, covariance: FloatArray) -> Posterior:
    return replace(
        parts[0],
        mean=mean,
        covariance=covariance,
        reference=np.full(mean.size, 1.0 / max(mean.size, 1)),
        iterations=max(part.iterations for part in parts),
        converged=all(part.converged for part in parts),
        log_evidence=float("nan"),
        sites=np.empty((0, 3, 2)),
        uncorrected=None,
    )


def merge_by_census(parts: Sequence[Posterior], shares: Sequence[float]) -> Posterior:
    """sum_s W_s mu_s with covariance sum_s W_s^2 V_s: skills of the population.

    ``parts``: posteriors of S disjoint strata that make up the population, over the same models;
    ``shares`` (S): their census shares, scaled to sum to one. Raises ValueError otherwise.
    """
    _same_models(parts)
    weights = np.asarray(shares, dtype=np.float64)
    total = float(weights.sum())
    if weights.shape != (len(parts),) or not (weights >= 0).all() or not total > 0:
        raise ValueError("one share of zero or more per tournament, not all zero")
    mean = np.zeros_like(parts[0].mean)
    covariance = np.zeros_like(parts[0].covariance)
    for part, weight in zip(parts, weights / total, strict=True):
        mean += weight * part.mean
        covariance += weight * weight * part.covariance
    return _whole(parts, mean, covariance)


def merge_by_precision(parts: Sequence[Posterior]) -> Posterior:
    """Product of all strata's likelihoods and one prior: right only where groups do not differ."""
    _same_models(parts)
    prior = 1.0 / parts[0].prior_sd ** 2
    precision = -prior * (len(parts) - 1) * np.eye(parts[0].mean.size)
    pull = np.zeros_like(parts[0].mean)
    for part in parts:
        own, _ = inverse(part.covariance)
        precision += own
        # Row by row, for a fixed order of sums.
        pull += (own * (part.mean - part.prior_mean)).sum(axis=1)
    covariance, _ = inverse(precision)
    mean = (covariance * pull).sum(axis=1) + parts[0].prior_mean
    return _whole(parts, mean, covariance)


def sd_ratio(merged: Posterior, parts: Sequence[Posterior]) -> float:
    """Median sd of a merged skill over the median sd of a stratum's: what merging has bought."""
    typical = float(np.median([np.median(part.skill_sd) for part in parts]))
    return float(np.median(merged.skill_sd)) / typical if typical > 0 else float("nan")
