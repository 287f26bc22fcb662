"""Publishing the current release, if the pipeline's database is what it was made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from ingestion.errors import IntegrityError, NotFoundError
from ingestion.log import EventLog
from orchestration.build_digests import digests
from orchestration.building import Workspace, read_release
from orchestration.database import built_from, open_database
from publishing.boards.checking import require_whole
from publishing.boards.inputs import cut_of
from publishing.boards.statement import TABLES, configured
from publishing.boards.store import canonical, current, identity
from publishing.publications import writing
from publishing.publications.catalogue import declared_marts, public_tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from ingestion.paths import Home
    from publishing.boards.store import Release
    from publishing.publications.catalogue import PublicTable
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
        IntegrityError: the database is not what the current release was made from, or the release
            is not what it was.
        BusyError: the database is being built, or another process publishes.
    """
    home.require_writable()
    release, workspace = current(home.boards), Workspace(home.root)
    if not workspace.database.exists():
        message = f"There is no {workspace.database}: nothing was built here."
        raise NotFoundError(message, remedy="Run: demoscope build")
    signer = configured(home.vault)
    require_whole(release, signer)
    tables = public_tables(declared_marts(workspace.project))
    with open_database(workspace.database) as connection:
        require_consistency(connection, workspace, release)
        require_unchanged(connection, release, tables)
        log = EventLog.open(home.log)
        return writing.publish(home.marts, release, log, connection, tables, signer)


def require_unchanged_since_build(workspace: Workspace, release: Release) -> None:
    """Refuse a database of the cut and design of a release that was changed since its build.

    Raises:
        IntegrityError: names the tables that were changed.
    """
    tables = public_tables(declared_marts(workspace.project))
    with open_database(workspace.database) as connection:
        built = built_from(connection)
        if built == (cut_of(release.subject), release.subject["design_hash"]):
            require_unchanged(connection, release, tables)


def require_unchanged(
    connection: duckdb.DuckDBPyConnection, release: Release, tables: Sequence[PublicTable]
) -> None:
    """Refuse a database whose tables are not as the build of a release left them.

    Raises:
        IntegrityError: names the tables that were changed.
    """
    said = release.predicate.get(TABLES)
    if not isinstance(said, dict):
        _refuse(f"Release {release.id[:12]} does not say what the tables of its build held.")
    found = digests(connection, tables)
    # A release of an earlier version says nothing of reports that aren't public; what it says of
    # must be there.
    names = said.keys() | {table.name for table in tables}
    if changed := sorted(name for name in names if said.get(name) != found.get(name)):
        _refuse(f"Changed since the build of release {release.id[:12]}: {', '.join(changed)}.")


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
