"""Attacks by votes: who votes for one model, at random, as a copy, by a script, or too fast.

And votes against one model, for an operator to take back. Planted voters enrol with answers of
people of the study, and vote at a human pace unless the attack is about pace. What the attack is
for is a model of the middle of the first dimension's ranking.

In `truth.json`, `attack`: {name, model_id (whom it favours, where it does), participant_ids,
battle_count, copied_participant_ids (of sybils)}.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ingestion.errors import UsageError
from ingestion.simulation.battles import (
    LEFT,
    OUTCOMES,
    RIGHT,
    draw_participants,
    numbered,
    participant_ids,
    verdicts,
)
from ingestion.simulation.parameters import SECOND, Purpose, instants, stream
from ingestion.simulation.population import FloatArray, IntArray, TextArray
from ingestion.simulation.truth import Truth
from ingestion.vocabulary import EventType

VOTERS, MOST_VOTERS = 30, 100_000
BATTLES = 40
"""Battles of each planted voter."""
COPIES = 10
"""Sybils that copy one person."""
SYBIL_ERROR = 0.03
"""Share of a sybil's verdicts that are not its master's, so that no two records are the same."""
PACE_SECONDS, FLOOD_SECONDS = 900.0, 2.0
# Of the study's span: the first and the last planted vote begin between them.
BEGUN = (0.1, 0.75)
PREFIX, VOTER_DIGITS, BATTLE_DIGITS = "v", 6, 8

Events = list[dict[str, Any]]
Attacked = tuple[Events, dict[str, Any]]


class _People(NamedTuple):
    """Those who enrol in the study: n of them."""

    country: IntArray
    cell: IntArray
    answers: dict[str, TextArray]


class _Plan(NamedTuple):
    """What V voters do: K battles each, on D dimensions.

    Args:
        like: whose answers each gives: a person of the study (V).
        left: place of the model left (V, K).
        right: of the model right (V, K).
        outcomes: place in OUTCOMES (V, K, D).
        at: when (V, K).
    """

    like: IntArray
    left: IntArray
    right: IntArray
    outcomes: IntArray
    at: IntArray


def favour(truth: Truth, size: int | None = None) -> Attacked:
    """Voters who judge one model's battles alone, and always for it."""
    random, size, people = _begun(truth, size)
    target = target_of(truth)
    shape = (size, BATTLES)
    other = _others(random, shape, target, _compared(truth))
    is_left = random.integers(0, 2, shape) == 1
    won = np.where(is_left, LEFT, RIGHT)
    plan = _Plan(
        random.integers(0, people.cell.size, size),
        np.where(is_left, target, other),
        np.where(is_left, other, target),
        np.repeat(won[..., None], len(truth.parameters.dimensions), axis=2),
        _times(truth, random, shape),
    )
    return _told(truth, people, plan, {"model_id": _name(truth, target)})


def at_random(truth: Truth, size: int | None = None) -> Attacked:
    """Voters who judge what they are shown without looking."""
    random, size, people = _begun(truth, size)
    plan = _ordinary(truth, random, size, people)
    said = random.integers(0, len(OUTCOMES), plan.outcomes.shape)
    return _told(truth, people, plan._replace(outcomes=said), {})


def script(truth: Truth, size: int | None = None) -> Attacked:
    """Accounts that play back one list of answers, whatever they are shown."""
    random, size, people = _begun(truth, size)
    plan = _ordinary(truth, random, size, people)
    played = random.integers(0, len(OUTCOMES), plan.outcomes.shape[1:])
    said = np.broadcast_to(played, plan.outcomes.shape)
    return _told(truth, people, plan._replace(outcomes=said), {})


def flood(truth: Truth, size: int | None = None) -> Attacked:
    """Accounts whose verdicts are ordinary ones, seconds apart."""
    random, size, people = _begun(truth, size)
    plan = _ordinary(truth, random, size, people)
    at = _times(truth, random, (size, BATTLES), FLOOD_SECONDS)
    return _told(truth, people, plan._replace(at=at), {})


