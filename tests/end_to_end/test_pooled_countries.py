"""Countries in one model, on request: what the board says of it, and that it can be made again."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.paths import Home
from orchestration.database import open_database
from orchestration.rating_step import reading
from publishing.boards.inputs import exact
from ratings.tables.every_board import RATING, rate_all
from ratings.tournaments import RatingParameters
from tests.end_to_end.command import document
from tests.end_to_end.history import KEYS

ROW = "where country = 'all' and axis = 'country' and dimension = 'overall'"


def keyed(table: pa.Table) -> dict[tuple[str, ...], dict[str, Any]]:
    return {tuple(row[key] for key in KEYS): row for row in table.to_pylist()}


@pytest.mark.slow
def test_only_the_hierarchical_boards_change_and_all_come_back(copy: Path) -> None:
    made = document(copy, "build", "--pool-countries", "--json")["release"]
    assert made["parameters"]["pool_countries"] is True
    path = Home(copy).boards / made["release_id"] / "leaderboard.parquet"
    with open_database(copy / "demoscope.duckdb") as connection:
        without = rate_all(reading(connection), exact(RatingParameters()))
        spread = connection.sql(
            f"select tau_lo <= tau, tau <= tau_hi from rpt_axis_effect {ROW}"
        ).fetchall()
        shown = connection.sql(f"select is_disclosed from int_axes__disclosed {ROW}").fetchall()
    apart, pooled = keyed(without[RATING]), keyed(pq.read_table(path))
    changed = {key[3] for key in apart.keys() | pooled.keys() if apart.get(key) != pooled.get(key)}
    assert changed == {"trueskill_hierarchical"}
    whole = {key[0] for key in pooled if key[1] == "all" and key[3] in changed}
    assert whole == {"census_population_proportional", "census_half_half"}
    assert "country" not in set(without["axis_effect"]["axis"].to_pylist())
    assert spread == [(True, True)]
    assert shown == [(False,)]  # six people in each country
    assert document(copy, "boards", "reproduce", made["release_id"], "--json")["is_reproduced"]
