"""Events as lines in native form: the keys in the contract's order, what is not known left out.

Lines are built whole columns at a time. A column is one JSON text for every row, or an Arrow column
of JSON texts, null where the key is to be left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import CONTRACTS
from ingestion.simulation.battles import OUTCOMES, UNLABELLED, Battles
from ingestion.simulation.parameters import REGISTERED_BEFORE, TOPICS, Calendar, iso
from ingestion.simulation.people import (
    PARTICIPANT_DIGITS,
    PARTICIPANT_PREFIX,
    Participants,
    age_places,
    age_texts,
    answer_places,
    answer_texts,
)
from ingestion.simulation.population import IntArray
from ingestion.simulation.truth import Truth
from ingestion.vocabulary import EventType

BATTLE_PREFIX, CONVERSATION_PREFIX, LABEL_PREFIX, BATTLE_DIGITS = "b", "c", "l", 10
LABEL, LABEL_VALUES = "topic", ("on_topic", "drifted")
JUDGE, JUDGE_VERSION = "simulated-judge", "1"
LANGUAGE = "en"
RETIREMENT = "Withdrawn by its provider in favour of a successor."
_VERDICT = ("dimension", "model_a", "model_b", "outcome")

TEXT = pa.string()
Column: TypeAlias = Any
"""A text for every row, or an Arrow column of texts (which has no static type)."""


@dataclass(frozen=True)
class LineWriter:
    """Turns what was drawn for one study into lines."""

    truth: Truth

    def models(self) -> bytes:
        """Registrations, then retirements in the order of time."""
        parameters = self.truth.parameters
        calendar = Calendar.of(parameters)
        registered = iso(calendar.start - REGISTERED_BEFORE)
        rows = [
            self._row(
                EventType.MODEL_REGISTERED,
                native_id=model.model_id,
                occurred_at=registered,
                **model._asdict(),
            )
            for model in parameters.models
        ]
        rows += [
            self._row(
                EventType.MODEL_RETIRED,
                native_id=model.model_id,
                occurred_at=iso(at),
                model_id=model.model_id,
                reason=RETIREMENT,
            )
            for model, at in zip(reversed(parameters.models), calendar.retired_at, strict=False)
        ]
        return "".join(rows).encode()

    def participants(self, participants: Participants) -> Any:
        """One enrolment per participant."""
        population = self.truth.population
        names = ids(PARTICIPANT_PREFIX, participants.numbers, PARTICIPANT_DIGITS)
        countries = [country.name for country in population.countries]
        columns = {
            "native_id": names,
            "occurred_at": instants(participants.arrived_at),
            "participant_id": names,
            "country": chosen(countries, participants.country),
            "age": chosen(age_texts(population), age_places(population, participants)),
        }
        for axis in participants.answers.keys() - columns.keys():
            places = answer_places(population, participants, axis)
            columns[axis] = chosen(answer_texts(population, axis), places)
        return self._lines(EventType.PARTICIPANT_ENROLLED, columns)

    def conversations(self, participants: Participants, battles: Battles, first: int) -> Any:
        """One conversation per battle; `first` is the number of the chunk's first battle."""
        names = ids(CONVERSATION_PREFIX, np.arange(first, first + len(battles)), BATTLE_DIGITS)
        who = participants.numbers[battles.participant]
        counts = battles.conversations.counts
        return self._lines(
            EventType.CONVERSATION_RECORDED,
            {
                "native_id": names,
                "occurred_at": instants(battles.ended_at),
                "participant_id": ids(PARTICIPANT_PREFIX, who, PARTICIPANT_DIGITS),
                "conversation_id": names,
                **{name: pa.array(values).cast(TEXT) for name, values in counts.items()},
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
                "native_id": ids(LABEL_PREFIX, numbers, BATTLE_DIGITS),
                "occurred_at": instants(battles.judged_at[labelled]),
                "conversation_id": ids(CONVERSATION_PREFIX, numbers, BATTLE_DIGITS),
                "label": _json(LABEL),
                "value": chosen(LABEL_VALUES, drift[labelled]),
                "judge": _json(JUDGE),
                "judge_version": _json(JUDGE_VERSION),
            },
        )

    def battles(self, participants: Participants, battles: Battles, first: int) -> Any:
        """One line per battle and dimension, a battle's lines together."""
        numbers = np.arange(first, first + len(battles))
        who = participants.numbers[battles.participant]
        columns = {
            "native_id": ids(BATTLE_PREFIX, numbers, BATTLE_DIGITS),
            "occurred_at": instants(battles.judged_at),
            "participant_id": ids(PARTICIPANT_PREFIX, who, PARTICIPANT_DIGITS),
            "conversation_id": ids(CONVERSATION_PREFIX, numbers, BATTLE_DIGITS),
            "language": _json(LANGUAGE),
            "topic": chosen(TOPICS, battles.topic),
        }
        # All dimensions of a battle share what stands before and after the verdict.
        names = CONTRACTS[EventType.BATTLE_JUDGED].native_columns
        start = names.index(_VERDICT[0])
        head, tail = names[:start], names[start + len(_VERDICT) :]
        before = _joined("{", *self._pieces(EventType.BATTLE_JUDGED, head, columns))
        after = _joined(*self._pieces(EventType.BATTLE_JUDGED, tail, columns))
        after = _joined(_trimmed(after), "}\n")
        pieces: list[Column] = []
        for dimension in range(len(self.truth.parameters.dimensions)):
            verdicts = self._verdicts.take(pa.array(self._verdict_places(battles, dimension)))
            pieces += [before, verdicts, after]
        return _content(_joined(*pieces))

    @cached_property
    def _verdicts(self) -> pa.Array:
        """Everything a participant can say: dimension x left x right x outcome."""
        models = [model.model_id for model in self.truth.parameters.models]
        values = (self.truth.parameters.dimensions, models, models, OUTCOMES)
        pieces = [
            [f"{_json(name)}:{_json(value)}," for value in column]
            for name, column in zip(_VERDICT, values, strict=True)
        ]
        return pa.array(["".join(verdict) for verdict in product(*pieces)])

    def _verdict_places(self, battles: Battles, dimension: int) -> IntArray:
        size = self.truth.parameters.model_count
        pair = (dimension * size + battles.left) * size + battles.right
        return np.asarray(pair * len(OUTCOMES) + battles.outcomes[:, dimension])

    def _lines(self, event_type: EventType, columns: Mapping[str, Column]) -> Any:
        names = CONTRACTS[event_type].native_columns
        row = _trimmed(_joined(*self._pieces(event_type, names, columns)))
        return _content(_joined("{", row, "}\n"))

    def _pieces(
        self, event_type: EventType, names: Sequence[str], columns: Mapping[str, Column]
    ) -> Iterator[Column]:
        """`"name":value,` per column, in the contract's order."""
        source = self.truth.parameters.source
        known = {"event_type": _json(event_type), "source": _json(source), **columns}
        for name in names:
            if name in known:
                piece = _joined(f"{_json(name)}:", known[name], ",")
                yield piece.as_py() if isinstance(piece, pa.Scalar) else piece.fill_null("")

    def _row(self, event_type: EventType, **values: str) -> str:
        values |= {"event_type": event_type, "source": self.truth.parameters.source}
        names = CONTRACTS[event_type].native_columns
        row = {name: values[name] for name in names if name in values}
        return json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"


