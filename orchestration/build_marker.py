"""The build marker: at which cut of the log and of which study design the database's counts are.

Without it the counts are not whole: a build of them was cut off, or none was begun.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration.raw_views import open_database
from publishing.boards.designs import design_hash
from publishing.boards.inputs import Cut

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb


def mark_built(
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
        connection.execute(f"create view raw.build_marker as select {columns}")


def built_cut(connection: duckdb.DuckDBPyConnection) -> Cut | None:
    """The cut the database's counts are at; None where they are not whole."""
    known = "select 1 from duckdb_views() where schema_name = 'raw' and view_name = 'build_marker'"
    if not connection.sql(known).fetchall():
        return None
    query = "select log_position, valid_until from raw.build_marker"
    return Cut(*connection.sql(query).fetchall()[0])


def built_design(connection: duckdb.DuckDBPyConnection) -> str | None:
    """The study design of the database's counts; None where older code built them."""
    [mark] = connection.sql("from raw.build_marker").to_arrow_table().to_pylist()
    design: str | None = mark.get("design_hash")
    return design
