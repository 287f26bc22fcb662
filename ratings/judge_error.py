"""Rates that rest on a judge who errs: naive, corrected, prediction-powered; and how judges agree.

*Naive* is the share of units in which the judge finds something. *Corrected* takes what the judge
misses and makes up from a random sample that people labelled too (Rogan and Gladen, American
Journal of Epidemiology 107, 1978), with the interval of Lee et al. (arXiv 2511.21140), which
carries both samples. *Prediction-powered* (Angelopoulos et al., Science 382, 2023) adds to the
judge's mean the mean of what people say less what the judge says.

Units of one person are alike. A variance sums over participants, each left out once; n of
independent units that would have it is the *effective n*. The binomial formulas take fewer, by
Student's t: few people, or a few with most of the units, say little of how people differ. All
figures are of K groups of units at once, such as models; where a group has none, they are NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.special import betaincinv, stdtrit

from ratings.compiled import FloatArray, IndexArray
from ratings.gaussian import NORMAL_975

FEWEST_HUMAN, FEWEST_OF_A_SIDE = 30, 5
FEW_HUMAN, ONE_SIDED = "few_human_labels", "few_human_findings"
NO_BETTER, NO_JUDGE_ALONE = "no_better_than_chance", "no_label_of_judge_alone"
Words = np.ndarray[Any, np.dtype[np.object_]]


class Interval(NamedTuple):
    """Shares and their 95% intervals, each 0 to 1 (K); NaN where there is none."""

    value: FloatArray
    lo: FloatArray
    hi: FloatArray


@dataclass(frozen=True)
class Share:
    """Weighted shares of units.

    Args:
        value: the share, 0 to 1 (K).
        effective: independent units that would have its variance (K).
        count: units (K).
        people: participants (K).
        freedom: Student's degrees of freedom of that variance (K); infinite where people's spread
            is not what it rests on.
    """

    value: FloatArray
    effective: FloatArray
    count: FloatArray
    people: FloatArray
    freedom: FloatArray | float = math.inf

    @property
    def worth(self) -> FloatArray:
        """Effective units, fewer as Student's t is wider (K): what binomial intervals take.

        Korn and Graubard, Survey Methodology 24 (1998).
        """
        narrowing = NORMAL_975 / stdtrit(self.freedom, 0.975)
        return np.asarray(self.effective * narrowing**2)


@dataclass(frozen=True)
class Quality:
    """What a judge is worth against people.

    Args:
        found: among units in which people find something, those where the judge does: sensitivity.
        passed: among the others, those that the judge passes too: specificity.
    """

    found: Share
    passed: Share

    @property
    def both_count(self) -> FloatArray:
        """Units that both labelled (K)."""
        return self.found.count + self.passed.count


@dataclass(frozen=True)
class Clusters:
    """Whose each of N units is, and in which of K groups.

    Args:
        group: of each unit (N).
        size: K.
        code: of each unit its person within its group (N).
        of: the group of each such person (C).
    """

    group: IndexArray
    size: int
    code: IndexArray
    of: IndexArray

    def only(self, rows: IndexArray) -> Clusters:
        """Those of some of the units (places)."""
        kept, code = np.unique(self.code[rows], return_inverse=True)
        return Clusters(self.group[rows], self.size, code, self.of[kept])

    def sums(self, amounts: FloatArray) -> FloatArray:
        """Sums over the units of each group (K)."""
        return _sums(self.group, amounts, self.size)

    def by_person(self, amounts: FloatArray) -> FloatArray:
        """Sums over the units of each person within a group (C)."""
        return _sums(self.code, amounts, self.of.size)

    def over_people(self, amounts: FloatArray) -> FloatArray:
        """Sums over each group's people (K)."""
        return _sums(self.of, amounts, self.size)


def _sums(codes: IndexArray, amounts: FloatArray, size: int) -> FloatArray:
    return np.bincount(codes, amounts, size).astype(float)


