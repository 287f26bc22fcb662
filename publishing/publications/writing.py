"""Writing a publication: one DuckDB file, a Parquet and a CSV file per mart, and the manifest.

Rows are in the order of their columns. Text that a spreadsheet would take for a formula gets an
apostrophe before it in the CSV files, and there only; numbers stay numbers.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from ingestion.errors import DemoscopeError, IntegrityError
from ingestion.log.durable import explained
from ingestion.sql import quoted
from publishing.boards.checking import Signature, signature
from publishing.publications import checking, disclosure, history, store
from publishing.publications.catalogue import HISTORY, PUBLICATION
from publishing.publications.differences import Earlier, hide_small_differences
from publishing.publications.other_formats import write_other_formats
from publishing.publications.store import Publication

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ingestion.log import EventLog
    from ingestion.tables import Column
    from publishing.boards.statement import Signer
    from publishing.boards.store import Release
    from publishing.publications.catalogue import PublicTable

SCHEMA_VERSION = 1
DATABASE_FILE = "demoscope.duckdb"
# Clients older than the pipeline's DuckDB read it, back to 1.4.
STORAGE_VERSION = "v1.4.0"
# The new file beside the pipeline's database, and what every Parquet file says of itself.
OUT = "going_out"
STAMPED = ("release_id", "title")
MADE_BY = ("code_version", "code_sha256", "dependency_lock_sha256")
# Also after blanks, and in the wide forms that some spreadsheets read as the narrow ones.
FORMULA = r"^[\s\p{Z}\p{Cf}]*[=+\-@\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]|^[\t\r\n]"
PIECE = 10_000
DISK_ERRORS = (duckdb.IOException, duckdb.FatalException, duckdb.TransactionException)
DISK = "If the disk is full, free some space; then publish again: demoscope publish"
IN_ORDER = "preserve_insertion_order"
PEOPLE_MIN = "select max(people_min) from int_coverage__disclosed"
TIME = "timestamp with time zone"


class PublishingError(DemoscopeError):
    """A publication could not be written; readers go on seeing the last one."""


def publish(
    marts: Path,
    release: Release,
    log: EventLog,
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[PublicTable],
    signer: Signer | None = None,
) -> Publication:
    """Publish what a release was made from, and let readers see it.

    The connection is on the pipeline's database, which holds what the release was made from.
    Earlier publications of the release that are not what they were give way to this one.

    Raises:
        BusyError: another process publishes.
        PublishingError: a mart is not as its yml says, or the disk would not take a file.
        StorageError: the disk would not take a file.
    """
    about = _about(release, log, signer)
    [(about["disclosed_people_min"],)] = connection.sql(PEOPLE_MIN).fetchall()
    with _disk_explained(marts), store.alone(marts), store.unfinished(marts) as directory:
        with _in_order(connection):
            earlier = _earlier(marts, log, about)
            before = history.last_before(marts, release.directory.parent, about, signer)
            written = write_files(connection, directory, tables, about, earlier, before)
        manifest: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            **about,
            "sources": release.subject["sources"],
            "recorded_at": about["recorded_at"].strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "files": [_file(directory / DATABASE_FILE)],
            "tables": written,
        }
        others = _other_formats(directory, manifest)
        manifest["files"] += [_file(path) for path in others]
        return show(marts, release.directory.parent, directory, manifest, signer)


def show(
    marts: Path, boards: Path, directory: Path, manifest: dict[str, Any], signer: Signer | None
) -> Publication:
    """Keep what was written, and let readers see it; `store.alone` must hold.

    Wherever it is cut off, readers see the last publication or this one, each as it was noted.
    """
    there = store.of_release(marts, manifest["release_id"])
    changed = [one for one in there if checking.findings(boards, one, signer)]

    def note(name: str, manifest_sha256: str) -> None:
        checking.note(boards, Publication(marts / name), manifest_sha256, signer)

    kept = store.keep(marts, directory, manifest, changed, note)
    store.make_current(marts, kept)
    store.remove(marts, changed)
    return kept


def _other_formats(directory: Path, manifest: dict[str, Any]) -> list[Path]:
    """What tells other tools of the publication, made of the database that readers get."""
    with duckdb.connect(directory / DATABASE_FILE, read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        return write_other_formats(connection, "main", directory, manifest)


@contextmanager
def _disk_explained(marts: Path) -> Iterator[None]:
    try:
        with explained("Publishing to", marts):
            yield
    except DISK_ERRORS as error:
        why = str(error).splitlines()[0]
        message = f"Publishing to {marts} failed: {why}. Readers go on seeing the last publication."
        raise PublishingError(message, remedy=DISK) from error


def _about(release: Release, log: EventLog, signer: Signer | None) -> dict[str, Any]:
    keys = [] if signer is None else [signer.public]
    subject, made_by = release.subject, release.predicate["made_by"]
    return {
        "release_id": release.id,
        "title": title_of(release),
        "is_simulated": subject["is_simulated"],
        "sources": ", ".join(subject["sources"]),
        "log_position": subject["log_position"],
        "log_head_hash": subject["log_head_hash"],
        "recorded_at": log.commit(subject["log_position"]).recorded_at,
        "valid_until": subject["valid_until"],
        "design_hash": subject["design_hash"],
        "is_signed": signature(release, keys) is Signature.CHECKED,
        **{name: made_by[name] for name in MADE_BY},
        "provisional_battle_count": subject["parameters"]["provisional_battle_count"],
    }


def _earlier(marts: Path, log: EventLog, about: dict[str, Any]) -> list[Earlier]:
    """The publications of other releases that readers may have."""
    from ingestion.log.erasure import erasures

    erased = erasures(log)
    found = []
    for one in store.published(marts):
        # By its name: one of this release that was damaged is about to be replaced.
        if one.release_id == about["release_id"]:
            continue
        said, position = one.manifest, one.manifest["log_position"]
        is_cut_alike = said.get("valid_until") == about["valid_until"]
        is_before = position <= about["log_position"] and is_cut_alike
        is_alike = all(said.get(name) == about[name] for name in ("design_hash", "code_sha256"))
        is_less = any(gone.first_seq <= position < gone.seq for gone in erased)
        next_position = log.commit(position).next_position if is_before else None
        found.append(Earlier(one.directory, next_position, is_alike or is_less))
    return found


def title_of(release: Release) -> str:
    """What stands above a publication; a simulated one says so first."""
    subject = release.subject
    words = f"Demoscope as of log position {subject['log_position']}"
    if subject["valid_until"] is not None:
        words += f", valid until {subject['valid_until']}"
    return f"SIMULATED: {words}" if subject["is_simulated"] else words


@contextmanager
def _in_order(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Rows in order, though dbt may have told this process' instance that order doesn't matter."""
    [(kept,)] = connection.sql(f"select current_setting('{IN_ORDER}')").fetchall()
    connection.execute(f"set {IN_ORDER} = true")
    try:
        yield
    finally:
        connection.execute(f"set {IN_ORDER} = {kept}")


