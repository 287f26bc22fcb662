"""Participants of a study and what they do: answers, pairs, conversations, verdicts, and when.

Participants who do not try write few and short turns, fast, paste the same again, drift off the
topic and miss attention checks; not always, and those who do try slip now and then too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.simulation.parameters import SECOND, TOPICS, Parameters, Purpose, stream
from ingestion.simulation.population import FloatArray, IntArray, TextArray, sample_weights
from ingestion.simulation.truth import Truth
from ingestion.vocabulary import Outcome

# Small enough that a chunk's lines stay in the processor's cache, large enough that numpy's
# overhead per call does not show.
BATTLES_PER_CHUNK = 16_384
PARTICIPANT_DIGITS = 9
PREFER_NOT_TO_SAY = "Prefer not to say"
AGE = "age"
OLDEST = 99
# An open band thins out with age: half of it lies within its first dozen years.
OPEN_BAND_YEARS, OPEN_BAND_POWER = 36, 1.6

_BAND = re.compile(r"(\d+)(?:\s*[-\N{EN DASH}]\s*(\d+)|\s*\+)")

# How a participant answers: the code in `Participants.effort` is the place in EFFORTS.
EFFORTS = ("attentive", "always_left", "always_tie", "random")
_, ALWAYS_LEFT, ALWAYS_TIE, AT_RANDOM = range(len(EFFORTS))

OUTCOMES: tuple[Outcome, ...] = (Outcome.A, Outcome.B, Outcome.TIE)
LEFT, RIGHT, TIE = range(3)

# Means of those who try and of those who do not.
JUDGING_SECONDS, CARELESS_JUDGING_SECONDS = 40.0, 3.0
PAUSE_SECONDS = 600.0

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
class Participants:
    """One chunk of n participants in order of arrival.

    Args:
        chunk: which chunk; with the seed it names every stream.
        numbers: their numbers in the study (n).
        country: place in the population's countries (n).
        cell: cell they live in, all countries' cells counted through (n).
        answers: per column of `participant_enrolled`, what each said, word for word: a group, or
            an age in years; None where their country is not asked (n).
        arrived_at: when they enrolled (n).
        effort: place in EFFORTS (n).
        battle_counts: how many battles they judge (n).
    """

    chunk: int
    numbers: IntArray
    country: IntArray
    cell: IntArray
    answers: dict[str, TextArray]
    arrived_at: IntArray
    effort: IntArray
    battle_counts: IntArray

    def __len__(self) -> int:
        return len(self.numbers)


def participant_ids(numbers: IntArray) -> Any:
    """The source's own ids of participants."""
    return numbered("p", numbers, PARTICIPANT_DIGITS)


def numbered(prefix: str, numbers: IntArray, digits: int) -> Any:
    """Ids of a prefix and a number of so many digits."""
    padded = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), digits, "0")
    return pc.binary_join_element_wise(prefix, padded, "")


def draw_participants(truth: Truth) -> Iterator[Participants]:
    """Yield all participants in chunks of about BATTLES_PER_CHUNK battles."""
    parameters = truth.parameters
    mean = max(parameters.battles_per_participant, 1.0)
    size = max(1, int(BATTLES_PER_CHUNK / mean))
    for chunk, first in enumerate(range(0, parameters.participants, size)):
        yield _draw_chunk(truth, chunk, first, min(size, parameters.participants - first))


def _draw_chunk(truth: Truth, chunk: int, first: int, size: int) -> Participants:
    parameters, population = truth.parameters, truth.population
    seed = parameters.seed
    uniform = stream(seed, Purpose.COUNTRY, chunk).random(size)
    country = _categories(truth.sample_countries, uniform)
    cell = np.zeros(size, dtype=np.int64)
    answers: dict[str, TextArray] = {}
    for number, here in enumerate(population.countries):
        rows = np.flatnonzero(country == number)
        groups = []
        for place, margin in enumerate((*here.strata, *here.others)):
            drawn = stream(seed, Purpose.GROUP, chunk, place).random(size)[rows]
            group = _categories(sample_weights(margin, parameters.sampling_skew), drawn)
            if place < len(here.strata):
                groups.append(group)
            # Who keeps an answer back still lives in a group, and judges as people there do.
            kept_back = stream(seed, Purpose.UNDISCLOSED, chunk, place).random(size)[rows]
            is_kept_back = kept_back < parameters.undisclosed_shares.get(margin.axis, 0.0)
            said = answers.setdefault(margin.axis, np.full(size, None, dtype=object))
            names = np.array(margin.groups, dtype=object)[group]
            said[rows] = np.where(is_kept_back, PREFER_NOT_TO_SAY, names)
        cell[rows] = population.cell_offsets[number]
        if groups:
            cell[rows] += np.ravel_multi_index(tuple(groups), here.shape)
    if AGE in answers:
        _tell_years(answers[AGE], stream(seed, Purpose.AGE, chunk).random(size))
    battle_counts = _battle_counts(parameters, chunk, first, size)
    return Participants(
        chunk=chunk,
        numbers=np.arange(first, first + size, dtype=np.int64),
        country=country,
        cell=cell,
        answers=answers,
        arrived_at=_arrivals(parameters, chunk, first, size),
        effort=_efforts(parameters, chunk, battle_counts),
        battle_counts=battle_counts,
    )


