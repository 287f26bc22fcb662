"""Means of ratings on a scale, one per domain, with the design's covariance between all of them.

A domain is what a mean is of: one model on one criterion. The mean is a ratio of weighted sums, and
its error is that of Taylor's linearisation, clustered by participant, with replacement (Binder
1983, International Statistical Review 51; Lumley 2010, Complex Surveys, ch. 2): what R `survey`
computes. Ratings of one participant are alike, on all domains: so the covariance is over domains.

That error is too small where a few participants give most ratings, and it knows little of itself.
Intervals and comparisons are therefore of how far a mean moves without each participant (CR3: Bell
and McCaffrey 2002, Survey Methodology 28), with Satterthwaite's degrees of freedom of their own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from ratings.compiled import FloatArray, IndexArray, Mask, compiled
from ratings.linear_algebra import product
from ratings.scale import LEVELS, LOWEST

# Fewer participants than these say too little of how far people differ.
FEW_RATERS = 10
# Who has all but this share of a domain is alone there.
ALONE = 1e-9
# Of figures that cancel, what is left is less than this share of them.
ROUNDING = 1e-12


@compiled
def _products(starts: IndexArray, domain: IndexArray, value: FloatArray, size: int) -> FloatArray:
    # Sum over participants of v v' (D, D), v a participant's values by domain.
    # Domains of each participant ascend.
    out = np.zeros((size, size))
    for person in range(starts.size - 1):
        for one in range(starts[person], starts[person + 1]):
            for other in range(starts[person], one + 1):
                out[domain[one], domain[other]] += value[one] * value[other]
    for one in range(size):
        for other in range(one):
            out[other, one] = out[one, other]
    return out


@dataclass(frozen=True, eq=False)
class Parts:
    """What each participant has in each domain that they rated (N), by participant, then domain.

    ``person``, ``domain`` (N); ``score`` (N): their part in the mean's error; ``share`` (N): of the
    weight of the domain, from 0 to 1.
    """

    person: IndexArray
    domain: IndexArray
    score: FloatArray
    share: FloatArray

    def of(self, domains: IndexArray, size: int) -> Parts:
        """Those in some of ``size`` domains (K), ascending, which are numbered anew."""
        place = np.full(size, -1, dtype=np.int64)
        place[domains] = np.arange(domains.size)
        kept = place[self.domain] >= 0
        own = place[self.domain[kept]]
        return Parts(self.person[kept], own, self.score[kept], self.share[kept])

    @property
    def moves(self) -> FloatArray:
        """How far the mean moves without them (N); 0 where nobody else is there."""
        left = 1.0 - self.share
        moves = np.zeros(left.size)
        np.divide(self.score, left, out=moves, where=left > ALONE)
        return moves

    def products(self, value: FloatArray, size: int) -> FloatArray:
        """Sums over participants of products of a ``value`` (N): of every two domains (D, D)."""
        starts = np.flatnonzero(np.diff(self.person, prepend=-1))
        return _products(np.append(starts, self.person.size), self.domain, value, size)


@dataclass(frozen=True, eq=False)
class Spread:
    """What K domains say of their own error.

    ``covariance`` (K, K): of their means, by leaving out each participant; ``squares`` (K),
    ``fourths`` (K, K): sums over participants of squared shares, and of products of them;
    ``people`` (K).
    """

    covariance: FloatArray
    squares: FloatArray
    fourths: FloatArray
    people: FloatArray

    def degrees_of_freedom(self, coefficients: FloatArray) -> FloatArray:
        """Satterthwaite's, of sums of the means times ``coefficients`` (L, K): (L).

        Of people who differ alike and apart by domain: who rates much is much of the error. At most
        one less than the people of any domain in the sum; at least 1.
        """
        own = coefficients**2
        below = (product(own, self.fourths) * own).sum(axis=1)
        freedom = np.ones(below.size)
        np.divide((own * self.squares).sum(axis=1) ** 2, below, out=freedom, where=below > 0.0)
        most = np.where(own > 0.0, self.people - 1.0, math.inf).min(axis=1, initial=math.inf)
        return np.asarray(np.maximum(np.minimum(freedom, most), 1.0))

    @property
    def of_pairs(self) -> FloatArray:
        """The same of the difference of every two domains (K, K)."""
        own = np.diag(self.fourths)
        below = own[:, None] + own[None, :] + 2.0 * self.fourths
        freedom = np.ones(below.shape)
        above = (self.squares[:, None] + self.squares[None, :]) ** 2
        np.divide(above, below, out=freedom, where=below > 0.0)
        most = np.minimum(self.people[:, None], self.people[None, :]) - 1.0
        return np.asarray(np.maximum(np.minimum(freedom, most), 1.0))


@dataclass(frozen=True, eq=False)
class DomainMeans:
    """Of D domains: means, how sure they are, and on how many ratings and people they rest.

    ``mean`` (D), NaN without ratings; ``parts``: of each participant in their errors; ``factor``
    (D): n / (n - 1) of the n participants; ``rating_count``, ``participant_count`` (D);
    ``effective_count`` (D): participants of equal weight that count for as much (Kish 1965);
    ``shares`` (D, 7): weighted shares of the answers 1 to 7.
    """

    mean: FloatArray
    parts: Parts
    factor: FloatArray
    rating_count: IndexArray
    participant_count: IndexArray
    effective_count: FloatArray
    shares: FloatArray

    @property
    def covariance(self) -> FloatArray:
        """Of the means (D, D), as R `survey` has it."""
        root = np.sqrt(self.factor)
        together = self.parts.products(self.parts.score, self.mean.size)
        return np.asarray(together * root[:, None] * root[None, :])

    @property
    def sd(self) -> FloatArray:
        """Standard errors (D), as R `survey` has them."""
        square = np.bincount(self.parts.domain, self.parts.score**2, self.mean.size)
        return np.asarray(np.sqrt(square * self.factor))

    def spread(self, domains: IndexArray) -> Spread:
        """What some of the domains (K), ascending, say of their own error."""
        parts, size = self.parts.of(domains, self.mean.size), domains.size
        people = self.participant_count[domains].astype(np.float64)
        # Leaving out one of n is n / (n - 1) of a draw.
        root = np.sqrt(np.maximum(people - 1.0, 0.0) / np.maximum(people, 1.0))
        squared = parts.share**2
        return Spread(
            parts.products(parts.moves, size) * root[:, None] * root[None, :],
            np.asarray(np.bincount(parts.domain, squared, size), dtype=np.float64),
            parts.products(squared, size),
            people,
        )


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
    parts, effective = _parts(person, domain, weight, weight * (value - mean[domain]), known)
    people = np.bincount(parts.domain, minlength=size)
    clusters = people.astype(np.float64)
    if cluster_count is not None:
        clusters[:] = cluster_count
    factor = np.zeros(size)
    np.divide(clusters, clusters - 1.0, out=factor, where=clusters > 1.0)
    answer = np.clip(np.rint(value).astype(np.int64) - LOWEST, 0, LEVELS - 1)
    shares = np.bincount(domain * LEVELS + answer, weight, size * LEVELS).reshape(size, LEVELS)
    return DomainMeans(
        mean=np.where(total > 0.0, mean, np.nan),
        parts=parts,
        factor=factor,
        rating_count=np.bincount(domain, minlength=size),
        participant_count=people,
        effective_count=effective,
        shares=shares / known[:, None],
    )


def _parts(
    person: IndexArray, domain: IndexArray, weight: FloatArray, off: FloatArray, total: FloatArray
) -> tuple[Parts, FloatArray]:
    # And Kish's effective number of participants of each domain (D), ``total`` (D) its weight.
    size = total.size
    pairs, place = np.unique(person * size + domain, return_inverse=True)
    of, own = pairs % size, np.bincount(place, weight, pairs.size)
    squares = np.bincount(of, own * own, size)
    effective = np.zeros(size)
    np.divide(np.bincount(of, own, size) ** 2, squares, out=effective, where=squares > 0.0)
    share, score = own / total[of], np.bincount(place, off, pairs.size) / total[of]
    # What rounding leaves where all say the same is no spread.
    score[np.abs(score) <= ROUNDING * share] = 0.0
    return Parts(pairs // size, of, score, share), effective


@dataclass(frozen=True, eq=False)
class Contrasts:
    """K differences of means: ``value``, ``sd``, ``degrees_of_freedom`` and ``p`` (K).

    ``p`` is of Student's t, two-sided, one at a time; 1 where there is no error to compare with,
    as where all people say the same.
    """

    value: FloatArray
    sd: FloatArray
    degrees_of_freedom: FloatArray
    p: FloatArray

    def interval(self, level: float | FloatArray) -> tuple[FloatArray, FloatArray]:
        """Ends (K) of intervals that miss the truth with a chance of ``level`` each.

        NaN where there is no error to compare with: nothing then tells how far people differ.
        """
        sd = np.where(self.sd > 0.0, self.sd, np.nan)
        half = stdtrit(self.degrees_of_freedom, 1.0 - np.asarray(level) / 2.0) * sd
        return np.asarray(self.value - half), np.asarray(self.value + half)


def contrasts(parts: Sequence[tuple[DomainMeans, FloatArray]]) -> Contrasts:
    """Sums over independent samples of their means times coefficients (K, D).

    Degrees of freedom are Satterthwaite's (Biometrics Bulletin 2, 1946), of each contrast its own.
    """
    count = parts[0][1].shape[0]
    value, variance, spread = np.zeros(count), np.zeros(count), np.zeros(count)
    for means, every in parts:
        domains = np.flatnonzero((every != 0.0).any(axis=0))
        coefficients, own_spread = every[:, domains], means.spread(domains)
        own = (product(coefficients, own_spread.covariance) * coefficients).sum(axis=1)
        # What rounding leaves where everybody's ratings differ by as much is no spread.
        apart = (coefficients**2 * np.diag(own_spread.covariance)).sum(axis=1)
        own = np.where(own > ROUNDING * apart, own, 0.0)
        value += (coefficients * means.mean[domains]).sum(axis=1)
        variance += own
        spread += own**2 / own_spread.degrees_of_freedom(coefficients)
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
