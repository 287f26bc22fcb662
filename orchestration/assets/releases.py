"""What readers see: the release, what is published of it, the page; and releases of the past."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg

from ingestion.errors import NotFoundError
from ingestion.log import EventLog
from ingestion.paths import Home
from orchestration.assets.common import DUCKDB_POOL, OWNERS, HomeResource, as_failure, table
from orchestration.building import Workspace, build, keep_release, what_was_made
from orchestration.consistency_check import publish
from orchestration.dbt_runs import PROJECT_DIRECTORY
from orchestration.lineage import emit, is_wanted
from publishing.boards.store import Release, make_current
from publishing.boards.view import leaderboard
from publishing.page.building import build_site
from publishing.publications.catalogue import declared_marts, public_tables
from publishing.publications.store import Publication

TOP = 10
published_asset = partial(dg.asset, group_name="publish", owners=OWNERS)
# The daily build runs at 04:00 UTC; at 06:00 the release is not older than a day, or it is stale.
FRESHNESS = dg.FreshnessPolicy.cron(
    deadline_cron="0 6 * * *", lower_bound_delta=timedelta(hours=24), timezone="UTC"
)
SHOWN = ("rank", "model_id", "skill", "skill_lo", "skill_hi", "rank_lo", "rank_hi", "battle_count")
PUBLISHED = ("name", "row_count", "left_out_count")
OF_DAY = ("day", "log position", "release id")


@published_asset(
    key="release",
    deps=[one.name for one in public_tables(declared_marts(PROJECT_DIRECTORY))],
    pool=DUCKDB_POOL,
    description="One release per log position, study design and parameters; `current` is the last.",
    kinds={"python", "json"},
    freshness_policy=FRESHNESS,
)
def release(home: HomeResource) -> dg.MaterializeResult[Any]:
    """Keep the release and let readers see it."""
    paths = home.paths
    with as_failure():
        kept = keep_release(paths, Workspace(paths.root), dg.get_dagster_logger().warning)
        make_current(paths.boards, kept)
        workspace = Workspace(paths.root)
        if is_wanted() and (said := emit(workspace, what_was_made(workspace, kept, {}))):
            dg.get_dagster_logger().warning(said)
    return dg.MaterializeResult(data_version=dg.DataVersion(kept.id), metadata=of_release(kept))


def of_release(kept: Release) -> dict[str, Any]:
    """What is told of a release."""
    head, rows = leaderboard(kept)
    return {
        "dagster/row_count": kept.rows().num_rows,
        "release id": kept.id,
        "log position": head["log_position"],
        "title": head["title"],
        "is simulated": head["is_simulated"],
        "sources": ", ".join(head["sources"]),
        "models": head["model_count"],
        "top ten": table(SHOWN, rows[:TOP]),
        "directory": dg.MetadataValue.path(kept.directory),
    }


@published_asset(
    key="publication",
    deps=["release"],
    description="One publication per release: DuckDB, Parquet and CSV; `current` is the last.",
    kinds={"duckdb", "parquet"},
    pool=DUCKDB_POOL,
)
def publication(home: HomeResource) -> dg.MaterializeResult[Any]:
    """Publish what the current release was made from, and let readers see it."""
    with as_failure():
        kept = publish(home.paths)
    version = dg.DataVersion(kept.name)
    return dg.MaterializeResult(data_version=version, metadata=of_publication(kept))


def of_publication(kept: Publication) -> dict[str, Any]:
    """What is told of a publication."""
    manifest = kept.manifest
    return {
        "dagster/row_count": sum(one["row_count"] for one in manifest["tables"]),
        "release id": kept.release_id,
        "title": manifest["title"],
        "is simulated": manifest["is_simulated"],
        "tables": table(PUBLISHED, manifest["tables"]),
        "directory": dg.MetadataValue.path(kept.directory),
    }


@published_asset(
    key="site",
    deps=["publication"],
    description="The page of every published release, as static files; `index.html` is current.",
    kinds={"python", "html"},
)
def site(home: HomeResource) -> dg.MaterializeResult[Any]:
    """Write the pages of what is published."""
    paths = home.paths
    with as_failure():
        page = build_site(paths, paths.site)
    return dg.MaterializeResult(metadata=of_site(page))


def of_site(page: Path) -> dict[str, Any]:
    """What is told of the pages."""
    pages = sorted(path.name for path in page.parent.glob("*.html"))
    return {"page": dg.MetadataValue.path(page), "pages": pages}


def release_of_day(home: Home) -> dg.AssetsDefinition:
    """The releases of the past of a warehouse; a backfill of a range of days is one run."""

    @published_asset(
        key="release_of_day",
        partitions_def=dg.DailyPartitionsDefinition(start_date=first_day(home).isoformat()),
        backfill_policy=dg.BackfillPolicy.single_run(),
        description="One release per day (UTC): from the log as it stood at the day's end.",
        kinds={"python", "json"},
    )
    def release_of_day(
        context: dg.AssetExecutionContext, home: HomeResource
    ) -> dg.MaterializeResult[Any]:
        days = [date.fromisoformat(key) for key in context.partition_keys]
        with as_failure():
            made = releases_of(home.paths, days)
        return dg.MaterializeResult(metadata={"releases": table(OF_DAY, made)})

    return release_of_day


def first_day(home: Home) -> date:
    """The day of the log's first commit; today where there is none yet."""
    if (home.log / "FORMAT").exists():
        for commit in EventLog.open(home.log).commits(1):
            return commit.recorded_at.date()
    return datetime.now(UTC).date()


def releases_of(home: Home, days: list[date]) -> list[dict[str, Any]]:
    """Build the release of each day's end; a day before the first battle has none.

    Days at which the log stood where it stood the day before have the same release, and cost
    nothing.

    Returns:
        A row per day, with the keys of OF_DAY.
    """
    log = EventLog.open(home.log)
    by_position: dict[int, str] = {}
    rows = []
    for day in days:
        position = log.resolve(f"{day.isoformat()}T23:59:59.999999Z")
        if position not in by_position:
            try:
                by_position[position] = build(home, as_of=position).id
            except NotFoundError:
                by_position[position] = "none: no battle yet"
        rows.append(dict(zip(OF_DAY, (day, position, by_position[position]), strict=True)))
    return rows