def _json(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def chosen(texts: Sequence[str], places: IntArray) -> pa.Array:
    """One of a few texts per row, null where the place is -1."""
    return pa.array([_json(text) for text in texts], TEXT).take(pa.array(places, mask=places < 0))


def ids(prefix: str, numbers: IntArray, width: int) -> pa.Array:
    """A prefix and a number of so many digits."""
    digits = pc.utf8_lpad(pa.array(numbers).cast(TEXT), width, "0")
    return _joined(f'"{prefix}', digits, '"')


def instants(at: IntArray) -> pa.Array:
    """ISO 8601 with microseconds and Z."""
    text = pa.array(at).cast(pa.timestamp("us")).cast(TEXT)
    return _joined('"', pc.replace_substring(text, " ", "T"), 'Z"')


def _joined(*columns: Column) -> Any:
    """Texts side by side, null where one is."""
    texts = (pa.scalar(text, TEXT) if isinstance(text, str) else text for text in columns)
    return pc.binary_join_element_wise(*texts, pa.scalar("", TEXT))


def _trimmed(row: pa.Array) -> pa.Array:
    """Without the last comma."""
    return pc.utf8_rtrim(row, characters=",") if len(row) else row


def _content(text: pa.Array) -> Any:
    """The bytes of all values, one after another, without a copy where they have no gaps."""
    if not len(text):
        return b""
    _, offsets, data = text.buffers()
    edges = np.frombuffer(offsets, np.int32)[text.offset : text.offset + len(text) + 1]
    return memoryview(data)[edges[0] : edges[-1]]