def write_files(
    connection: duckdb.DuckDBPyConnection,
    directory: Path,
    tables: Sequence[PublicTable],
    about: dict[str, Any],
    earlier: Sequence[Earlier] = (),
    before: Path | None = None,
) -> list[dict[str, Any]]:
    """Write every file of a publication but its manifest; `about` is its row of `publication`.

    Args:
        connection: on the pipeline's database.
        directory: where to.
        tables: the marts.
        about: the row of `publication`.
        earlier: the publications it must not be told apart from by a few people.
        before: the history of ranks that was published before; None for none.

    Returns:
        What the manifest says of each table, `publication` first. `rows_sha256` is over its rows,
        whatever the file format: a line of JSON per row.

    Raises:
        PublishingError: a mart is not as its yml says, or the disk would not take a file.
    """
    path = quoted(directory / DATABASE_FILE)
    connection.execute(f"attach {path} as {OUT} (storage_version '{STORAGE_VERSION}')")
    connection.register(PUBLICATION.name, pa.Table.from_pylist([about]))
    stamp = ", ".join(f"{key}: {quoted(about[key])}" for key in STAMPED)
    people_min = about["disclosed_people_min"]
    try:
        _decide(connection, tables, earlier, people_min)
        return [
            _written(connection, directory, table, stamp, people_min, before)
            for table in (PUBLICATION, *tables)
        ]
    finally:
        connection.unregister(PUBLICATION.name)
        connection.execute(f"detach {OUT}")


def _decide(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[PublicTable],
    earlier: Sequence[Earlier],
    people_min: int,
) -> None:
    if all(table.disclosed_by is None for table in tables):
        return
    try:
        disclosure.decide(connection, people_min)
    except duckdb.Error as error:
        message = f"Who is too few could not be worked out: {str(error).splitlines()[0]}"
        raise PublishingError(message, remedy="Build again: demoscope build") from error
    try:
        hide_small_differences(connection, tables, earlier, people_min)
    except duckdb.Error as error:
        named = ", ".join(one.directory.name[:12] for one in earlier)
        message = f"What differs from an earlier publication ({named}) could not be worked out: "
        remedy = (
            "If the warehouse was moved, build again: demoscope build. Else restore the files of"
            " the one that is damaged, then publish again."
        )
        raise PublishingError(message + str(error).splitlines()[0], remedy=remedy) from error


