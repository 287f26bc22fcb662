"""A warehouse of an older version has seeds with fewer columns, and is built all the same."""

from pathlib import Path

from orchestration.database import open_database
from orchestration.dbt_runs import run_dbt

COLUMNS = "select column_name from duckdb_columns() where table_name = 'seed_pools' order by all"


def test_a_seed_that_got_a_column_is_made_anew(tmp_path: Path) -> None:
    with open_database(tmp_path / "demoscope.duckdb") as connection:
        connection.execute("create schema seeds; create table seeds.seed_pools (pool varchar)")
    run_dbt(["seed", "--select", "seed_pools"], root=tmp_path)
    with open_database(tmp_path / "demoscope.duckdb", is_read_only=True) as connection:
        columns = {row[0] for row in connection.sql(COLUMNS).fetchall()}
    assert columns >= {"pool", "country", "share"}
