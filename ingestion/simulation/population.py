"""Who lives where: countries, their axes and the shares of every group.

Margins only, as the census publishes them: within a country the axes are independent of each
other. With additive effects a country's true skill depends on the margins alone, so nothing that
weighting to margins could mend is lost by it.

What stays out: where the figures come from (seeds.py) and who takes part in a study (sample.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

SHARE_TOLERANCE = 1e-6


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

    @property
    def cell_count(self) -> int:
        """Combinations of groups over the strata's axes."""
        return prod(self.shape)

    @cached_property
    def cell_groups(self) -> IntArray:
        """Group of every cell on every axis (axes, cells)."""
        return np.indices(self.shape).reshape(len(self.shape), -1)


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
        counts = [country.cell_count for country in self.countries]
        return np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)

    def strata(self) -> Iterator[tuple[Country, Margin, int]]:
        """Every stratum: country, axis and the group's place in it."""
        for country in self.countries:
            for margin in country.strata:
                for group in range(len(margin.groups)):
                    yield country, margin, group


def stratum_id(country: str, axis: str, group: str) -> str:
    """How a stratum is written: US/age/18-34."""
    return f"{country}/{axis}/{group}"


def cell_shares(margins: tuple[FloatArray, ...]) -> FloatArray:
    """Shares of a country's cells under independent axes, in cell order."""
    shares = np.ones(1)
    for margin in margins:
        shares = np.multiply.outer(shares, margin).reshape(-1)
    return shares
