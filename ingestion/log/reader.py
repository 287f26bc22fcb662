"""Reading the log as of a commit: one DuckDB view per event type, over the files commits name.

A view names its files and the first position of each, so it needs nothing but those files: it
outlives this process, and what is committed later does not change it.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from ingestion.contracts import CONTRACTS, Contract
from ingestion.log.event_log import EventLog
from ingestion.log.held_files import POSITION_SCHEMA, HeldFile, alike, held_files, scan
from ingestion.log.layout import Layout, read_schema
from ingestion.sql import identifier
from ingestion.tables import SQL_TYPES
from ingestion.vocabulary import EventType


def register(
    connection: duckdb.DuckDBPyConnection, log: EventLog, as_of_seq: int, schema: str = "raw"
) -> None:
    """Create or replace one view per contract, holding exactly commits 1 to `as_of_seq`.

    Args:
        connection: where to.
        log: read from.
        as_of_seq: what `EventLog.resolve` said; 0: nothing.
        schema: the views' schema, made if need be.

    Raises:
        IntegrityError: a segment is missing.
    """
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}")
    for event_type, query in _queries(log, as_of_seq).items():
        name = f"{identifier(schema)}.{identifier(event_type)}"
        connection.execute(f"CREATE OR REPLACE VIEW {name} AS {query}")


def read(log: EventLog, event_type: EventType, as_of: str | int | None = None) -> pa.Table:
    """Every event of a type in position order, with its position, commit and time of recording."""
    query = _queries(log, log.resolve(as_of))[event_type]
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        table = connection.sql(f"SELECT * FROM ({query}) ORDER BY position").to_arrow_table()
    return table.cast(pa.schema([*CONTRACTS[event_type].log_schema, *POSITION_SCHEMA]))


def _queries(log: EventLog, as_of_seq: int) -> dict[EventType, str]:
    held = held_files(log.commits(as_of_seq), log.redactions)
    return {
        event_type: "\nUNION ALL\n".join(
            _scan(log.layout, contract, files) for files in alike(held.get(event_type, []))
        )
        or _nothing(contract)
        for event_type, contract in CONTRACTS.items()
    }


def _scan(layout: Layout, contract: Contract, files: Sequence[HeldFile]) -> str:
    """A scan of files of one kind. A column that their schema does not have yet is null.

    Every event has a `schema_version` but those that were erased: they are no rows any more.
    """
    stored = {column["name"] for column in read_schema(layout, files[0].named.schema)["columns"]}
    columns = [
        identifier(field.name) if field.name in stored else _null(field)
        for field in contract.log_schema
    ]
    is_there = " WHERE schema_version IS NOT NULL" if files[0].is_redacted else ""
    return scan(layout, files, ", ".join(columns)) + is_there


def _nothing(contract: Contract) -> str:
    columns = [_null(field) for field in (*contract.log_schema, *POSITION_SCHEMA)]
    return f"SELECT {', '.join(columns)} WHERE false"


def _null(field: pa.Field) -> str:
    return f"CAST(NULL AS {SQL_TYPES[field.type]}) AS {identifier(field.name)}"
