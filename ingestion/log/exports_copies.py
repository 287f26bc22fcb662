"""Files of an export that cannot be links: segments of which rows were erased.

Other engines would take an erased row for an event without content. So the rows that are left are
copied, under the name of the file that they are from; when more of it is erased, that file has
another name, and the copy goes with the links that lead nowhere.

What stays out: the links, and which segments (exports.py).
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.log.event_log import EventLog
from ingestion.log.record import Segment
from ingestion.log.segments import read_segment, write_table


def copy_left(
    log: EventLog, directory: Path, segment: Segment, schema: pa.Schema
) -> list[tuple[Path, Segment]]:
    """Copy the rows of a segment that are not erased, unless they are there.

    Args:
        log: which holds it.
        directory: where to.
        segment: as its commit names it.
        schema: of the table it becomes a part of.

    Returns:
        The copy and what it holds; nothing where every row is erased.
    """
    source = log.chain.segment_path(segment.sha256)
    copy = directory / source.name
    table, _ = read_segment(source)
    table = table.filter(pc.is_valid(table["schema_version"]))
    if not table.num_rows:
        return []
    stored = pa.schema([schema.field(name) for name in table.column_names])
    if not copy.is_file():
        directory.mkdir(parents=True, exist_ok=True)
        temporary = directory / f".{secrets.token_hex(8)}"
        write_table(temporary, table.cast(stored))
        temporary.replace(copy)
    return [(copy, replace(segment, rows=table.num_rows, bytes=copy.stat().st_size))]


def forget_superseded(log: EventLog, directory: Path) -> None:
    """Take away links to, and copies from, files that are not there any more."""
    superseded = log.chain.redactions.superseded
    for path in directory.glob("*.parquet"):
        if path.stem in superseded:
            path.unlink()
