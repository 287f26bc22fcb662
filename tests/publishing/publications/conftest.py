"""A mart of a few rows, some of which are about too few people."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from publishing.publications.catalogue import PublicColumn, PublicTable

ABOUT = {
    "board_id": "b" * 64,
    "title": "SIMULATED: Demoscope as of log position 7",
    "is_simulated": True,
    "sources": "simulated-x",
    "log_position": 7,
    "log_head_hash": "h" * 64,
    "recorded_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    "valid_until": None,
    "design_hash": "d" * 64,
    "is_signed": False,
    "code_version": "0.1.0",
    "code_sha256": "c" * 64,
    "dependency_lock_sha256": None,
    "provisional_battle_count": 30,
    "disclosed_people_min": 10,
}
THING = PublicTable(
    "rpt_thing",
    "One row per thing: it's small.",
    (
        PublicColumn("stratum_id", "varchar", "Who judged."),
        PublicColumn("model_id", "varchar", "The model's name."),
        PublicColumn("skill", "double", "Skill."),
        PublicColumn("battle_count", "integer", "Battles."),
        PublicColumn("is_retired", "boolean", "Whether it is gone."),
        PublicColumn("retired_at", "timestamp with time zone", "When (UTC)."),
    ),
    "int_things__disclosed",
    ("stratum_id",),
)
# The texts a spreadsheet would run, and what it would not.
ROWS = (
    ("all", "=HYPERLINK(1)", -1.5, 3_000, True, "2026-01-02 03:04:05.5+00"),
    ("all", "+1", -0.25, 2, False, None),
    ("all", "-x", 1e-7, 1, None, None),
    ("all", "@SUM", 0.1, 2, False, None),
    ("all", "\tx", 2.0, 2, False, None),
    ("all", 'a "quoted", name', 2.0, 2, False, None),
    ("all", "", 2.0, 2, False, None),
    ("all", "two\nlines", 2.0, 2, False, None),
    ("US", "a=b", 0.0, 0, False, None),
    ("few", "secret", 9.0, 9, False, None),
    ("unknown", "secret", 9.0, 9, False, None),
)


@pytest.fixture
def open_mart() -> Iterator[Callable[..., duckdb.DuckDBPyConnection]]:
    """Opens a database with the mart, its rows in a given order."""
    opened: list[duckdb.DuckDBPyConnection] = []

    def open_mart(rows: Any = ROWS) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect()
        opened.append(connection)
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(
            "create table rpt_thing (stratum_id varchar, model_id varchar, secret varchar,"
            " skill double, battle_count bigint, is_retired boolean, retired_at timestamptz)"
        )
        for row in rows:
            connection.execute("insert into rpt_thing values (?, ?, 'x', ?, ?, ?, ?)", row)
        connection.execute(
            "create table int_things__disclosed as from (values ('all', true), ('US', true),"
            " ('few', false)) as t (stratum_id, is_disclosed)"
        )
        return connection

    yield open_mart
    for connection in opened:
        connection.close()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An empty directory."""
    directory = tmp_path / "out"
    directory.mkdir()
    return directory
