"""What the rating step reads: a function that gives a table by its name, and who the study is of.

`orchestration/rating_queries.py` has the query of every name; each has an explicit order of rows,
so that nothing depends on how the database runs it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ratings.compiled import FloatArray, IndexArray
from ratings.counts import COUNT_COLUMNS, MODEL_COLUMNS, with_codes

ROWS_AT_A_TIME = 65_536
Read = Callable[..., pa.Table]
"""From a table's name, and the values that choose its rows, to its rows; from any thread."""


def kept(read: Read, first: str, *others: str) -> Read | None:
    """These tables, read at once: what another process can be handed.

    None where the first has no rows.
    """
    rows = read(first)
    if not rows.num_rows:
        return None
    return ({name: read(name) for name in others} | {first: rows}).__getitem__


@dataclass(frozen=True)
class Study:
    """What is known of the population: the groups of each cell, and everybody's census shares.

    Args:
        groups: per country and axis, the census share of each group, 0 to 1.
        cells: per country, the cells; per cell, its group on each axis (absent where unknown).
        pools: per pool of countries, the share of each country.
    """

    groups: dict[str, dict[str, dict[str, float]]]
    cells: dict[str, dict[int, dict[str, str]]]
    pools: dict[str, dict[str, float]]


def read_study(read: Read) -> Study:
    """The population's groups, cells and pools."""
    groups: dict[str, dict[str, dict[str, float]]] = {}
    for country, axis, group, share in _rows(read("group_shares")):
        groups.setdefault(country, {}).setdefault(axis, {})[group] = share
    cells: dict[str, dict[int, dict[str, str]]] = {}
    for cell, country, axis, group in _rows(read("cell_groups")):
        known = cells.setdefault(country, {}).setdefault(cell, {})
        if group in groups.get(country, {}).get(axis, {}):
            known[axis] = group
    pools: dict[str, dict[str, float]] = {}
    for pool, country, share in _rows(read("pool_shares")):
        pools.setdefault(pool, {})[country] = share
    return Study(groups, cells, pools)


def ordered_battles(read: Read) -> Iterator[tuple[str, str, pa.Table]]:
    """Everybody and each country, dimension, and their battles in canonical order."""
    # Every battle is replayed; the strata below a country would replay them all again.
    strata = [(stratum, cells) for stratum, cells in _strata(read) if "/" not in stratum]
    for (dimension,) in _rows(read("dimensions")):
        battles = read("ordered_battles", dimension=dimension)
        for stratum, cells in strata:
            chosen = battles.filter(pc.is_in(battles.column("cell_id"), cells))
            if chosen.num_rows:
                yield stratum, dimension, chosen


class Judgments(NamedTuple):
    """Who judged a board: rows as ``dependence.judges_of`` takes them, of its battles."""

    people: pa.Table
    items: pa.Table


@dataclass(frozen=True)
class Judged:
    """What each known participant said of each pair, and on which item, by dimension.

    ``exclusions``: per policy and version, whose verdicts do not count under it. Rows of people who
    do not count now, by some policy, have no cell.
    """

    people: dict[str, pa.Table]
    items: dict[str, pa.Table]
    cells: dict[str, pa.Array]
    exclusions: dict[tuple[str, str], pa.Array]

    def of(self, stratum: str, dimension: str) -> Judgments:
        """A stratum's board."""
        cells = self.cells[stratum]
        return Judgments(
            *(
                rows.filter(pc.is_in(rows.column("cell_id"), cells))
                for rows in self._rows(dimension)
            )
        )

    def under(self, policy: str, version: str, dimension: str) -> Judgments:
        """Everybody's board under a quality policy."""
        left_out = self.exclusions.get((policy, version), pa.array([], pa.int64()))
        return Judgments(
            *(
                rows.filter(pc.invert(pc.is_in(rows.column("participant_id"), left_out)))
                for rows in self._rows(dimension)
            )
        )

    def weighted(self, read: Read) -> Iterator[tuple[str, str, str, pa.Table]]:
        """Weighting, stratum, dimension, and weights per participant, pair and outcome."""
        said = {dimension: Verdicts.of(rows) for dimension, rows in self.people.items()}
        top = max((int(one.person.max(initial=0)) for one in said.values()), default=0)
        for weighting, stratum in _rows(read("weighted_strata")):
            known = read("stratum_weights", weighting=weighting, stratum=stratum)
            person = known.column("participant_id").to_numpy()
            # Who has a weight may have rated models one by one and judged nothing.
            weights = np.full(max(top, int(person.max(initial=0))) + 1, np.nan)
            weights[person] = known.column("weight_micro").to_numpy()
            for dimension, one in said.items():
                rows = one.weighted(weights)
                if rows.num_rows:
                    yield weighting, stratum, dimension, rows

    def _rows(self, dimension: str) -> Iterator[pa.Table]:
        for name, tables in (("people", self.people), ("items", self.items)):
            yield tables.get(dimension, NOTHING_JUDGED[name])


