"""What participants do: pairs they meet, verdicts they give, and when.

What stays out: who they are (sample.py), what is true (truth.py), how they converse
(conversations.py), their lines (lines.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ingestion.simulation.calendar import SECOND, Calendar
from ingestion.simulation.conversations import Conversations, draw_conversations
from ingestion.simulation.population import FloatArray, IntArray
from ingestion.simulation.roster import TOPICS
from ingestion.simulation.sample import EFFORTS, Effort, Participants
from ingestion.simulation.streams import Purpose, stream
from ingestion.simulation.truth import Truth
from ingestion.vocabulary import Outcome

OUTCOMES: tuple[Outcome, ...] = (Outcome.A, Outcome.B, Outcome.TIE)
LEFT, RIGHT, TIE = range(3)

# Means of those who try and of those who do not.
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
        conversations: what is told of each one's conversation.
        ended_at: when the conversation ended (n).
        judged_at: when the verdicts were given, all dimensions at once (n).
    """

    participant: IntArray
    left: IntArray
    right: IntArray
    outcomes: IntArray
    topic: IntArray
    conversations: Conversations
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
    conversations = draw_conversations(parameters.seed, chunk, is_careless)
    ended_at, judged_at = _clock(truth, participants, is_careless, conversations.duration_ms)
    left, right = _pairs(truth, chunk, judged_at)
    outcomes = _outcomes(truth, chunk, participants.cell[who], (left, right))
    _answer_carelessly(truth, chunk, effort, outcomes)
    topic = stream(parameters.seed, Purpose.TOPIC, chunk).integers(0, len(TOPICS), len(who))
    return Battles(who, left, right, outcomes, topic, conversations, ended_at, judged_at)


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
