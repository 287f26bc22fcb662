"""Which kept releases have a place in the history of ranks; a damaged one stops no build."""

from collections.abc import Callable
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from ingestion.paths import Home
from orchestration.rating_step import write_ratings
from orchestration.release_history import register_releases
from publishing.boards.store import ROWS_FILE, STATEMENT_FILE, Release
from publishing.publications.history import RELEASES_MAX
from ratings.tables.declarations import RATING_TABLES
from ratings.tables.every_board import RATING

Keep = Callable[..., Release]
Rows = list[tuple[Any, ...]]


@pytest.fixture
def full(rows: pa.Table) -> pa.Table:
    """The rows with every column that a release of today has."""
    types = {column.name: column.type for column in RATING_TABLES[RATING].columns}
    given = rows.to_pylist()
    return pa.table(
        {name: pa.array([row.get(name) for row in given], kind) for name, kind in types.items()}
    )


@pytest.fixture
def history(
    paths: Home, full: pa.Table, subject: dict[str, Any]
) -> Callable[..., tuple[Rows, Rows, list[str]]]:
    """Registers the history of a release as of commit 3; both its tables, and what is said."""

    def history() -> tuple[Rows, Rows, list[str]]:
        write_ratings({RATING: full}, paths.ratings, {**subject, "log_position": 3})
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            unread = register_releases(connection, paths)
            releases = "select release_id, log_position, is_latest from releases.release"
            rated = "select release_id, model_id, rank from releases.released_rating order by all"
            return connection.sql(releases).fetchall(), connection.sql(rated).fetchall(), unread

    return history


def test_one_release_is_all_of_its_history(
    history: Callable[..., tuple[Rows, Rows, list[str]]],
) -> None:
    [(latest, position, is_latest)], rated, unread = history()
    assert (position, is_latest, unread) == (3, True, [])
    assert rated == [(latest, "x", 1), (latest, "y", 2)]


def test_earlier_releases_stand_behind_it_one_per_position(
    history: Callable[..., tuple[Rows, Rows, list[str]]],
    keep: Keep,
    rows: pa.Table,
    subject: dict[str, Any],
) -> None:
    same = keep()
    first = keep(log_position=1)
    keep(log_position=1, design_hash="e" * 64, rows=rows.slice(0, 1))  # another design
    keep(log_position=2, valid_until="2026-01-01T00:00:00Z")  # a cut in valid time
    keep(log_position=2, parameters={**subject["parameters"], "draws": 1})  # other parameters
    keep(log_position=3, design_hash="e" * 64)  # of the same log: the one that is built stands
    releases, rated, unread = history()
    assert unread == []
    assert releases[1:] == [(same.id, 2, False), (first.id, 1, False)]
    assert [row for row in rated if row[0] == first.id] == [
        (first.id, "x", 1),
        (first.id, "y", 2),
    ]
    assert len(rated) == 2 * len(releases) < 2 * RELEASES_MAX


def test_a_damaged_release_is_named_and_left_out(
    history: Callable[..., tuple[Rows, Rows, list[str]]], keep: Keep
) -> None:
    broken, torn = keep(), keep(log_position=1)
    (broken.directory / STATEMENT_FILE).write_text("{")
    (torn.directory / ROWS_FILE).write_bytes(b"no table")
    releases, _, unread = history()
    assert len(releases) == 1
    assert len(unread) == 2
    for one in (broken, torn):
        assert any(one.id[:12] in said and "rpt_rank_history" in said for said in unread)
