"""The ratings, every table of the rating step; the check of the log; the releases before.

Keys are those of dbt's sources `ratings`, `log` and `releases`, so that they stand between the
dbt tables before them and those after. All are made in one step: one more step in between would
split dbt's tables once more.
"""

import time
from collections.abc import Iterator
from typing import Any

import dagster as dg
from pydantic import Field

from ingestion.log import EventLog
from orchestration.assets.common import DUCKDB_POOL, OWNERS, HomeResource, as_failure
from orchestration.building import Workspace, rate, rating_counts, read_release, show_ratings
from orchestration.log_verification import LOG_TABLES, VERIFICATION, verify
from orchestration.log_verification import SOURCE as LOG_SOURCE
from orchestration.rating_queries import input_tables
from orchestration.release_history import RELEASE_TABLES
from orchestration.release_history import SCHEMA as RELEASES_SOURCE
from publishing.boards.inputs import with_changes
from ratings.tables.declarations import RATING_TABLES
from ratings.tables.every_board import RATING

SOURCE, RATE = "ratings", "rate"
INPUTS = input_tables()
"""Every table that the rating step reads."""
BOARD = ["weighting", "stratum_id", "dimension", "estimator"]


def _specs() -> list[dg.AssetSpec]:
    kinds = {SOURCE: "parquet", LOG_SOURCE: "duckdb", RELEASES_SOURCE: "duckdb"}
    tables = {
        SOURCE: RATING_TABLES,
        LOG_SOURCE: LOG_TABLES,
        RELEASES_SOURCE: RELEASE_TABLES,
    }
    return [
        dg.AssetSpec(
            [source, name],
            deps=[dg.AssetKey(table.split(".")) for table in INPUTS],
            description=contract.grain,
            group_name=RATE,
            owners=OWNERS,
            kinds={"python", kinds[source]},
        )
        for source, contracts in tables.items()
        for name, contract in contracts.items()
    ]


class RatingConfig(dg.Config):
    """What `demoscope build --parameter` takes, in the launchpad."""

    parameters: list[str] = Field(
        default=[], description="name=value: a parameter of the ratings, such as draws=20000."
    )


@dg.multi_asset(name=SOURCE, specs=_specs(), pool=DUCKDB_POOL)
def ratings(
    context: dg.AssetExecutionContext, config: RatingConfig, home: HomeResource
) -> Iterator[dg.MaterializeResult[Any]]:
    """Rate every tournament, check the log that all is from, and show the releases before."""
    workspace = Workspace(home.paths.root)
    began = time.perf_counter()
    with as_failure():
        log = EventLog.open(home.paths.log)
        rated = rate(workspace, log, with_changes(config.parameters))
    seconds = round(time.perf_counter() - began, 2)
    counts = rating_counts(workspace)
    for name in RATING_TABLES:
        metadata: dict[str, Any] = {"dagster/row_count": counts[f"{SOURCE}/{name}"]}
        if name == RATING:
            metadata |= {
                "boards rated": rated.group_by(BOARD).aggregate([]).num_rows,
                "estimators": ", ".join(sorted(rated.column("estimator").unique().to_pylist())),
                "weightings": ", ".join(sorted(rated.column("weighting").unique().to_pylist())),
                "models": len(rated.column("model_id").unique()),
                "seconds": seconds,
            }
        yield dg.MaterializeResult(asset_key=[SOURCE, name], metadata=metadata)
    with as_failure():
        position = read_release(workspace)[0]["log_position"]
        found = verify(workspace.database, log, position, home.paths.log_public_key)
    said = {name: found[name] for name in ("log_position", "event_count", "is_verified")}
    yield dg.MaterializeResult(
        asset_key=[LOG_SOURCE, VERIFICATION], metadata={"dagster/row_count": 1, **said}
    )
    with as_failure():
        for unread in show_ratings(workspace):
            context.log.warning(unread)
    for name in RELEASE_TABLES:
        yield dg.MaterializeResult(asset_key=[RELEASES_SOURCE, name])
