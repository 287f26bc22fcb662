"""Every query of docs/metrics.md fits the public tables and gives the columns it should."""

from pathlib import Path

import duckdb
import pytest

from orchestration.dbt_runs import PROJECT_DIRECTORY
from publishing.publications.catalogue import PUBLICATION, declared_marts, public_tables
from tests.docs_figures.metrics import PAGE, questions

COUNT = 20
REPOSITORY = Path(__file__).parents[2]
QUESTIONS = questions(REPOSITORY)


@pytest.fixture(scope="module")
def empty() -> duckdb.DuckDBPyConnection:
    """The tables of a publication, without rows."""
    connection = duckdb.connect()
    for table in (PUBLICATION, *public_tables(declared_marts(PROJECT_DIRECTORY))):
        columns = ", ".join(f"{column.name} {column.sql_type}" for column in table.columns)
        connection.execute(f"create table {table.name} ({columns})")
    return connection


def test_every_question_of_the_page_is_read() -> None:
    text = (REPOSITORY / PAGE).read_text(encoding="utf-8")
    assert len(QUESTIONS) == text.count("```sql") == text.count("\n### ") == COUNT
    assert [one.title.split(".")[0] for one in QUESTIONS] == [str(n + 1) for n in range(COUNT)]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.title)
def test_a_query_gives_the_columns_that_the_page_says(
    question: object, empty: duckdb.DuckDBPyConnection
) -> None:
    [one] = [known for known in QUESTIONS if known is question]
    found = empty.sql(one.sql)
    assert tuple(found.columns) == one.columns
