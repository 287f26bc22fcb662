"""A provider tests variants of one model in private, publishes the best by score, and is voted on.

The variants are near-identical: what makes one of them the best is chance above all. After its
release fresh votes under its public name say how good it is, as many as others get in that time or
more. The others are retired without a word.

In `truth.json`, `attack`: {name, provider, family, published (the variant), public_id,
published_at, fresh_battle_count, variants [{model_id, battle_count, win_share (on the study's first
dimension, by which the best was chosen), skills {dimension: everybody's}}]}.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ingestion.errors import UsageError
from ingestion.simulation.battles import (
    OUTCOMES,
    RIGHT,
    TIE,
    participant_ids,
    verdicts,
)
from ingestion.simulation.judges import Judges
from ingestion.simulation.parameters import DAY, Parameters, Purpose, instants, stream
from ingestion.simulation.population import FloatArray, IntArray
from ingestion.simulation.truth import DECIMALS, Truth
from ingestion.vocabulary import EventType

PROVIDER, FAMILY = "Gadfly Works", "gadfly-1"
VARIANTS, MOST_VARIANTS = 27, 200
TESTS = 100
"""Battles of each variant."""
FRESH_MIN = 800
# In skill units: how far above the mean model they are, and how much they differ.
LEVEL, SPREAD = 1.0, 0.1
# Of the study's span: from the first test to the last, the release, and the last fresh vote.
TESTED, RELEASED, VOTED = (0.2, 0.4), 0.42, 1.0
REASON = "Not released."


def fresh_battles(parameters: Parameters) -> int:
    """How many votes the published model gets: its even share after the release, 800 at least.

    With fewer than its share it would look like a model that the queue neglects.
    """
    after = parameters.battle_count * (VOTED - RELEASED)
    return max(round(2.0 * after / parameters.model_count), FRESH_MIN)


class _Votes(NamedTuple):
    """Battles of a model of the family with others: n of them, on D dimensions.

    Args:
        own: place of the family's model (n); other: of the other (n).
        is_left: whether the family's stands left (n).
        outcomes: place in OUTCOMES (n, D).
        at: when (n).
        who: the participants' numbers (n).
    """

    own: IntArray
    other: IntArray
    is_left: np.ndarray[tuple[int], np.dtype[np.bool_]]
    outcomes: IntArray
    at: IntArray
    who: IntArray


def private_variants(
    truth: Truth, size: int | None = None
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Registrations, tests, the release of the best of ``size`` variants, and fresh votes.

    Raises:
        UsageError: none, or more than a study can tell apart by name.
    """
    count = VARIANTS if size is None else size
    if not 1 <= count <= MOST_VARIANTS:
        raise UsageError(f"variants: {count} is not between 1 and {MOST_VARIANTS}.")
    parameters = truth.parameters
    dimensions = parameters.dimensions
    own = stream(parameters.seed, Purpose.VARIANT).standard_normal((count, len(dimensions)))
    above = (LEVEL + SPREAD * own).round(DECIMALS)
    judges = Judges.of(truth)
    tests = _vote(judges, above, np.repeat(np.arange(count), TESTS), TESTED, Purpose.VARIANT_TEST)
    won = _win_shares(tests, count)
    best = int(np.argmax(won))
    fresh = _vote(
        judges,
        above,
        np.full(fresh_battles(parameters), best),
        (RELEASED, VOTED),
        Purpose.FRESH_VOTE,
    )
    names = [f"{FAMILY}-test-{number:02d}" for number in range(1, count + 1)]
    at = {
        name: instants([parameters.opens_at + int(share * parameters.span) + later])[0].as_py()
        for name, share, later in (
            ("registered", TESTED[0], -DAY // 24),
            ("published", RELEASED, -DAY // 24),
            ("retired", RELEASED, -DAY // 48),
        )
    }
    events = [
        *_registrations(names, at),
        *_battles(truth, tests, names, "t"),
        *_release(names, best, at),
        *_battles(truth, fresh, [FAMILY] * count, "f"),
    ]
    for event in events:
        event["source"] = parameters.source
    skills = (truth.everybody.mean(axis=0) + above).round(DECIMALS)
    return events, {
        "provider": PROVIDER,
        "family": FAMILY,
        "published": names[best],
        "public_id": FAMILY,
        "published_at": at["published"],
        "fresh_battle_count": fresh_battles(parameters),
        "variants": [
            {
                "model_id": name,
                "battle_count": TESTS,
                "win_share": round(float(share), DECIMALS),
                "skills": dict(zip(dimensions, own_skills.tolist(), strict=True)),
            }
            for name, share, own_skills in zip(names, won, skills, strict=True)
        ],
    }


def _vote(
    judges: Judges,
    above: FloatArray,
    own: IntArray,
    between: tuple[float, float],
    purpose: Purpose,
) -> _Votes:
    """Votes on the variants ``own`` (n), each against the others equally often.

    ``above`` (variants, D): how far above the mean model each is, for everybody alike.
    """
    truth = judges.truth
    parameters = truth.parameters
    numbers = stream(parameters.seed, purpose)
    size = len(own)
    share = between[0] + (between[1] - between[0]) * np.sort(numbers.random(size))
    at = parameters.opens_at + (share * parameters.span).astype(np.int64)
    order = numbers.permutation(size)
    # Only models that are compared as long as the votes last.
    rivals = int(parameters.active_counts(at[-1:])[0])
    rounds = np.arange(size) - np.searchsorted(own, own)
    own, other, is_left = (
        own[order],
        (rounds % rivals)[order],
        (rounds // rivals % 2 == 0)[order],
    )
    who = judges.some(numbers, at)
    skills = truth.cell_skills[judges.cells[who]]
    ours = skills.mean(axis=1) + above[own]
    theirs = skills[np.arange(size), other]
    left = np.where(is_left[:, None], ours, theirs)
    right = np.where(is_left[:, None], theirs, ours)
    noise = numbers.standard_normal(ours.shape)
    said = verdicts(truth, noise, left, right, truth.draw_margins)
    return _Votes(own, other, is_left, said, at, judges.numbers[who])


def _win_shares(votes: _Votes, count: int) -> FloatArray:
    """Of each variant on the first dimension, a tie counting half (variants)."""
    said = votes.outcomes[:, 0]
    won = np.where(said == TIE, 0.5, (said == RIGHT) != votes.is_left)
    return np.bincount(votes.own, won, count) / np.bincount(votes.own, minlength=count)


def _registrations(names: list[str], at: dict[str, str]) -> list[dict[str, Any]]:
    about = {"provider": PROVIDER, "family": FAMILY, "licence_kind": "proprietary"}
    return [
        {
            "native_id": name,
            "event_type": EventType.MODEL_REGISTERED.value,
            "occurred_at": at["registered"],
            "model_id": name,
            **about,
            "is_private": True,
            "variant_of": FAMILY,
        }
        for name in names
    ]


def _release(names: list[str], best: int, at: dict[str, str]) -> list[dict[str, Any]]:
    public = {
        "native_id": FAMILY,
        "event_type": EventType.MODEL_REGISTERED.value,
        "occurred_at": at["published"],
        "model_id": FAMILY,
        "display_name": "Gadfly 1",
        "provider": PROVIDER,
        "licence": "proprietary",
        "family": FAMILY,
        "licence_kind": "proprietary",
        "released_at": at["published"],
    }
    published = {
        "native_id": names[best],
        "event_type": EventType.MODEL_PUBLISHED.value,
        "occurred_at": at["published"],
        "model_id": names[best],
        "public_id": FAMILY,
    }
    retired = [
        {
            "native_id": name,
            "event_type": EventType.MODEL_RETIRED.value,
            "occurred_at": at["retired"],
            "model_id": name,
            "reason": REASON,
            "was_announced": False,
        }
        for place, name in enumerate(names)
        if place != best
    ]
    return [public, published, *retired]


def _battles(truth: Truth, votes: _Votes, names: list[str], prefix: str) -> list[dict[str, Any]]:
    models = [model.model_id for model in truth.parameters.models]
    people, at = participant_ids(votes.who).to_pylist(), instants(votes.at).to_pylist()
    events = []
    for place, said in enumerate(votes.outcomes):
        pair = (names[votes.own[place]], models[votes.other[place]])
        left, right = pair if votes.is_left[place] else pair[::-1]
        events += [
            {
                "native_id": f"{prefix}{place:06d}",
                "event_type": EventType.BATTLE_JUDGED.value,
                "occurred_at": at[place],
                "participant_id": people[place],
                "dimension": dimension,
                "model_a": left,
                "model_b": right,
                "outcome": OUTCOMES[code].value,
            }
            for dimension, code in zip(truth.parameters.dimensions, said, strict=True)
        ]
    return events
