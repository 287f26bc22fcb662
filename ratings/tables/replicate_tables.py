"""Replicate weights of the default scheme, a row per participant, for a statistician's program."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ratings.replicates import REPLICATE_COUNT, replicate_weights
from ratings.rounding import MICRO
from ratings.tables.declarations import RATING_TABLES
from ratings.tables.inputs import Read
from ratings.tables.weighting_cells import levels_of

REPLICATE_WEIGHT = "replicate_weight"
PARTICIPANTS_MAX = 200_000
"""Beyond, they would be larger than memory; 200 replicates of so many people are 0.3 GB."""
SEED = 1992


def replicate_rows(read: Read, replicate_count: int = REPLICATE_COUNT) -> pa.Table:
    """The table `replicate_weight`, in integers, ordered by country and participant.

    Empty where the default scheme has no bounds, or weights nobody, or more than PARTICIPANTS_MAX.
    """
    empty = RATING_TABLES[REPLICATE_WEIGHT].schema.empty_table()
    people = read("replicated_people")
    if not people.num_rows or people.num_rows > PARTICIPANTS_MAX:
        return empty
    cells = read("replicated_cells")
    return pa.concat_tables([empty, *_of_countries(people, cells, replicate_count)])


def _of_countries(people: pa.Table, cells: pa.Table, replicate_count: int) -> Iterator[pa.Table]:
    for raking in pc.unique(people.column("raking_id")).to_pylist():
        here = pc.field("raking_id") == raking
        yield _of_country(people.filter(here), cells.filter(here), replicate_count)


def _of_country(people: pa.Table, cells: pa.Table, replicate_count: int) -> pa.Table:
    levels, targets = levels_of(cells)
    places = np.searchsorted(
        cells.column("cell_number").to_numpy(), people.column("cell_number").to_numpy()
    )
    bounds = (cells.column("trim_lo")[0].as_py(), cells.column("trim_hi")[0].as_py())
    [country] = pc.unique(people.column("country")).to_pylist()
    # A stream per country, so that one more country changes no other's replicates.
    seed = SEED + int.from_bytes(country.encode(), "big")
    weights = replicate_weights(places, levels, targets, bounds, seed, replicate_count)
    micro = np.rint(weights * MICRO).astype(np.int64)
    ends = np.arange(people.num_rows + 1, dtype=np.int32) * replicate_count
    lists = pa.ListArray.from_arrays(pa.array(ends), pa.array(micro.ravel()))
    schema = RATING_TABLES[REPLICATE_WEIGHT].schema
    return pa.table([people.column("participant_number"), lists], schema=schema)
