"""The tables the rating step writes: Parquet files that dbt sees as the source `ratings`.

What stays out: what is in them (contract.py) and computing it (the files beside this one).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ratings.rounding import rounded
from ratings.tables.contract import RATING_TABLES

RATING_FILE = "rating.parquet"
SUBJECT = b"demoscope.subject"


def conform(name: str, table: pa.Table) -> pa.Table:
    """A rating table in integers, with the contract's columns in its order.

    Raises:
        KeyError: a column of the contract is missing.
    """
    return rounded(table).select([column.name for column in RATING_TABLES[name].columns])


def write_ratings(tables: dict[str, pa.Table], directory: Path, subject: dict[str, Any]) -> None:
    """Write every table; each says in its metadata what it is a function of."""
    directory.mkdir(parents=True, exist_ok=True)
    for stale in directory.glob("*.parquet"):
        if stale.stem not in tables:
            stale.unlink()
    note = {SUBJECT: json.dumps(subject, sort_keys=True).encode()}
    for name, table in tables.items():
        path = directory / f"{name}.parquet"
        temporary = path.with_suffix(".partial")
        pq.write_table(table.replace_schema_metadata(note), temporary, compression="zstd")
        temporary.replace(path)


def read_subject(table: pa.Table) -> dict[str, Any]:
    """What a table that `write_ratings` wrote is a function of."""
    subject: dict[str, Any] = json.loads(table.schema.metadata[SUBJECT])
    return subject
