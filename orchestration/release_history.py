"""Kept releases as a dbt source: the one that is being built, and those before it.

A release of an earlier log position has a place in the history where it looked at all that was
known then (no cut in valid time), with the parameters of the one being built. Of several at one
position the one of the same study design counts, else the one made last. The history goes back
RELEASES_MAX releases, so that a build takes no longer from year to year.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.errors import IntegrityError
from ingestion.log import EventLog
from ingestion.log.held_files import path_literal
from ingestion.tables import TIMESTAMP, Column, Table
from orchestration.database import no_rows
from orchestration.rating_step import RATING_FILE, read_subject
from publishing.boards import store
from publishing.publications.history import RELEASES_MAX
from ratings.tables.declarations import RATING_TABLES
from ratings.tables.every_board import RATING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import duckdb

    from ingestion.paths import Home
    from publishing.boards.store import Release

SCHEMA = "releases"
TEXT, COUNT, FLAG = pa.string(), pa.int64(), pa.bool_()
RELEASE = Table(
    name="release",
    grain="One row per release of the history: the one that is being built, and those before it.",
    columns=(
        Column(name="release_id", description="SHA-256 of its canonical form."),
        Column(name="log_position", type=COUNT, description="The last commit that it knows."),
        Column(name="recorded_at", type=TIMESTAMP, description="When that commit was recorded."),
        Column(name="is_latest", type=FLAG, description="Whether it is the one being built."),
    ),
)
# What a history needs of a release's rows; in the names and types that `rating` has.
NEEDED = (
    "weighting", "stratum_id", "dimension", "estimator", "model_id", "rank", "rank_lo", "rank_hi",
    "tier", "is_provisional", "battle_count", "win_share_micro", "win_share_lo_micro",
    "win_share_hi_micro", "skill_micro", "skill_lo_micro", "skill_hi_micro",
)  # fmt: skip
RELEASED = Table(
    name="released_rating",
    grain="One row per release of the history, and row of its leaderboards.",
    columns=(
        Column(name="release_id", description="The release."),
        *(column for column in RATING_TABLES[RATING].columns if column.name in NEEDED),
    ),
)
RELEASE_TABLES = {table.name: table for table in (RELEASE, RELEASED)}


def register_releases(connection: duckdb.DuckDBPyConnection, home: Home) -> list[str]:
    """Register `releases.release` and `releases.released_rating`, as of the ratings in `home`.

    Returns:
        A sentence for each earlier release that cannot be read: the history is without it.
    """
    path = home.ratings / RATING_FILE
    rows, unread = _history(home, path) if path.exists() else ([], [])
    connection.execute(f"create schema if not exists {SCHEMA}")
    connection.register("found_releases", pa.Table.from_pylist(rows, schema=RELEASE.schema))
    connection.execute(f"create or replace table {SCHEMA}.{RELEASE.name} as from found_releases")
    connection.unregister("found_releases")
    query = _rows_of(home, path, rows) if rows else no_rows(RELEASED)
    connection.execute(f"create or replace view {SCHEMA}.{RELEASED.name} as {query}")
    return unread


def _history(home: Home, ratings: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows of `release`, the latest first, and what is said of releases that are unreadable."""
    log, table = EventLog.open(home.log), pq.read_table(ratings)
    subject = read_subject(table)
    content = store.canonical(subject, table.replace_schema_metadata(None))
    unread: list[str] = []
    earlier = _earlier(store.kept(home.boards), subject, unread)
    kept = sorted(earlier, key=lambda one: -int(one.subject["log_position"]))
    found = [(store.identity(content), int(subject["log_position"]))]
    found += [(one.id, int(one.subject["log_position"])) for one in kept[: RELEASES_MAX - 1]]
    rows = [
        {
            "release_id": release_id,
            "log_position": position,
            "recorded_at": log.commit(position).recorded_at,
            "is_latest": place == 0,
        }
        for place, (release_id, position) in enumerate(found)
    ]
    return rows, unread


def _earlier(
    kept: Iterable[Release], subject: Mapping[str, Any], unread: list[str]
) -> list[Release]:
    """The releases before the one of a subject that have a place in its history, in any order."""
    chosen: dict[int, tuple[tuple[bool, str, str], Release]] = {}
    for one in kept:
        try:
            before, made_at = one.subject, str(one.predicate["made_at"])
            with pq.ParquetFile(one.directory / store.ROWS_FILE) as file:
                file.schema_arrow.names.index("rank")
        except (IntegrityError, OSError, ValueError) as error:
            said = error.message if isinstance(error, IntegrityError) else str(error)
            unread.append(
                f"Release {one.id[:12]} is left out of rpt_rank_history: {said}"
                " Restore its directory from a copy, or remove it."
            )
            continue
        is_alike = before["parameters"] == subject["parameters"] and before["valid_until"] is None
        if is_alike and before["log_position"] < subject["log_position"]:
            order = before["design_hash"] == subject["design_hash"], made_at, one.id
            at = int(before["log_position"])
            if at not in chosen or chosen[at][0] < order:
                chosen[at] = order, one
    return [release for _, release in chosen.values()]


def _rows_of(home: Home, ratings: Path, rows: list[dict[str, Any]]) -> str:
    """A query: the leaderboards of these releases; those that are kept under their ids."""
    latest, *earlier = [row["release_id"] for row in rows]
    files = [ratings, *(home.boards / name / store.ROWS_FILE for name in earlier)]
    alike: dict[str, list[Path]] = {}
    for path in files:
        alike.setdefault(_columns_in(path), []).append(path)
    return " union all ".join(_rows_in(own, columns, latest) for columns, own in alike.items())


def _columns_in(path: Path) -> str:
    """The columns of `released_rating` out of a file; an earlier version lacked or renamed some."""
    with pq.ParquetFile(path) as file:
        kept = {store.RENAMED.get(name, name): name for name in file.schema_arrow.names}
    return ", ".join(
        f"{kept.get(column.name, f'cast(null as {column.sql_type})')} as {column.name}"
        for column in RELEASED.columns[1:]
    )


def _rows_in(files: list[Path], columns: str, latest: str) -> str:
    pattern = f"([0-9a-f]{{64}})/{store.ROWS_FILE}$"
    release_id = f"coalesce(nullif(regexp_extract(filename, '{pattern}', 1), ''), '{latest}')"
    listed = ", ".join(map(path_literal, files))
    rows = f"read_parquet([{listed}], filename = true)"
    return f"from {rows} select {release_id} as release_id, {columns}"
