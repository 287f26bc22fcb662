"""Digests of the tables that publications are made of and that audits read, as the build left them.

They go into the release's statement, which is signed, so that an edit of the database after the
build is found before it is published. A table's digest is SHA-256 over the sorted SHA-256 of its
rows, each as JSON of its public columns; a table that decides which rows are shown counts whole,
and so does a report that isn't public. None names a participant.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import duckdb

from ingestion.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from publishing.publications.catalogue import PublicTable

# Functions by their full names: a macro of the database would stand in for a short one.
DIGEST = """
select system.main.sha256(coalesce(system.main.string_agg(digest, '' order by digest), ''))
from (select system.main.sha256(cast(system.main.to_json({row}) as varchar)) as digest
    from main.{table} as t)
"""
MACROS = "select function_name from system.main.duckdb_functions() where not internal"
TABLES = "select table_name from system.main.duckdb_tables() where schema_name = 'main'"
REPORT = "rpt_"
AGAIN = "Build again: demoscope build"


def digests(connection: duckdb.DuckDBPyConnection, tables: Sequence[PublicTable]) -> dict[str, str]:
    """The digest of each public table, of each that decides over its rows, and of each report.

    Raises:
        IntegrityError: one is missing or no table, or the database brings functions of its own.
    """
    macros = sorted({name for (name,) in connection.sql(MACROS).fetchall()})
    if macros:
        message = f"The database has functions that no build makes: {', '.join(macros)}."
        raise IntegrityError(message, remedy=AGAIN)
    there = {name for (name,) in connection.sql(TABLES).fetchall()}
    rows = {name: "t" for name in there if name.startswith(REPORT)}
    rows |= {table.disclosed_by: "t" for table in tables if table.disclosed_by is not None}
    for table in tables:
        cells = (f"'{column.name}': t.{column.name}" for column in table.columns)
        rows[table.name] = f"{{{', '.join(cells)}}}"
    if missing := sorted(rows.keys() - there):
        message = f"The database lacks tables that a build makes: {', '.join(missing)}."
        raise IntegrityError(message, remedy=AGAIN)
    names = sorted(rows)
    # A table is mostly too small for more than one thread.
    with ThreadPoolExecutor(2) as beside:
        found = beside.map(lambda name: _digest(connection.cursor(), name, rows[name]), names)
        return dict(zip(names, found, strict=True))


def _digest(connection: duckdb.DuckDBPyConnection, name: str, row: str) -> str:
    try:
        [(digest,)] = connection.sql(DIGEST.format(row=row, table=name)).fetchall()
    except duckdb.Error as error:
        message = f"{name} is not as a build makes it: {str(error).splitlines()[0]}"
        raise IntegrityError(message, remedy=AGAIN) from error
    return str(digest)
