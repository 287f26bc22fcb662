"""Events as lines in native form: the keys in the contract's order, what is not known left out.

What stays out: drawing what happened, and files (study.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa

from ingestion.contracts import CONTRACTS
from ingestion.simulation import fragments
from ingestion.simulation.answers import age_places, age_texts, answer_places, answer_texts
from ingestion.simulation.battles import OUTCOMES, Battles
from ingestion.simulation.calendar import REGISTERED_BEFORE, Calendar, iso
from ingestion.simulation.conversations import UNLABELLED
from ingestion.simulation.fragments import Piece
from ingestion.simulation.population import IntArray
from ingestion.simulation.roster import ROSTER, TOPICS, Model
from ingestion.simulation.sample import Participants
from ingestion.simulation.truth import Truth
from ingestion.vocabulary import EventType

PARTICIPANT_PREFIX, PARTICIPANT_DIGITS = "p", 9
BATTLE_PREFIX, CONVERSATION_PREFIX, BATTLE_DIGITS = "b", "c", 10
LABEL_PREFIX = "l"
LABEL, LABEL_VALUES = "topic", ("on_topic", "drifted")
JUDGE, JUDGE_VERSION = "simulated-judge", "1"
LANGUAGE = "en"
RETIREMENT = "Withdrawn by its provider in favour of a successor."
_VERDICT = ("dimension", "model_a", "model_b", "outcome")


def participant_id(number: int) -> str:
    """The source's own id of a participant."""
    return f"{PARTICIPANT_PREFIX}{number:0{PARTICIPANT_DIGITS}d}"


def study_models(truth: Truth) -> tuple[Model, ...]:
    """The models of a study: the roster's last, so that those at its end can retire."""
    return ROSTER[-truth.parameters.model_count :]


