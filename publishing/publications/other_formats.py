"""The files of a publication that tell other tools what is in it, each in its own format.

All are made of the manifest and of the published tables, so that nothing in them is declared twice
and nothing stays behind in the tables but not in them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from publishing.publications import croissant, datapackage, every_eval_ever

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

# What they read beside the manifest. A publication of other tables is described all the same.
NEEDED = {"rpt_leaderboard", "dim_board", "dim_dimension", "dim_model", "dim_study"}


def write_other_formats(
    connection: duckdb.DuckDBPyConnection, schema: str, directory: Path, manifest: dict[str, Any]
) -> list[Path]:
    """Write `datapackage.json`, `croissant.json` and `every_eval_ever.jsonl`; their paths.

    Args:
        connection: to read the published tables on.
        schema: where they are, as `database.schema`.
        directory: of the publication.
        manifest: what it says but for the files written here.
    """
    names = {table["name"] for table in manifest["tables"]}
    study: dict[str, Any] = {}
    lines: list[str] = []
    if names >= NEEDED:
        described = connection.sql(f"from {schema}.dim_study limit 1").to_arrow_table().to_pylist()
        study = described[0] if described else {}
        found = every_eval_ever.records(connection, schema, manifest, study)
        lines = [json.dumps(record, ensure_ascii=False, allow_nan=False) for record in found]
    texts = {
        datapackage.FILE: _text(datapackage.document(manifest)),
        croissant.FILE: _text(croissant.document(manifest, study)),
        every_eval_ever.FILE: "".join(f"{line}\n" for line in lines),
    }
    paths = [directory / name for name in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        path.write_bytes(text.encode())
    return paths


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
