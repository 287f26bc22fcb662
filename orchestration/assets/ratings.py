"""The ratings: every table of the rating step, from what dbt counted and weighted.

Keys are those of dbt's source `ratings`, so that the tables stand between the models before them
and those after.

What stays out: the rating step (rating/), its numerics (ratings/), the order of a build
(building.py).
"""

import time
from collections.abc import Iterator
from typing import Any

import dagster as dg
import pyarrow.parquet as pq

from ingestion.log import EventLog
from orchestration.assets.failures import as_failure
from orchestration.building import Workspace, rate
from orchestration.rating_tables import RATING
from orchestration.rating_tables.contract import RATING_TABLES
from orchestration.ratings.tournaments import RatingParameters
from orchestration.resources import DUCKDB_POOL, OWNERS, HomeResource

SOURCE = "ratings"
INPUTS = (
    "dim_cell",
    "dim_model",
    "dim_participant",
    "dim_stratum",
    "fct_battle",
    "fct_cell_count",
    "fct_participant_count",
    "fct_policy_count",
    "fct_tournament_count",
    "fct_weighted_judgment",
    "int_cells__grouped",
    "int_strata__celled",
    "int_strata__weighted",
    "seeds.seed_pairing_policies",
    "seeds.seed_pools",
    "seeds.seed_stopping_targets",
)
"""Every table that orchestration/rating_tables/inputs.py reads; a test proves it complete."""
BOARD = ["weighting", "stratum_id", "dimension", "estimator"]


def _specs() -> list[dg.AssetSpec]:
    return [
        dg.AssetSpec(
            [SOURCE, name],
            deps=[dg.AssetKey(table.split(".")) for table in INPUTS],
            description=contract.grain,
            group_name=SOURCE,
            owners=OWNERS,
            kinds={"python", "parquet"},
        )
        for name, contract in RATING_TABLES.items()
    ]


@dg.multi_asset(name=SOURCE, specs=_specs(), pool=DUCKDB_POOL)
def ratings(home: HomeResource) -> Iterator[dg.MaterializeResult[Any]]:
    """Rate every tournament."""
    workspace = Workspace(home.paths.root)
    began = time.perf_counter()
    with as_failure():
        rated = rate(workspace, EventLog.open(home.paths.log), RatingParameters())
    seconds = round(time.perf_counter() - began, 2)
    for name in RATING_TABLES:
        metadata: dict[str, Any] = {"dagster/row_count": 0}
        path = workspace.ratings / f"{name}.parquet"
        if path.exists():
            metadata["dagster/row_count"] = pq.read_metadata(path).num_rows
        if name == RATING:
            metadata |= {
                "boards rated": rated.group_by(BOARD).aggregate([]).num_rows,
                "estimators": ", ".join(sorted(rated.column("estimator").unique().to_pylist())),
                "weightings": ", ".join(sorted(rated.column("weighting").unique().to_pylist())),
                "models": len(rated.column("model_id").unique()),
                "seconds": seconds,
            }
        yield dg.MaterializeResult(asset_key=[SOURCE, name], metadata=metadata)