def _categories(shares: FloatArray, uniform: FloatArray) -> IntArray:
    edges = np.cumsum(shares)[:-1]
    return np.searchsorted(edges, uniform, side="right").astype(np.int64)


def _tell_years(ages: TextArray, within: FloatArray) -> None:
    """Put years in the place of bands like 18-34 or 55+; `within` says where in it, 0 to 1."""
    for text in set(ages) - {None}:
        band = _BAND.fullmatch(text.strip())
        if band is None:
            continue
        is_here = ages == text
        youngest = int(band[1])
        years = int(band[2]) - youngest + 1 if band[2] else OPEN_BAND_YEARS
        share = within[is_here] ** (1.0 if band[2] else OPEN_BAND_POWER)
        ages[is_here] = np.minimum(youngest + (share * years).astype(np.int64), OLDEST).astype(str)


def _arrivals(parameters: Parameters, chunk: int, first: int, size: int) -> IntArray:
    """One arrival somewhere in each participant's own slice of the span: sorted without a sort."""
    uniform = stream(parameters.seed, Purpose.ARRIVAL, chunk).random(size)
    share = (np.arange(first, first + size) + uniform) / parameters.participants
    return parameters.opens_at + (share * parameters.span).astype(np.int64)


def _battle_counts(parameters: Parameters, chunk: int, first: int, size: int) -> IntArray:
    """Battles per participant: some judge none, the others at least one and some many.

    The chunk's total is exact, so the study's is.
    """
    mean = parameters.battles_per_participant
    total = round((first + size) * mean) - round(first * mean)
    generator = stream(parameters.seed, Purpose.ACTIVITY, chunk)
    judging = min(max(1, round(size * parameters.judging_share)), total)
    who = generator.permutation(size)[:judging]
    counts = np.zeros(size, dtype=np.int64)
    counts[who] = 1
    if total > judging:
        activity = generator.standard_gamma(parameters.activity_shape, judging)
        # Where the shape is tiny all of them can underflow to zero.
        activity = activity + np.finfo(np.float64).tiny
        counts[who] += generator.multinomial(total - judging, activity / activity.sum())
    return counts


def _efforts(parameters: Parameters, chunk: int, battle_counts: IntArray) -> IntArray:
    """Low effort shows only in those who judge; its three styles are equally common."""
    uniform = stream(parameters.seed, Purpose.EFFORT, chunk).random(len(battle_counts))
    share = parameters.low_effort_share
    is_low = (uniform < share) & (battle_counts > 0)
    styles = len(EFFORTS) - 1
    style = 1 + np.minimum((uniform / max(share, 1e-12) * styles).astype(np.int64), styles - 1)
    return np.where(is_low, style, 0)


def _conversations(
    seed: int, chunk: int, is_careless: BoolArray
) -> tuple[dict[str, IntArray], IntArray]:
    """Counts and drift of one conversation per battle; `is_careless` (n) says who does not try."""
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
    median_characters = (characters / turns * medians[0]).astype(np.int64)
    counts = {
        "turn_count": turns,
        "character_count": characters,
        "median_turn_character_count": np.maximum(median_characters, 1),
        "single_word_turn_count": conduct.binomial(turns, of(SINGLE_WORD_SHARES)),
        "duration_ms": duration_ms,
        "median_turn_ms": (duration_ms / turns * medians[1]).astype(np.int64),
        "pasted_turn_count": pasted,
        "repeated_turn_count": conduct.binomial(pasted, of(REPEATED_SHARES)),
        "attention_check_count": checks,
        "attention_check_failed_count": conduct.binomial(checks, of(FAILED_SHARES)),
    }
    return counts, np.where(is_labelled, drifted, UNLABELLED)


