"""What names mean by aliases: dbt's table, the same in Python, and a plain model, held together."""

from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.log import EventLog
from orchestration.model_names import Statement, current, meanings, register_names
from tests.dbt.models import render_model
from tests.dbt.names import Alias, meant

NAMES = "abcde"
statement = st.tuples(
    st.sampled_from(NAMES), st.sampled_from(NAMES), st.booleans(), st.booleans(), st.booleans()
)


@settings(max_examples=150, deadline=None)
@given(st.lists(statement, max_size=9))
def test_the_table_and_python_mean_what_a_plain_model_means(
    drawn: list[tuple[str, str, bool, bool, bool]],
) -> None:
    """Statements with gaps between them, some taken back."""
    said, rows, gone = [], [], []
    standing = []
    position = 0
    for alias, model, is_later, is_gap, is_gone in drawn:
        position += 5 if is_gap else 1
        rows.append((f"e{position}", alias, model, "later" if is_later else None, position))
        if is_gone:
            gone.append((f"e{position}", 99, 99))
        else:
            said.append(Statement(position, alias, model, is_later))
            standing.append(Alias(position, alias, model, is_later))
    with duckdb.connect() as connection:
        connection.execute(
            "create table stg_events__models_aliased (event_id varchar, alias varchar,"
            " model_id varchar, applies_to varchar, position bigint)"
        )
        connection.execute(
            "create table int_events__revised (event_id varchar, revised_position bigint,"
            " retracted_position bigint)"
        )
        for table, values in (("stg_events__models_aliased", rows), ("int_events__revised", gone)):
            for row in values:
                connection.execute(f"insert into {table} values {row!r}".replace("None", "null"))
        found = connection.sql(render_model("int_models__aliased")).to_arrow_table().to_pylist()
    # Places of the statements hold no battle.
    places = set(range(position + 3)) - {row[-1] for row in rows}
    python = meanings(said)
    for name in NAMES:
        for place in places:
            expected = meant(standing, name, place)
            tables = [
                [row["model_id"] for row in found if row["alias"] == name and _covers(row, place)],
                [
                    one.model_id
                    for one in python
                    if one.alias == name and one.from_position <= place < one.until_position
                ],
            ]
            assert all(models in ([expected], []) for models in tables)
            assert [expected] in tables or expected == name
    assert current(said) == {one.alias: meant(standing, one.alias, 10**9) for one in said}


def _covers(row: dict[str, int], place: int) -> bool:
    return row["from_position"] <= place < row["until_position"]


def test_a_circle_is_told_and_its_oldest_statement_left_out() -> None:
    links = [("a", "b"), ("b", "c"), ("c", "a")]
    said = [Statement(position, *link) for position, link in enumerate(links)]
    assert {one.alias for one in meanings(said) if one.is_left_out} == {"a"}
    assert current(said) == {"a": "a", "b": "a", "c": "a"}


@pytest.mark.parametrize("name", ["a", "never named"])
def test_without_aliases_a_name_means_itself(name: str) -> None:
    with TemporaryDirectory() as directory, duckdb.connect() as connection:
        register_names(connection, EventLog.open(Path(directory) / "log"))
        assert connection.execute("select model_of(?, 1)", [name]).fetchall() == [(name,)]
