"""A mark in the pipeline's database: at which cut of the log and of which design its counts are.

Without it the counts are not whole: a build of them was cut off, or none was begun.

What stays out: making the counts (building.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration.raw_views import open_database
from publishing.boards.designs import design_hash
from publishing.boards.inputs import Cut

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb


def mark_transformed(
    database: Path, project: Path, position: int, valid_until: str | None = None
) -> None:
    """Note that the counts are whole.

    Args:
        database: the pipeline's.
        project: the dbt project that made them, whose seeds are the design.
        position: the last commit they are from.
        valid_until: what happened later is not in them; ISO 8601, None for no such cut.
    """
    until = "null" if valid_until is None else f"'{valid_until}'"
    columns = f"{position:d} as log_position, cast({until} as varchar) as valid_until"
    columns += f", '{design_hash(project)}' as design_hash"
    with open_database(database) as connection:
        connection.execute(f"create view raw.transformed as select {columns}")


def transformed_cut(connection: duckdb.DuckDBPyConnection) -> Cut | None:
    """The cut the database's counts are at; None where they are not whole."""
    known = "select 1 from duckdb_views() where schema_name = 'raw' and view_name = 'transformed'"
    if not connection.sql(known).fetchall():
        return None
    query = "select log_position, valid_until from raw.transformed"
    return Cut(*connection.sql(query).fetchall()[0])


def transformed_design(connection: duckdb.DuckDBPyConnection) -> str | None:
    """The study design of the database's counts; None where older code built them."""
    [mark] = connection.sql("from raw.transformed").to_arrow_table().to_pylist()
    design: str | None = mark.get("design_hash")
    return design
