"""Rows of the marts as the last build left them, for commands that print or act on them.

What stays out: making them (dbt_project, building.py) and printing (cli/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb

from ingestion.errors import BusyError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ingestion.paths import Home

BUILD = "Build first: demoscope build"


def mart_rows(
    home: Home, query: str, values: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Rows of a query on the pipeline's database, which is opened for reading only.

    Args:
        home: the warehouse.
        query: over marts, with an order.
        values: of its parameters, by name.

    Raises:
        NotFoundError: there is no database, or the last build did not make these tables.
        BusyError: a build has it open.
    """
    if not home.database.exists():
        raise NotFoundError(f"There is no {home.database}.", remedy=BUILD)
    try:
        with _connected(home.database) as connection:
            connection.execute("set TimeZone = 'UTC'")
            table = connection.sql(query, params=dict(values or {})).to_arrow_table()
    except duckdb.CatalogException as error:
        message = f"{home.database} does not have what this reads."
        raise NotFoundError(message, remedy=BUILD) from error
    except duckdb.IOException as error:
        message = f"{home.database} is open in another process."
        raise BusyError(message, remedy="Wait for it to end, then try again.") from error
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def _connected(path: Path) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(path, read_only=True)
    except duckdb.ConnectionException:
        # This process built it, and dbt has not let go: DuckDB then opens it one way only.
        return duckdb.connect(path)
