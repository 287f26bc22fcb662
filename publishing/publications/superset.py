"""A dashboard for Apache Superset, as the zip file its import takes: database, datasets, charts.

Charts are declared in superset.yml; datasets have the columns and descriptions of the publication,
so they are never out of step with it. The same publication gives the same bytes.
docs/bi-analysts.md says how to run Superset.
"""

from __future__ import annotations

import io
import re
import uuid
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from publishing.publications.postgres import SCHEMA as MIRRORED
from publishing.publications.store import CURRENT
from publishing.publications.writing import DATABASE_FILE

if TYPE_CHECKING:
    from publishing.publications.store import Publication

DECLARED = Path(__file__).with_name("superset.yml")
DATABASE = "Demoscope"
VERSION = "1.0.0"
ROOT = "demoscope"
COLUMNS_OF_A_ROW = 12
# What is imported twice replaces what was imported before: names decide over ids.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "tag:demoscope,2026:superset")
# A zip file has a time for each file; the earliest it can have says nothing.
NO_TIME = (1980, 1, 1, 0, 0, 0)


def default_uri(marts: Path) -> str:
    """SQLAlchemy's address of what is current, for a Superset on this machine."""
    return f"duckdb:///{(marts / CURRENT / DATABASE_FILE).absolute()}?access_mode=READ_ONLY"


def without_password(uri: str) -> str:
    """The address as it may be shown."""
    return re.sub(r"://([^:/@]*):[^/]*@", r"://\1:***@", uri)


def dashboard(publication: Publication, uri: str) -> bytes:
    """The zip file of a publication's dashboard.

    `uri` is SQLAlchemy's address of the database: a publication's file, or its mirror.
    """
    declared = yaml.safe_load(DECLARED.read_text(encoding="utf-8"))
    tables = {table["name"]: table for table in publication.manifest["tables"]}
    shown = sorted({chart["table"] for chart in declared["charts"]})
    schema = MIRRORED if uri.startswith("postgresql") else "main"
    database = {"database_name": DATABASE, "sqlalchemy_uri": uri, **declared["database"]}
    files = {
        "metadata.yaml": {"version": VERSION, "type": "Dashboard"},
        f"databases/{DATABASE}.yaml": _named("database", DATABASE, database),
        f"dashboards/{declared['slug']}.yaml": _dashboard(declared),
    }
    files |= {f"datasets/{DATABASE}/{name}.yaml": _dataset(tables[name], schema) for name in shown}
    files |= {f"charts/{chart['name']}.yaml": _chart(chart) for chart in declared["charts"]}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
            archive.writestr(zipfile.ZipInfo(f"{ROOT}/{name}", NO_TIME), text)
    return packed.getvalue()


def _id(kind: str, name: str) -> str:
    return str(uuid.uuid5(NAMESPACE, f"{kind}/{name}"))


def _named(kind: str, name: str, content: dict[str, Any]) -> dict[str, Any]:
    return {**content, "uuid": _id(kind, name), "version": VERSION}


def _dataset(table: dict[str, Any], schema: str) -> dict[str, Any]:
    columns = [
        {
            "column_name": column["name"],
            "type": column["type"].upper(),
            "description": column["description"],
            "is_dttm": column["type"].startswith("timestamp"),
            "groupby": True,
            "filterable": True,
        }
        for column in table["columns"]
    ]
    content = {
        "table_name": table["name"],
        "description": table["description"],
        "schema": schema,
        "columns": columns,
        "metrics": [{"metric_name": "count", "expression": "count(*)", "metric_type": "count"}],
        "database_uuid": _id("database", DATABASE),
    }
    return _named("dataset", table["name"], content)


def _chart(chart: dict[str, Any]) -> dict[str, Any]:
    content = {
        "slice_name": chart["title"],
        "viz_type": chart["viz_type"],
        "params": {"viz_type": chart["viz_type"], **chart["params"]},
        "dataset_uuid": _id("dataset", chart["table"]),
    }
    return _named("chart", chart["name"], content)


def _dashboard(declared: dict[str, Any]) -> dict[str, Any]:
    filters = [_filter(one, declared["every_filter"]) for one in declared["filters"]]
    content = {
        "dashboard_title": declared["title"],
        "slug": declared["slug"],
        "published": True,
        "position": _position(declared),
        "metadata": {"native_filter_configuration": filters},
    }
    return _named("dashboard", declared["slug"], content)


def _position(declared: dict[str, Any]) -> dict[str, Any]:
    """The layout: charts from left to right, in rows of twelve columns."""
    rows: list[list[dict[str, Any]]] = [[]]
    for chart in declared["charts"]:
        if sum(one["width"] for one in rows[-1]) + chart["width"] > COLUMNS_OF_A_ROW:
            rows.append([])
        rows[-1].append(chart)
    position: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": declared["title"]}},
        "GRID_ID": {"type": "GRID", "id": "GRID_ID", "parents": ["ROOT_ID"], "children": []},
    }
    for number, row in enumerate(rows):
        name, parents = f"ROW-{number}", ["ROOT_ID", "GRID_ID"]
        position["GRID_ID"]["children"].append(name)
        position[name] = {
            "type": "ROW",
            "id": name,
            "parents": parents,
            "children": [f"CHART-{chart['name']}" for chart in row],
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }
        for chart in row:
            meta = {
                # Any number will do: the import puts the chart's own in its place.
                "chartId": declared["charts"].index(chart) + 1,
                "uuid": _id("chart", chart["name"]),
                "sliceName": chart["title"],
                "width": chart["width"],
                "height": chart["height"],
            }
            one = f"CHART-{chart['name']}"
            position[one] = {"type": "CHART", "id": one, "parents": [*parents, name], "meta": meta}
    return position


def _filter(one: dict[str, Any], same: dict[str, Any]) -> dict[str, Any]:
    column, value = one["column"], [one["value"]]
    target = {"datasetUuid": _id("dataset", one["table"]), "column": {"name": column}}
    return {
        "id": f"NATIVE_FILTER-{column}",
        "name": one["title"],
        "targets": [target],
        "defaultDataMask": {
            "extraFormData": {"filters": [{"col": column, "op": "IN", "val": value}]},
            "filterState": {"value": value},
        },
        **same,
    }
