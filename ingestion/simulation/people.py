"""Who takes part: participants in chunks, what they say of themselves, and how they behave.

An answer is word for word: ages in years, groups by name, or nothing. A column of answers is a
short list of texts and, per participant, a place in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from ingestion.simulation.parameters import Calendar, Parameters
from ingestion.simulation.population import (
    FloatArray,
    IntArray,
    Margin,
    Population,
    sample_weights,
)
from ingestion.simulation.streams import Purpose, stream
from ingestion.simulation.truth import Truth

# Small enough that a chunk's lines stay in the processor's cache, large enough that numpy's
# overhead per call does not show.
BATTLES_PER_CHUNK = 16_384
UNDISCLOSED = -1
PARTICIPANT_PREFIX, PARTICIPANT_DIGITS = "p", 9
PREFER_NOT_TO_SAY = "Prefer not to say"
AGE = "age"
OLDEST = 99
# An open band thins out with age: half of it lies within its first dozen years.
OPEN_BAND_YEARS, OPEN_BAND_POWER = 36, 1.6

_BAND = re.compile(r"(\d+)(?:\s*[-\N{EN DASH}]\s*(\d+)|\s*\+)")


class Effort(StrEnum):
    """How a participant answers. The order is the code in `Participants.effort`."""

    ATTENTIVE = "attentive"
    ALWAYS_LEFT = "always_left"
    ALWAYS_TIE = "always_tie"
    RANDOM = "random"


EFFORTS: tuple[Effort, ...] = tuple(Effort)


@dataclass(frozen=True)
class Participants:
    """One chunk of n participants in order of arrival.

    Args:
        chunk: which chunk; with the seed it names every stream.
        first: number of the first participant in the study.
        country: place in the population's countries (n).
        cell: cell they live in, all countries' cells counted through (n).
        answers: per column of `participant_enrolled`, the group's place in the country's margin,
            or UNDISCLOSED (n).
        ages: uniform in 0..1: where in their band they are (n).
        arrived_at: when they enrolled (n).
        effort: place in EFFORTS (n).
        battle_counts: how many battles they judge (n).
    """

    chunk: int
    first: int
    country: IntArray
    cell: IntArray
    answers: dict[str, IntArray]
    ages: FloatArray
    arrived_at: IntArray
    effort: IntArray
    battle_counts: IntArray

    def __len__(self) -> int:
        return len(self.country)

    @property
    def numbers(self) -> IntArray:
        """Their numbers in the study."""
        return np.arange(self.first, self.first + len(self), dtype=np.int64)


def participant_id(number: int) -> str:
    """The source's own id of a participant."""
    return f"{PARTICIPANT_PREFIX}{number:0{PARTICIPANT_DIGITS}d}"


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
    answers: dict[str, IntArray] = {}
    for number, here in enumerate(population.countries):
        rows = np.flatnonzero(country == number)
        groups = []
        for place, margin in enumerate((*here.strata, *here.others)):
            drawn = stream(seed, Purpose.GROUP, chunk, place).random(size)[rows]
            group = _categories(sample_weights(margin, parameters.sampling_skew), drawn)
            if place < len(here.strata):
                groups.append(group)
            said = answers.setdefault(margin.axis, np.full(size, UNDISCLOSED, dtype=np.int64))
            said[rows] = _disclosed(parameters, margin, group, rows, (chunk, place, size))
        cell[rows] = population.cell_offsets[number]
        if groups:
            cell[rows] += np.ravel_multi_index(tuple(groups), here.shape)
    battle_counts = _battle_counts(parameters, chunk, first, size)
    return Participants(
        chunk=chunk,
        first=first,
        country=country,
        cell=cell,
        answers=answers,
        ages=stream(seed, Purpose.AGE, chunk).random(size),
        arrived_at=_arrivals(parameters, chunk, first, size),
        effort=_efforts(parameters, chunk, battle_counts),
        battle_counts=battle_counts,
    )


def _categories(shares: FloatArray, uniform: FloatArray) -> IntArray:
    edges = np.cumsum(shares)[:-1]
    return np.searchsorted(edges, uniform, side="right").astype(np.int64)


def _disclosed(
    parameters: Parameters,
    margin: Margin,
    group: IntArray,
    rows: IntArray,
    where: tuple[int, int, int],
) -> IntArray:
    # Who keeps an answer back still lives in a group, and judges as people there do.
    chunk, place, size = where
    share = parameters.undisclosed_shares.get(margin.axis, 0.0)
    uniform = stream(parameters.seed, Purpose.UNDISCLOSED, chunk, place).random(size)
    return np.where(uniform[rows] < share, UNDISCLOSED, group)


def _arrivals(parameters: Parameters, chunk: int, first: int, size: int) -> IntArray:
    """One arrival somewhere in each participant's own slice of the span: sorted without a sort."""
    calendar = Calendar.of(parameters)
    uniform = stream(parameters.seed, Purpose.ARRIVAL, chunk).random(size)
    share = (np.arange(first, first + size) + uniform) / parameters.participants
    return calendar.start + (share * calendar.span).astype(np.int64)


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


def _margin(population: Population, country: int, axis: str) -> Margin | None:
    here = population.countries[country]
    return next((margin for margin in (*here.strata, *here.others) if margin.axis == axis), None)


def answer_texts(population: Population, axis: str) -> tuple[str, ...]:
    """Every answer to be met on an axis, whatever the country; the refusal to answer first."""
    margins = (_margin(population, number, axis) for number in range(len(population.countries)))
    groups = {group: None for margin in margins if margin for group in margin.groups}
    return (PREFER_NOT_TO_SAY, *groups)


def answer_places(population: Population, participants: Participants, axis: str) -> IntArray:
    """Place of every participant's answer; -1 where their country is not asked."""
    texts = answer_texts(population, axis)
    places = np.full(len(participants), -1, dtype=np.int64)
    for number in range(len(population.countries)):
        margin = _margin(population, number, axis)
        if margin is None:
            continue
        table = np.array([texts.index(group) for group in margin.groups] + [0])
        is_here = participants.country == number
        # UNDISCLOSED is -1, the table's last entry.
        places[is_here] = table[participants.answers[axis][is_here]]
    return places


def age_texts(population: Population) -> tuple[str, ...]:
    """Years, then the bands, for where a band cannot be read as years."""
    return (*map(str, range(OLDEST + 1)), *answer_texts(population, AGE))


def age_places(population: Population, participants: Participants) -> IntArray:
    """Place of every participant's age: in years where the band is like 18-34 or 55+."""
    if AGE not in participants.answers:
        return np.full(len(participants), -1, dtype=np.int64)
    answers = answer_places(population, participants, AGE)
    places = np.where(answers < 0, -1, answers + OLDEST + 1)
    for place, text in enumerate(answer_texts(population, AGE)):
        band = _BAND.fullmatch(text.strip())
        if band is None:
            continue
        is_here = answers == place
        youngest = int(band[1])
        years = int(band[2]) - youngest + 1 if band[2] else OPEN_BAND_YEARS
        within = participants.ages[is_here] ** (1.0 if band[2] else OPEN_BAND_POWER)
        places[is_here] = np.minimum(youngest + (within * years).astype(np.int64), OLDEST)
    return places
