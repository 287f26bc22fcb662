"""Rates that rest on a judge who errs: naive, corrected, prediction-powered; and how judges agree.

*Naive* is the share of units in which the judge finds something. *Corrected* takes what the judge
misses and makes up from a random sample that people labelled too (Rogan and Gladen, American
Journal of Epidemiology 107, 1978), with the interval of Lee et al. (arXiv 2511.21140), which
carries both samples. *Prediction-powered* (Angelopoulos et al., Science 382, 2023) adds to the
judge's mean
the mean of what people say less what the judge says.

Units of one person are alike. A variance sums over participants; n of independent units that would
have it is the *effective n*, which the binomial formulas then take.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import betaincinv

from ratings.compiled import FloatArray, IndexArray
from ratings.gaussian import NORMAL_975

FEWEST_HUMAN = 30
FEW_HUMAN, NO_BETTER, NO_JUDGE_ALONE = "few_human_labels", "no_better_than_chance", "all_human"
ONE_SIDED = "one_sided_human_labels"


class Interval(NamedTuple):
    """A share and its 95% interval, each 0 to 1; NaN where there is none."""

    value: float
    lo: float
    hi: float


NOTHING = Interval(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class Share:
    """A weighted share of units.

    Args:
        value: the share, 0 to 1.
        effective: independent units that would have its variance.
        count: units.
        people: participants.
    """

    value: float
    effective: float
    count: int
    people: int


class Quality(NamedTuple):
    """What a judge is worth against people.

    Args:
        sensitivity: share that the judge finds of what people find.
        specificity: share that the judge passes of what people pass.
        found: effective number of units in which people find something.
        passed: effective number of the others.
        count: units that both labelled.
    """

    sensitivity: float
    specificity: float
    found: float
    passed: float
    count: int


def share_of(found: FloatArray, weight: FloatArray, person: IndexArray) -> Share:
    """A clustered weighted share.

    With linearised variance G / (G - 1) sum_g (sum_i w_i (y_i - p))^2 / (sum w)^2 over G
    participants, effective n is p (1 - p) over it, and at most Kish's of the units. Where all units
    are alike nothing tells how alike people's units are: then each person counts as one.

    Args:
        found: 0 or 1 (N).
        weight: of each unit, above 0 (N).
        person: whose unit it is (N).
    """
    if not found.size:
        return Share(math.nan, 0.0, 0, 0)
    total = float(weight.sum())
    value = float(weight @ found) / total
    codes = np.unique(person, return_inverse=True)[1]
    people = int(codes.max()) + 1
    by_person = np.bincount(codes, weight)
    kish = total**2 / float(weight @ weight)
    kish_people = total**2 / float(by_person @ by_person)
    if not 0.0 < value < 1.0 or people == 1:
        return Share(value, min(kish, kish_people), found.size, people)
    sums = np.bincount(codes, weight * (found - value))
    variance = people / (people - 1) * float(sums @ sums) / total**2
    effective = min(kish, value * (1.0 - value) / variance) if variance > 0.0 else kish
    return Share(value, effective, found.size, people)


def jeffreys(share: Share) -> Interval:
    """Jeffreys' interval on effective units (Brown, Cai, DasGupta, Statistical Science 16, 2001).

    It begins at 0 where nothing was found and ends at 1 where everything was.
    """
    if not share.count:
        return NOTHING
    found, passed = share.effective * share.value, share.effective * (1.0 - share.value)
    lo = 0.0 if share.value == 0.0 else float(betaincinv(found + 0.5, passed + 0.5, 0.025))
    hi = 1.0 if share.value == 1.0 else float(betaincinv(found + 0.5, passed + 0.5, 0.975))
    return Interval(share.value, lo, hi)


def unseen_below(share: Share) -> float:
    """What a share lies below with 95% confidence where nothing was found, else NaN.

    The exact 1 - 0.05^(1/n), of effective n.
    """
    if not share.count or share.value > 0.0:
        return math.nan
    return float(1.0 - 0.05 ** (1.0 / share.effective))


def quality_of(judge: FloatArray, human: FloatArray, person: IndexArray) -> Quality:
    """Sensitivity and specificity on units that both labelled, each unit alike.

    Args:
        judge: 0 or 1 (N).
        human: 0 or 1 (N).
        person: whose unit it is (N).
    """
    is_found = human > 0.5
    alike = np.ones(judge.size)
    hits = share_of(judge[is_found], alike[is_found], person[is_found])
    passes = share_of(1.0 - judge[~is_found], alike[~is_found], person[~is_found])
    return Quality(hits.value, passes.value, hits.effective, passes.effective, judge.size)


def why_not(quality: Quality) -> str | None:
    """Why a rate can't be corrected by a judge's quality; None: it can."""
    if quality.count < FEWEST_HUMAN:
        return FEW_HUMAN
    if not quality.found or not quality.passed:
        return ONE_SIDED
    if quality.sensitivity + quality.specificity <= 1.0:
        return NO_BETTER
    return None


def corrected(naive: Share, quality: Quality) -> tuple[Interval, str | None]:
    """The Rogan-Gladen estimate with an interval that carries both samples, or why there is none.

    The interval is of arXiv 2511.21140, section 4: variances at the adjusted shares
    (n p + z^2 / 2) / (n + z^2), (m q + 1) / (m + 2), and centred with their correction; n and m are
    effective. `naive` is of units that people did not label, so that the samples are independent.
    """
    why = why_not(quality)
    if why is None and not naive.count:
        why = NO_JUDGE_ALONE
    if why is not None:
        return NOTHING, why
    z2 = NORMAL_975**2
    gain = quality.sensitivity + quality.specificity - 1.0
    value = (naive.value + quality.specificity - 1.0) / gain
    n, m0, m1 = naive.effective + z2, quality.passed + 2.0, quality.found + 2.0
    p = (naive.effective * naive.value + z2 / 2.0) / n
    q0 = (quality.passed * quality.specificity + 1.0) / m0
    q1 = (quality.found * quality.sensitivity + 1.0) / m1
    gain = q0 + q1 - 1.0
    if gain <= 0.0:
        return NOTHING, NO_BETTER
    middle = (p + q0 - 1.0) / gain
    v0, v1 = q0 * (1.0 - q0) / m0, q1 * (1.0 - q1) / m1
    shift = 2.0 * z2 * (middle * v1 - (1.0 - middle) * v0)
    variance = p * (1.0 - p) / n + (1.0 - middle) ** 2 * v0 + middle**2 * v1
    half = NORMAL_975 * math.sqrt(variance) / gain
    lo, hi = middle + shift - half, middle + shift + half
    return Interval(*(min(max(one, 0.0), 1.0) for one in (value, lo, hi))), None


def prediction_powered(
    judge: FloatArray,
    human: FloatArray,
    weight: FloatArray,
    person: IndexArray,
) -> tuple[Interval, str | None]:
    """The prediction-powered share with a normal interval clustered by participant, or why not.

    Args:
        judge: 0 or 1 (N).
        human: 0 or 1, NaN where no person labelled the unit (N).
        weight: of each unit (N).
        person: whose unit it is (N).
    """
    is_both = ~np.isnan(human)
    if np.count_nonzero(is_both) < FEWEST_HUMAN:
        return NOTHING, FEW_HUMAN
    if is_both.all():
        return NOTHING, NO_JUDGE_ALONE
    alone, both = np.where(is_both, 0.0, weight), np.where(is_both, weight, 0.0)
    gap = np.where(is_both, human - judge, 0.0)
    level = float(alone @ judge / alone.sum())
    rectifier = float(both @ gap / both.sum())
    pull = alone * (judge - level) / alone.sum() + both * (gap - rectifier) / both.sum()
    codes = np.unique(person, return_inverse=True)[1]
    sums = np.bincount(codes, pull)
    half = NORMAL_975 * math.sqrt(sums.size / max(sums.size - 1, 1) * float(sums @ sums))
    value = level + rectifier
    return Interval(*(min(max(v, 0.0), 1.0) for v in (value, value - half, value + half))), None


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
    units = np.unique(unit, return_inverse=True)[1]
    values = np.unique(value, return_inverse=True)[1]
    if not units.size:
        return math.nan
    table = np.zeros((int(units.max()) + 1, int(values.max()) + 1))
    np.add.at(table, (units, values), 1.0)
    judges = table.sum(1)
    table, judges = table[judges > 1.5], judges[judges > 1.5]
    pairs = float(judges.sum())
    if not pairs:
        return math.nan
    observed = float((table * (judges[:, None] - table) / (judges[:, None] - 1.0)).sum())
    totals = table.sum(0)
    expected = float((totals * (pairs - totals)).sum()) / (pairs - 1.0)
    return math.nan if expected == 0.0 else 1.0 - observed / expected