@dataclass(frozen=True)
class LineWriter:
    """Turns what was drawn for one study into lines."""

    truth: Truth

    def models(self) -> bytes:
        """Registrations, then retirements in the order of time."""
        calendar = Calendar.of(self.truth.parameters)
        models = study_models(self.truth)
        rows = [
            self._row(
                EventType.MODEL_REGISTERED,
                native_id=model.model_id,
                occurred_at=iso(calendar.start - REGISTERED_BEFORE),
                model_id=model.model_id,
                display_name=model.display_name,
                provider=model.provider,
                licence=model.licence,
            )
            for model in models
        ]
        rows += [
            self._row(
                EventType.MODEL_RETIRED,
                native_id=model.model_id,
                occurred_at=iso(at),
                model_id=model.model_id,
                reason=RETIREMENT,
            )
            for model, at in zip(reversed(models), calendar.retired_at, strict=False)
        ]
        return "".join(rows).encode()

    def participants(self, participants: Participants) -> Any:
        """One enrolment per participant."""
        population = self.truth.population
        numbers = participants.numbers
        known: dict[str, Callable[[str], Piece]] = {
            "native_id": _numbered(PARTICIPANT_PREFIX, numbers, PARTICIPANT_DIGITS),
            "occurred_at": lambda name: fragments.instants(name, participants.arrived_at),
            "participant_id": _numbered(PARTICIPANT_PREFIX, numbers, PARTICIPANT_DIGITS),
            "country": _chosen([c.name for c in population.countries], participants.country),
            "age": _chosen(age_texts(population), age_places(population, participants)),
        }
        for axis in participants.answers.keys() - known.keys():
            places = answer_places(population, participants, axis)
            known[axis] = _chosen(answer_texts(population, axis), places)
        return self._lines(EventType.PARTICIPANT_ENROLLED, known)

    def conversations(self, participants: Participants, battles: Battles, first: int) -> Any:
        """One conversation per battle; `first` is the number of the chunk's first battle."""
        numbers = np.arange(first, first + len(battles))
        who = participants.numbers[battles.participant]
        held = battles.conversations
        return self._lines(
            EventType.CONVERSATION_RECORDED,
            {
                "native_id": _numbered(CONVERSATION_PREFIX, numbers, BATTLE_DIGITS),
                "occurred_at": lambda name: fragments.instants(name, battles.ended_at),
                "participant_id": _numbered(PARTICIPANT_PREFIX, who, PARTICIPANT_DIGITS),
                "conversation_id": _numbered(CONVERSATION_PREFIX, numbers, BATTLE_DIGITS),
                "turn_count": _integers(held.turns),
                "character_count": _integers(held.characters),
                "median_turn_character_count": _integers(held.median_characters),
                "single_word_turn_count": _integers(held.single_words),
                "duration_ms": _integers(held.duration_ms),
                "median_turn_ms": _integers(held.median_ms),
                "pasted_turn_count": _integers(held.pasted),
                "repeated_turn_count": _integers(held.repeated),
                "attention_check_count": _integers(held.checks),
                "attention_check_failed_count": _integers(held.failed),
            },
        )

    def labels(self, battles: Battles, first: int) -> Any:
        """What a judge says of the topic of some conversations."""
        drift = battles.conversations.drift
        labelled = np.flatnonzero(drift != UNLABELLED)
        numbers = first + labelled
        return self._lines(
            EventType.CONVERSATION_LABELLED,
            {
                "native_id": _numbered(LABEL_PREFIX, numbers, BATTLE_DIGITS),
                "occurred_at": lambda name: fragments.instants(name, battles.judged_at[labelled]),
                "conversation_id": _numbered(CONVERSATION_PREFIX, numbers, BATTLE_DIGITS),
                "label": lambda name: fragments.constant(name, LABEL),
                "value": _chosen(LABEL_VALUES, drift[labelled]),
                "judge": lambda name: fragments.constant(name, JUDGE),
                "judge_version": lambda name: fragments.constant(name, JUDGE_VERSION),
            },
        )

    def battles(self, participants: Participants, battles: Battles, first: int) -> Any:
        """One line per battle and dimension, a battle's lines together."""
        numbers = np.arange(first, first + len(battles))
        who = participants.numbers[battles.participant]
        known: dict[str, Callable[[str], Piece]] = {
            "native_id": _numbered(BATTLE_PREFIX, numbers, BATTLE_DIGITS),
            "occurred_at": lambda name: fragments.instants(name, battles.judged_at),
            "participant_id": _numbered(PARTICIPANT_PREFIX, who, PARTICIPANT_DIGITS),
            "conversation_id": _numbered(CONVERSATION_PREFIX, numbers, BATTLE_DIGITS),
            "language": lambda name: fragments.constant(name, LANGUAGE),
            "topic": _chosen(TOPICS, battles.topic),
        }
        # All dimensions of a battle share what stands before and after the verdict.
        names = CONTRACTS[EventType.BATTLE_JUDGED].native_columns
        start = names.index(_VERDICT[0])
        before = ["{", *self._pieces(EventType.BATTLE_JUDGED, names[:start], known)]
        after = self._pieces(EventType.BATTLE_JUDGED, names[start + len(_VERDICT) :], known)
        head = fragments.join(*before)
        tail = fragments.join(fragments.trimmed(fragments.join(*after)), "}\n")
        pieces: list[Piece] = []
        for dimension in range(len(self.truth.parameters.dimensions)):
            verdicts = self._verdicts.take(pa.array(self._verdict_places(battles, dimension)))
            pieces += [head, verdicts, tail]
        return fragments.content(fragments.join(*pieces))

    @cached_property
    def _verdicts(self) -> pa.Array:
        """Everything a participant can say: dimension x left x right x outcome."""
        models = [model.model_id for model in study_models(self.truth)]
        values = (self.truth.parameters.dimensions, models, models, OUTCOMES)
        pieces = [
            [fragments.constant(name, value) for value in column]
            for name, column in zip(_VERDICT, values, strict=True)
        ]
        return pa.array(["".join(verdict) for verdict in product(*pieces)])

    def _verdict_places(self, battles: Battles, dimension: int) -> IntArray:
        size = self.truth.parameters.model_count
        pair = (dimension * size + battles.left) * size + battles.right
        return np.asarray(pair * len(OUTCOMES) + battles.outcomes[:, dimension])

    def _lines(self, event_type: EventType, known: Mapping[str, Callable[[str], Piece]]) -> Any:
        names = CONTRACTS[event_type].native_columns
        row = fragments.trimmed(fragments.join(*self._pieces(event_type, names, known)))
        return fragments.content(fragments.join("{", row, "}\n"))

    def _pieces(
        self,
        event_type: EventType,
        names: tuple[str, ...],
        known: Mapping[str, Callable[[str], Piece]],
    ) -> Iterator[Piece]:
        for name in names:
            if name in {"event_type", "source"}:
                value = event_type if name == "event_type" else self.truth.parameters.source
                yield fragments.constant(name, value)
            elif name in known:
                yield known[name](name)

    def _row(self, event_type: EventType, **values: str) -> str:
        values |= {"event_type": event_type, "source": self.truth.parameters.source}
        names = CONTRACTS[event_type].native_columns
        row = {name: values[name] for name in names if name in values}
        return json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"


def _numbered(prefix: str, numbers: IntArray, digits: int) -> Callable[[str], Piece]:
    return lambda name: fragments.numbered(name, prefix, numbers, digits)


def _chosen(texts: tuple[str, ...] | list[str], places: IntArray) -> Callable[[str], Piece]:
    return lambda name: fragments.chosen(name, texts, places)


def _integers(values: IntArray) -> Callable[[str], Piece]:
    return lambda name: fragments.integers(name, values)