_JUDGED = {"participant_id": pa.int64(), "cell_id": pa.int32(), "model_a": pa.string()}
_JUDGED |= {"model_b": pa.string()} | dict.fromkeys(COUNT_COLUMNS, pa.int64())
NOTHING_JUDGED = {
    "people": pa.schema(_JUDGED).empty_table(),
    "items": pa.schema(_JUDGED | {"item_id": pa.int64()}).empty_table(),
}


@dataclass(frozen=True, eq=False)
class Verdicts:
    """What people who count said on one dimension: what is weighted again for every stratum.

    ``rows`` (N): of `participant_counts`; ``counts``: three columns (N) of them; ``of_person``
    (N): verdicts that the row's person gave on the dimension.
    """

    rows: pa.Table
    person: IndexArray
    counts: list[IndexArray]
    of_person: FloatArray

    @classmethod
    def of(cls, rows: pa.Table) -> Self:
        """Of the rows of people with a cell."""
        rows = rows.filter(rows.column("cell_id").is_valid()).combine_chunks()
        person = rows.column("participant_id").to_numpy()
        counts = [rows.column(name).to_numpy() for name in COUNT_COLUMNS]
        return cls(rows, person, counts, np.bincount(person, sum(counts))[person])

    def weighted(self, weights: FloatArray) -> pa.Table:
        """What people with a weight said, in whole millionths of a participant.

        A person's weight is spread over their verdicts, as `fct_weighted_judgment` has it. Whole
        numbers, so that no sum of them depends on its order.

        Args:
            weights: by participant_id, millionths; NaN for who has none.

        Returns:
            participant_id, model_a, model_b, the weights in COUNT_COLUMNS, and battle_count, the
            verdicts behind a row.
        """
        weight = weights[self.person]
        kept = np.flatnonzero(~np.isnan(weight))
        counts = [each[kept] for each in self.counts]
        each = weight[kept] / self.of_person[kept]
        rows = self.rows.select(["participant_id", *MODEL_COLUMNS]).take(pa.array(kept))
        for name, count in zip(COUNT_COLUMNS, counts, strict=True):
            rows = rows.append_column(name, pa.array(_rounded(each * count)))
        return rows.append_column("battle_count", pa.array(sum(counts)))


def _rounded(amounts: FloatArray) -> IndexArray:
    # Halves upwards, as DuckDB and Spark round them; amounts are not below zero.
    whole = np.floor(amounts)
    return (whole + (amounts - whole >= 0.5)).astype(np.int64)


def judged(read: Read) -> Judged:
    """Who judged every board."""
    exclusions = read("policy_exclusions")
    policies: dict[tuple[str, str], list[int]] = {}
    for policy, version, person in _rows(exclusions):
        policies.setdefault((policy, version), []).append(person)
    return Judged(
        dict(by_dimension(with_codes(read("participant_counts")))),
        dict(by_dimension(with_codes(read("item_counts")))),
        dict(_strata(read)),
        {key: pa.array(people, pa.int64()) for key, people in policies.items()},
    )


def judged_battles(read: Read) -> tuple[dict[str, pa.Table], dict[str, pa.Array]]:
    """Per dimension its battles known one by one, with sides and times; per stratum its cells."""
    return dict(by_dimension(with_codes(read("judged_battles")))), dict(_strata(read))


def seed_of(counts: pa.Table) -> int:
    """A seed of 128 bits, of the hash of some counts."""
    digest = hashlib.sha256()
    # A million rows as objects are a gigabyte.
    for begin in range(0, counts.num_rows, ROWS_AT_A_TIME):
        rows = _rows(counts.slice(begin, ROWS_AT_A_TIME))
        digest.update("".join(map(repr, rows)).encode())
    return int.from_bytes(digest.digest()[:16])


def _rows(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    return zip(*table.to_pydict().values(), strict=True)


def _strata(read: Read) -> list[tuple[str, pa.Array]]:
    return [
        (stratum, pa.array(cells, pa.int32())) for stratum, cells in _rows(read("stratum_cells"))
    ]


def by_dimension(rows: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """Each dimension and its rows, of rows ordered by dimension."""
    if not rows.num_rows:
        return
    dimensions = rows.column("dimension").combine_chunks().dictionary_encode()
    codes = dimensions.indices.to_numpy()
    begins = np.flatnonzero(np.diff(codes, prepend=-1))
    for begin, end in zip(begins, np.append(begins, codes.size)[1:], strict=True):
        own = rows.slice(begin, end - begin).drop_columns(["dimension"])
        yield dimensions.dictionary[int(codes[begin])].as_py(), own
