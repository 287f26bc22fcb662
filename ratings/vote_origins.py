"""Signals that verdicts alone don't give: whose answers are copies, and what was taken back.

`copied_profile`: too many people gave the very same answers to every question. `retraction`: the
verdicts that were retracted are not as verdicts on their pairs are, but for or against one model.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import norm, poisson

from ratings.compiled import FloatArray, IndexArray
from ratings.posterior import Posterior
from ratings.vote_signals import SIGNIFICANT, TIE, Signal, chances_of, nothing_told

PROFILE, RETRACTION = "copied_profile", "selective_retraction"
FEWEST_ALIKE = 5
# How much likelier answers may go together than any two of them do, before it is strange.
TOGETHER = 3.0
FEWEST_RETRACTED, FEWEST_PEOPLE = 10, 3


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
    strange = poisson.sf(counts - 1, TOGETHER * _independent(rows, profiles, counts)) < limit
    least, expected, found = 1.0, 0.0, []
    for place in np.flatnonzero(strange & (counts >= FEWEST_ALIKE)):
        own, size = profiles[place], int(counts[place])
        others = rows[(rows[:, 0] == own[0]) & (profile != place)]
        likely = TOGETHER * _expected(others[:, 1:] == own[1:])
        p = float(poisson.sf(size - 1, likely))
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
    posterior: Posterior, person: IndexArray, left: IndexArray, right: IndexArray, said: IndexArray
) -> list[Signal]:
    """Of each model the retracted verdicts (N), against what the board expects of their pairs.

    ``said``: left wins, right wins, tie. One row for the model of the least p, and for each other
    that is significant; ``people`` are those whose retracted verdicts lean the way they all do.
    """
    chances = chances_of(posterior, left, right)
    models, people = len(posterior.model_ids), int(person.max(initial=-1)) + 1
    score = np.array([1.0, 0.0, 0.5])[said]
    likely = chances[:, 0] + 0.5 * chances[:, TIE]
    spread = chances[:, 0] + 0.25 * chances[:, TIE] - likely**2
    made = []
    for model in np.unique(np.concatenate((left, right))).tolist():
        rows = np.flatnonzero((left == model) | (right == model))
        sign = np.where(left[rows] == model, 1.0, -1.0)
        excess = sign * (score[rows] - likely[rows])
        by_person = np.bincount(person[rows], excess, people)
        judges = np.unique(person[rows])
        if rows.size < FEWEST_RETRACTED or judges.size < FEWEST_PEOPLE:
            continue
        # One person's verdicts are alike: their sums are what varies.
        sd = math.sqrt(max(float((by_person**2).sum()), float(spread[rows].sum())))
        z = float(excess.sum()) / sd
        lean = judges[by_person[judges] * z > 0.0]
        made.append(
            Signal(RETRACTION, model, int(judges.size), 0.5 * judges.size, lean,
                   float(2.0 * norm.sf(abs(z))))
        )  # fmt: skip
    if not made:
        return [nothing_told(RETRACTION)]
    made = [one._replace(p=min(one.p * models, 1.0)) for one in made]
    made.sort(key=lambda one: (one.p, one.model))
    return [one for place, one in enumerate(made) if not place or one.p < SIGNIFICANT]
