"""Nothing goes out of a database that is not what the current release was made from."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from ingestion.errors import IntegrityError
from ingestion.paths import Home
from orchestration.building import Workspace
from orchestration.consistency_check import require_consistency
from orchestration.database import mark_built, open_database
from orchestration.dbt_runs import PROJECT_DIRECTORY
from orchestration.rating_step import write_ratings
from publishing.boards import store
from publishing.boards.designs import design_hash
from publishing.boards.store import Release
from ratings.tables.every_board import RATING

ROWS = pa.table(
    {
        "weighting": ["none"] * 2,
        "stratum_id": ["all"] * 2,
        "dimension": ["overall"] * 2,
        "estimator": ["trueskill_ep"] * 2,
        "model_id": ["x", "y"],
        "rank": [1, 2],
        "battle_count": [7, 7],
        "skill_micro": [1_500_001, -1_500_001],
    }
)
REPORTS = """
create table rpt_leaderboard as
select * exclude (skill_micro), skill_micro / 1e6 as skill from ratings_rows
"""


def subject(position: int = 3) -> dict[str, Any]:
    return {
        "log_position": position,
        "valid_until": None,
        "design_hash": design_hash(PROJECT_DIRECTORY),
        "sources": ["test"],
        "is_simulated": False,
    }


@pytest.fixture
def workspace(home: Path) -> Workspace:
    """Counts, ratings and reports as of position 3."""
    workspace = Workspace(home)
    with open_database(workspace.database) as connection:
        connection.execute("create schema raw")
        connection.register("ratings_rows", ROWS)
        connection.execute(REPORTS)
    mark_built(workspace.database, workspace.project, 3)
    write_ratings({RATING: ROWS}, workspace.ratings, subject())
    return workspace


@pytest.fixture
def release(home: Path) -> Release:
    """The release they make."""
    said = {"log": {}, "made_by": {}, "made_at": "2026-01-01T00:00:00Z"}
    return store.keep(Home(home).boards, subject(), ROWS, said)


def check(workspace: Workspace, release: Release) -> None:
    with duckdb.connect(workspace.database, read_only=True) as connection:
        require_consistency(connection, workspace, release)


def test_what_is_consistent_goes_out(workspace: Workspace, release: Release) -> None:
    check(workspace, release)


def execute(workspace: Workspace, statement: str) -> None:
    with open_database(workspace.database) as connection:
        connection.execute(statement)


def later(workspace: Workspace) -> None:
    execute(workspace, "drop view raw.build_marker")
    mark_built(workspace.database, workspace.project, 4)


def cut_in_time(workspace: Workspace) -> None:
    execute(workspace, "drop view raw.build_marker")
    mark_built(workspace.database, workspace.project, 3, "2026-01-01T00:00:00.000000Z")


def other_design(workspace: Workspace) -> None:
    execute(
        workspace,
        "create or replace view raw.build_marker as select 3 as log_position,"
        " cast(null as varchar) as valid_until, 'other' as design_hash",
    )


def by_older_code(workspace: Workspace) -> None:
    execute(
        workspace,
        "create or replace view raw.build_marker as select 3 as log_position,"
        " cast(null as varchar) as valid_until",
    )


def other_ratings(workspace: Workspace) -> None:
    write_ratings({RATING: ROWS.slice(1)}, workspace.ratings, subject())


@pytest.mark.parametrize(
    ("meddle", "match"),
    [
        (lambda it: execute(it, "drop view raw.build_marker"), "no whole build"),
        (later, "as of log position 4, release .* as of log position 3"),
        (cut_in_time, "valid until 2026-01-01"),
        (other_design, "another study design"),
        (by_older_code, "another study design"),
        (other_ratings, "are not those of"),
        (
            lambda it: execute(it, "update rpt_leaderboard set skill = 1.500002 where rank = 1"),
            "differs from release .* in 2 rows",
        ),
        (lambda it: execute(it, "delete from rpt_leaderboard where rank = 2"), "in 1 rows"),
    ],
)
def test_anything_else_does_not(
    workspace: Workspace, release: Release, meddle: Callable[[Workspace], None], match: str
) -> None:
    meddle(workspace)
    with pytest.raises(IntegrityError, match=f"{match}.*demoscope build"):
        check(workspace, release)
