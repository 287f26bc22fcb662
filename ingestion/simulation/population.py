"""Who lives where, as the weighting seeds have it: countries, their axes and shares of every group.

Margins only, as the census publishes them: within a country the axes are independent of each
other. With additive effects a country's true skill depends on the margins alone, so nothing that
weighting to margins could correct is lost by it.

The sample differs from the population in the directions seen on online panels: the young, the
educated and the left of centre are over-represented. A group that TILTS does not name comes as the
population does, so a new country or group is sampled fairly until it has a tilt.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ingestion.contracts import CONTRACTS
from ingestion.errors import NotFoundError, UsageError
from ingestion.vocabulary import EventType

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
TextArray = NDArray[np.object_]

COUNTRY_AXIS = "country"
SHARE_TOLERANCE = 1e-6
SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds"

# Answers the census has no figure for, and how many give them. Only where an axis makes no strata:
# elsewhere the truth about the population would be unknown.
UNTARGETED: Mapping[str, Mapping[str, float]] = {"gender": {"Non-binary": 0.012}}

# Log odds of taking part, relative to a group that is not named.
TILTS: Mapping[str, Mapping[str, float]] = {
    "age": {"18-34": 0.7, "35-54": 0.2, "55+": -1.0},
    "ethnicity": {"Asian": 0.4, "Black": -0.3},
    "politics": {
        "Democrat": 0.4,
        "Republican": -0.4,
        "Labour": 0.2,
        "Liberal Democrat": 0.2,
        "Green": 0.5,
        "Conservative": -0.4,
        "Reform UK": -0.5,
    },
    "education": {
        "Bachelor's or higher": 0.7,
        "Less than high school": -0.9,
        "High school graduate": -0.5,
        "Level 4 qualifications or above": 0.7,
        "No qualifications": -0.9,
        "Level 1 and entry level qualifications": -0.5,
    },
}

Row = dict[str, str]


@dataclass(frozen=True)
class Margin:
    """The groups of one axis in one country.

    Args:
        axis: its name, which is also the column of `participant_enrolled` that holds the answer.
        groups: names as participants give them.
        shares: of the adult population, in the groups' order; they sum to 1.

    Raises:
        ValueError: no groups, or shares that are not shares of a whole.
    """

    axis: str
    groups: tuple[str, ...]
    shares: tuple[float, ...]

    def __post_init__(self) -> None:
        total = sum(self.shares)
        is_whole = len(self.shares) == len(self.groups) and abs(total - 1.0) <= SHARE_TOLERANCE
        if not self.groups or not is_whole or min(self.shares) < 0.0:
            raise ValueError(f"{self.axis}: {self.shares} are not the shares of {self.groups}.")

    @property
    def weights(self) -> FloatArray:
        """Shares that sum to 1 as well as floats can."""
        shares = np.asarray(self.shares, dtype=np.float64)
        return np.asarray(shares / shares.sum())


@dataclass(frozen=True)
class Country:
    """One country.

    Args:
        name: as the weighting seeds name it.
        adults: adult population; only the ratio between countries matters.
        strata: axes whose groups are strata, and which may move a model's skill.
        others: further answers (gender, education): they skew the sample and move no skill.
    """

    name: str
    adults: float
    strata: tuple[Margin, ...]
    others: tuple[Margin, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """Groups per axis; cells are numbered in C order over it."""
        return tuple(len(margin.groups) for margin in self.strata)

    @cached_property
    def margins(self) -> tuple[Margin, ...]:
        """What moves a model's skill: the country as a margin of one group, then the strata."""
        return (Margin(COUNTRY_AXIS, (self.name,), (1.0,)), *self.strata)

    @cached_property
    def cell_groups(self) -> IntArray:
        """Group of every cell on every margin (margins, cells)."""
        return np.indices((1, *self.shape)).reshape(len(self.margins), -1)