def sybils(truth: Truth, size: int | None = None) -> Attacked:
    """Accounts that give one person's answers, and the verdicts of one master on the same pairs.

    The master judges as that person would, except for one model, which always wins. Each account
    has its own order and sides, and errs now and then.
    """
    random, size, people = _begun(truth, size)
    target = target_of(truth)
    masters = -(-size // COPIES)
    plan = _ordinary(truth, random, masters, people)
    for side, won in ((plan.left, LEFT), (plan.right, RIGHT)):
        plan.outcomes[side == target] = won
    master = np.arange(size) // COPIES
    order = random.permuted(np.tile(np.arange(BATTLES), (size, 1)), axis=1)
    own = (master[:, None], order)
    is_turned = random.integers(0, 2, (size, BATTLES)) == 1
    left, right = plan.left[own], plan.right[own]
    said = plan.outcomes[own]
    is_wrong = random.random(said.shape) < SYBIL_ERROR
    said = np.where(is_wrong, random.integers(0, len(OUTCOMES), said.shape), said)
    turned = np.array([RIGHT, LEFT, len(OUTCOMES) - 1])
    copied = _Plan(
        plan.like[master],
        np.where(is_turned, right, left),
        np.where(is_turned, left, right),
        np.where(is_turned[..., None], turned[said], said),
        _times(truth, random, (size, BATTLES)),
    )
    more = {
        "model_id": _name(truth, target),
        "copied_participant_ids": participant_ids(plan.like).to_pylist(),
    }
    return _told(truth, people, copied, more)


def retraction(truth: Truth, size: int | None = None) -> Attacked:
    """Ordinary voters' verdicts that one model lost, in a load that an operator takes back.

    Ids in a log depend on its vault, so that no file can name them: the load is undone by
    `demoscope log undo`, once it is in.
    """
    random, size, people = _begun(truth, size)
    target = target_of(truth)
    plan = _ordinary(truth, random, size, people, target)
    lost = np.where(plan.left == target, RIGHT, LEFT)
    is_lost = plan.outcomes == lost[..., None]
    return _told(truth, people, plan, {"model_id": _name(truth, target)}, is_lost)


def target_of(truth: Truth) -> int:
    """Place of the model in the middle of everybody's ranking on the first dimension."""
    compared = _compared(truth)
    return int(np.argsort(-truth.everybody[:compared, 0], kind="stable")[compared // 2])


def _begun(truth: Truth, size: int | None) -> tuple[np.random.Generator, int, _People]:
    count = VOTERS if size is None else size
    if not 1 <= count <= MOST_VOTERS:
        raise UsageError(f"voters: {count} is not between 1 and {MOST_VOTERS:,}.")
    chunks = list(draw_participants(truth))
    answers = {
        name: np.concatenate([chunk.answers[name] for chunk in chunks])
        for name in chunks[0].answers
    }
    country, cell = (
        np.concatenate([getattr(chunk, name) for chunk in chunks]) for name in ("country", "cell")
    )
    random = stream(truth.parameters.seed, Purpose.VOTE_ATTACK)
    return random, count, _People(country, cell, answers)


def _compared(truth: Truth) -> int:
    """Models that are compared to the study's end: planted votes name no other."""
    parameters = truth.parameters
    return int(parameters.active_counts(np.array([parameters.opens_at + parameters.span]))[0])


def _name(truth: Truth, model: int) -> str:
    return truth.parameters.models[model].model_id


def _others(
    random: np.random.Generator, shape: tuple[int, int], model: int | IntArray, models: int
) -> IntArray:
    return (model + random.integers(1, models, shape)) % models


def _ordinary(
    truth: Truth,
    random: np.random.Generator,
    size: int,
    people: _People,
    target: int | None = None,
) -> _Plan:
    """Pairs, of one model if a target is given, and verdicts as of people who try."""
    shape = (size, BATTLES)
    models = _compared(truth)
    like = random.integers(0, people.cell.size, size)
    left = random.integers(0, models, shape) if target is None else np.full(shape, target)
    right = _others(random, shape, left, models)
    if target is not None:
        is_turned = random.integers(0, 2, shape) == 1
        left, right = np.where(is_turned, right, left), np.where(is_turned, left, right)
    skills = truth.cell_skills[people.cell[like]]
    rows = np.arange(size)[:, None]
    noise = random.standard_normal((*shape, len(truth.parameters.dimensions)))
    said = verdicts(truth, noise, skills[rows, left], skills[rows, right], truth.draw_margins)
    return _Plan(like, left, right, said, _times(truth, random, shape))


def _times(
    truth: Truth,
    random: np.random.Generator,
    shape: tuple[int, int],
    seconds: float = PACE_SECONDS,
) -> IntArray:
    """Each voter begins somewhere in the study, and votes one battle after another (V, K)."""
    parameters = truth.parameters
    begun = BEGUN[0] + (BEGUN[1] - BEGUN[0]) * random.random(shape[0])
    waits: FloatArray = seconds * random.standard_exponential(shape) + 1.0
    passed = np.cumsum((waits * SECOND).astype(np.int64), axis=1)
    at: IntArray = parameters.opens_at + (begun * parameters.span).astype(np.int64)[:, None]
    return at + passed


def _told(
    truth: Truth,
    people: _People,
    plan: _Plan,
    more: dict[str, Any],
    is_told: Any = None,
) -> Attacked:
    """A plan as native events, enrolments first; and what is true of it.

    ``is_told``: of the outcomes, those that are said (V, K, D); all unless given.
    """
    source = truth.parameters.source
    voters = numbered(PREFIX, np.arange(plan.like.size), VOTER_DIGITS).to_pylist()
    countries = [country.name for country in truth.population.countries]
    at = instants(plan.at.min(axis=1) - SECOND).to_pylist()
    events: Events = [
        {
            "native_id": voter,
            "event_type": EventType.PARTICIPANT_ENROLLED.value,
            "source": source,
            "occurred_at": at[place],
            "participant_id": voter,
            "country": countries[people.country[like]],
            **_answers(people, int(like)),
        }
        for place, (voter, like) in enumerate(zip(voters, plan.like, strict=True))
    ]
    said = np.ones(plan.outcomes.shape, dtype=np.bool_) if is_told is None else is_told
    events += _battles(truth, plan, voters, said)
    document = {"participant_ids": voters, "battle_count": int(said.any(axis=2).sum())}
    return events, {**more, **document}


def _answers(people: _People, like: int) -> dict[str, str]:
    given = {name: answers[like] for name, answers in people.answers.items()}
    return {name: str(answer) for name, answer in given.items() if answer is not None}


def _battles(truth: Truth, plan: _Plan, voters: list[str], is_told: Any) -> Events:
    parameters = truth.parameters
    models = [model.model_id for model in parameters.models]
    at = instants(plan.at.reshape(-1)).to_pylist()
    size = plan.left.shape[1]
    ids = numbered("a", np.arange(plan.left.size), BATTLE_DIGITS).to_pylist()
    left, right = plan.left.reshape(-1), plan.right.reshape(-1)
    outcomes = plan.outcomes.reshape(plan.left.size, -1)
    told = np.argwhere(is_told.reshape(outcomes.shape)).tolist()
    return [
        {
            "native_id": ids[place],
            "event_type": EventType.BATTLE_JUDGED.value,
            "source": parameters.source,
            "occurred_at": at[place],
            "participant_id": voters[place // size],
            "dimension": parameters.dimensions[number],
            "model_a": models[left[place]],
            "model_b": models[right[place]],
            "outcome": OUTCOMES[outcomes[place, number]].value,
        }
        for place, number in told
    ]
