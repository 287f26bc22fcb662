"""The pipeline's database: what dbt sees as sources, what its counts are of, and reading its marts.

All of it is made from the log and can be deleted.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import duckdb

from ingestion.contracts import CONTRACTS
from ingestion.errors import BusyError, IntegrityError, NotFoundError
from ingestion.log.held_files import path_literal
from ingestion.log.reader import register
from ingestion.log.vault_binding import require_seals
from ingestion.paths import Home
from ingestion.sql import quoted
from orchestration.load_report import TABLE as LOADS
from orchestration.own_caches import require_own
from publishing.boards.designs import design_hash
from publishing.boards.inputs import Cut
from ratings.tables.declarations import RATING_TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pyarrow as pa

    from ingestion.log import EventLog
    from ingestion.tables import Table

# What DuckDB says of a file that another process has open; it has no error of its own for it.
LOCKED = "Could not set lock"
# By its full name: a function of the database would stand in for a short one.
FUNCTIONS = """
select distinct schema_name, function_name, function_type from system.main.duckdb_functions()
where not internal
"""
BUILD = "Build first: demoscope build"


def open_database(path: Path, *, is_read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open the pipeline's database: for writing, or to read what the last build left.

    One that this user may not write is opened to read, whatever was asked for.

    Raises:
        BusyError: another process has it open.
        IntegrityError: the file is no database, or a damaged one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    is_kept = path.exists() and not os.access(path, os.W_OK)
    try:
        try:
            connection = duckdb.connect(path, read_only=is_read_only or is_kept)
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
) -> list[str]:
    """Register `raw.<event_type>` as of a log position, unsealed, and `raw.load`.

    Functions that somebody put into the database are dropped: they would stand in for DuckDB's own.

    Returns:
        A sentence for each record of a load that cannot be read: what it says is left out.
    """
    _drop_functions(connection)
    register(connection, log, as_of_seq)
    _unseal(connection, log, Home(log.layout.root.parent).vault)
    place = quoted(_place(connection))
    connection.execute(f"create or replace view raw.made_in as select {place} as place")
    query, unread = _loads(connection, loads)
    connection.execute(f"create or replace view raw.load as {query}")
    return [
        f"{loads / name} cannot be read and is left out of fct_load. What it loaded is in the log; "
        "delete the record."
        for name in unread
    ]


def require_in_place(connection: duckdb.DuckDBPyConnection) -> None:
    """Refuse a database whose home was copied or moved since: its views read the other home's log.

    Raises:
        NotFoundError: it was made elsewhere.
        duckdb.CatalogException: it does not say where.
    """
    [(place,)] = connection.sql("select place from raw.made_in").fetchall()
    here = _place(connection)
    if place != here:
        message = (
            f"{here} was built as {place} and reads the log there: the home was moved or copied."
        )
        raise NotFoundError(message, remedy=f"Nothing is damaged. {BUILD}")


def _place(connection: duckdb.DuckDBPyConnection) -> str:
    """The database's file, without symbolic links; empty for one in memory."""
    there = "system.main.duckdb_databases() where database_name = current_database()"
    query = f"select path from {there}"
    [(path,)] = connection.sql(query).fetchall()
    return os.path.realpath(path) if path else ""


def _drop_functions(connection: duckdb.DuckDBPyConnection) -> None:
    kinds = {"macro": "macro", "table_macro": "macro table"}
    for schema, name, kind in connection.sql(FUNCTIONS).fetchall():
        connection.execute(f'drop {kinds[kind]} "{schema}"."{name}"')


def _loads(connection: duckdb.DuckDBPyConnection, loads: Path) -> tuple[str, list[str]]:
    """A query for every record that can be read, and the names of the others."""
    kept = sorted(path for path in loads.glob("*.json"))
    query = _records([f"{path_literal(loads)[:-1]}/*.json'"])
    if kept and _is_read(connection, query, len(kept)):
        return query, []
    read = [path for path in kept if _is_read(connection, _records([path_literal(path)]), 1)]
    unread = [path.name for path in kept if path not in read]
    literals = list(map(path_literal, read))
    return (_records(literals) if read else no_rows(LOADS)), unread


def _records(literals: list[str]) -> str:
    columns = ", ".join(f"{column.name}: '{column.sql_type}'" for column in LOADS.columns)
    options = f"format = 'newline_delimited', columns = {{{columns}}}"
    return f"select * from read_json([{', '.join(literals)}], {options})"


def _is_read(connection: duckdb.DuckDBPyConnection, query: str, count: int) -> bool:
    """Whether files hold so many whole records, one each: an empty file holds none."""
    said = [f"{column.name} is not null" for column in LOADS.columns if column.is_required]
    try:
        whole = f"select count(*), count(*) filter ({' and '.join(said)}) from ({query})"
        [(all_count, whole_count)] = connection.sql(whole).fetchall()
    except (duckdb.Error, UnicodeError):
        return False
    return bool(all_count == whole_count == count)


