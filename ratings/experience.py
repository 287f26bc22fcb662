"""Means of ratings on a scale, one per domain, with the design's covariance between all of them.

A domain is what a mean is of: one model on one criterion. The mean is a ratio of weighted sums, and
its error is that of Taylor's linearisation, clustered by participant, with replacement (Binder
1983, International Statistical Review 51; Lumley 2010, Complex Surveys, ch. 2): what R `survey`
computes. Ratings of one participant are alike, on all domains: so the covariance is over domains.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from ratings.compiled import CELLS, FloatArray, IndexArray, Mask
from ratings.linear_algebra import product

LOWEST, HIGHEST = 1, 7
LEVELS = HIGHEST - LOWEST + 1
# Fewer participants than these say too little of how far people differ.
FEW_RATERS = 10


@dataclass(frozen=True, eq=False)
class DomainMeans:
    """Of D domains: means, how sure they are, and on how many ratings and people they rest.

    ``mean`` (D), NaN without ratings; ``covariance`` (D, D), of the means; ``rating_count``,
    ``participant_count`` (D); ``effective_count`` (D): participants of equal weight that count for
    as much (Kish 1965); ``shares`` (D, 7): weighted shares of the answers 1 to 7.
    """

    mean: FloatArray
    covariance: FloatArray
    rating_count: IndexArray
    participant_count: IndexArray
    effective_count: FloatArray
    shares: FloatArray

    @property
    def sd(self) -> FloatArray:
        """Standard errors (D)."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    @property
    def degrees_of_freedom(self) -> FloatArray:
        """Of Student's t (D): effective participants less one, at least one."""
        return np.maximum(self.effective_count - 1.0, 1.0)


def spread_weights(person: IndexArray, domain: IndexArray, weight: FloatArray) -> FloatArray:
    """Each participant's ``weight`` (R), spread over their ratings of a domain."""
    size = int(domain.max(initial=-1)) + 1
    _, place, count = np.unique(person * size + domain, return_inverse=True, return_counts=True)
    return np.asarray(weight / count[place])


def domain_means(
    person: IndexArray,
    domain: IndexArray,
    value: FloatArray,
    weight: FloatArray,
    size: int,
    cluster_count: int | None = None,
) -> DomainMeans:
    """Means of R ratings in ``size`` domains.

    Args:
        person: whose rating it is (R), from 0; a rating of nobody known has a number of its own.
        domain: what it is of (R), from 0.
        value: the rating (R).
        weight: how much it counts (R).
        size: how many domains there are.
        cluster_count: participants of the whole design, for R `survey`'s factor n / (n - 1) of a
            subpopulation; None: of each domain, those who rated it.
    """
    total = np.bincount(domain, weight, size)
    known = np.where(total > 0.0, total, 1.0)
    mean = np.bincount(domain, weight * value, size) / known
    order = np.argsort(person, kind="stable")
    score = weight * (value - mean[domain]) / known[domain]
    covariance = _together(person[order], domain[order], score[order], size)
    people, effective = _people(person, domain, weight, size)
    clusters = people.astype(np.float64)
    if cluster_count is not None:
        clusters[:] = cluster_count
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(clusters > 1.0, np.sqrt(clusters / (clusters - 1.0)), 0.0)
    answer = np.clip(np.rint(value).astype(np.int64) - LOWEST, 0, LEVELS - 1)
    shares = np.bincount(domain * LEVELS + answer, weight, size * LEVELS).reshape(size, LEVELS)
    return DomainMeans(
        mean=np.where(total > 0.0, mean, np.nan),
        covariance=covariance * factor[:, None] * factor[None, :],
        rating_count=np.bincount(domain, minlength=size),
        participant_count=people,
        effective_count=effective,
        shares=shares / known[:, None],
    )


