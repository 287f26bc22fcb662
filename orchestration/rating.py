"""From the counts in the database to ratings as Parquet: the step between two dbt runs.

What stays out: the numerics (ratings/), rounding (boards/rounding.py) and the counts (dbt).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.boards.rounding import rounded
from orchestration.ratings.tournaments import RatingParameters, rate

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

COUNTS = """
select
    stratum_id as tournament_key, dimension, model_a, model_b,
    win_a_count, win_b_count, tie_count + both_bad_count as tie_count
from fct_tournament_count
order by all
"""
RATING_FILE = "rating.parquet"
UNWEIGHTED = "none"


def read_counts(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """The counts of every tournament, in a fixed order. both_bad is a tie for skill."""
    return connection.sql(COUNTS).to_arrow_table()


def seed_of(counts: pa.Table) -> int:
    """The seed of every random draw on a board: 128 bits of the hash of its counts."""
    digest = hashlib.sha256()
    for row in zip(*counts.to_pydict().values(), strict=True):
        digest.update(repr(row).encode())
    return int.from_bytes(digest.digest()[:16])


def rate_tournaments(counts: pa.Table, parameters: RatingParameters) -> pa.Table:
    """Rate every tournament; one row per weighting, stratum, dimension, estimator and model.

    Returns:
        Integers, text and booleans only: numbers in micro-units (boards/rounding.py).
    """
    ratings = rounded(rate(counts, parameters, seed_of(counts)))
    names = ["stratum_id" if name == "tournament_key" else name for name in ratings.column_names]
    weighting = pa.array([UNWEIGHTED] * ratings.num_rows, pa.string())
    return ratings.rename_columns(names).add_column(0, "weighting", weighting)


def write_ratings(ratings: pa.Table, directory: Path) -> Path:
    """Write the ratings where the `ratings.rating` source reads them."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / RATING_FILE
    temporary = path.with_suffix(".partial")
    pq.write_table(ratings, temporary, compression="zstd")
    temporary.replace(path)
    return path
