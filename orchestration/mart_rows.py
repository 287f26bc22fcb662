"""Rows of the marts as the last build left them, for commands that print or act on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb

from ingestion.errors import NotFoundError
from orchestration.raw_views import open_database

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        IntegrityError: it is damaged.
    """
    if not home.database.exists():
        raise NotFoundError(f"There is no {home.database}.", remedy=BUILD)
    try:
        with open_database(home.database, is_read_only=True) as connection:
            table = connection.sql(query, params=dict(values or {})).to_arrow_table()
    except duckdb.CatalogException as error:
        message = f"{home.database} does not have what this reads."
        raise NotFoundError(message, remedy=BUILD) from error
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows
