"""What a study discloses of itself, from the tables of a build (publishing/boards/aapor.py).

The figures are those that a first publication shows: rows of too few people stay behind, and
figures have the decimals that their people allow. What a publication compares with earlier ones
isn't compared here: a release follows from the log and its design alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestration.database import open_database
from publishing.boards import aapor
from publishing.publications import disclosure
from publishing.publications.catalogue import declared_marts, public_tables

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import duckdb

    from publishing.publications.catalogue import PublicTable

# Of each mart, in the order of `aapor.about`, which rows.
READ = {
    "rpt_about_study": "true",
    "fct_stratum_coverage": "axis is null",
    "rpt_data_collection": "true",
    "rpt_weighting_diagnostics": "is_default",
}
COVERAGE = "int_coverage__disclosed"
STEP = f"select max(people_min) from {COVERAGE}"  # noqa: S608 (our table)


def tables_read(project: Path) -> list[str]:
    """The tables that `about_study` reads."""
    marts = [mart for mart in declared_marts(project) if mart["name"] in READ]
    deciding = {table.disclosed_by for table in public_tables(marts)} - {None}
    return [*READ, *sorted(map(str, deciding)), *disclosure.READ_FOR_PEOPLE, COVERAGE]


def about_study(database: Path, project: Path, subject: Mapping[str, Any]) -> dict[str, Any]:
    """The eleven items as one document about a release.

    Args:
        database: whose tables were built as of the release's cut and design.
        project: the dbt project that built them.
        subject: what the release is a function of.
    """
    marts = [mart for mart in declared_marts(project) if mart["name"] in READ]
    tables = {table.name: table for table in public_tables(marts)}
    with open_database(database) as connection:
        [(step,)] = connection.sql(STEP).fetchall()
        disclosure.decide_people(connection)
        shown = [_shown(connection, tables[name], READ[name], step or 1) for name in READ]
    return aapor.document(aapor.about(*shown, step=step or 1), subject)


def _shown(
    connection: duckdb.DuckDBPyConnection, table: PublicTable, where: str, step: int
) -> list[dict[str, Any]]:
    shown = disclosure.cells(table, step)
    columns = ", ".join(f"{shown[one.name]} as {one.name}" for one in table.columns)
    relation = connection.sql(f"from {disclosure.figures(table)} select {columns}")
    rows: list[dict[str, Any]] = relation.filter(where).to_arrow_table().to_pylist()
    return rows