def _written(
    connection: duckdb.DuckDBPyConnection,
    directory: Path,
    table: PublicTable,
    stamp: str,
    people_min: int,
    before: Path | None,
) -> dict[str, Any]:
    name = f"{OUT}.main.{table.name}"
    files = [directory / f"{table.name}.{suffix}" for suffix in ("parquet", "csv")]
    parquet, csv = map(quoted, files)
    cells = ", ".join(_csv_cell(column) for column in table.columns)
    try:
        _create(connection, name, table, people_min, before)
        connection.execute(
            f"copy {name} to {parquet} (format parquet, compression zstd, kv_metadata {{{stamp}}})"
        )
        connection.execute(f"copy (select {cells} from {name}) to {csv} (format csv, header)")
        left_out_count = _left_out_count(connection, name, table)
        [(blank_count,)] = connection.sql(disclosure.blanks(table, people_min)).fetchall()
        row_count, rows_sha256 = _measured(connection, name, table)
    except DISK_ERRORS:
        raise
    except duckdb.Error as error:
        message = f"{table.name} could not be published: {str(error).splitlines()[0]}"
        raise PublishingError(message, remedy="Build again: demoscope build") from error
    return {
        "name": table.name,
        "description": table.grain,
        "row_count": row_count,
        "left_out_count": left_out_count,
        "blank_count": blank_count,
        "rows_sha256": rows_sha256,
        "columns": [
            {"name": column.name, "type": column.sql_type, "description": column.description}
            for column in table.columns
        ],
        "files": [_file(path) for path in files],
    }


def _left_out_count(connection: duckdb.DuckDBPyConnection, name: str, table: PublicTable) -> int:
    """Rows of the mart that stay behind; of a history, those of this release."""
    only = " where is_latest" if table.name == HISTORY else ""
    queries = (f"(select count(*) from {one}{only})" for one in (table.name, name))
    [(count,)] = connection.sql(f"select {' - '.join(queries)}").fetchall()
    return int(count)


def _create(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    table: PublicTable,
    people_min: int,
    before: Path | None,
) -> None:
    columns = ", ".join(f"{column.name} {column.sql_type}" for column in table.columns)
    connection.execute(f"create table {name} ({columns})")
    shown = disclosure.cells(table, people_min)
    cells = ", ".join(
        f"cast({shown[column.name]} as {column.sql_type}) as {column.name}"
        for column in table.columns
    )
    query = f"select {cells} from {disclosure.figures(table)}"
    if table.name == HISTORY:
        query = history.carried_on(query, table, before)
    connection.execute(f"insert into {name} select * from ({query}) order by all")
    connection.execute(f"comment on table {name} is {quoted(table.grain)}")
    for column in table.columns:
        about = quoted(column.description)
        connection.execute(f"comment on column {name}.{column.name} is {about}")


def _measured(
    connection: duckdb.DuckDBPyConnection, name: str, table: PublicTable
) -> tuple[int, str]:
    """The number of rows, and the SHA-256 over them: a JSON array per line, times as text."""
    cells = ", ".join(_json_cell(column) for column in table.columns)
    cursor = connection.execute(f"select {cells} from {name}")
    digest, count = hashlib.sha256(), 0
    while piece := cursor.fetchmany(PIECE):
        count += len(piece)
        for row in piece:
            digest.update(f"{_json_line(name, row)}\n".encode())
    return count, digest.hexdigest()


def _json_line(name: str, row: tuple[Any, ...]) -> str:
    try:
        return json.dumps(row, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError as error:
        message = f"{name} has a row with NaN or Infinity, which JSON does not have: {row}."
        remedy = "Have the table say null in its place, build and publish again."
        raise IntegrityError(message, remedy=remedy) from error


def _json_cell(column: Column) -> str:
    if column.sql_type == TIME:
        return f"strftime({column.name} at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')"
    return column.name


def _csv_cell(column: Column) -> str:
    cell = _json_cell(column)
    if column.sql_type == "varchar":
        is_formula = f"regexp_matches({cell}, '{FORMULA}')"
        cell = f"case when {is_formula} then '''' || {cell} else {cell} end"
    return f"{cell} as {column.name}"


def _file(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": path.name, "byte_count": path.stat().st_size, "sha256": digest}
