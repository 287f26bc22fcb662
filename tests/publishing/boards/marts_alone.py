"""A mart's SQL over tables made by hand, without dbt: for many small studies in one test."""

import re
from pathlib import Path

import duckdb

from orchestration.dbt_runs import PROJECT_DIRECTORY

MODELS = Path(PROJECT_DIRECTORY, "models")


def make(connection: duckdb.DuckDBPyConnection, *marts: str) -> None:
    """Make each as a table of its name; what it reads lies there under its own."""
    for mart in marts:
        [path] = MODELS.rglob(f"{mart}.sql")
        sql = path.read_text(encoding="utf-8")
        sql = re.sub(r"\{#.*?#\}", "", sql, flags=re.DOTALL)
        sql = re.sub(r"\{\{ ref\('(\w+)'\) \}\}", r"\1", sql)
        sql = re.sub(r"\{\{ source\('ratings', '(\w+)'\) \}\}", r"\1", sql)
        connection.execute(f"create or replace table {mart} as {sql}")
