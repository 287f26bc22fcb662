"""A mart of a few rows, some of which are about too few people."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from ingestion.tables import TIMESTAMP, Column
from publishing.publications.catalogue import PublicTable

ABOUT = {
    "release_id": "b" * 64,
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
    name="rpt_thing",
    grain="One row per thing: it's small.",
    columns=(
        Column(name="stratum_id", description="Who judged."),
        Column(name="model_id", description="The model's name."),
        Column(name="skill", type=pa.float64(), description="Skill."),
        Column(name="battle_count", type=pa.int32(), description="Battles."),
        Column(name="is_retired", type=pa.bool_(), description="Whether it is gone."),
        Column(name="retired_at", type=TIMESTAMP, description="When (UTC)."),
    ),
    disclosed_by="int_things__disclosed",
    matched_by=("stratum_id",),
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


# What publishing reads to know who is behind a row: votes known only as counts, so nobody.
NOBODY = """
create table int_strata__disclosed as from (values ('all', '*', 0, true), ('US', '*', 0, true))
    as t (stratum_id, dimension, heard_count, is_disclosed);
create table int_ratings__disclosed (stratum_id varchar, criterion varchar, model_id varchar,
    rater_count bigint, is_disclosed boolean);
create table dim_cell (cell_id integer, cell_key varchar);
create table dim_stratum (stratum_id varchar, country varchar, axis varchar);
create table int_participants__assigned_to_cells (participant_key varchar, cell_id integer);
create table int_cells__assigned_to_strata (stratum_id varchar, cell_id integer);
create table fct_participant_count
    (participant_key varchar, dimension varchar, model_a varchar, model_b varchar);
create table rpt_leaderboard (weighting varchar, stratum_id varchar, dimension varchar,
    estimator varchar, model_id varchar);
create table rpt_pairwise (weighting varchar, stratum_id varchar, dimension varchar,
    estimator varchar, model_a varchar, model_b varchar, p_win double, p_tie double);
create table int_boards__disclosed (weighting varchar, stratum_id varchar, dimension varchar,
    estimator varchar, is_sum_of_groups boolean, is_disclosed boolean);
"""


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
        connection.execute(NOBODY)
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
