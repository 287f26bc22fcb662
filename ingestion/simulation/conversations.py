"""How participants converse: what a study tells of a conversation without telling its text.

Who does not try writes few and short turns, fast, pastes the same again, drifts off the topic and
misses attention checks; not always, and those who do try slip now and then too.

What stays out: when it happens and what is judged (battles.py), its lines (lines.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ingestion.simulation.population import FloatArray, IntArray
from ingestion.simulation.streams import Purpose, stream

FEWEST_TURNS = 3
ATTENTIVE_EXTRA_TURNS = 2.4
# Means per turn, and shares of turns: of those who try, then of those who do not.
TURN_SECONDS = (55.0, 4.0)
TURN_CHARACTERS = (95.0, 9.0)
PASTED_SHARES = (0.03, 0.35)
REPEATED_SHARES = (0.05, 0.7)
SINGLE_WORD_SHARES = (0.03, 0.6)
FAILED_SHARES = (0.02, 0.5)
DRIFTED_SHARES = (0.03, 0.4)
SPREAD = 0.7
MEDIAN_SPREAD = 0.15
CHECKED_SHARE = 0.5
LABELLED_SHARE = 0.1
UNLABELLED, ON_TOPIC, DRIFTED = -1, 0, 1

BoolArray = np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass(frozen=True)
class Conversations:
    """The conversations of one chunk of battles, one each (n).

    Args:
        turns: turns the participant took.
        characters: characters the participant wrote.
        median_characters: of a turn.
        single_words: turns of one word.
        duration_ms: time from first to last turn.
        median_ms: time a turn took to write.
        pasted: turns that were pasted.
        repeated: of those, turns sent before.
        checks: attention checks asked.
        failed: of those, failed.
        drift: what a judge said of the topic: UNLABELLED, ON_TOPIC or DRIFTED.
    """

    turns: IntArray
    characters: IntArray
    median_characters: IntArray
    single_words: IntArray
    duration_ms: IntArray
    median_ms: IntArray
    pasted: IntArray
    repeated: IntArray
    checks: IntArray
    failed: IntArray
    drift: IntArray


def draw_conversations(seed: int, chunk: int, is_careless: BoolArray) -> Conversations:
    """One conversation per battle of a chunk; `is_careless` (n) says who does not try."""
    size = len(is_careless)

    def of(pair: tuple[float, float]) -> FloatArray:
        return np.where(is_careless, pair[1], pair[0])

    generator = stream(seed, Purpose.CONVERSATION, chunk)
    extra = generator.geometric(1.0 / (1.0 + ATTENTIVE_EXTRA_TURNS), size) - 1
    planned = FEWEST_TURNS + np.where(is_careless, 0, extra)
    pace = np.exp(SPREAD * generator.standard_normal((2, size)) - SPREAD**2 / 2.0)
    duration_ms = (1000.0 * planned * of(TURN_SECONDS) * pace[1]).astype(np.int64)
    pasted = generator.binomial(planned, of(PASTED_SHARES))

    conduct = stream(seed, Purpose.CONDUCT, chunk)
    given_up = conduct.integers(0, FEWEST_TURNS, size)
    turns = planned - np.where(is_careless, given_up, 0)
    characters = np.maximum((turns * of(TURN_CHARACTERS) * pace[0]).astype(np.int64), turns)
    pasted = np.minimum(pasted, turns)
    medians = np.exp(MEDIAN_SPREAD * conduct.standard_normal((2, size)))
    checks = conduct.binomial(1, CHECKED_SHARE, size)
    is_labelled = conduct.random(size) < LABELLED_SHARE
    # Of every study something is labelled: a file without a row is refused.
    is_labelled[:1] |= chunk == 0
    drifted = conduct.binomial(1, of(DRIFTED_SHARES))
    return Conversations(
        turns=turns,
        characters=characters,
        median_characters=np.maximum((characters / turns * medians[0]).astype(np.int64), 1),
        single_words=conduct.binomial(turns, of(SINGLE_WORD_SHARES)),
        duration_ms=duration_ms,
        median_ms=(duration_ms / turns * medians[1]).astype(np.int64),
        pasted=pasted,
        repeated=conduct.binomial(pasted, of(REPEATED_SHARES)),
        checks=checks,
        failed=conduct.binomial(checks, of(FAILED_SHARES)),
        drift=np.where(is_labelled, drifted, UNLABELLED),
    )
