"""Write one simulated study: six files of native events and the truth behind them.

Memory is bounded by a chunk of battles, whatever the study's size; the same parameters and
population give the same bytes. A study tells of a conversation without telling its text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import CONTRACTS
from ingestion.simulation.attacks import plant
from ingestion.simulation.battles import (
    EFFORTS,
    OUTCOMES,
    UNLABELLED,
    Battles,
    Participants,
    draw_battles,
    draw_participants,
    numbered,
    participant_ids,
)
from ingestion.simulation.benchmarks import benchmark_columns, benchmark_truth, draw_scores
from ingestion.simulation.experience import CRITERIA, Experience, Ratings
from ingestion.simulation.flattery import conversations_of, flattery_labels
from ingestion.simulation.judged import draw_judged, label_columns
from ingestion.simulation.parameters import REGISTERED_BEFORE, TOPICS, Model, Parameters, instants
from ingestion.simulation.population import IntArray, Population, read_population
from ingestion.simulation.truth import Truth, draw_truth, write_truth
from ingestion.vocabulary import EventType

MODELS, PARTICIPANTS = "models.jsonl", "participants.jsonl"
CONVERSATIONS, LABELS, BATTLES = "conversations.jsonl", "labels.jsonl", "battles.jsonl"
JUDGED, RATINGS, BENCHMARKS = "judged.jsonl", "ratings.jsonl", "benchmarks.jsonl"
EVENT_FILES = (
    MODELS, PARTICIPANTS, CONVERSATIONS, LABELS, BATTLES, JUDGED, RATINGS, BENCHMARKS,
)  # fmt: skip
ATTACK, TRUTH = "attack.jsonl", "truth.json"
BATTLE_DIGITS = 10
LABEL = {"label": "topic", "judge": "simulated-judge", "judge_version": "1"}
LABEL_VALUES = ("on_topic", "drifted")
LANGUAGE = "en"
RETIREMENT = "Withdrawn by its provider in favour of a successor."
_LINES = r"select to_json(rows)::varchar || e'\n' from rows"
# Keys that are null are left out. Within a text their quotes would be escaped.
_LINES_OF_KNOWN = _LINES.replace(
    "to_json(rows)::varchar", r"""regexp_replace(to_json(rows)::varchar, ',"\w+":null', '', 'g')"""
)

Progress = Callable[[int, int], None]
"""Called with the judgments written so far and in all."""


@dataclass(frozen=True)
class Summary:
    """A study that was written.

    Args:
        files: the event files, in the order in which to ingest them.
        truth: the document that says what is true.
        counts: what they hold; one conversation per battle.
    """

    files: tuple[Path, ...]
    truth: Path
    counts: dict[str, int]


def simulate(
    parameters: Parameters,
    out_dir: Path,
    *,
    population: Population | None = None,
    progress: Progress | None = None,
    attack: str | None = None,
    attack_size: int | None = None,
) -> Summary:
    """Simulate a study into a directory, replacing an earlier one there.

    Args:
        parameters: which study.
        out_dir: made if need be.
        population: who there is; the census figures of the dbt seeds unless given.
        progress: told after every chunk.
        attack: what is planted beside it, in a file of its own (attacks.py).
        attack_size: of how many voters, variants, models or battles; the attack's own number
            unless given.

    Raises:
        DemoscopeError: the seeds do not give a population, or there is no such attack.
    """
    truth = draw_truth(parameters, read_population() if population is None else population)
    planted = plant(attack, truth, attack_size) if attack else None
    dimension_count = len(parameters.dimensions)
    low_effort: list[dict[str, str]] = []
    battle_count = judging_count = rating_count = 0
    experience = Experience(truth)
    out_dir.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        files = {name: stack.enter_context(_appearing(out_dir / name)) for name in EVENT_FILES}
        writer = _Writer(truth, stack.enter_context(duckdb.connect()))
        files[MODELS].writelines(writer.models())
        scores = draw_scores(truth)
        files[BENCHMARKS].write(writer.benchmarks(benchmark_columns(truth, scores)))
        for participants in draw_participants(truth):
            battles = draw_battles(truth, participants)
            files[PARTICIPANTS].write(writer.participants(participants))
            files[CONVERSATIONS].write(writer.conversations(participants, battles, battle_count))
            files[LABELS].write(writer.labels(battles, battle_count))
            files[BATTLES].write(writer.battles(participants, battles, battle_count))
            files[JUDGED].writelines(writer.judged(participants, battles, battle_count))
            ratings = experience.draw(participants, rating_count // len(CRITERIA))
            files[RATINGS].write(writer.ratings(participants, ratings))
            files[JUDGED].writelines(writer.flattery(participants, ratings))
            rating_count += len(ratings.rating)
            battle_count += len(battles)
            judging_count += int(np.count_nonzero(participants.battle_counts))
            low_effort += _low_effort(participants)
            if progress is not None:
                progress(battle_count * dimension_count, parameters.battle_count * dimension_count)
    counts = {
        "model_count": parameters.model_count,
        "participant_count": parameters.participants,
        "judging_participant_count": judging_count,
        "low_effort_participant_count": len(low_effort),
        "battle_count": battle_count,
        "judgment_count": battle_count * dimension_count,
        "rating_count": rating_count,
    }
    more: dict[str, Any] = {
        "benchmarks": benchmark_truth(truth, scores),
        "experience": experience.document(),
    }
    files_made = [out_dir / name for name in EVENT_FILES]
    (out_dir / ATTACK).unlink(missing_ok=True)
    if planted is not None:
        files_made.append(out_dir / ATTACK)
        with _appearing(out_dir / ATTACK) as file:
            file.writelines(f"{json.dumps(event)}\n".encode() for event in planted.events)
        more["attack"] = {"name": planted.name, **planted.document}
    write_truth(truth, out_dir / TRUTH, low_effort=low_effort, counts=counts, more=more)
    return Summary(tuple(files_made), out_dir / TRUTH, counts)


@contextmanager
def _appearing(path: Path) -> Iterator[IO[bytes]]:
    """A file that is there whole or not at all."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        with unfinished.open("wb") as file:
            yield file
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _low_effort(participants: Participants) -> list[dict[str, str]]:
    places = np.flatnonzero(participants.effort)
    ids = participant_ids(participants.numbers[places]).to_pylist()
    styles = [EFFORTS[style] for style in participants.effort[places]]
    return [{"participant_id": id_, "style": style} for id_, style in zip(ids, styles, strict=True)]


