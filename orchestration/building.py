"""One build: from the log as of a position to a board. All of it can be deleted and comes back.

A build at the head works in the warehouse's own database. A build as of an earlier position works
in a scratch directory, so that looking back never disturbs what readers see.

What stays out: SQL (dbt_project), numerics (ratings/) and what a board is (boards/).
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from ingestion.errors import NotFoundError
from ingestion.log import EventLog
from ingestion.vocabulary import SIMULATED_SOURCE_PREFIX
from orchestration.boards import store
from orchestration.dbt_runs import PROJECT_DIRECTORY, run_dbt
from orchestration.rating import RATING, RATING_FILE, rate_all, read_subject, write_ratings
from orchestration.ratings.tournaments import RatingParameters
from orchestration.raw_views import open_database, register_ratings, register_sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import duckdb
    import pyarrow as pa

    from ingestion.paths import Home
    from orchestration.boards.store import Board

LOCK_FILE = Path(__file__).resolve().parent.parent / "requirements.lock"
# Unit tests prove the SQL, not the data: they run with the tests (tests/dbt), not with every build.
BUILD = ("build", "--exclude-resource-type", "unit_test")
AFTER_RATINGS = "source:ratings+"
SOURCES = """
select source from raw.battle_judged
union
select source from raw.battles_tallied
order by source
"""


@dataclass(frozen=True)
class Workspace:
    """Where one build works: the warehouse itself, or a scratch directory."""

    root: Path

    @property
    def database(self) -> Path:
        """The DuckDB file dbt writes."""
        return self.root / "demoscope.duckdb"

    @property
    def ratings(self) -> Path:
        """The directory of the rating step's Parquet."""
        return self.root / "ratings"


def build(
    home: Home,
    *,
    as_of: str | int | None = None,
    parameters: RatingParameters | None = None,
    step: Callable[[str], None] = lambda _name: None,
) -> Board:
    """Build everything right of the log and keep the board.

    Args:
        home: the warehouse.
        as_of: log position or recorded-at time; None for the head.
        parameters: of the ratings; the defaults where None.
        step: called with the name of each step as it begins.

    Raises:
        NotFoundError: the log holds no battle as of that position.
        TransformationFailedError: a dbt model or test failed.
    """
    log = EventLog.open(home.log)
    position = log.resolve(as_of)
    with _workspace(home, is_head=as_of is None) as workspace:
        step("transform")
        transform(workspace, log, position, loads=home.loads)
        step("rate")
        rate(workspace, log, parameters or RatingParameters())
        step("report")
        report(workspace)
        step("board")
        board = keep_board(home, workspace)
    if as_of is None:
        store.make_current(home.boards, board)
    return board


def transform(workspace: Workspace, log: EventLog, position: int, *, loads: Path) -> None:
    """Everything dbt builds before the ratings."""
    open_sources(workspace, log, position, loads=loads)
    run_dbt([*BUILD, "--exclude", AFTER_RATINGS], root=workspace.root)
    mark_transformed(workspace, position)


def open_sources(workspace: Workspace, log: EventLog, position: int, *, loads: Path) -> None:
    """Show dbt the log as of a position; until `mark_transformed` nothing may be rated."""
    with open_database(workspace.database) as connection:
        register_sources(connection, log, as_of_seq=position, loads=loads)
        if not connection.sql(f"from ({SOURCES}) limit 1").fetchall():
            message = f"There are no battles in the log as of position {position}."
            raise NotFoundError(message, remedy="Ingest a file of votes: demoscope ingest PATH")
        connection.execute("drop view if exists raw.transformed")


def mark_transformed(workspace: Workspace, position: int) -> None:
    """Note, in the database itself, as of which log position its counts are."""
    with open_database(workspace.database) as connection:
        connection.execute(f"create view raw.transformed as select {position:d} as log_position")


def transformed_position(connection: duckdb.DuckDBPyConnection) -> int | None:
    """The log position the database's counts are as of; None where they are not whole."""
    known = "select 1 from duckdb_views() where schema_name = 'raw' and view_name = 'transformed'"
    if not connection.sql(known).fetchall():
        return None
    return int(connection.sql("select log_position from raw.transformed").fetchall()[0][0])


def row_counts(workspace: Workspace) -> dict[str, int]:
    """Rows of every table, by name; from the database's catalogue, without reading any."""
    tables = "select table_name, estimated_size from duckdb_tables()"
    with open_database(workspace.database) as connection:
        return dict(connection.sql(tables).fetchall())


def rate(workspace: Workspace, log: EventLog, parameters: RatingParameters) -> pa.Table:
    """Rate every tournament of the database, and keep the ratings with what they are of.

    Raises:
        NotFoundError: the database's counts are not there, or not whole, or empty.
    """
    with open_database(workspace.database) as connection:
        position = transformed_position(connection)
        if position is None:
            message = f"{workspace.database} holds no counts, or a build of them was cut off."
            raise NotFoundError(message, remedy="Build the models again: demoscope build")
        sources = [row[0] for row in connection.sql(SOURCES).fetchall()]
        tables = rate_all(connection, parameters)
    ratings = tables[RATING]
    if not ratings.num_rows:
        message = f"No battle counts as of position {position}: all are retracted or excluded."
        raise NotFoundError(message, remedy="Ingest a file of votes: demoscope ingest PATH")
    write_ratings(tables, workspace.ratings, subject_of(log, position, sources, parameters))
    return ratings


def report(workspace: Workspace) -> None:
    """Everything dbt builds from the ratings."""
    show_ratings(workspace)
    run_dbt([*BUILD, "--select", AFTER_RATINGS], root=workspace.root)


def show_ratings(workspace: Workspace) -> None:
    """Show dbt the ratings as a source."""
    with open_database(workspace.database) as connection:
        register_ratings(connection, workspace.ratings)


def keep_board(home: Home, workspace: Workspace) -> Board:
    """Keep the board the ratings make; it is of the position they were computed at."""
    rows = pq.read_table(workspace.ratings / RATING_FILE)
    subject = read_subject(rows)
    return store.keep(home.boards, subject, rows.replace_schema_metadata(None), _made_by())


def subject_of(
    log: EventLog, position: int, sources: list[str], parameters: RatingParameters
) -> dict[str, Any]:
    """What the board is a function of; see boards/identity.py."""
    commit = next((commit for commit in log.commits(position) if commit.seq == position), None)
    return {
        "log_position": position,
        "log_head_hash": commit.hash if commit else None,
        "valid_until": None,
        "design_hash": design_hash(),
        "sources": sources,
        "is_simulated": any(source.startswith(SIMULATED_SOURCE_PREFIX) for source in sources),
        "parameters": {
            name: round(value * 1_000_000) if isinstance(value, float) else value
            for name, value in sorted(asdict(parameters).items())
        },
    }


def design_hash() -> str:
    """SHA-256 over the study's design: every seed, by name."""
    digest = hashlib.sha256()
    for path in sorted((PROJECT_DIRECTORY / "seeds").rglob("*.csv")):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.name} {content}\n".encode())
    return digest.hexdigest()


def _made_by() -> dict[str, Any]:
    lock = hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest() if LOCK_FILE.exists() else None
    return {"code_version": version("demoscope"), "dependency_lock_sha256": lock}


@contextmanager
def _workspace(home: Home, *, is_head: bool) -> Iterator[Workspace]:
    if is_head:
        yield Workspace(home.root)
        return
    home.cache.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="as-of-", dir=home.cache))
    try:
        yield Workspace(scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
