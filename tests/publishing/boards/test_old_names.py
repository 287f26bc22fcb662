"""A release that an earlier version kept: whole under its id, read under today's names."""

from collections.abc import Callable
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from ingestion.paths import Home
from orchestration.rating_step import write_ratings
from orchestration.release_history import register_releases
from publishing.boards import store
from publishing.boards.checking import check
from publishing.boards.store import Release, canonical, identity, under_names_of
from publishing.boards.view import leaderboard
from ratings.tables.declarations import RATING_TABLES
from ratings.tables.every_board import RATING

HALF = 500_000
MODELS = {"y": 250_000, "x": 750_000}


@pytest.fixture
def todays() -> pa.Table:
    """Two models on one leaderboard, with every column that a release of today has."""
    types = {column.name: column.type for column in RATING_TABLES[RATING].columns}
    known: dict[str, Any] = {"weighting": "none", "stratum_id": "all", "dimension": "overall"}
    known |= {"estimator": "trueskill_ep", "is_provisional": False, "battle_count": 1}
    rows = [
        {
            **dict.fromkeys(types), **known, "model_id": model, "rank": rank, "rank_lo": rank,
            "rank_hi": rank, "win_share_micro": share, "win_share_lo_micro": share - 1,
            "win_share_hi_micro": share + 1, "skill_micro": share - HALF, "skill_sd_micro": 1,
            "skill_lo_micro": share - HALF - 1, "skill_hi_micro": share - HALF + 1,
        }
        for rank, (model, share) in ((2, ("y", MODELS["y"])), (1, ("x", MODELS["x"])))
    ]  # fmt: skip
    return pa.table({name: pa.array([row[name] for row in rows], types[name]) for name in types})


@pytest.fixture
def old(keep: Callable[..., Release], todays: pa.Table) -> Release:
    """As the version before kept it: `winshare_micro`, and no word of tiers."""
    names = [name.replace("win_share", "winshare") for name in todays.column_names]
    rows = todays.rename_columns(names).drop_columns(["tier"])
    release = keep(rows=rows, log_position=1)
    assert "winshare_micro" in release.rows().column_names
    return release


def test_its_board_has_todays_names(old: Release) -> None:
    assert check(old).findings == ()
    _, rows = leaderboard(old)
    assert [row["win_share"] for row in rows] == [0.75, 0.25]
    assert not any("winshare" in name for row in rows for name in row)


def test_the_history_has_it_beside_one_of_today(
    old: Release, paths: Home, todays: pa.Table, subject: dict[str, Any]
) -> None:
    write_ratings({RATING: todays}, paths.ratings, {**subject, "log_position": 3})
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        assert register_releases(connection, paths) == []
        shares = "select release_id, model_id, win_share_micro from releases.released_rating"
        found = connection.sql(f"{shares} order by all").fetchall()
    assert sorted((model, share) for id_, model, share in found if id_ == old.id) == [
        ("x", MODELS["x"]),
        ("y", MODELS["y"]),
    ]
    assert len(found) == 2 * len(MODELS)


def test_rows_made_again_have_the_names_it_was_hashed_with(old: Release) -> None:
    document = check(old).document
    assert document is not None
    rows = store.under_todays_names(old.rows())
    assert identity(canonical(old.subject, rows)) != old.id
    again = under_names_of(rows, document["columns"])
    assert identity(canonical(old.subject, again)) == old.id
