"""Publishing the current release, if the pipeline's database is what it was made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from ingestion.errors import IntegrityError, NotFoundError
from ingestion.log import EventLog
from orchestration.building import Workspace, read_release
from orchestration.database import built_from, open_database
from publishing.boards.inputs import cut_of
from publishing.boards.store import canonical, current, identity
from publishing.publications import writing
from publishing.publications.catalogue import declared_marts, public_tables

if TYPE_CHECKING:
    import duckdb

    from ingestion.paths import Home
    from publishing.boards.store import Release
    from publishing.publications.store import Publication

# Every key and the figures readers see first; skills as the whole millionths they were.
UNLIKE = """
with
reported as (
    select
        weighting, stratum_id, dimension, estimator, model_id, rank, battle_count,
        cast(round(skill * 1000000) as bigint) as skill_micro
    from rpt_leaderboard
),
kept as (
    select
        weighting, stratum_id, dimension, estimator, model_id, rank, battle_count, skill_micro
    from release_rows
)
select count(*) from (
    (from reported except from kept) union all (from kept except from reported)
)
"""


def publish(home: Home) -> Publication:
    """Publish what the current release was made from, and let readers see it.

    Raises:
        NotFoundError: nothing was built yet.
        IntegrityError: the database is not what the current release was made from.
        BusyError: the database is being built, or another process publishes.
    """
    release, workspace = current(home.boards), Workspace(home.root)
    if not workspace.database.exists():
        message = f"There is no {workspace.database}: nothing was built here."
        raise NotFoundError(message, remedy="Run: demoscope build")
    tables = public_tables(declared_marts(workspace.project))
    with open_database(workspace.database) as connection:
        require_consistency(connection, workspace, release)
        return writing.publish(home.marts, release, EventLog.open(home.log), connection, tables)


def require_consistency(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, release: Release
) -> None:
    """Refuse a database that holds anything but what a kept release was made from.

    Raises:
        IntegrityError: the counts are of another cut or design, or the ratings or the
            reports of another release.
    """
    built, wanted, name = built_from(connection), cut_of(release.subject), release.id[:12]
    if built is None:
        _refuse(f"{workspace.database} holds no whole build: one was cut off, or is running.")
    cut, design = built
    if cut != wanted:
        _refuse(f"The database is as of {cut}, release {name} as of {wanted}.")
    if design != release.subject["design_hash"]:
        _refuse(f"The database is of another study design than release {name}.")
    if identity(canonical(*read_release(workspace))) != release.id:
        _refuse(f"The ratings in {workspace.ratings} are not those of {name}.")
    connection.register("release_rows", release.rows())
    [(unlike,)] = connection.sql(UNLIKE).fetchall()
    connection.unregister("release_rows")
    if unlike:
        _refuse(f"rpt_leaderboard differs from release {name} in {unlike:,} rows.")


def _refuse(message: str) -> NoReturn:
    raise IntegrityError(message, remedy="Build again, then publish: demoscope build")