def clusters_of(person: IndexArray, group: IndexArray | None = None, size: int = 1) -> Clusters:
    """Clusters of units by person (N) within groups (N, 0 to size - 1); all one where not given."""
    group = np.zeros(person.size, np.int64) if group is None else group
    span = int(person.max(initial=0)) + 1
    keys, code = np.unique(group * span + person, return_inverse=True)
    return Clusters(group, size, code, keys // span)


def variance_of_share(share: float, count: float) -> float:
    """Variance of a share of ``count`` units, as if there were two more, one of each kind.

    A judge that made no error in 20 answers is not known to make none (Agresti and Coull 1998).
    """
    moved = (share * count + 1.0) / (count + 2.0)
    return moved * (1.0 - moved) / (count + 2.0)


def share_of(found: FloatArray, weight: FloatArray, clusters: Clusters) -> Share:
    """Clustered weighted shares.

    Without participant g, who has the share h_g of the weight, the share moves by
    sum_i w_i (y_i - p) / (sum w (1 - h_g)). Effective n is p (1 - p) over the variance
    (G - 1) / G sum_g move^2 of G participants, and at most Kish's of the units. Where all units
    are alike nothing tells how alike people's units are: then each person counts as one.

    Args:
        found: 0 or 1 (N).
        weight: of each unit; 0 leaves it out (N).
        clusters: of the units.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        of_person, of_found = clusters.by_person(weight), clusters.by_person(weight * found)
        total = clusters.over_people(of_person)
        value = clusters.over_people(of_found) / total
        people = clusters.over_people((of_person > 0.0).astype(float))
        kish = total**2 / clusters.sums(weight**2)
        kish_people = total**2 / clusters.over_people(of_person**2)
        own_total = total[clusters.of]
        share, score = of_person / own_total, of_found - value[clusters.of] * of_person
        moves = moves_without(score / own_total, share)
        variance = (people - 1.0) / people * clusters.over_people(moves**2)
        effective = np.fmin(kish, value * (1.0 - value) / variance)
        # Sums leave a rounding error where all are alike.
        is_alike = (value < 1e-12) | (value > 1.0 - 1e-12) | (people < 2.0)
        effective = np.where(is_alike, np.fmin(kish, kish_people), effective)
        value = np.where(value < 1e-12, 0.0, np.where(value > 1.0 - 1e-12, 1.0, value))
        freedom = degrees_of_freedom(share, people, clusters.over_people)
    count = clusters.sums((weight > 0.0).astype(float))
    effective = np.where(count > 0.0, effective, 0.0)
    return Share(value, effective, count, people, np.where(is_alike, math.inf, freedom))


def moves_without(score: FloatArray, share: FloatArray) -> FloatArray:
    """How far a share moves without each person (C), by what they add to it and have of it (C)."""
    left = 1.0 - share
    # Who is alone has no score.
    return np.asarray(score / np.where(left > 1e-9, left, 1.0))


def degrees_of_freedom(
    share: FloatArray, people: FloatArray, over_people: Callable[[FloatArray], FloatArray]
) -> FloatArray:
    """Satterthwaite's of K groups, of people who differ alike, with a ``share`` (C) of each.

    At most its ``people`` (K) less one, at least one. ``over_people``: sums a column (C) by group.
    """
    square = share * share
    squares, fourths = over_people(square), over_people(square * square)
    freedom = np.divide(squares**2, fourths, out=np.ones_like(squares), where=fourths > 0.0)
    return np.maximum(np.minimum(freedom, people - 1.0), 1.0)


def jeffreys(share: Share) -> Interval:
    """Jeffreys' interval on what units are worth.

    Brown, Cai and DasGupta, Statistical Science 16, 2001. It begins at 0 where nothing was found
    and ends at 1 where everything was.
    """
    value = share.value
    found, passed = share.worth * value + 0.5, share.worth * (1.0 - value) + 0.5
    lo = np.where(value == 0.0, 0.0, betaincinv(found, passed, 0.025))
    hi = np.where(value == 1.0, 1.0, betaincinv(found, passed, 0.975))
    is_there = share.count > 0.0
    return Interval(value, np.where(is_there, lo, np.nan), np.where(is_there, hi, np.nan))


def unseen_below(share: Share) -> FloatArray:
    """What shares lie below with 95% confidence where nothing was found, else NaN (K).

    The exact 1 - 0.05^(1/n), of effective n.
    """
    with np.errstate(divide="ignore"):
        below = 1.0 - 0.05 ** (1.0 / share.effective)
    return np.where((share.count > 0.0) & (share.value == 0.0), below, np.nan)


def quality_of(
    judge: FloatArray, human: FloatArray, weight: FloatArray, clusters: Clusters
) -> Quality:
    """Sensitivity and specificity, each unit that both labelled alike.

    Args:
        judge: 0 or 1 (N).
        human: 0 or 1, NaN where no person labelled the unit (N).
        weight: 0 leaves a unit out (N).
        clusters: of the units.
    """
    is_in = (weight > 0.0).astype(float)
    hits = share_of(judge, is_in * (human > 0.5), clusters)
    return Quality(hits, share_of(1.0 - judge, is_in * (human < 0.5), clusters))


def why_not(quality: Quality) -> Words:
    """Why rates can't be corrected by a judge's quality (K); None: they can."""
    few = np.minimum(quality.found.count, quality.passed.count) < FEWEST_OF_A_SIDE
    why = np.full(few.shape, None, dtype=object)
    why[~(quality.found.value + quality.passed.value > 1.0)] = NO_BETTER
    why[few] = ONE_SIDED
    why[quality.both_count < FEWEST_HUMAN] = FEW_HUMAN
    return why


def corrected(naive: Share, quality: Quality) -> tuple[Interval, Words]:
    """Rogan-Gladen estimates with intervals that carry both samples, and why there are none.

    The interval is of arXiv 2511.21140, section 4: variances at the adjusted shares
    (n p + z^2 / 2) / (n + z^2), (m q + 1) / (m + 2), and centred with their correction; n and m are
    what units are worth. `naive` is of units that people did not label, so that the samples are
    independent.
    """
    why = why_not(quality)
    why[_is_none(why) & (naive.count == 0.0)] = NO_JUDGE_ALONE
    z2 = NORMAL_975**2
    found, passed = quality.found, quality.passed
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = found.value + passed.value - 1.0
        value = (naive.value + passed.value - 1.0) / gain
        n, m0, m1 = naive.worth + z2, passed.worth + 2.0, found.worth + 2.0
        p = (naive.worth * naive.value + z2 / 2.0) / n
        q0 = (passed.worth * passed.value + 1.0) / m0
        q1 = (found.worth * found.value + 1.0) / m1
        gain = q0 + q1 - 1.0
        why[_is_none(why) & (gain <= 0.0)] = NO_BETTER
        middle = (p + q0 - 1.0) / gain
        v0, v1 = q0 * (1.0 - q0) / m0, q1 * (1.0 - q1) / m1
        shift = 2.0 * z2 * (middle * v1 - (1.0 - middle) * v0)
        variance = p * (1.0 - p) / n + (1.0 - middle) ** 2 * v0 + middle**2 * v1
        half = NORMAL_975 * np.sqrt(variance) / gain
        lo, hi = middle + shift - half, middle + shift + half
    return _known(why, value, lo, hi), why


def prediction_powered(
    judge: FloatArray, human: FloatArray, weight: FloatArray, clusters: Clusters
) -> tuple[Interval, Words]:
    """Prediction-powered shares with intervals clustered by participant, and why not.

    Student's t has the degrees of freedom of the people whose units people labelled: they, who are
    few, are most of the error.

    Args:
        judge: 0 or 1 (N).
        human: 0 or 1, NaN where no person labelled the unit (N).
        weight: of each unit; 0 leaves it out (N).
        clusters: of the units.
    """
    is_both = ~np.isnan(human)
    alone, both = np.where(is_both, 0.0, weight), np.where(is_both, weight, 0.0)
    gap = np.where(is_both, np.nan_to_num(human) - judge, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        level, moves, *_ = _mean_of(judge, alone, clusters)
        rectifier, of_sample, share, people = _mean_of(gap, both, clusters)
        freedom = degrees_of_freedom(share, people, clusters.over_people)
        half = stdtrit(freedom, 0.975) * np.sqrt(clusters.over_people((moves + of_sample) ** 2))
    why = np.full(clusters.size, None, dtype=object)
    why[clusters.sums(alone) == 0.0] = NO_JUDGE_ALONE
    labelled = clusters.sums((both > 0.0).astype(float))
    found = clusters.sums(np.where(both > 0.0, np.nan_to_num(human), 0.0))
    # An interval of a mean takes many for granted.
    why[np.minimum(found, labelled - found) < FEWEST_OF_A_SIDE] = ONE_SIDED
    why[labelled < FEWEST_HUMAN] = FEW_HUMAN
    value = level + rectifier
    return _known(why, value, value - half, value + half), why


def _mean_of(
    said: FloatArray, amounts: FloatArray, clusters: Clusters
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    # Means (K) of what is said, how far they move without each person (C), who has which share (C),
    # and how many people there are (K). Leaving out one of G is G / (G - 1) of a draw.
    of_person, of_said = clusters.by_person(amounts), clusters.by_person(amounts * said)
    total = clusters.over_people(of_person)
    mean = clusters.over_people(of_said) / total
    own_total = total[clusters.of]
    share, off = of_person / own_total, (of_said - mean[clusters.of] * of_person) / own_total
    people = clusters.over_people((of_person > 0.0).astype(float))
    moves = np.sqrt(1.0 - 1.0 / people)[clusters.of] * moves_without(off, share)
    return mean, moves, share, people


def _is_none(why: Words) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.array([one is None for one in why], dtype=bool)


def _known(why: Words, *figures: FloatArray) -> Interval:
    is_known = _is_none(why)
    return Interval(*(np.where(is_known, np.clip(one, 0.0, 1.0), np.nan) for one in figures))


def ratio_of(
    one: tuple[float, float, float], other: tuple[float, float, float]
) -> tuple[float, float, float]:
    """A ratio of two shares and its 95% interval, from each one's share and interval.

    By recovering variances from the intervals (Donner and Zou, Statistical Methods in Medical
    Research 21, 2012), which keeps them lopsided. The shares are taken as independent. NaN for the
    ratio where the other share is 0, and for an end that nothing bounds.
    """
    (a, a_lo, a_hi), (b, b_lo, b_hi) = one, other
    if not b > 0.0 or math.isnan(a):
        return math.nan, math.nan, math.nan
    ab = a * b
    below = ab - math.sqrt(max(ab**2 - a_lo * b_hi * (2 * a - a_lo) * (2 * b - b_hi), 0.0))
    above = ab + math.sqrt(max(ab**2 - a_hi * b_lo * (2 * a - a_hi) * (2 * b - b_lo), 0.0))
    least, most = b_hi * (2 * b - b_hi), b_lo * (2 * b - b_lo)
    # Where the other share may be twice what it seems, the form of the lower end turns over.
    lo = max(below / least, 0.0) if least > 0.0 else a_lo / b_hi
    return a / b, min(lo, a / b), above / most if most > 0.0 else math.nan


def cohen_kappa(first: IndexArray, second: IndexArray) -> float:
    """Agreement of two judges beyond chance (Cohen 1960), on codes of values (N); NaN without any.

    NaN too where both give every unit one value: chance alone would agree.
    """
    if not first.size:
        return math.nan
    size = int(max(first.max(), second.max())) + 1
    shares = [np.bincount(one, minlength=size) / one.size for one in (first, second)]
    by_chance = float(shares[0] @ shares[1])
    seen = float(np.mean(first == second))
    return math.nan if by_chance >= 1.0 else (seen - by_chance) / (1.0 - by_chance)


def krippendorff_alpha(unit: IndexArray, value: IndexArray) -> float:
    """Agreement of any number of judges, of whom some may be missing; nominal values.

    Krippendorff, Content Analysis (2004), chapter 11: one less observed over expected disagreement,
    from coincidences of values within units that two judges or more labelled. NaN without a pair,
    or where there is one value alone.

    Args:
        unit: codes of what was labelled (N labels).
        value: codes of the labels given (N).
    """
    if not unit.size:
        return math.nan
    units = np.unique(unit, return_inverse=True)[1]
    values = np.unique(value, return_inverse=True)[1]
    width = int(values.max()) + 1
    table = np.bincount(units * width + values, minlength=(int(units.max()) + 1) * width)
    table = table.reshape(-1, width).astype(float)
    judges = table.sum(1)
    table, judges = table[judges > 1.5], judges[judges > 1.5]
    pairs = float(judges.sum())
    if not pairs:
        return math.nan
    observed = float((table * (judges[:, None] - table) / (judges[:, None] - 1.0)).sum())
    totals = table.sum(0)
    expected = float((totals * (pairs - totals)).sum()) / (pairs - 1.0)
    return math.nan if expected == 0.0 else 1.0 - observed / expected
