"""A mart's SQL over tables made by hand, without dbt: for many small studies in one test."""

import re
from pathlib import Path

import duckdb

from orchestration.dbt_runs import PROJECT_DIRECTORY

MARTS = Path(PROJECT_DIRECTORY, "models", "marts", "integrity")


def make(connection: duckdb.DuckDBPyConnection, *marts: str) -> None:
    """Make each as a table of its name; what it reads lies there under its own."""
    for mart in marts:
        sql = (MARTS / f"{mart}.sql").read_text(encoding="utf-8")
        sql = re.sub(r"\{#.*?#\}", "", sql, flags=re.DOTALL)
        sql = re.sub(r"\{\{ ref\('(\w+)'\) \}\}", r"\1", sql)
        sql = re.sub(r"\{\{ source\('ratings', '(\w+)'\) \}\}", r"\1", sql)
        connection.execute(f"create or replace table {mart} as {sql}")
