"""The publication: the marts as readers have them, immutable, under the board's id.

What stays out: what is public and how it is written (publishing/).
"""

from typing import Any

import dagster as dg

from orchestration.assets.failures import as_failure
from orchestration.assets.metadata import table
from orchestration.resources import DUCKDB_POOL, OWNERS, HomeResource
from publishing.publications.publication import publish
from publishing.publications.store import Publication

SHOWN = ("name", "row_count", "left_out_count")


@dg.asset(
    key="publication",
    deps=["board"],
    description="One publication per board: DuckDB, Parquet and CSV; `current` is the last.",
    group_name="publish",
    owners=OWNERS,
    kinds={"duckdb", "parquet"},
    pool=DUCKDB_POOL,
)
def publication(home: HomeResource) -> dg.MaterializeResult[Any]:
    """Publish what the current board was made from, and let readers see it."""
    with as_failure():
        kept = publish(home.paths)
    return dg.MaterializeResult(data_version=dg.DataVersion(kept.name), metadata=_of(kept))


def _of(kept: Publication) -> dict[str, Any]:
    manifest = kept.manifest
    return {
        "dagster/row_count": sum(one["row_count"] for one in manifest["tables"]),
        "board id": manifest["board_id"],
        "title": manifest["title"],
        "is simulated": manifest["is_simulated"],
        "tables": table(SHOWN, manifest["tables"]),
        "directory": dg.MetadataValue.path(kept.directory),
    }
