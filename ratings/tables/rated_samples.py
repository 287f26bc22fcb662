"""Who rated what in each stratum under each weighting, from the tables of the rating step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa

from ratings.compiled import FloatArray, IndexArray, Mask
from ratings.experience import DomainMeans, domain_means, spread_weights
from ratings.tables.inputs import Read
from ratings.tournaments import UNWEIGHTED


@dataclass(frozen=True, eq=False)
class Ratings:
    """Ratings (R) of models on criteria.

    ``person``, ``model``, ``criterion`` (R): places, of people from 0 on; ``cell`` (R);
    ``value`` (R); ``is_counted`` (R). ``people``: their numbers, by place.
    ``kinds``: of each criterion; ``is_part``: whether it is a part of another.
    """

    person: IndexArray
    cell: IndexArray
    model: IndexArray
    criterion: IndexArray
    value: FloatArray
    is_counted: Mask
    people: IndexArray
    models: tuple[str, ...]
    criteria: tuple[str, ...]
    kinds: tuple[str | None, ...]
    is_part: tuple[bool, ...]

    @property
    def domain(self) -> IndexArray:
        """Criterion, then model (R)."""
        return self.criterion * len(self.models) + self.model

    @property
    def size(self) -> int:
        """How many domains there are."""
        return len(self.criteria) * len(self.models)

    def some(self, chosen: Mask) -> Ratings:
        """Those that are chosen."""
        names = ("person", "cell", "model", "criterion", "value", "is_counted")
        return replace(self, **{name: getattr(self, name)[chosen] for name in names})


@dataclass(frozen=True, eq=False)
class Sample:
    """The ratings of a stratum under a weighting, each with its rater's weight (R).

    ``left_out`` (D): ratings that stand and are not in it, by domain.
    """

    weighting: str
    stratum_id: str
    ratings: Ratings
    weight: FloatArray
    left_out: IndexArray

    @cached_property
    def means(self) -> DomainMeans:
        """Of every domain; under a weighting a person counts once for each."""
        return self.of(self.ratings.value)

    def of(self, value: FloatArray) -> DomainMeans:
        """Means of other values of the same ratings; those that are NaN are left out."""
        known = ~np.isnan(value)
        person, domain = self.ratings.person[known], self.ratings.domain[known]
        weight = self.weight[known]
        if self.weighting != UNWEIGHTED:
            weight = spread_weights(person, domain, weight)
        return domain_means(person, domain, value[known], weight, self.ratings.size)


@dataclass(frozen=True, eq=False)
class Strata:
    """Who is in each stratum, and its country and axis."""

    cells: Mapping[str, frozenset[int]]
    country: Mapping[str, str | None]
    axis: Mapping[str, str | None]

    def rest(self, stratum: str) -> frozenset[int]:
        """Cells of the other groups of its axis."""
        others = [
            self.cells[other]
            for other in self.cells
            if other != stratum
            and (self.country[other], self.axis[other])
            == (self.country[stratum], self.axis[stratum])
        ]
        return frozenset().union(*others)


def read_ratings(rows: pa.Table, declared: pa.Table) -> Ratings:
    """Of ratings as they are read, and the criteria that the study declares."""
    columns = rows.to_pydict()
    models, model = np.unique(np.array(columns["model_id"], dtype=object), return_inverse=True)
    known = {row["criterion"]: row for row in declared.to_pylist()}
    named = set(columns["criterion"])
    criteria = [name for name in known if name in named] + sorted(named - known.keys())
    places = {name: place for place, name in enumerate(criteria)}
    people, person = np.unique(
        np.array(columns["participant_id"], dtype=np.int64), return_inverse=True
    )
    own = [known.get(name, {}) for name in criteria]
    return Ratings(
        person=person.astype(np.int64),
        cell=np.array(columns["cell_id"], dtype=np.int64),
        model=model.astype(np.int64),
        criterion=np.array([places[name] for name in columns["criterion"]], dtype=np.int64),
        value=np.array(columns["rating"], dtype=np.float64),
        is_counted=np.array(columns["is_counted"], dtype=bool),
        people=people,
        models=tuple(models.tolist()),
        criteria=tuple(criteria),
        kinds=tuple(one.get("kind") for one in own),
        is_part=tuple(one.get("parent_criterion") is not None for one in own),
    )


def read_strata(read: Read) -> Strata:
    """Of the study."""
    cells = {row["stratum_id"]: row["cells"] for row in read("stratum_cells").to_pylist()}
    known = read("rating_strata").to_pylist()
    return Strata(
        {row["stratum_id"]: frozenset(cells.get(row["stratum_id"], ())) for row in known},
        {row["stratum_id"]: row["country"] for row in known},
        {row["stratum_id"]: row["axis"] for row in known},
    )


def samples_of(ratings: Ratings, strata: Strata, weights: pa.Table) -> Iterator[Sample]:
    """Every stratum with ratings: unweighted, then under each weighting that it has."""
    for stratum, cells in strata.cells.items():
        chosen = within(ratings, cells)
        if chosen.any():
            yield _sample(ratings, chosen, UNWEIGHTED, stratum, None)
    columns = weights.to_pydict()
    # Every rater with a weight is among those who rated.
    people = np.searchsorted(ratings.people, np.array(columns["participant_id"], dtype=np.int64))
    amounts = np.array(columns["weight_micro"], dtype=np.float64)
    boards: dict[tuple[str, str], list[int]] = {}
    for place, key in enumerate(zip(columns["weighting"], columns["stratum_id"], strict=True)):
        boards.setdefault(key, []).append(place)
    for (weighting, stratum), places in boards.items():
        of_person = np.zeros(ratings.people.size)
        of_person[people[places]] = amounts[places]
        chosen = within(ratings, strata.cells.get(stratum, frozenset()))
        sample = _sample(ratings, chosen, weighting, stratum, of_person)
        if sample.weight.size:
            yield sample


def within(ratings: Ratings, cells: frozenset[int]) -> Mask:
    """Which ratings (R) are of people in some cells."""
    return np.isin(ratings.cell, np.array(sorted(cells), dtype=np.int64))


def _sample(
    ratings: Ratings, chosen: Mask, weighting: str, stratum: str, of_person: FloatArray | None
) -> Sample:
    # ``of_person``: each person's weight, 0 where there is none; None: all ratings weigh 1.
    weight = np.ones(ratings.person.size) if of_person is None else of_person[ratings.person]
    used = chosen & ratings.is_counted & (weight > 0.0)
    left_out = np.bincount(ratings.domain[chosen & ~used], minlength=ratings.size)
    if of_person is not None and used.any():
        weight = weight / weight[used].mean()
    return Sample(weighting, stratum, ratings.some(used), weight[used], left_out)
