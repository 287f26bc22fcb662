"""Who takes part: participants in chunks, what they say of themselves, and how they behave."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.simulation.parameters import Parameters, Purpose, stream
from ingestion.simulation.population import FloatArray, IntArray, TextArray, sample_weights
from ingestion.simulation.truth import Truth

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


@dataclass(frozen=True)
class Participants:
    """One chunk of n participants in order of arrival.

    Args:
        chunk: which chunk; with the seed it names every stream.
        first: number of the first participant in the study.
        country: place in the population's countries (n).
        cell: cell they live in, all countries' cells counted through (n).
        answers: per column of `participant_enrolled`, what each said, word for word: a group, or
            an age in years; None where their country is not asked (n).
        arrived_at: when they enrolled (n).
        effort: place in EFFORTS (n).
        battle_counts: how many battles they judge (n).
    """

    chunk: int
    first: int
    country: IntArray
    cell: IntArray
    answers: dict[str, TextArray]
    arrived_at: IntArray
    effort: IntArray
    battle_counts: IntArray

    def __len__(self) -> int:
        return len(self.country)

    @property
    def numbers(self) -> IntArray:
        """Their numbers in the study."""
        return np.arange(self.first, self.first + len(self), dtype=np.int64)


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
        first=first,
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
