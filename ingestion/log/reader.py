"""Reading the log as of a commit: one DuckDB view per event type, over the files commits name.

A view names its files and the first position of each, so it needs nothing but those files: it
outlives this process, and what is committed later does not change it.

What stays out: which commit is meant (chain.py), current state and everything after (dbt_project/).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from ingestion.contracts import CONTRACTS, Contract
from ingestion.errors import IntegrityError
from ingestion.log.compaction_files import HeldFile, held_files
from ingestion.log.event_log import EventLog
from ingestion.log.origin import column_names
from ingestion.tables import TIMESTAMP
from ingestion.vocabulary import EventType

FILES_PER_SCAN = 256
"""A list of first positions is copied per piece of a scan: short lists keep it free."""

POSITION_SCHEMA = pa.schema(
    [
        pa.field("position", pa.int64(), nullable=False),
        pa.field("commit_seq", pa.int64(), nullable=False),
        pa.field("recorded_at", TIMESTAMP, nullable=False),
    ]
)
"""What a view has besides the contract's columns."""

_TYPES = {
    pa.string(): "VARCHAR",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
    TIMESTAMP: "TIMESTAMPTZ",
}


@dataclass(frozen=True)
class _File:
    """A segment as a view needs it."""

    path: Path
    first_position: int
    commit_seq: int
    recorded_us: int
    schema: str
    is_redacted: bool


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
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {_identifier(schema)}")
    files = _files(log, as_of_seq)
    for event_type, contract in CONTRACTS.items():
        name = f"{_identifier(schema)}.{_identifier(event_type)}"
        query = _query(log, contract, files.get(event_type, []))
        connection.execute(f"CREATE OR REPLACE VIEW {name} AS {query}")


def read(log: EventLog, event_type: EventType, as_of: str | int | None = None) -> pa.Table:
    """Every event of a type in position order, with its position, commit and time of recording."""
    contract = CONTRACTS[event_type]
    files = _files(log, log.resolve(as_of)).get(event_type, [])
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        query = f"SELECT * FROM ({_query(log, contract, files)}) ORDER BY position"
        table = connection.sql(query).to_arrow_table()
    return table.cast(pa.schema([*contract.log_schema, *POSITION_SCHEMA]))


def _files(log: EventLog, as_of_seq: int) -> dict[EventType, list[_File]]:
    return {
        EventType(event_type): [_file(log, file) for file in files]
        for event_type, files in held_files(log.commits(as_of_seq), log.chain.redactions).items()
    }


def _file(log: EventLog, file: HeldFile) -> _File:
    path = log.layout.segment(file.sha256).resolve()
    if not path.exists():
        message = f"The segment {path} of commit {file.commit_seq} is missing."
        raise IntegrityError(message, remedy="Restore it from a backup.")
    return _File(
        path,
        file.first_position,
        file.commit_seq,
        file.recorded_us,
        file.schema,
        file.is_redacted,
    )


def _query(log: EventLog, contract: Contract, files: Sequence[_File]) -> str:
    scans = [
        _scan(contract, column_names(log.layout, schema), part, is_redacted=is_redacted)
        for (schema, is_redacted), group in itertools.groupby(files, key=_kind)
        for part in _parts(list(group))
    ]
    return "\nUNION ALL\n".join(scans) or _nothing(contract)


def _kind(file: _File) -> tuple[str, bool]:
    return file.schema, file.is_redacted


def _parts(files: Sequence[_File]) -> Iterable[Sequence[_File]]:
    return (files[start : start + FILES_PER_SCAN] for start in range(0, len(files), FILES_PER_SCAN))


def _scan(
    contract: Contract, stored: Sequence[str], files: Sequence[_File], *, is_redacted: bool
) -> str:
    """A scan of files with one schema. A column the schema does not have yet is null.

    Every event has a schema_version, less those that were erased: they are no rows any more.
    """
    columns = [
        _identifier(field.name)
        if field.name in stored
        else f"CAST(NULL AS {_TYPES[field.type]}) AS {_identifier(field.name)}"
        for field in contract.log_schema
    ]
    paths = ", ".join(_literal(file.path) for file in files)
    where_and_when = (
        POSITION_SCHEMA.names  # a compacted file holds them
        if "position" in stored
        else [
            f"{_per_file(file.first_position for file in files)} + file_row_number AS position",
            f"{_per_file(file.commit_seq for file in files)} AS commit_seq",
            f"make_timestamptz({_per_file(file.recorded_us for file in files)}) AS recorded_at",
        ]
    )
    return (
        f"SELECT {', '.join([*columns, *where_and_when])} "
        f"FROM read_parquet([{paths}], hive_partitioning = false)"
        + (" WHERE schema_version IS NOT NULL" if is_redacted else "")
    )


def _per_file(values: Iterable[int]) -> str:
    """The value that belongs to the file a row is from."""
    return f"(CAST([{', '.join(map(str, values))}] AS BIGINT[]))[CAST(file_index AS BIGINT) + 1]"


def _nothing(contract: Contract) -> str:
    columns = ", ".join(
        f"CAST(NULL AS {_TYPES[field.type]}) AS {_identifier(field.name)}"
        for field in (*contract.log_schema, *POSITION_SCHEMA)
    )
    return f"SELECT {columns} WHERE false"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(path: Path) -> str:
    """A path that DuckDB does not take for a pattern."""
    escaped = re.sub(r"([\[*?])", r"[\1]", str(path))
    return "'" + escaped.replace("'", "''") + "'"
