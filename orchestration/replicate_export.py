"""Replicate weights of the default scheme as a file for a statistician's own program.

A row per participant: as confidential as `fct_replicate_weight` and `fct_participant_weight`, so
they are written on demand to a file of one's own, and are no part of a publication.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from ingestion.errors import NotFoundError, UsageError
from orchestration.database import mart_rows, open_database
from orchestration.rating_step import reading
from ratings.replicates import REPLICATE_COUNT
from ratings.rounding import MICRO
from ratings.tables.replicate_tables import PARTICIPANTS_MAX, replicate_rows

if TYPE_CHECKING:
    from pathlib import Path

    from ingestion.paths import Home

SCHEME = "select scheme, trim_hi from int_weighting_schemes__chosen where is_default"
STOPPED = """
select country, unrecognised_answers from rpt_weighting_diagnostics
where is_default and is_stopped
order by country
"""
PEOPLE = """
select people.participant_number, weights.participant_key, weights.country, weights.weight_micro
from fct_participant_weight as weights
inner join int_participants__with_verdicts as people
    on weights.participant_key = people.participant_key
where weights.scheme = $scheme
order by people.participant_number
"""


def replicates(home: Home, replicate_count: int = REPLICATE_COUNT) -> pa.Table:
    """Everybody weighted by the default scheme: participant_key, country, weight, rep_001, ...

    The first REPLICATE_COUNT are those of the table `fct_replicate_weight`.

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
        if people.num_rows > PARTICIPANTS_MAX:
            message = f"{people.num_rows:,} people are too many: at most {PARTICIPANTS_MAX:,}."
            raise UsageError(message, remedy="Use the clustered intervals: they need none.")
        found = replicate_rows(reading(connection), replicate_count)
    if not found.num_rows:
        raise _nobody(home, scheme["scheme"])
    return _by_column(found, people, replicate_count)


def _nobody(home: Home, scheme: str) -> NotFoundError:
    told = stopped(home)
    if not told:
        return NotFoundError("The last build weighted nobody.", remedy="Ingest participants.")
    message = (
        f"The last build weighted nobody by {scheme}: it stopped where more than one answer in"
        f" fifty is not understood ({told})."
    )
    return NotFoundError(message, remedy="Run: demoscope crosswalk")


def stopped(home: Home) -> str:
    """Countries in which nobody is weighted, and the answers that keep it; empty where none."""
    return "; ".join(
        f"{row['country']}: {row['unrecognised_answers']}" for row in mart_rows(home, STOPPED)
    )


def _by_column(found: pa.Table, people: pa.Table, replicate_count: int) -> pa.Table:
    weights = found.column(1).combine_chunks().flatten().to_numpy().reshape(-1, replicate_count)
    places = np.searchsorted(
        people.column("participant_number").to_numpy(), found.column(0).to_numpy()
    )
    known = people.take(pa.array(places))
    columns: dict[str, Any] = {
        "participant_key": known.column("participant_key"),
        "country": known.column("country"),
        "weight": known.column("weight_micro").to_numpy() / MICRO,
    }
    for number in range(replicate_count):
        columns[f"rep_{number + 1:03d}"] = weights[:, number] / MICRO
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
