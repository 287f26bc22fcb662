"""How certain a board is, and how many battles it still needs until it is certain enough.

The forecast follows the rate at which variances fall. Skills are as they may be (draws from the
posterior); n battles on the pairs that a policy will ask for bring n times Fisher's information of
such a battle, and the board's covariance falls by it as its kind of board does (``growth``); the
least n that meets the target is a draw's forecast. The middle draw is the forecast, their spread
its interval, which is open where a draw's skills are too alike for any number of battles.

A study that looks after every batch and stops at the first "95%" is wrong far more often than 5%.
``lead_confidence`` therefore holds however often one looks (``leading``). A provisional model leads
no board, and is no rival of the one that does; with more battles it is one, so that the forecast is
among all.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import numpy as np
from scipy.special import ndtr, ndtri

from ratings.compiled import FloatArray, IndexArray, Mask, compiled
from ratings.gaussian import NORMAL_975
from ratings.growth import Flat, Growth
from ratings.linear_algebra import factor, product
from ratings.pairing import (
    PairingPolicy,
    Rule,
    board_gram,
    centred_variances,
    choose,
    fisher_information,
    match_qualities,
    pair_precisions,
)
from ratings.posterior import Posterior
from ratings.summary import SEMIDEFINITE


class Measure(StrEnum):
    """What a target is about.

    ``interval_width``: the widest 95% interval of a skill, at most; ``lead_confidence``: how sure
    it is that the first model leads, at whatever number of looks, at least;
    ``neighbour_separation``: mean over neighbours in rank of |2 P(better) - 1|, at least.
    """

    INTERVAL_WIDTH = "interval_width"
    LEAD_CONFIDENCE = "lead_confidence"
    NEIGHBOUR_SEPARATION = "neighbour_separation"


@compiled
def _width(covariance: FloatArray, reference: FloatArray) -> float:
    # The 95% interval of the least certain centred skill.
    widest = -math.inf
    level = 0.0
    for i in range(reference.size):
        row = 0.0
        for j in range(reference.size):
            row += covariance[i, j] * reference[j]
        level += reference[i] * row
        widest = max(widest, covariance[i, i] - 2.0 * row)
    return 2.0 * NORMAL_975 * math.sqrt(widest + level)


def _p_better(mean: FloatArray, covariance: FloatArray, a: IndexArray, b: IndexArray) -> FloatArray:
    spread = covariance[a, a] + covariance[b, b] - 2.0 * covariance[a, b]
    better: FloatArray = ndtr((mean[a] - mean[b]) / np.sqrt(np.maximum(spread, 1e-300)))
    return better


# Sd of the leads that ``leading`` weighs against none, in units of beta: they win 57 of 100
# battles. It decides at which number of battles a lead is seen soonest, not how often it is wrong.
LEAD_SCALE = 0.25


def leading(lead: FloatArray, variance: FloatArray, scale: float) -> FloatArray:
    """How sure each lead (K) with its sampling variance (K) is, at any number of looks; 0 to 1.

    One minus the inverse of the evidence for a lead of N(0, ``scale``^2) against none, for a
    Gaussian estimate: sqrt(V / (V + s^2)) exp(z^2 / 2 * s^2 / (V + s^2)). Where there is no lead,
    the chance that this is ever above 1 - a, over all looks together, is at most a (Ville 1939;
    Robbins 1970; Howard, Ramdas, McAuliffe and Sekhon 2021, Annals of Statistics 49).
    """
    total = np.maximum(variance, 1e-300) + scale * scale
    log_evidence = 0.5 * (lead**2 / np.maximum(variance, 1e-300) * (scale * scale / total))
    log_evidence -= 0.5 * np.log(total / np.maximum(variance, 1e-300))
    sure: FloatArray = 1.0 - np.exp(-np.maximum(log_evidence, 0.0))
    return sure


def value_of(measure: Measure, posterior: Posterior, provisional: Mask | None = None) -> float:
    """The measure on a posterior; the best and the neighbours of one model are certain: 1.

    ``provisional`` (M): models that may not lead; where fewer than two may, nobody is sure to: 0.
    """
    if measure is not Measure.INTERVAL_WIDTH and posterior.mean.size < 2:
        return 1.0
    mean, reference, covariance = posterior.mean, posterior.reference, posterior.covariance
    if measure is Measure.LEAD_CONFIDENCE and provisional is not None:
        kept = np.flatnonzero(~provisional)
        if kept.size < 2:
            return 0.0
        mean, reference, covariance = mean[kept], reference[kept], covariance[np.ix_(kept, kept)]
    return measured(measure, (mean, reference), covariance, LEAD_SCALE * posterior.prior.beta)


def measured(
    measure: Measure, skills: tuple[FloatArray, FloatArray], covariance: FloatArray, scale: float
) -> float:
    """The measure of two models or more with mean and reference ``skills`` (M) each.

    ``covariance`` (M, M); ``scale``: of the leads that are weighed against none, skill units.
    """
    mean, reference = skills
    if measure is Measure.INTERVAL_WIDTH:
        return _width(covariance, reference)
    order = np.argsort(-mean, kind="stable")
    if measure is Measure.LEAD_CONFIDENCE:
        first, rest = order[:1], order[1:]
        variance = covariance[first, first] + covariance[rest, rest] - 2.0 * covariance[first, rest]
        # The doubts of all rivals together: Bonferroni.
        doubt = (1.0 - leading(mean[first] - mean[rest], variance, scale)).sum()
        return float(max(1.0 - doubt, 0.0))
    better = _p_better(mean, covariance, order[:-1], order[1:])
    return float((2.0 * better - 1.0).mean())


def is_met(measure: Measure, value: float, threshold: float) -> bool:
    """Whether a value is as good as the target."""
    return value <= threshold if measure is Measure.INTERVAL_WIDTH else value >= threshold


def straightened(measure: Measure, value: float) -> float:
    """On a scale on which n battles add about n times the same: precisions, squared z."""
    if measure is Measure.INTERVAL_WIDTH:
        return 1.0 / max(value * value, 1e-300)
    if measure is Measure.LEAD_CONFIDENCE:
        return -2.0 * math.log(min(max(1.0 - value, 1e-12), 1.0))
    z = float(ndtri(min(max(0.5 * (1.0 + value), 1e-12), 1.0 - 1e-12)))
    return z * abs(z)


ROUNDS = 12


@dataclass(frozen=True, eq=False)
class Plan:
    """Where a policy will ask: shares (P) of all pairs i < j among what its rule chooses.

    ``random_share``: 0 to 1, of the battles that fall on any pair alike.
    """

    chosen: FloatArray
    random_share: float


def plan(posterior: Posterior, policy: PairingPolicy, battles: float) -> Plan:
    """Where ``policy`` will ask in about so many battles from here, with look-ahead.

    At most ROUNDS choices per model are made; each stands for as many battles as it takes.
    """
    size = posterior.mean.size
    first, second = np.triu_indices(size, 1)
    if policy.rule is Rule.RANDOM or size < 2:
        return Plan(np.full(first.size, 1.0 / max(first.size, 1)), 1.0)
    noise = posterior.prior.noise
    covariance = posterior.covariance[None].copy()
    mean = posterior.mean[None]
    # What one choice teaches, if it stands for several battles on its pair.
    precision = pair_precisions(posterior)[None] * max(battles / (ROUNDS * size), 1.0)
    rounds = min(max(math.ceil(battles / size), 1), ROUNDS)
    quality = np.empty((0, 0, 0))
    if policy.rule is Rule.MATCH_QUALITY:
        quality = match_qualities(mean, covariance, noise)
    times = np.zeros((size, size))
    for _ in range(rounds):
        variance = centred_variances(covariance)[0]
        worth = (variance / variance.mean()) ** policy.uncertainty_power / variance
        pairs, _ = choose(
            covariance, board_gram(covariance, np.ones(1), worth), precision, quality,
            np.ones((1, size, size), dtype=np.bool_), np.full(size, size, dtype=np.int64),
            np.ones((size, 2)), 0.0,
        )  # fmt: skip
        np.add.at(times, (pairs[:, 1], pairs[:, 2]), 1.0)
    chosen = times[first, second]
    return Plan(chosen / chosen.sum(), policy.random_share)


DRAWS = 24
HORIZON = 1e9
OPEN = HORIZON / 10
TOLERANCE = 0.01
# Outcomes fall as they fall, and plans are changed by them: sd of the log of what a study then
# needed over its forecast, as tests/ratings/test_stopping.py and `make pairing` see it.
FORECAST_ERROR = 0.1


@dataclass(frozen=True)
class Forecast:
    """``value`` of the measure now, and battles still needed (95% interval); None: no number is."""

    value: float
    is_reached: bool
    needed: int | None
    needed_lo: int | None
    needed_hi: int | None


def standing(
    posterior: Posterior, measure: Measure, threshold: float, provisional: Mask | None = None
) -> Forecast:
    """Whether ``posterior`` meets ``threshold`` already; if not, without a number.

    ``provisional`` (M): as in ``value_of``.

    Raises ValueError for a threshold that nothing can meet.
    """
    low, high = (0.0, math.inf) if measure is Measure.INTERVAL_WIDTH else (0.0, 1.0)
    if not low < threshold < high:
        raise ValueError(f"{measure} {threshold} is not between {low:g} and {high:g}")
    value = value_of(measure, posterior, provisional)
    if is_met(measure, value, threshold):
        return Forecast(value, True, 0, 0, 0)
    return Forecast(value, False, None, None, None)


def forecast(
    posterior: Posterior,
    policy: PairingPolicy,
    measure: Measure,
    threshold: float,
    *,
    seed: int,
    growth: Growth | None = None,
    draws: int = DRAWS,
    provisional: Mask | None = None,
) -> Forecast:
    """Battles that ``posterior`` still needs until ``measure`` meets ``threshold``.

    ``policy``: which they will follow. ``growth``: how the posterior's covariance, the board's,
    falls; as that of an unweighted tournament where None. ``seed``: 128-bit Philox key of the
    draws. ``provisional`` (M): as in ``value_of``, now; after such battles none is. Raises
    ValueError for a threshold that nothing can meet.
    """
    now = standing(posterior, measure, threshold, provisional)
    if now.is_reached:
        return now
    value = now.value
    size = posterior.mean.size
    generator = np.random.Generator(np.random.Philox(key=seed))
    normal = generator.standard_normal((max(draws // 2, 1), size))
    offset = product(normal, factor(posterior.covariance, SEMIDEFINITE))
    growing = growth or Flat(posterior.covariance)

    first, second = np.triu_indices(size, 1)
    evenly = np.full(first.size, 1.0 / first.size)

    def needed(skill: FloatArray, share: FloatArray, guess: float) -> float:
        each = fisher_information(skill, first, second, share, posterior)
        skills = (skill, posterior.reference)
        after = partial(growing.after, each=each)
        value = partial(measured, measure, skills, scale=LEAD_SCALE * posterior.prior.beta)
        return _first_met(measure, threshold, lambda battles: value(after(battles)), guess)

    about = needed(posterior.mean, evenly, float(size))
    # So many battles as each count for one.
    worth = about / (growing.design_effect or 1.0)
    ahead = plan(posterior, policy, worth)
    luck = np.exp(FORECAST_ERROR * generator.standard_normal(2 * offset.shape[0]))
    actual = []
    for shift, error in zip((*offset, *-offset), luck, strict=True):
        share = ahead.chosen
        if ahead.random_share == 1.0:
            # Chance spreads battles unevenly, the fewer the more; a rule that chooses makes up
            # for it.
            battles = max(round(worth), 1)
            share = generator.multinomial(battles, evenly) / battles
        elif ahead.random_share > 0.0:
            share = (1.0 - ahead.random_share) * share + ahead.random_share * evenly
        actual.append(needed(posterior.mean + shift, share, about) * error)
    ordered = np.sort(actual)
    places = [min(int(share * ordered.size), ordered.size - 1) for share in (0.5, 0.025, 0.975)]
    middle, lo, hi = (math.ceil(ordered[k]) if ordered[k] < OPEN else None for k in places)
    return Forecast(value, False, middle, lo, hi)


def _first_met(
    measure: Measure, threshold: float, value_after: Callable[[float], float], guess: float
) -> float:
    """Fewest battles, HORIZON if no number does, by secants on a scale that is near straight.

    ``value_after``: the measure after so many battles.
    """

    def excess(battles: float) -> float:
        return straightened(measure, value_after(battles)) - wanted

    wanted = straightened(measure, threshold)
    low, below = 0.0, excess(0.0)
    if below >= 0.0:
        return 1.0
    high = max(guess, 1.0)
    above = excess(high)
    while above < 0.0:
        low, below = high, above
        high *= 2.0
        if high > HORIZON:
            return HORIZON
        above = excess(high)
    for _ in range(60):
        if high - low <= TOLERANCE * high:
            break
        middle = low - below * (high - low) / (above - below)
        margin = 0.25 * TOLERANCE * high
        middle = min(max(middle, low + margin), high - margin)
        found = excess(middle)
        if found < 0.0:
            low, below, above = middle, found, 0.5 * above
        else:
            high, above, below = middle, found, 0.5 * below
    return high
