"""A publication as a Frictionless data package: `datapackage.json`, over its CSV files.

https://specs.frictionlessdata.io/data-package/ and /table-schema/. It says of each column what the
manifest says, so that `frictionless validate datapackage.json` checks every cell.
"""

from __future__ import annotations

from typing import Any

FILE = "datapackage.json"
TYPES = {
    "varchar": {"type": "string"},
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "bigint": {"type": "integer"},
    "double": {"type": "number"},
    "date": {"type": "date"},
    "timestamp with time zone": {"type": "datetime", "format": "%Y-%m-%dT%H:%M:%S.%fZ"},
}


def document(manifest: dict[str, Any]) -> dict[str, Any]:
    """The data package of a publication whose files the manifest names."""
    return {
        "profile": "tabular-data-package",
        "name": f"demoscope-{manifest['release_id'][:12]}",
        "id": manifest["release_id"],
        "title": manifest["title"],
        "description": f"Sources: {', '.join(manifest['sources'])}.",
        "version": str(manifest["log_position"]),
        "created": manifest["recorded_at"],
        "resources": [_resource(table) for table in manifest["tables"]],
    }


def _resource(table: dict[str, Any]) -> dict[str, Any]:
    [file] = [file for file in table["files"] if file["name"].endswith(".csv")]
    return {
        "profile": "tabular-data-resource",
        "name": table["name"],
        "description": table["description"],
        "path": file["name"],
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": file["byte_count"],
        "hash": f"sha256:{file['sha256']}",
        "schema": {
            "fields": [_field(column) for column in table["columns"]],
            "missingValues": [""],
        },
    }


def _field(column: dict[str, str]) -> dict[str, str]:
    return {"name": column["name"], **TYPES[column["type"]], "description": column["description"]}
