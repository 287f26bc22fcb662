"""Signals that verdicts alone don't give: whose answers are copies, and what was taken back.

`copied_profile`: too many people gave the very same answers to every question. `retraction`: the
verdicts that were retracted are not as verdicts on their pairs are, but for or against one model.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr

from ratings.chances import poisson_above
from ratings.compiled import FloatArray, IndexArray
from ratings.posterior import Posterior
from ratings.vote_signals import SIGNIFICANT, TIE, Signal, chances_of, nothing_told

PROFILE, RETRACTION = "copied_profile", "selective_retraction"
FEWEST_ALIKE = 5
# How much likelier answers may go together than any two of them do, before it is strange.
TOGETHER = 3.0
FEWEST_RETRACTED, EXACT_PEOPLE = 10, 14


def copied_profiles(country: IndexArray, answers: IndexArray) -> Signal:
    """People who share all their answers with more others than answers go together.

    ``country`` (R) and ``answers`` (R, Q) are codes, -1 where not known; who left a question out is
    not looked at. A profile's people are expected as if questions were independent of each other
    within the country, times what the two of its answers that go together most do so, times
    TOGETHER; all counted without the profile's own people.
    """
    known = np.flatnonzero((country >= 0) & (answers >= 0).all(axis=1))
    if known.size < FEWEST_ALIKE:
        return nothing_told(PROFILE)
    rows = np.column_stack((country[known], answers[known]))
    profiles, profile, counts = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
    profile = profile.reshape(-1)
    limit = SIGNIFICANT / profiles.shape[0]
    # Most are as common as their answers are; what goes together is asked of the others alone.
    strange = poisson_above(counts - 1, TOGETHER * _independent(rows, profiles, counts)) < limit
    least, expected, found = 1.0, 0.0, []
    for place in np.flatnonzero(strange & (counts >= FEWEST_ALIKE)):
        own, size = profiles[place], int(counts[place])
        others = rows[(rows[:, 0] == own[0]) & (profile != place)]
        likely = TOGETHER * _expected(others[:, 1:] == own[1:])
        p = float(poisson_above(size - 1, likely))
        least = min(least, p * profiles.shape[0])
        if p < limit:
            found.append(known[profile == place])
            expected += likely
    people = np.sort(np.concatenate(found)) if found else np.empty(0, np.int64)
    return Signal(PROFILE, None, int(known.size), expected, people, min(least, 1.0))


def _independent(rows: IndexArray, profiles: IndexArray, counts: IndexArray) -> FloatArray:
    """People expected of each profile (K) if the answers of its country were independent."""
    people = np.bincount(rows[:, 0])[profiles[:, 0]] - counts
    expected = people.astype(np.float64)
    for answers, own in zip(rows.T[1:], profiles.T[1:], strict=True):
        size = int(answers.max()) + 1
        given = np.bincount(rows[:, 0] * size + answers, minlength=(rows[:, 0].max() + 1) * size)
        expected *= (given[profiles[:, 0] * size + own] - counts + 0.5) / (people + 1.0)
    return expected


def _expected(same: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> float:
    """People with a profile among those (R, Q) who share so many of its answers."""
    people = same.shape[0]
    shares = (same.sum(axis=0) + 0.5) / (people + 1.0)
    both = (same.T.astype(np.float64) @ same + 0.5) / (people + 1.0)
    ratio = both / np.multiply.outer(shares, shares)
    np.fill_diagonal(ratio, 1.0)
    return float(people * shares.prod() * max(ratio.max(), 1.0))


def retractions(
    posterior: Posterior,
    person: IndexArray,
    left: IndexArray,
    right: IndexArray,
    said: IndexArray,
    boards: int = 1,
) -> list[Signal]:
    """Of each model the retracted verdicts (N), against what the board expects of their pairs.

    ``said``: left wins, right wins, tie; ``boards``: how many a build corrects for. The model of
    the least p is named. Models that met it in these verdicts fared otherwise too, so the others
    are looked at without these verdicts, and so on. ``people`` are those whose retracted verdicts
    lean the way they all do. Where so few people judged that nothing could be found, nothing is
    told.
    """
    rows = np.arange(person.size)
    made: list[Signal] = []
    while True:
        own = (person[rows], left[rows], right[rows], said[rows])
        each = _of_models(posterior, *own, boards)
        if not each:
            return made or [nothing_told(RETRACTION)]
        first = min(each, key=lambda one: (one.p, one.model))
        if first.p * boards >= SIGNIFICANT:
            return made or [first]
        made.append(first)
        rows = rows[(left[rows] != first.model) & (right[rows] != first.model)]


def _of_models(
    posterior: Posterior,
    person: IndexArray,
    left: IndexArray,
    right: IndexArray,
    said: IndexArray,
    boards: int,
) -> list[Signal]:
    """Of each model of which something could be found: p is corrected for all of them.

    A model counts by its share of these verdicts, which nobody's answer says (Genovese, Roeder and
    Wasserman 2006).
    """
    chances = chances_of(posterior, left, right)
    people = int(person.max(initial=-1)) + 1
    score = np.array([1.0, 0.0, 0.5])[said]
    likely = chances[:, 0] + 0.5 * chances[:, TIE]
    spread = chances[:, 0] + 0.25 * chances[:, TIE] - likely**2
    made = []
    for model in np.unique(np.concatenate((left, right))).tolist():
        rows = np.flatnonzero((left == model) | (right == model))
        tests = 2.0 * person.size / rows.size
        judges = np.unique(person[rows])
        least = 2.0 ** (1 - judges.size)
        if rows.size < FEWEST_RETRACTED or least * tests * boards >= SIGNIFICANT:
            continue
        sign = np.where(left[rows] == model, 1.0, -1.0)
        excess = sign * (score[rows] - likely[rows])
        by_person = np.bincount(person[rows], excess, people)[judges].astype(np.float64)
        total = float(excess.sum())
        p = max(_by_people(by_person), _beyond(total, float(spread[rows].sum())))
        lean = judges[by_person * total > 0.0]
        made.append(
            Signal(RETRACTION, model, int(judges.size), 0.5 * judges.size, lean,
                   min(p * tests, 1.0))
        )  # fmt: skip
    return made


def _beyond(total: float, variance: float) -> float:
    return float(2.0 * ndtr(-abs(total) / math.sqrt(variance)))


def _by_people(sums: FloatArray) -> float:
    """How often people's sums come as far from 0 if each may as well be the other way round.

    One person's verdicts are alike: their sums are what varies. Of more than EXACT_PEOPLE the
    normal curve says it.
    """
    if sums.size > EXACT_PEOPLE:
        return _beyond(float(sums.sum()), max(float((sums**2).sum()), 1e-12))
    # Turning all round changes nothing, so that one may stay.
    turned = np.arange(2 ** (sums.size - 1))[:, None] >> np.arange(sums.size) & 1
    far = np.abs((1.0 - 2.0 * turned) @ sums)
    return float((far >= far[0] * (1.0 - 1e-9)).mean())
