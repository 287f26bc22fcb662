"""Reading the marts of a database that an earlier build left."""

from pathlib import Path

import duckdb
import pytest

from ingestion.errors import NotFoundError
from ingestion.paths import Home
from orchestration.database import mart_rows


def test_a_home_that_was_moved_is_to_be_built_again(home: Path, tmp_path: Path) -> None:
    home.mkdir()
    segment = tmp_path / "segment.parquet"
    with duckdb.connect(home / "demoscope.duckdb") as connection:
        connection.sql("select 1 as position").write_parquet(str(segment))
        connection.read_parquet(str(segment)).create_view("fct_battle")
    assert mart_rows(Home(home), "from fct_battle") == [{"position": 1}]
    segment.unlink()
    with pytest.raises(NotFoundError, match="the home was moved") as refused:
        mart_rows(Home(home), "from fct_battle")
    assert "demoscope build" in str(refused.value)
