"""A Delta Lake table over segments: one JSON commit that names the links.

What stays out: which segments, and the links themselves (exports.py).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
from deltalake import Schema
from deltalake.transaction import AddAction, create_table_with_add_actions

from ingestion.log.exports import Links


def write_tables(tables: Sequence[tuple[Path, pa.Schema, Links]]) -> None:
    """Replace what each table names, in one Delta commit each; older versions stay readable."""
    for path, schema, links in tables:
        _write(path, schema, links)


def _write(path: Path, schema: pa.Schema, links: Links) -> None:
    path.mkdir(parents=True, exist_ok=True)
    actions = [
        AddAction(
            path=str(link.relative_to(path)),
            size=segment.bytes,
            partition_values={},
            modification_time=0,
            data_change=True,
            stats=json.dumps({"numRecords": segment.rows}),
        )
        for link, segment in links
    ]
    create_table_with_add_actions(
        str(path), Schema.from_arrow(schema), actions, mode="overwrite", partition_by=[]
    )