def _together(person: IndexArray, domain: IndexArray, score: FloatArray, size: int) -> FloatArray:
    # Sum over participants of z z', z a participant's scores per domain (D); so many participants
    # at a time that memory does not grow with the study.
    covariance: FloatArray = np.zeros((size, size))
    starts = np.flatnonzero(np.diff(person, prepend=-1))
    cluster = np.repeat(np.arange(starts.size), np.diff(starts, append=person.size))
    chunk = max(CELLS // max(size, 1), 1)
    for first in range(0, starts.size, chunk):
        rows = slice(*np.searchsorted(cluster, (first, first + chunk)))
        count = min(chunk, starts.size - first)
        place = (cluster[rows] - first) * size + domain[rows]
        summed = np.bincount(place, score[rows], count * size)
        scores = np.asarray(summed, dtype=np.float64).reshape(count, size)
        covariance += product(np.ascontiguousarray(scores.T), scores)
    return covariance


def _people(
    person: IndexArray, domain: IndexArray, weight: FloatArray, size: int
) -> tuple[IndexArray, FloatArray]:
    # Participants of each domain, and Kish's effective number of them.
    pairs, place = np.unique(person * size + domain, return_inverse=True)
    own = np.bincount(place, weight, pairs.size)
    of = pairs % size
    squares = np.bincount(of, own * own, size)
    total = np.bincount(of, own, size)
    effective = np.where(squares > 0.0, total**2 / np.where(squares > 0.0, squares, 1.0), 0.0)
    return np.bincount(of, minlength=size), effective


@dataclass(frozen=True, eq=False)
class Contrasts:
    """K differences of means: ``value``, ``sd``, ``degrees_of_freedom`` and ``p`` (K).

    ``p`` is of Student's t, two-sided, one at a time; 1 where there is no error to compare with.
    """

    value: FloatArray
    sd: FloatArray
    degrees_of_freedom: FloatArray
    p: FloatArray

    def interval(self, level: float | FloatArray) -> tuple[FloatArray, FloatArray]:
        """Ends (K) of intervals that miss the truth with a chance of ``level`` each."""
        half = stdtrit(self.degrees_of_freedom, 1.0 - np.asarray(level) / 2.0) * self.sd
        return np.asarray(self.value - half), np.asarray(self.value + half)


def contrasts(parts: Sequence[tuple[DomainMeans, FloatArray]]) -> Contrasts:
    """Sums over independent samples of their means times coefficients (K, D).

    Degrees of freedom are Satterthwaite's (Biometrics Bulletin 2, 1946); those of one sample are of
    the domain with the fewest effective participants among those that matter.
    """
    count = parts[0][1].shape[0]
    value, variance, spread = np.zeros(count), np.zeros(count), np.zeros(count)
    for means, coefficients in parts:
        used = coefficients != 0.0
        own = (product(coefficients, means.covariance) * coefficients).sum(axis=1)
        least = np.where(used, means.degrees_of_freedom[None, :], math.inf).min(axis=1)
        value += (coefficients * np.where(used.any(axis=0), means.mean, 0.0)).sum(axis=1)
        variance += np.maximum(own, 0.0)
        spread += np.maximum(own, 0.0) ** 2 / least
    is_known = variance > 0.0
    degrees = np.where(is_known, variance**2 / np.where(is_known, spread, 1.0), 1.0)
    sd = np.sqrt(variance)
    t = np.where(is_known, np.abs(value) / np.where(is_known, sd, 1.0), 0.0)
    return Contrasts(value, sd, degrees, np.asarray(2.0 * stdtr(degrees, -t)))


def false_discovery(p: FloatArray) -> FloatArray:
    """Least levels at which each of K is among the discoveries (Benjamini and Hochberg 1995)."""
    order = np.argsort(p, kind="stable")
    scaled = p[order] * p.size / np.arange(1, p.size + 1)
    adjusted = np.empty(p.size)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted


def centred(person: IndexArray, value: FloatArray, of_scale: Mask) -> tuple[FloatArray, FloatArray]:
    """Ratings less their rater's own mean, and that over the rater's own sd (R each).

    ``of_scale`` (R): which ratings say how somebody uses the scale. NaN where nothing says, or,
    over the sd, where all of a rater's are equal.
    """
    scale = of_scale.astype(np.float64)
    size = int(person.max(initial=-1)) + 1
    count = np.bincount(person, scale, size)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.bincount(person, scale * value, size) / count
        deviation = value - mean[person]
        variance = np.bincount(person, scale * deviation**2, size) / count
        sd = np.where(variance > 1e-12, np.sqrt(variance), np.nan)
        return deviation, deviation / sd[person]
