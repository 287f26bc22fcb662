"""One publication: check that all belongs together, write it beside, let readers see it.

What stays out: each step (belonging.py, writing.py, store.py).
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ingestion.errors import NotFoundError
from ingestion.log import EventLog
from orchestration.belonging import require_belonging
from orchestration.building import Workspace
from orchestration.raw_views import open_database
from publishing.boards import store as boards
from publishing.publications import store
from publishing.publications.catalogue import declared_marts, public_tables
from publishing.publications.writing import DATABASE_FILE, write_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import duckdb

    from ingestion.paths import Home
    from publishing.boards.store import Board
    from publishing.publications.store import Publication
    from publishing.publications.writing import Written

SCHEMA_VERSION = 1
MADE_BY = ("code_version", "code_sha256", "dependency_lock_sha256")
IN_ORDER = "preserve_insertion_order"
PEOPLE_MIN = "select max(people_min) from int_coverage__disclosed"


def publish(home: Home) -> Publication:
    """Publish what the current board was made from, and let readers see it.

    Raises:
        NotFoundError: nothing was built yet.
        IntegrityError: the database is not what the current board was made from.
        BusyError: the database is being built, or another process publishes.
    """
    board = boards.current(home.boards)
    workspace = Workspace(home.root)
    about = _about(home, board)
    with store.alone(home.marts), store.unfinished(home.marts) as directory:
        with _opened(workspace.database) as connection:
            require_belonging(connection, workspace, board)
            [(about["disclosed_people_min"],)] = connection.sql(PEOPLE_MIN).fetchall()
            written = write_files(connection, directory, public_tables(declared_marts()), about)
        manifest = _manifest(board, about, directory, written)
        kept = store.keep(home.marts, directory, manifest)
        store.make_current(home.marts, kept)
    return kept


def _about(home: Home, board: Board) -> dict[str, Any]:
    subject, made_by = board.subject, board.predicate["made_by"]
    commit = EventLog.open(home.log).chain.commit(subject["log_position"])
    return {
        "board_id": board.board_id,
        "title": title_of(board),
        "is_simulated": subject["is_simulated"],
        "sources": ", ".join(subject["sources"]),
        "log_position": subject["log_position"],
        "log_head_hash": subject["log_head_hash"],
        "recorded_at": commit.recorded_at,
        "valid_until": subject["valid_until"],
        "design_hash": subject["design_hash"],
        "is_signed": (board.directory / boards.ENVELOPE_FILE).exists(),
        **{name: made_by[name] for name in MADE_BY},
        "provisional_battle_count": subject["parameters"]["provisional_battle_count"],
    }


def title_of(board: Board) -> str:
    """What stands above a publication; a simulated one says so first."""
    subject = board.subject
    words = f"Demoscope as of log position {subject['log_position']}"
    if subject["valid_until"] is not None:
        words += f", valid until {subject['valid_until']}"
    return f"SIMULATED: {words}" if subject["is_simulated"] else words


@contextmanager
def _opened(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The pipeline's database, as the build opens it: one process has one instance of a file.

    dbt, in this process, may have told that instance that order doesn't matter; here it does.
    """
    if not database.exists():
        message = f"There is no {database}: nothing was built here."
        raise NotFoundError(message, remedy="Run: demoscope build")
    with open_database(database) as connection:
        [(kept,)] = connection.sql(f"select current_setting('{IN_ORDER}')").fetchall()
        connection.execute(f"set {IN_ORDER} = true")
        try:
            yield connection
        finally:
            connection.execute(f"set {IN_ORDER} = {kept}")


def _manifest(
    board: Board, about: dict[str, Any], directory: Path, written: Sequence[Written]
) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        **about,
        "sources": board.subject["sources"],
        "recorded_at": about["recorded_at"].strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "files": [_file(directory / DATABASE_FILE)],
        "tables": [_table(directory, one) for one in written],
    }


def _table(directory: Path, written: Written) -> dict[str, Any]:
    table = written.table
    return {
        "name": table.name,
        "description": table.description,
        "row_count": written.row_count,
        "left_out_count": written.left_out_count,
        "rows_sha256": written.rows_sha256,
        "columns": [
            {"name": column.name, "type": column.type, "description": column.description}
            for column in table.columns
        ],
        "files": [_file(directory / f"{table.name}.{suffix}") for suffix in ("parquet", "csv")],
    }


def _file(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": path.name, "byte_count": path.stat().st_size, "sha256": digest}
