"""The ratings: posteriors of every tournament, from the counts dbt made.

The key is that of dbt's source `ratings.rating`, so that it stands between the models before it
and those after it.

What stays out: the numerics (ratings/) and the order of a build (building.py).
"""

import time
from typing import Any

import dagster as dg

from ingestion.log import EventLog
from orchestration.assets.failures import as_failure
from orchestration.building import Workspace, rate
from orchestration.rating import RATING
from orchestration.rating.contract import RATING_TABLES
from orchestration.ratings.tournaments import RatingParameters
from orchestration.resources import DUCKDB_POOL, OWNERS, HomeResource


@dg.asset(
    key=["ratings", "rating"],
    deps=["fct_tournament_count", "fct_cell_count", "fct_weighted_judgment"],
    description=RATING_TABLES[RATING].grain,
    group_name="ratings",
    owners=OWNERS,
    kinds={"python", "parquet"},
    pool=DUCKDB_POOL,
)
def ratings(home: HomeResource) -> dg.MaterializeResult[Any]:
    """Rate every tournament."""
    began = time.perf_counter()
    with as_failure():
        log = EventLog.open(home.paths.log)
        rated = rate(Workspace(home.paths.root), log, RatingParameters())
    boards = rated.group_by(["weighting", "stratum_id", "dimension", "estimator"]).aggregate([])
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": rated.num_rows,
            "tournaments rated": boards.num_rows,
            "models": len(rated.column("model_id").unique()),
            "seconds": round(time.perf_counter() - began, 2),
        }
    )