class _Writer:
    """Turns what was drawn for one study into lines of JSON."""

    def __init__(self, truth: Truth, connection: duckdb.DuckDBPyConnection) -> None:
        self._parameters = truth.parameters
        self._countries = [country.name for country in truth.population.countries]
        self._connection = connection

    def models(self) -> Iterator[Any]:
        """Registrations, then retirements in the order of time."""
        models, retired_at = self._parameters.models, self._parameters.retired_at
        columns: dict[str, Any] = {
            name: [getattr(model, name) for model in models] for name in Model._fields
        }
        registered_at = np.full(len(models), self._parameters.opens_at - REGISTERED_BEFORE)
        yield self._lines(EventType.MODEL_REGISTERED, columns["model_id"], registered_at, columns)
        retiring = columns["model_id"][::-1][: len(retired_at)]
        columns = {"model_id": retiring, "reason": RETIREMENT}
        yield self._lines(EventType.MODEL_RETIRED, retiring, retired_at, columns)

    def benchmarks(self, columns: dict[str, Any]) -> Any:
        """One line per report of a score."""
        ids, at = columns.pop("native_id"), columns.pop("at")
        return self._lines(EventType.BENCHMARK_REPORTED, ids, at, columns)

    def participants(self, participants: Participants) -> Any:
        """One enrolment per participant."""
        ids = participant_ids(participants.numbers)
        country = _chosen(self._countries, participants.country)
        columns = {"participant_id": ids, "country": country, **participants.answers}
        return self._lines(EventType.PARTICIPANT_ENROLLED, ids, participants.arrived_at, columns)

    def conversations(self, participants: Participants, battles: Battles, first: int) -> Any:
        """One conversation per battle; `first` is the number of the chunk's first battle."""
        ids = numbered("c", np.arange(first, first + len(battles)), BATTLE_DIGITS)
        who = participant_ids(participants.numbers[battles.participant])
        columns = {"participant_id": who, "conversation_id": ids, **battles.counts}
        return self._lines(EventType.CONVERSATION_RECORDED, ids, battles.ended_at, columns)

    def labels(self, battles: Battles, first: int) -> Any:
        """What a judge says of the topic of some conversations."""
        labelled = np.flatnonzero(battles.drift != UNLABELLED)
        ids = numbered("l", first + labelled, BATTLE_DIGITS)
        columns = {
            "conversation_id": numbered("c", first + labelled, BATTLE_DIGITS),
            "value": _chosen(LABEL_VALUES, battles.drift[labelled]),
            **LABEL,
        }
        judged_at = battles.judged_at[labelled]
        return self._lines(EventType.CONVERSATION_LABELLED, ids, judged_at, columns)

    def battles(self, participants: Participants, battles: Battles, first: int) -> Any:
        """One line per battle and dimension, a battle's lines together."""
        models = [model.model_id for model in self._parameters.models]
        dimensions = self._parameters.dimensions
        which = np.repeat(np.arange(len(battles)), len(dimensions))
        who = participants.numbers[battles.participant]
        ids = numbered("b", first + which, BATTLE_DIGITS)
        columns = {
            "participant_id": participant_ids(who[which]),
            "conversation_id": numbered("c", first + which, BATTLE_DIGITS),
            "dimension": _chosen(dimensions, np.arange(len(which)) % len(dimensions)),
            "model_a": _chosen(models, battles.left[which]),
            "model_b": _chosen(models, battles.right[which]),
            "outcome": _chosen(OUTCOMES, battles.outcomes.reshape(-1)),
            "language": LANGUAGE,
            "topic": _chosen(TOPICS, battles.topic[which]),
        }
        return self._lines(EventType.BATTLE_JUDGED, ids, battles.judged_at[which], columns)

    def judged(self, participants: Participants, battles: Battles, first: int) -> Iterator[Any]:
        """What a judge, and people of a sample, say of the models' answers."""
        drawn = draw_judged(self._parameters, participants.chunk, battles)
        ids = numbered("c", np.arange(first, first + len(battles)), BATTLE_DIGITS)
        for native, at, columns in label_columns(self._parameters, battles, drawn, ids):
            yield self._lines(EventType.CONVERSATION_LABELLED, native, at, columns)

    def flattery(self, participants: Participants, ratings: Ratings) -> Iterator[Any]:
        """What a judge, and people of a sample, say of answers that were rated."""
        who = participant_ids(participants.numbers[ratings.participant])
        for native, at, columns in flattery_labels(
            self._parameters, participants.chunk, ratings, who
        ):
            yield self._lines(EventType.CONVERSATION_LABELLED, native, at, columns)

    def ratings(self, participants: Participants, ratings: Ratings) -> Any:
        """One line per rating, a task's lines together."""
        models = [model.model_id for model in self._parameters.models]
        columns = {
            "participant_id": participant_ids(participants.numbers[ratings.participant]),
            "model_id": _chosen(models, ratings.model),
            "criterion": _chosen(CRITERIA, ratings.criterion),
            "rating": ratings.rating,
            "conversation_id": conversations_of(ratings.task),
        }
        ids = numbered("r", ratings.task, BATTLE_DIGITS)
        return self._lines(EventType.EXPERIENCE_RATED, ids, ratings.rated_at, columns)

    def _lines(
        self,
        event_type: EventType,
        ids: Any,
        occurred_at: Sequence[int] | IntArray,
        columns: Mapping[str, Any],
    ) -> Any:
        """One object per row, its keys in the contract's order; a text is every row's value."""
        known = {
            "native_id": ids,
            "event_type": event_type.value,
            "source": self._parameters.source,
            "occurred_at": instants(occurred_at),
            **columns,
        }
        for name, value in known.items():
            if isinstance(value, str):
                known[name] = pa.repeat(value, len(occurred_at))
        names = [name for name in CONTRACTS[event_type].native_columns if name in known]
        rows = pa.table({name: known[name] for name in names})
        self._connection.register("rows", rows)
        has_nulls = any(column.null_count for column in rows.columns)
        query = _LINES_OF_KNOWN if has_nulls else _LINES
        lines = self._connection.sql(query).to_arrow_table()[0]
        whole = pa.ListArray.from_arrays([0, len(lines)], lines.combine_chunks())
        return pc.binary_join(whole, "")[0].as_buffer()


def _chosen(texts: Sequence[str], places: IntArray) -> pa.Array:
    return pa.array(texts, pa.string()).take(pa.array(places))
