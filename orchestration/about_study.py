"""What a study discloses of itself, from the tables of a build (publishing/boards/aapor.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestration.database import open_database
from publishing.boards import aapor

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import duckdb

STATEMENTS = "select * from rpt_about_study"
COVERAGE = "select * from fct_stratum_coverage where axis is null"
COSTS = "select * from rpt_weighting_diagnostics where is_default"
STEP = "select max(people_min) from int_coverage__disclosed"


def about_study(database: Path, subject: Mapping[str, Any]) -> dict[str, Any]:
    """The eleven items as one document about a release.

    Args:
        database: whose tables were built as of the release's cut and design.
        subject: what the release is a function of.
    """
    with open_database(database) as connection:
        [(step,)] = connection.sql(STEP).fetchall()
        items = aapor.about(
            _rows(connection, STATEMENTS),
            _rows(connection, COVERAGE),
            _rows(connection, COSTS),
            step=step or 1,
        )
    return aapor.document(items, subject)


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = connection.sql(query).to_arrow_table().to_pylist()
    return rows
