"""What dbt sees as sources: views over the log as of a position, loads, and ratings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from ingestion.contracts import CONTRACTS
from ingestion.errors import BusyError, IntegrityError
from ingestion.log.reader import register
from ingestion.paths import Home
from ingestion.subjects.seals import SEALED_PREFIX, Seals
from orchestration.load_report import TABLE as LOADS
from ratings.tables.declarations import RATING_TABLES

if TYPE_CHECKING:
    from pathlib import Path

    from ingestion.log import EventLog

# What DuckDB says of a file that another process has open; it has no error of its own for it.
LOCKED = "Could not set lock"


def open_database(path: Path, *, is_read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open the pipeline's database: for writing, or to read what the last build left.

    Raises:
        BusyError: another process has it open.
        IntegrityError: the file is no database, or a damaged one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        try:
            connection = duckdb.connect(path, read_only=is_read_only)
        except duckdb.ConnectionException:
            # This process built it, and dbt has not let go: DuckDB then opens it one way only.
            connection = duckdb.connect(path)
    except duckdb.IOException as error:
        if LOCKED in str(error):
            message = f"{path} is open in another process."
            raise BusyError(message, remedy="Wait for it to end, then build again.") from error
        message = f"{path} cannot be read: {str(error).splitlines()[0]}"
        remedy = "Nothing is lost, it is made of the log: delete it, then run: demoscope build"
        raise IntegrityError(message, remedy=remedy) from error
    connection.execute("set TimeZone = 'UTC'")
    return connection


def register_sources(
    connection: duckdb.DuckDBPyConnection, log: EventLog, *, as_of_seq: int, loads: Path
) -> None:
    """Register `raw.<event_type>` as of a log position, unsealed, and `raw.load`."""
    register(connection, log, as_of_seq)
    _unseal(connection, Home(log.layout.root.parent).vault)
    listed = ", ".join(f"cast(null as {c.sql_type}) as {c.name}" for c in LOADS.columns)
    query = f"select {listed} where false"
    if any(loads.glob("*.json")):
        columns = ", ".join(f"{column.name}: '{column.sql_type}'" for column in LOADS.columns)
        query = (
            f"select * from read_json({_literal(loads / '*.json')},"
            f" format = 'newline_delimited', columns = {{{columns}}})"
        )
    connection.execute(f"create or replace view raw.load as {query}")


def _unseal(connection: duckdb.DuckDBPyConnection, vault: Path) -> None:
    """Show what participants said of themselves; of those who were erased, nothing.

    Raises:
        IntegrityError: the vault is not the one that the log was sealed under.
    """
    for event_type, contract in CONTRACTS.items():
        columns = contract.sealed_columns
        sealed = " or ".join(f"starts_with({name}, '{SEALED_PREFIX}')" for name in columns)
        query = f"from raw.{event_type}"
        if not sealed or not connection.sql(f"{query} where {sealed} limit 1").fetchall():
            continue
        opened = Seals.open(vault).unseal(contract, connection.sql(query).to_arrow_table())
        connection.register("opened", opened)
        connection.execute(f"create or replace table raw.opened_{event_type} as from opened")
        connection.unregister("opened")
        connection.execute(
            f"create or replace view raw.{event_type} as from raw.opened_{event_type}"
        )


def register_ratings(connection: duckdb.DuckDBPyConnection, ratings: Path) -> None:
    """Register every rating table as `ratings.<name>`; one without rows has no file."""
    connection.execute("create schema if not exists ratings")
    for name, table in RATING_TABLES.items():
        path = ratings / f"{name}.parquet"
        query = f"select * from read_parquet({_literal(path)})"
        if not path.exists():
            columns = ", ".join(
                f"cast(null as {column.sql_type}) as {column.name}" for column in table.columns
            )
            query = f"select {columns} where false"
        connection.execute(f"create or replace view ratings.{name} as {query}")


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
