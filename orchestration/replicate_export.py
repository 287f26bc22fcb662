"""Replicate weights of the default scheme, for a statistician's own program.

A row per participant: as confidential as `fct_participant_weight`, so they are written on demand to
a file of one's own, and are no part of a publication.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from ingestion.errors import NotFoundError, UsageError
from orchestration.database import mart_rows, open_database
from ratings.replicates import REPLICATE_COUNT, replicate_weights
from ratings.tables.weighting_cells import levels_of

if TYPE_CHECKING:
    from pathlib import Path

    from ingestion.paths import Home

PARTICIPANTS_MAX = 200_000
"""Beyond, the file would be larger than memory; 200 replicates of so many people are 0.3 GB."""
SEED = 1992

SCHEME = "select scheme, trim_hi from int_weighting_schemes__chosen where is_default"
PEOPLE = """
select
    people.participant_key, rakings.country, rakings.raking_id, allotted.cell_number,
    weights.weight_micro
from int_profiles__assigned_to_weighting_cells as allotted
inner join (
    select distinct raking_id, country from int_margins__targeted where scheme = $scheme
) as rakings using (raking_id)
inner join int_participants__with_verdicts as people using (profile_number)
inner join fct_participant_weight as weights
    on people.participant_key = weights.participant_key and weights.scheme = $scheme
order by rakings.country, people.participant_key
"""
CELLS = "select * from int_weighting_cells__counted order by raking_id, cell_number"


def replicates(home: Home, replicate_count: int = REPLICATE_COUNT) -> pa.Table:
    """Everybody weighted by the default scheme: participant_key, country, weight, rep_001, ...

    Raises:
        NotFoundError: the last build weighted nobody, or there is none.
        UsageError: the default scheme has no bounds, or there are too many people.
        BusyError: as of `mart_rows`.
    """
    [scheme] = mart_rows(home, SCHEME)
    if scheme["trim_hi"] is None:
        message = f"The default scheme {scheme['scheme']} has no bounds of weights."
        raise UsageError(message, remedy="Set trim_lo and trim_hi in seed_weighting_schemes.")
    with open_database(home.database, is_read_only=True) as connection:
        people = connection.sql(PEOPLE, params={"scheme": scheme["scheme"]}).to_arrow_table()
        cells = connection.sql(CELLS).to_arrow_table()
    if not people.num_rows:
        raise NotFoundError("The last build weighted nobody.", remedy="Ingest participants.")
    if people.num_rows > PARTICIPANTS_MAX:
        message = f"{people.num_rows:,} people are too many: at most {PARTICIPANTS_MAX:,}."
        raise UsageError(message, remedy="Use the clustered intervals, which need no replicates.")
    parts = [
        _of_country(
            people.filter(pc.equal(people.column("raking_id"), pa.scalar(raking))),
            cells.filter(pc.equal(cells.column("raking_id"), pa.scalar(raking))),
            replicate_count,
        )
        for raking in pc.unique(people.column("raking_id")).to_pylist()
    ]
    return pa.concat_tables(parts)


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
    columns: dict[str, Any] = {
        "participant_key": people.column("participant_key"),
        "country": people.column("country"),
        "weight": pc.divide(people.column("weight_micro").cast(pa.float64()), 1e6),
    }
    for number in range(replicate_count):
        columns[f"rep_{number + 1:03d}"] = np.rint(weights[:, number] * 1e6) / 1e6
    return pa.table(columns)


def write_replicates(table: pa.Table, path: Path) -> None:
    """Write CSV or Parquet, by the name's end, readable by its owner alone.

    Raises:
        UsageError: the name ends otherwise, or the file is there already.
    """
    if path.suffix not in {".csv", ".parquet"}:
        raise UsageError(f"{path} is neither .csv nor .parquet.", remedy="Choose one of the two.")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UsageError(f"{path} is there already.", remedy="Choose another name.") from error
    with os.fdopen(descriptor, "wb") as file:
        if path.suffix == ".csv":
            pyarrow.csv.write_csv(table, file)
        else:
            pq.write_table(table, file)
