"""What participants do: pairs they meet, conversations they hold, verdicts they give.

What stays out: who they are (sample.py), what is true (truth.py), their lines (lines.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ingestion.simulation.calendar import SECOND, Calendar
from ingestion.simulation.population import FloatArray, IntArray
from ingestion.simulation.roster import TOPICS
from ingestion.simulation.sample import EFFORTS, Effort, Participants
from ingestion.simulation.streams import Purpose, stream
from ingestion.simulation.truth import Truth
from ingestion.vocabulary import Outcome

OUTCOMES: tuple[Outcome, ...] = (Outcome.A, Outcome.B, Outcome.TIE)
LEFT, RIGHT, TIE = range(3)

FEWEST_TURNS = 3
# Means per turn of those who try and of those who do not.
ATTENTIVE_EXTRA_TURNS = 2.4
TURN_SECONDS, CARELESS_TURN_SECONDS = 55.0, 4.0
TURN_CHARACTERS, CARELESS_TURN_CHARACTERS = 95.0, 9.0
SPREAD = 0.7
PASTED_SHARE, CARELESS_PASTED_SHARE = 0.03, 0.35
JUDGING_SECONDS, CARELESS_JUDGING_SECONDS = 40.0, 3.0
PAUSE_SECONDS = 600.0


@dataclass(frozen=True)
class Battles:
    """The battles of one chunk of participants: n of them, on D dimensions.

    Args:
        participant: place in the chunk (n).
        left: place in the study's models (n).
        right: place in the study's models (n).
        outcomes: place in OUTCOMES (n, D).
        topic: place in TOPICS (n).
        turns: turns of the conversation (n).
        characters: characters the participant wrote (n).
        duration_ms: time from first to last turn (n).
        pasted: turns that were pasted (n).
        ended_at: when the conversation ended (n).
        judged_at: when the verdicts were given, all dimensions at once (n).
    """

    participant: IntArray
    left: IntArray
    right: IntArray
    outcomes: IntArray
    topic: IntArray
    turns: IntArray
    characters: IntArray
    duration_ms: IntArray
    pasted: IntArray
    ended_at: IntArray
    judged_at: IntArray

    def __len__(self) -> int:
        return len(self.participant)


def draw_battles(truth: Truth, participants: Participants) -> Battles:
    """All battles of a chunk, participant after participant, each in the order of time."""
    parameters, chunk = truth.parameters, participants.chunk
    who = np.repeat(np.arange(len(participants)), participants.battle_counts)
    effort = participants.effort[who]
    is_careless = effort > 0
    turns, characters, duration_ms, pasted = _conversations(truth, chunk, is_careless)
    ended_at, judged_at = _clock(truth, participants, is_careless, duration_ms)
    left, right = _pairs(truth, chunk, judged_at)
    outcomes = _outcomes(truth, chunk, participants.cell[who], (left, right))
    _answer_carelessly(truth, chunk, effort, outcomes)
    topic = stream(parameters.seed, Purpose.TOPIC, chunk).integers(0, len(TOPICS), len(who))
    return Battles(
        who,
        left,
        right,
        outcomes,
        topic,
        turns,
        characters,
        duration_ms,
        pasted,
        ended_at,
        judged_at,
    )


def _conversations(
    truth: Truth, chunk: int, is_careless: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    generator = stream(truth.parameters.seed, Purpose.CONVERSATION, chunk)
    size = len(is_careless)
    extra = generator.geometric(1.0 / (1.0 + ATTENTIVE_EXTRA_TURNS), size) - 1
    turns = FEWEST_TURNS + np.where(is_careless, 0, extra)
    pace = np.exp(SPREAD * generator.standard_normal((2, size)) - SPREAD**2 / 2.0)
    letters = np.where(is_careless, CARELESS_TURN_CHARACTERS, TURN_CHARACTERS)
    seconds = np.where(is_careless, CARELESS_TURN_SECONDS, TURN_SECONDS)
    characters = np.maximum((turns * letters * pace[0]).astype(np.int64), turns)
    duration_ms = (1000.0 * turns * seconds * pace[1]).astype(np.int64)
    pasted = generator.binomial(turns, np.where(is_careless, CARELESS_PASTED_SHARE, PASTED_SHARE))
    return turns, characters, duration_ms, pasted.astype(np.int64)


def _clock(
    truth: Truth,
    participants: Participants,
    is_careless: np.ndarray[tuple[int], np.dtype[np.bool_]],
    duration_ms: IntArray,
) -> tuple[IntArray, IntArray]:
    """End of every conversation and of its judgment: one after another within a participant."""
    generator = stream(truth.parameters.seed, Purpose.CLOCK, participants.chunk)
    waits = generator.standard_exponential((2, len(is_careless)))
    seconds = np.where(is_careless, CARELESS_JUDGING_SECONDS, JUDGING_SECONDS)
    judging = SECOND + (SECOND * seconds * waits[0]).astype(np.int64)
    pause = SECOND + (SECOND * PAUSE_SECONDS * waits[1]).astype(np.int64)
    step = pause + 1000 * duration_ms + judging
    passed = np.cumsum(step)
    counts = participants.battle_counts
    # The sum runs through all participants; each starts anew at their own arrival.
    before = np.concatenate([[0], passed])[np.cumsum(counts) - counts]
    judged_at = np.repeat(participants.arrived_at - before, counts) + passed
    return judged_at - judging, judged_at


def _pairs(truth: Truth, chunk: int, at: IntArray) -> tuple[IntArray, IntArray]:
    """Two different models of those not retired, every ordered pair equally likely."""
    active = Calendar.of(truth.parameters).active_counts(truth.parameters.model_count, at)
    uniform = stream(truth.parameters.seed, Purpose.PAIR, chunk).random((2, len(at)))
    left = (uniform[0] * active).astype(np.int64)
    step = 1 + (uniform[1] * (active - 1)).astype(np.int64)
    return left, (left + step) % active


def _outcomes(
    truth: Truth, chunk: int, cell: IntArray, pair: tuple[IntArray, IntArray]
) -> IntArray:
    parameters = truth.parameters
    difference: FloatArray = stream(parameters.seed, Purpose.VERDICT, chunk).standard_normal(
        (len(cell), len(parameters.dimensions))
    )
    difference *= np.sqrt(2.0) * parameters.beta
    skills = truth.cell_skills
    difference += skills[cell, pair[0]]
    difference -= skills[cell, pair[1]]
    difference += parameters.left_bias
    decided = np.where(difference > 0.0, LEFT, RIGHT)
    return np.where(np.abs(difference) < truth.draw_margins, TIE, decided).astype(np.int64)


def _answer_carelessly(truth: Truth, chunk: int, effort: IntArray, outcomes: IntArray) -> None:
    """Overwrite in place what the low-effort participants said."""
    outcomes[effort == EFFORTS.index(Effort.ALWAYS_LEFT)] = LEFT
    outcomes[effort == EFFORTS.index(Effort.ALWAYS_TIE)] = TIE
    at_random = np.flatnonzero(effort == EFFORTS.index(Effort.RANDOM))
    generator = stream(truth.parameters.seed, Purpose.CARELESS_VERDICT, chunk)
    outcomes[at_random] = generator.integers(0, len(OUTCOMES), (len(at_random), outcomes.shape[1]))
