"""A publication mirrored in PostgreSQL: the schema `demoscope`, swapped in one transaction.

Rows go from a publication's files by ADBC (binary COPY) into a schema beside, which is committed
and then takes the name. A reader sees the old publication or the new one, never a mixture, and
keeps the right to read. What others made, in the schema or on it, is never dropped: the comment on
the schema names our tables.

The rows are committed before the swap, because a COPY that waited for the swap reads the new
tables with the snapshot it took before. The swap waits for readers a little, gives way, and tries
again: a longer wait would be a deadlock with a reader of two tables, and might end the reader.
"""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from ingestion.errors import BusyError, DemoscopeError, UsageError
from ingestion.sql import quoted

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Connection, Cursor

    from publishing.publications.store import Publication

SCHEMA, INCOMING = "demoscope", "demoscope_incoming"
MARK, TABLES = "Published by Demoscope", "Its tables: "
TYPES = {"varchar": "text", "double": "double precision", "timestamp with time zone": "timestamptz"}
# Well below the second after which PostgreSQL looks for deadlocks.
LOCK_TIMEOUT = "250ms"
PATIENCE_SECONDS, PAUSE_SECONDS = 60, 0.1
INSUFFICIENT, DEPENDENT, LOCKED = "42501", "2BP01", "55P03"

CLAIM = "select pg_try_advisory_lock(hashtext('demoscope.mirror'))"
OWNED = """
select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = '{schema}'
"""
READERS = f"""
select case when acl.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(acl.grantee)) end
from pg_namespace as schema, aclexplode(schema.nspacl) as acl
where
    schema.nspname = '{SCHEMA}' and acl.privilege_type = 'USAGE' and acl.grantee <> schema.nspowner
"""


class MirrorError(DemoscopeError):
    """PostgreSQL would not take it; what it had is still there."""


def mirror(publication: Publication, dsn: str) -> None:
    """Put a kept publication's tables into a PostgreSQL database, in place of those before.

    The DSN is what libpq takes: a URI, or `host=... dbname=...`.

    Raises:
        UsageError: the driver is not installed.
        BusyError: readers held a table for a minute.
        MirrorError: no connection, no permission, or others built on what is there.
    """
    try:
        from adbc_driver_manager import Error
        from adbc_driver_postgresql import dbapi
    except ImportError as error:
        message = "The PostgreSQL driver is not installed."
        raise UsageError(message, remedy="Run: pip install 'demoscope[postgres]'") from error
    try:
        with closing(dbapi.connect(dsn)) as connection:
            _replace(connection, publication)
    except Error as error:
        _explain(error)


def _replace(connection: Connection, publication: Publication) -> None:
    with connection.cursor() as cursor:
        [(is_alone,)] = _rows(cursor, CLAIM)
        if not is_alone:
            raise BusyError("Another process is mirroring there.", remedy="Wait for it to end.")
        _drop(cursor, INCOMING)
        cursor.execute(f"create schema {INCOMING}")
        for table in publication.manifest["tables"]:
            _fill(cursor, table, publication)
        names = ", ".join(table["name"] for table in publication.manifest["tables"])
        about = (
            f"{MARK}. {publication.manifest['title']}, release {publication.name}. {TABLES}{names}"
        )
        cursor.execute(f"comment on schema {INCOMING} is {quoted(about)}")
    connection.commit()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not _is_swapped(connection, is_last=time.monotonic() > deadline):
        time.sleep(PAUSE_SECONDS)


def _is_swapped(connection: Connection, *, is_last: bool) -> bool:
    """One try at giving the incoming schema the name.

    Returns:
        False where a reader was in the way; at the last try the error is raised instead.
    """
    from adbc_driver_manager import Error

    try:
        with connection.cursor() as cursor:
            cursor.execute(f"set local lock_timeout = '{LOCK_TIMEOUT}'")
            readers = [row[0] for row in _rows(cursor, READERS)]
            _drop(cursor, SCHEMA)
            cursor.execute(f"alter schema {INCOMING} rename to {SCHEMA}")
            for reader in readers:
                cursor.execute(f"grant usage on schema {SCHEMA} to {reader}")
                cursor.execute(f"grant select on all tables in schema {SCHEMA} to {reader}")
        connection.commit()
    except Error as error:
        connection.rollback()
        if is_last or error.sqlstate != LOCKED:
            raise
        return False
    return True


def _fill(cursor: Cursor, table: dict[str, Any], publication: Publication) -> None:
    from pyarrow.parquet import read_table

    name = f"{INCOMING}.{table['name']}"
    columns = ", ".join(
        f"{column['name']} {TYPES.get(column['type'], column['type'])}"
        for column in table["columns"]
    )
    cursor.execute(f"create table {name} ({columns})")
    rows = read_table(publication.directory / f"{table['name']}.parquet")
    cursor.adbc_ingest(table["name"], rows, mode="append", db_schema_name=INCOMING)
    cursor.execute(f"comment on table {name} is {quoted(table['description'])}")
    for column in table["columns"]:
        about = quoted(column["description"])
        cursor.execute(f"comment on column {name}.{column['name']} is {about}")


def _drop(cursor: Cursor, schema: str) -> None:
    """Drop a schema of ours, if there; no CASCADE, which would take other people's views along."""
    owned = _rows(cursor, OWNED.format(schema=schema))
    if not owned:
        return
    mark, _, names = str(owned[0][0] or "").partition(TABLES)
    if not mark.startswith(MARK):
        message = f"The database has a schema {schema} that Demoscope did not make."
        raise MirrorError(message, remedy="Rename it, or mirror into another database.")
    tables = ", ".join(f"{schema}.{name}" for name in names.split(", "))
    cursor.execute(f"drop table if exists {tables}")
    cursor.execute(f"drop schema {schema}")


def _rows(cursor: Cursor, query: str) -> list[tuple[Any, ...]]:
    cursor.execute(query)
    return list(cursor.fetchall())


def _explain(error: Any) -> None:
    said = " ".join(str(error).split())
    message = f"PostgreSQL: {said.rpartition('ERROR: ')[2].partition(' HINT: ')[0].strip()}"
    message = message.rstrip(".") + "."
    if error.sqlstate == LOCKED:
        raise BusyError(message, remedy="A reader holds a table; try again.") from error
    remedies = {
        DEPENDENT: f"Move what others made out of the schema {SCHEMA}, then mirror again.",
        INSUFFICIENT: "The user needs CREATE on the database and to own the schema.",
    }
    remedy = remedies.get(error.sqlstate, "The publication itself is done; only its mirror is not.")
    raise MirrorError(message, remedy=remedy) from error