@dataclass(frozen=True)
class Population:
    """All countries of a study."""

    countries: tuple[Country, ...]

    @property
    def country_shares(self) -> FloatArray:
        """Of all adults, in the countries' order."""
        adults = np.array([country.adults for country in self.countries])
        return np.asarray(adults / adults.sum())

    @property
    def cell_offsets(self) -> IntArray:
        """Number of each country's first cell, all countries' cells counted through."""
        counts = [prod(country.shape) for country in self.countries]
        return np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)


def stratum_id(country: str, axis: str, group: str) -> str:
    """How a stratum is written: US/age/18-34; a whole country by its name."""
    return country if axis == COUNTRY_AXIS else f"{country}/{axis}/{group}"


def cell_shares(margins: Iterable[FloatArray]) -> FloatArray:
    """Shares of a country's cells under independent margins, in cell order."""
    return reduce(lambda shares, margin: np.multiply.outer(shares, margin).reshape(-1), margins)


def sample_weights(margin: Margin, skew: float) -> FloatArray:
    """Shares of a margin's groups among participants; the population's where `skew` is 0."""
    tilts = TILTS.get(margin.axis, {})
    tilt = np.array([tilts.get(group, 0.0) for group in margin.groups])
    weights = margin.weights * np.exp(skew * tilt)
    return np.asarray(weights / weights.sum())


def read_population(directory: Path = SEEDS) -> Population:
    """Countries, axes and shares of the seeds.

    Raises:
        NotFoundError: a seed is missing.
        UsageError: the seeds contradict each other, or name an axis participants are not asked.
    """
    try:
        return _population(directory)
    except (KeyError, ValueError) as error:
        raise UsageError(
            f"{directory}: seed_axes, seed_countries, seed_strata and seed_targets do not give a"
            f" population: {error}."
        ) from error


def _population(directory: Path) -> Population:
    axes, strata = _in_order(directory, "seed_axes"), _in_order(directory, "seed_strata")
    targets = _read(directory, "seed_targets")
    countries = []
    for row in _in_order(directory, "seed_countries"):
        margins: dict[bool, list[Margin]] = {True: [], False: []}
        for axis in axes:
            if axis["country"] == row["country"]:
                is_stratum = axis["is_stratum"].lower() == "true"
                margins[is_stratum].append(_margin(axis, strata, targets))
        others = map(_widened, margins[False])
        adults = float(row["adult_population"])
        countries.append(Country(row["country"], adults, tuple(margins[True]), tuple(others)))
    return Population(tuple(countries))


def _margin(axis: Row, strata: list[Row], targets: list[Row]) -> Margin:
    country, name, variable = axis["country"], axis["axis"], axis["variable"]
    own = [row for row in targets if (row["country"], row["variable"]) == (country, variable)]
    shares = {row["level"]: float(row["share"]) for row in own}
    own = [row for row in strata if (row["country"], row["axis"]) == (country, name)]
    groups = [row["group_name"] for row in own]
    if unknown := set(groups) - set(shares):
        raise UsageError(
            f"seed_strata: {country}/{name}: no target for {', '.join(sorted(unknown))}.",
            remedy="Give seed_targets a share for every group of seed_strata.",
        )
    if name not in CONTRACTS[EventType.PARTICIPANT_ENROLLED].native_columns:
        raise UsageError(f"seed_axes: {country}/{name}: participants are not asked for it.")
    ordered = [*groups, *(level for level in shares if level not in groups)]
    return Margin(name, tuple(ordered), tuple(shares[level] for level in ordered))


def _widened(margin: Margin) -> Margin:
    """With the answers that have no target, the others scaled by the rest."""
    new = UNTARGETED.get(margin.axis, {})
    rest = 1.0 - sum(new.values())
    shares = (*(rest * share for share in margin.weights.tolist()), *new.values())
    return Margin(margin.axis, (*margin.groups, *new), shares)


def _in_order(directory: Path, name: str) -> list[Row]:
    return sorted(_read(directory, name), key=lambda row: int(row["sort_order"]))


def _read(directory: Path, name: str) -> list[Row]:
    path = directory / f"{name}.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except FileNotFoundError as error:
        raise NotFoundError(f"{path}: no such seed.") from error