@dataclass(frozen=True)
class Battles:
    """The battles of one chunk of participants: n of them, on D dimensions.

    Args:
        participant: place in the chunk (n).
        left: place in the study's models (n).
        right: place in the study's models (n).
        outcomes: place in OUTCOMES (n, D).
        topic: place in TOPICS (n).
        counts: of each one's conversation: columns of `conversation_recorded` by name (n).
        drift: what a judge said of its topic: UNLABELLED, ON_TOPIC or DRIFTED (n).
        ended_at: when the conversation ended (n).
        judged_at: when the verdicts were given, all dimensions at once (n).
    """

    participant: IntArray
    left: IntArray
    right: IntArray
    outcomes: IntArray
    topic: IntArray
    counts: dict[str, IntArray]
    drift: IntArray
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
    counts, drift = _conversations(parameters.seed, chunk, is_careless)
    ended_at, judged_at = _clock(truth, participants, is_careless, counts["duration_ms"])
    left, right = _pairs(truth, chunk, judged_at)
    cell = participants.cell[who]
    noise = stream(parameters.seed, Purpose.VERDICT, chunk).standard_normal(
        (len(who), len(parameters.dimensions))
    )
    skills = truth.cell_skills
    outcomes = verdicts(truth, noise, skills[cell, left], skills[cell, right], truth.draw_margins)
    outcomes[effort == ALWAYS_LEFT] = LEFT
    outcomes[effort == ALWAYS_TIE] = TIE
    at_random = np.flatnonzero(effort == AT_RANDOM)
    careless = stream(parameters.seed, Purpose.CARELESS_VERDICT, chunk)
    outcomes[at_random] = careless.integers(0, len(OUTCOMES), outcomes[at_random].shape)
    topic = stream(parameters.seed, Purpose.TOPIC, chunk).integers(0, len(TOPICS), len(who))
    return Battles(who, left, right, outcomes, topic, counts, drift, ended_at, judged_at)


def _clock(
    truth: Truth, participants: Participants, is_careless: BoolArray, duration_ms: IntArray
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
    active = truth.parameters.active_counts(at)
    uniform = stream(truth.parameters.seed, Purpose.PAIR, chunk).random((2, len(at)))
    left = (uniform[0] * active).astype(np.int64)
    step = 1 + (uniform[1] * (active - 1)).astype(np.int64)
    return left, (left + step) % active


def verdicts(
    truth: Truth, noise: FloatArray, left: FloatArray, right: FloatArray, margins: FloatArray
) -> IntArray:
    """Places in OUTCOMES, from standard normal noise and the skills of the models shown."""
    difference = noise * (np.sqrt(2.0) * truth.parameters.beta) + left - right
    difference += truth.parameters.left_bias
    decided = np.where(difference > 0.0, LEFT, RIGHT)
    return np.where(np.abs(difference) < margins, TIE, decided).astype(np.int64)


class Vote(NamedTuple):
    """What one participant said of one battle."""

    participant_id: str
    model_a: str
    model_b: str
    outcome: Outcome


@dataclass(frozen=True, eq=False)
class Voters:
    """The participants of a study; they try, whatever its share of low effort.

    Args:
        truth: what they go by.
        cells: the cell each lives in (participants).
        models: the study's models, in the order of the truth.
    """

    truth: Truth
    cells: IntArray
    models: tuple[str, ...]

    @classmethod
    def of(cls, truth: Truth) -> Self:
        """Those whom `simulate` enrols for the same truth."""
        cells = [chunk.cell for chunk in draw_participants(truth)]
        models = tuple(model.model_id for model in truth.parameters.models)
        return cls(truth, np.concatenate(cells), models)

    def judge(
        self, pairs: list[tuple[str, str]], *, dimension: str, place: tuple[int, ...]
    ) -> list[Vote]:
        """One vote per pair, each by another person as long as there are people.

        Args:
            pairs: models left and right.
            dimension: what is judged.
            place: names the streams of random numbers: study, round, ...
        """
        parameters = self.truth.parameters
        number = parameters.dimensions.index(dimension)
        order = stream(parameters.seed, Purpose.ASKED, *place).permutation(len(self.cells))
        who = np.resize(order, len(pairs))
        left = [self.models.index(first) for first, _ in pairs]
        right = [self.models.index(second) for _, second in pairs]
        noise = stream(parameters.seed, Purpose.ASKED_VERDICT, *place).standard_normal(len(pairs))
        skills = self.truth.cell_skills[self.cells[who], :, number]
        rows = np.arange(len(pairs))
        margin = self.truth.draw_margins[number]
        said = verdicts(self.truth, noise, skills[rows, left], skills[rows, right], margin)
        people = participant_ids(who).to_pylist()
        return [
            Vote(person, *pair, OUTCOMES[code])
            for person, pair, code in zip(people, pairs, said, strict=True)
        ]
