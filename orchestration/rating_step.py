"""How the rating step reads the database, and the files in which its tables are kept."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from orchestration.own_caches import vouch
from orchestration.rating_queries import QUERIES

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb
    import pyarrow as pa

    from ratings.tables.inputs import Read

RATING_FILE = "rating.parquet"
SUBJECT = b"demoscope.subject"


def reading(connection: duckdb.DuckDBPyConnection) -> Read:
    """How the rating step reads a table of the database after dbt's first run; from any thread."""

    def read(name: str, **values: str) -> pa.Table:
        query = connection.cursor().sql(QUERIES[name], params=values or None)
        return query.to_arrow_table()

    return read


def write_ratings(tables: dict[str, pa.Table], directory: Path, subject: dict[str, Any]) -> None:
    """Write every table as Parquet; each says in its metadata what it is a function of.

    `directory` lies in a warehouse, whose code stands beside each file (own_caches.py).
    """
    directory.mkdir(parents=True, exist_ok=True)
    for stale in directory.glob("*.parquet"):
        if stale.stem not in tables:
            stale.unlink()
    note = {SUBJECT: json.dumps(subject, sort_keys=True, allow_nan=False).encode()}

    def write(name: str) -> None:
        path = directory / f"{name}.parquet"
        temporary = path.with_suffix(".partial")
        table = tables[name].replace_schema_metadata(note)
        pq.write_table(table, temporary, compression="zstd")
        temporary.replace(path)
        vouch(directory.parent, path)

    with ThreadPoolExecutor(2) as beside:
        list(beside.map(write, tables))


def read_subject(table: pa.Table) -> dict[str, Any]:
    """What a table that `write_ratings` wrote is a function of."""
    subject: dict[str, Any] = json.loads(table.schema.metadata[SUBJECT])
    return subject
