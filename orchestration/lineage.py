"""OpenLineage: what each table of a build is made of, for a catalogue that asks for it.

Nothing is sent unless a variable OPENLINEAGE_* says where to. A build is a run of the job `build`,
and each table is a run of a job of its own below it, with the tables that it reads, its columns and
its rows. No event holds data, and none names a directory. What can't be sent fails no build.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from orchestration.assets.dbt_manifest import current_manifest, read_manifest
from orchestration.rating_queries import input_tables
from ratings.tables.declarations import RATING_TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from orchestration.building import Workspace
    from orchestration.last_build import LastBuild

VARIABLES = ("OPENLINEAGE_URL", "OPENLINEAGE_CONFIG", "OPENLINEAGE__")
NAMESPACE_VARIABLE = "OPENLINEAGE_NAMESPACE"
PRODUCER = "urn:demoscope"
"""Whose events they are; the format asks for a URI, and no server is meant."""
JOB = "build"
BUILT = {"model", "seed"}


def is_wanted() -> bool:
    """Whether a variable says where events are to go."""
    is_off = os.environ.get("OPENLINEAGE_DISABLED", "").strip().lower() == "true"
    return not is_off and any(name.startswith(VARIABLES) for name in os.environ)


def emit(workspace: Workspace, build: LastBuild) -> str | None:
    """Send what a build made, where that is wanted; a sentence where it can't be sent."""
    if not is_wanted():
        return None
    try:
        from openlineage.client import OpenLineageClient, set_producer
    except ImportError:
        return (
            "OPENLINEAGE_* says where lineage is to go, and the extra is missing: "
            "pip install 'demoscope[openlineage]'."
        )
    try:
        manifest = read_manifest(current_manifest(workspace, workspace.project))
        set_producer(PRODUCER)
        client = OpenLineageClient()
        for event in _events(manifest, build):
            client.emit(event)
    except Exception as error:  # noqa: BLE001  # whatever a catalogue answers, the build stands
        return f"Lineage could not be sent, or not all of it: {type(error).__name__}: {error}."
    return None


def _events(manifest: Mapping[str, Any], build: LastBuild) -> Iterator[Any]:
    """The build begins, each table is made, the build ends."""
    from openlineage.client import event_v2, uuid
    from openlineage.client.facet_v2 import parent_run

    space = os.environ.get(NAMESPACE_VARIABLE, "demoscope")
    run = event_v2.Run(runId=str(uuid.generate_new_uuid()))
    parent = parent_run.ParentRunFacet(
        run=parent_run.Run(runId=run.runId), job=parent_run.Job(namespace=space, name=JOB)
    )

    def event(state: Any, of: Any, name: str, **tables: Any) -> Any:
        job = event_v2.Job(namespace=space, name=name)
        now = datetime.now(UTC).isoformat()
        return event_v2.RunEvent(eventTime=now, eventType=state, run=of, job=job, **tables)

    yield event(event_v2.RunState.START, run, JOB)
    for name, (inputs, columns) in tables_of(manifest).items():
        own = event_v2.Run(runId=str(uuid.generate_new_uuid()), facets={"parent": parent})
        read = [event_v2.InputDataset(namespace=space, name=one) for one in inputs]
        made = [_output(space, name, columns, build.rows_of(*name.split(".")))]
        yield event(event_v2.RunState.COMPLETE, own, f"{JOB}.{name}", inputs=read, outputs=made)
    yield event(event_v2.RunState.COMPLETE, run, JOB)


def _output(space: str, name: str, columns: Mapping[str, str | None], rows: int | None) -> Any:
    from openlineage.client import event_v2
    from openlineage.client.facet_v2 import output_statistics_output_dataset, schema_dataset

    fields = [
        schema_dataset.SchemaDatasetFacetFields(name=column, type=kind)
        for column, kind in columns.items()
    ]
    counted = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(rowCount=rows)
    return event_v2.OutputDataset(
        namespace=space,
        name=name,
        facets={"schema": schema_dataset.SchemaDatasetFacet(fields=fields)} if fields else {},
        outputFacets={} if rows is None else {"outputStatistics": counted},
    )


def tables_of(manifest: Mapping[str, Any]) -> dict[str, tuple[list[str], dict[str, str | None]]]:
    """Every table that a build makes: the tables that it reads, and its columns with their types.

    Names are those of Dagster's assets, with points: `raw.battle_judged`, `fct_battle`.
    """
    nodes = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] in BUILT}
    names = {key: _name(node) for key, node in (nodes | manifest["sources"]).items()}
    found: dict[str, tuple[list[str], dict[str, str | None]]] = {}
    for key, node in nodes.items():
        inputs = sorted(names[one] for one in node["depends_on"].get("nodes", []) if one in names)
        columns = {name: about.get("data_type") for name, about in node["columns"].items()}
        found[names[key]] = inputs, columns
    for name, table in RATING_TABLES.items():
        columns = {column.name: str(column.type) for column in table.columns}
        found[f"ratings.{name}"] = input_tables(), columns
    return found


def _name(node: Mapping[str, Any]) -> str:
    if node["resource_type"] == "source":
        return f"{node['source_name']}.{node['name']}"
    is_seed = node["resource_type"] == "seed"
    return f"seeds.{node['name']}" if is_seed else str(node["name"])
