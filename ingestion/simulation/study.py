"""Write one simulated study: five files of events and the truth behind them.

Memory is bounded by a chunk of battles, whatever the study's size; the same parameters and
population give the same bytes. Files appear under their names only once they are whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from ingestion.simulation.battles import draw_battles
from ingestion.simulation.lines import LineWriter
from ingestion.simulation.parameters import Parameters
from ingestion.simulation.people import EFFORTS, Participants, draw_participants, participant_id
from ingestion.simulation.population import Population, read_population
from ingestion.simulation.truth import draw_truth, write_truth

MODELS, PARTICIPANTS = "models.jsonl", "participants.jsonl"
CONVERSATIONS, LABELS, BATTLES = "conversations.jsonl", "labels.jsonl", "battles.jsonl"
EVENT_FILES = (MODELS, PARTICIPANTS, CONVERSATIONS, LABELS, BATTLES)
TRUTH = "truth.json"

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
) -> Summary:
    """Simulate a study into a directory, replacing an earlier one there.

    Args:
        parameters: which study.
        out_dir: made if need be.
        population: who there is; the census figures of the dbt seeds unless given.
        progress: told after every chunk.

    Raises:
        DemoscopeError: the seeds do not give a population.
    """
    truth = draw_truth(parameters, read_population() if population is None else population)
    writer = LineWriter(truth)
    dimension_count = len(parameters.dimensions)
    low_effort: list[dict[str, str]] = []
    battle_count = judging_count = 0
    out_dir.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        files = {name: stack.enter_context(_appearing(out_dir / name)) for name in EVENT_FILES}
        files[MODELS].write(writer.models())
        for participants in draw_participants(truth):
            battles = draw_battles(truth, participants)
            files[PARTICIPANTS].write(writer.participants(participants))
            files[CONVERSATIONS].write(writer.conversations(participants, battles, battle_count))
            files[LABELS].write(writer.labels(battles, battle_count))
            files[BATTLES].write(writer.battles(participants, battles, battle_count))
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
    }
    write_truth(truth, out_dir / TRUTH, low_effort=low_effort, counts=counts)
    return Summary(tuple(out_dir / name for name in EVENT_FILES), out_dir / TRUTH, counts)


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
    return [
        {
            "participant_id": participant_id(participants.first + place),
            "style": EFFORTS[participants.effort[place]],
        }
        for place in np.flatnonzero(participants.effort).tolist()
    ]
