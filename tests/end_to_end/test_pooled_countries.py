"""Countries in one model, on request: what the board says of it, and that it can be made again."""

from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from ingestion.paths import Home
from tests.end_to_end.command import document
from tests.end_to_end.history import KEYS

Rows = dict[tuple[str, ...], dict[str, Any]]


def rows(home: Path, board: str) -> Rows:
    table = pq.read_table(Home(home).boards / board / "leaderboard.parquet")
    return {tuple(row[key] for key in KEYS): row for row in table.to_pylist()}


@pytest.fixture
def boards(copy: Path) -> tuple[str, str]:
    """Ids of the boards without and with the option, of the same events."""
    made = [document(copy, "build", *option, "--json") for option in ((), ("--pool-countries",))]
    apart, pooled = (one["board"] for one in made)
    assert "pool_countries" not in apart["parameters"]
    assert pooled["parameters"] == {**apart["parameters"], "pool_countries": True}
    return apart["board_id"], pooled["board_id"]


def test_only_the_hierarchical_boards_change_and_all_come_back(
    copy: Path, boards: tuple[str, str]
) -> None:
    apart, pooled = (rows(copy, board) for board in boards)
    changed = {key[3] for key in apart.keys() | pooled.keys() if apart.get(key) != pooled.get(key)}
    assert changed == {"trueskill_hierarchical"}
    whole = {key[0] for key in pooled if key[1] == "all" and key[3] in changed}
    assert whole == {"census_population_proportional", "census_half_half"}
    with duckdb.connect(copy / "demoscope.duckdb") as connection:
        [spread] = connection.sql(
            "select dimension, tau_lo <= tau, tau <= tau_hi from rpt_axis_effect"
            " where country = 'all' and axis = 'country'"
        ).fetchall()
        shown = connection.sql(
            "select is_disclosed from int_axes__disclosed"
            " where country = 'all' and axis = 'country' and dimension = 'overall'"
        ).fetchall()
    assert spread == ("overall", True, True)
    assert shown == [(False,)]  # six people in each country
    made = document(copy, "boards", "reproduce", boards[1], "--json")
    assert made["is_reproduced"]