def _unseal(connection: duckdb.DuckDBPyConnection, log: EventLog, vault: Path) -> None:
    """Show what participants said of themselves; of those who were erased, nothing.

    Raises:
        IntegrityError: the vault is not the one that the log was sealed under.
    """
    for event_type, contract in CONTRACTS.items():
        sealed = " or ".join(f"{name} is not null" for name in contract.sealed_columns)
        query = f"from raw.{event_type}"
        if not sealed or not connection.sql(f"{query} where {sealed} limit 1").fetchall():
            continue
        seals = require_seals(log, vault)
        opened = seals.unseal(contract, connection.sql(query).to_arrow_table())
        connection.register("opened", opened)
        connection.execute(f"create or replace table raw.opened_{event_type} as from opened")
        connection.unregister("opened")
        connection.execute(
            f"create or replace view raw.{event_type} as from raw.opened_{event_type}"
        )


def register_ratings(connection: duckdb.DuckDBPyConnection, ratings: Path) -> None:
    """Register every rating table as `ratings.<name>`; one without rows has no file.

    Raises:
        IntegrityError: something else than the rating step wrote one.
    """
    connection.execute("create schema if not exists ratings")
    for name, table in RATING_TABLES.items():
        path = ratings / f"{name}.parquet"
        if path.exists():
            require_own(ratings.parent, path)
        query = f"from read_parquet({path_literal(path)})" if path.exists() else no_rows(table)
        connection.execute(f"create or replace view ratings.{name} as {query}")


def no_rows(table: Table) -> str:
    """A query for a table without rows."""
    columns = (f"cast(null as {column.sql_type}) as {column.name}" for column in table.columns)
    return f"select {', '.join(columns)} where false"


def mark_built(
    database: Path, project: Path, position: int, valid_until: str | None = None
) -> None:
    """Note that the counts are whole: without this build marker, a build of them was cut off.

    The design is the seeds of `project`; `position` is the last commit, `valid_until` the cut in
    valid time (ISO 8601), None for none.
    """
    until = "null" if valid_until is None else quoted(valid_until)
    columns = f"{position:d} as log_position, cast({until} as varchar) as valid_until"
    columns += f", '{design_hash(project)}' as design_hash"
    with open_database(database) as connection:
        connection.execute(f"create view raw.build_marker as select {columns}")


def built_from(connection: duckdb.DuckDBPyConnection) -> tuple[Cut, str | None] | None:
    """The cut and the study design of the database's counts; None where they are not whole.

    The design is None where older code built them.
    """
    try:
        marks = connection.sql("from raw.build_marker").to_arrow_table().to_pylist()
    except duckdb.CatalogException:
        return None
    [mark] = marks
    return Cut(mark["log_position"], mark["valid_until"]), mark.get("design_hash")


def mart_rows(
    home: Home, query: str, values: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Rows of a query on the marts as the last build left them; `values` are its named parameters.

    Raises:
        NotFoundError: there is no database, the last build did not make these tables, or the home
            was moved since.
        BusyError: a build has it open.
        IntegrityError: it is damaged.
    """
    rows: list[dict[str, Any]] = _mart_table(home, query, values).to_pylist()
    return rows


def mart_columns(home: Home, query: str, values: Mapping[str, Any] | None = None) -> list[str]:
    """Names of the columns of such rows, of which there may be none. Raises as `mart_rows`."""
    names: list[str] = _mart_table(home, query, values).column_names
    return names


def _mart_table(home: Home, query: str, values: Mapping[str, Any] | None) -> pa.Table:
    if not home.database.exists():
        remedy = (
            BUILD
            if home.log.exists()
            else "Load a file: demoscope ingest PATH. Then build: demoscope build"
        )
        raise NotFoundError(f"There is no {home.database}.", remedy=remedy)
    try:
        with open_database(home.database, is_read_only=True) as connection:
            require_in_place(connection)
            return connection.sql(query, params=dict(values or {})).to_arrow_table()
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        # A table is not there, or a column: an earlier version of the program built it.
        message = f"{home.database} does not have what this reads."
        raise NotFoundError(message, remedy=BUILD) from error
    except duckdb.IOException as error:
        # Its views name files of the log by their whole paths.
        message = f"{home.database} reads files of a log that are not there: the home was moved."
        raise NotFoundError(message, remedy=f"Nothing is damaged. {BUILD}") from error


def require_idle(home: Home) -> None:
    """Refuse while another process has the database open, and would go on reading it.

    Raises:
        BusyError: another process has it open.
    """
    if home.database.exists():
        open_database(home.database).close()


def erasure_cleanup(home: Home) -> list[Path]:
    """Delete what was made from the log before an erasure: the database, what dead builds left.

    A database keeps in its file what is deleted from its tables. Kept releases and publications
    hold no participant, only sums over many.

    Returns:
        What was there.
    """
    found = [
        home.database,
        home.database.with_name(f"{home.database.name}.wal"),
        home.database.with_name(f"{home.database.name}.tmp"),
        *sorted(home.cache.glob("build-*")),
        *sorted(home.cache.glob("events-*")),
        # What was fetched may be the source's own files.
        home.cache / "remote",
        # Made anew by the next build; a model that only they met would be in it.
        home.ratings,
    ]
    there = [path for path in found if path.exists()]
    for path in there:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return there
