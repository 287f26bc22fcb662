"""dbt's tables, seeds and tests as assets and checks: one definition for the whole project.

Because the ratings stand between dbt's tables, Dagster runs it as two steps: up to the counts, and
from the ratings on. A step fails when any table or test in it fails, and nothing after it runs: the
ratings never see counts that dbt did not finish and find right (dagster#18472).
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliInvocation, DbtCliResource, dbt_assets
from dagster_dbt.errors import DagsterDbtCliRuntimeError

from ingestion.log import EventLog
from orchestration.assets.common import DUCKDB_POOL, OWNERS, HomeResource, as_failure
from orchestration.assets.dbt_manifest import read_manifest, target_directory
from orchestration.assets.ratings import INPUTS
from orchestration.building import Workspace, open_sources, row_counts, show_ratings
from orchestration.database import mark_built
from orchestration.dbt_runs import dbt_environment, own_parse

# In each of the two steps only the tests whose tables are built by then, and all of those; dbt's
# unit tests prove the SQL, not the data, and run in no build (building.py).
TESTS = {"DBT_INDIRECT_SELECTION": "buildable", "DBT_EXCLUDE_RESOURCE_TYPES": "unit_test"}
POSITION_TAG = "demoscope/log_position"


class _Translator(DagsterDbtTranslator):
    """Groups are the stages that dbt's yml names: `meta: {dagster: {group: count}}`."""

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        del dbt_resource_props
        return OWNERS


def warehouse_assets(manifest: Path) -> dg.AssetsDefinition:
    """The assets of a manifest."""

    @dbt_assets(
        manifest=read_manifest(manifest),
        name="warehouse",
        dagster_dbt_translator=_Translator(),
        pool=DUCKDB_POOL,
    )
    def warehouse(
        context: dg.AssetExecutionContext, dbt: DbtCliResource, home: HomeResource
    ) -> Iterator[Any]:
        paths = home.paths
        workspace = Workspace(paths.root)
        position = None
        with as_failure():
            # What the ratings need is built whole, as of the head, or else stays as of where it is.
            if context.selected_asset_keys >= needed:
                log = EventLog.open(paths.log)
                position = log.resolve(None)
                for unread in open_sources(workspace, log, position, loads=paths.loads):
                    context.log.warning(unread)
                context.instance.add_run_tags(context.run.run_id, {POSITION_TAG: str(position)})
            else:
                for unread in show_ratings(workspace):
                    context.log.warning(unread)
        with dbt_environment(DEMOSCOPE_HOME=str(paths.root), **TESTS), own_parse(paths.root):
            run = dbt.cli(["build"], context=context, target_path=target_directory(paths))
        yield from _with_row_counts(run, workspace)
        if position is not None:
            with as_failure():
                mark_built(workspace.database, workspace.project, position)

    inputs = {dg.AssetKey(table.split(".")) for table in INPUTS} & warehouse.keys
    needed = dg.AssetSelection.assets(*inputs).upstream().resolve([warehouse]) & warehouse.keys
    return warehouse


def _with_row_counts(run: DbtCliInvocation, workspace: Workspace) -> Iterator[Any]:
    """What dbt said, each table with its rows: known only when dbt has let go of the database.

    `fetch_row_counts` of dagster-dbt leaves a connection open that nothing can write beside.
    """
    events: list[Any] = []
    try:
        events.extend(run.stream())
    except DagsterDbtCliRuntimeError:
        yield from events
        raise
    counts = row_counts(workspace)
    for event in events:
        if isinstance(event, dg.Output):
            name = str(event.metadata["unique_id"].value).rpartition(".")[-1]
            rows = {"dagster/row_count": counts[name]} if name in counts else {}
            yield event.with_metadata({**event.metadata, **rows})
        else:
            yield event
