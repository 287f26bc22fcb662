"""The files of a publication: one DuckDB file, and a Parquet and a CSV file per mart.

Rows are in the order of their columns. Text that a spreadsheet would take for a formula gets an
apostrophe before it in the CSV files, and there only; numbers stay numbers.

What stays out: which tables and columns (catalogue.py) and where the files go (store.py).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from ingestion.errors import DemoscopeError
from publishing.publications.catalogue import PUBLICATION, PublicColumn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from publishing.publications.catalogue import PublicTable

DATABASE_FILE = "demoscope.duckdb"
# Clients older than the pipeline's DuckDB read it, back to 1.4.
STORAGE_VERSION = "v1.4.0"
# The new file beside the pipeline's database, and what every Parquet file says of itself.
OUT = "going_out"
STAMPED = ("board_id", "title")
FORMULA = r"^[=+\-@\t\r\n]"
PIECE = 10_000


class PublishingError(DemoscopeError):
    """A publication could not be written; readers go on seeing the last one."""


@dataclass(frozen=True)
class Written:
    """A table that was written.

    Args:
        table: what it is.
        row_count: rows that are public.
        left_out_count: rows of the mart that are not.
        rows_sha256: over its rows, whatever the file format: a line of JSON per row.
    """

    table: PublicTable
    row_count: int
    left_out_count: int
    rows_sha256: str


def write_files(
    connection: duckdb.DuckDBPyConnection,
    directory: Path,
    tables: Sequence[PublicTable],
    about: dict[str, Any],
) -> list[Written]:
    """Write every file of a publication but its manifest.

    Args:
        connection: on the pipeline's database.
        directory: an empty one.
        tables: the marts that are public.
        about: the row of the table `publication`.

    Raises:
        PublishingError: a mart is not as its yml says, or the disk would not take a file.
    """
    path = _text(directory / DATABASE_FILE)
    connection.execute(f"attach {path} as {OUT} (storage_version '{STORAGE_VERSION}')")
    connection.register(PUBLICATION.name, pa.Table.from_pylist([about]))
    try:
        return [_written(connection, directory, table, about) for table in (PUBLICATION, *tables)]
    finally:
        connection.unregister(PUBLICATION.name)
        connection.execute(f"detach {OUT}")


def _written(
    connection: duckdb.DuckDBPyConnection,
    directory: Path,
    table: PublicTable,
    about: dict[str, Any],
) -> Written:
    try:
        _write(connection, directory, table, about)
        return _measured(connection, table)
    except duckdb.Error as error:
        message = f"{table.name} could not be published: {str(error).splitlines()[0]}"
        raise PublishingError(message, remedy="Build again: demoscope build") from error


def _write(
    connection: duckdb.DuckDBPyConnection,
    directory: Path,
    table: PublicTable,
    about: dict[str, Any],
) -> None:
    _create(connection, table)
    name = f"{OUT}.main.{table.name}"
    stamp = ", ".join(f"{key}: {_text(about[key])}" for key in STAMPED)
    connection.execute(
        f"copy {name} to {_text(directory / f'{table.name}.parquet')}"
        f" (format parquet, compression zstd, kv_metadata {{{stamp}}})"
    )
    cells = ", ".join(_csv_cell(column) for column in table.columns)
    connection.execute(
        f"copy (select {cells} from {name})"
        f" to {_text(directory / f'{table.name}.csv')} (format csv, header)"
    )


def _create(connection: duckdb.DuckDBPyConnection, table: PublicTable) -> None:
    name = f"{OUT}.main.{table.name}"
    columns = ", ".join(f"{column.name} {column.type}" for column in table.columns)
    connection.execute(f"create table {name} ({columns})")
    cells = ", ".join(f"cast({column.name} as {column.type})" for column in table.columns)
    rows = f"from {table.name}"
    if table.disclosed_by is not None:
        keys = ", ".join(table.matched_by)
        rows += (
            f" semi join (select {keys} from {table.disclosed_by} where is_disclosed)"
            f" as disclosed using ({keys})"
        )
    connection.execute(f"insert into {name} select {cells} {rows} order by all")
    connection.execute(f"comment on table {name} is {_text(table.description)}")
    for column in table.columns:
        about = _text(column.description)
        connection.execute(f"comment on column {name}.{column.name} is {about}")


def _measured(connection: duckdb.DuckDBPyConnection, table: PublicTable) -> Written:
    name = f"{OUT}.main.{table.name}"
    [(all_count,)] = connection.sql(f"select count(*) from {table.name}").fetchall()
    cells = ", ".join(_json_cell(column) for column in table.columns)
    cursor = connection.execute(f"select {cells} from {name}")
    digest, count = hashlib.sha256(), 0
    while piece := cursor.fetchmany(PIECE):
        count += len(piece)
        digest.update(row_lines(piece))
    return Written(table, count, all_count - count, digest.hexdigest())


def row_lines(rows: Sequence[Sequence[Any]]) -> bytes:
    """Rows as their hash takes them: a JSON array per line, UTF-8, no spaces, times as text."""
    lines = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    return "".join(lines).encode()


def _json_cell(column: PublicColumn) -> str:
    if column.type == "timestamp with time zone":
        return f"strftime({column.name} at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')"
    return column.name


def _csv_cell(column: PublicColumn) -> str:
    if column.type == "varchar":
        is_formula = f"regexp_matches({column.name}, '{FORMULA}')"
        guarded = f"case when {is_formula} then '''' || {column.name} else {column.name} end"
        return f"{guarded} as {column.name}"
    if column.type == "timestamp with time zone":
        return f"{_json_cell(column)} as {column.name}"
    return column.name


def _text(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"
