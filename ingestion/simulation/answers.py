"""What participants say of themselves, word for word: ages in years, groups by name, or nothing.

Texts and places: a column is a short list of texts and, per participant, a place in it.

What stays out: who lives where (sample.py) and how an answer becomes a group again (dbt).
"""

from __future__ import annotations

import re

import numpy as np

from ingestion.simulation.population import IntArray, Margin, Population
from ingestion.simulation.sample import Participants

PREFER_NOT_TO_SAY = "Prefer not to say"
AGE = "age"
OLDEST = 99
# An open band thins out with age: half of it lies within its first dozen years.
OPEN_BAND_YEARS, OPEN_BAND_POWER = 36, 1.6

_BAND = re.compile(r"(\d+)(?:\s*[-\N{EN DASH}]\s*(\d+)|\s*\+)")


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
