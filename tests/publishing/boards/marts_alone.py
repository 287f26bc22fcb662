"""A mart's SQL over tables made by hand, without dbt: for many small studies in one test."""

import duckdb

from tests.dbt.models import render_model


def make(connection: duckdb.DuckDBPyConnection, *marts: str) -> None:
    """Make each as a table of its name; what it reads lies there under its own."""
    for mart in marts:
        sql = render_model(mart, "comparable_text", "folded_name")
        connection.execute(f"create or replace table {mart} as {sql}")
