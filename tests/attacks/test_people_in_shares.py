"""No share of people, nor all shares of a country together, says how many people there are."""

from pathlib import Path

import duckdb
import pytest

from orchestration.dbt_runs import PROJECT_DIRECTORY
from publishing.publications.catalogue import PublicTable, declared_marts, public_tables
from publishing.publications.disclosure import cells

PEOPLE_MIN = 10
SHARES = (
    ("fct_stratum_coverage", "heard_share"),
    ("rpt_weighting_margin", "before_share"),
    ("rpt_weighting_margin", "after_share"),
    ("rpt_weighting_margin", "target_share"),
)
QUADRATIC = ("rpt_disagreement", "rpt_variance_share")
# Countries of which a publication gave the exact number of people away.
GROUPS = ((16, 21), (24, 13), (20, 22, 2), (12, 12, 20), (11, 12), (31, 65), (70, 80), (300, 90))


@pytest.fixture(scope="module")
def tables() -> dict[str, PublicTable]:
    return {table.name: table for table in public_tables(declared_marts(PROJECT_DIRECTORY))}


def shown(cell: str, column: str, share: float, people: int) -> float:
    query = f"select {cell} from (select {share}::double as {column}) as mart,"
    query += f" (select {people} as people) as behind"
    [(value,)] = duckdb.execute(query).fetchall()
    return float(value)


@pytest.mark.parametrize(("mart", "column"), SHARES)
@pytest.mark.parametrize("groups", GROUPS)
def test_any_number_of_people_between_two_tens_gives_the_same_shares(
    tables: dict[str, PublicTable], mart: str, column: str, groups: tuple[int, ...]
) -> None:
    cell = cells(tables[mart], PEOPLE_MIN)[column]
    count = sum(groups)
    said = [shown(cell, column, one / count, count) for one in groups]
    least = count // PEOPLE_MIN * PEOPLE_MIN
    for other in range(least, least + PEOPLE_MIN):
        for value, one in zip(said, groups, strict=True):
            near = round(one / count * other)
            tried = range(max(near - PEOPLE_MIN, 0), min(near + PEOPLE_MIN, other) + 1)
            assert any(shown(cell, column, part / other, other) == value for part in tried)


def test_couples_of_verdicts_are_not_published(tables: dict[str, PublicTable]) -> None:
    # There are about as many as the square of the verdicts: tens hide nothing of such a number.
    for mart in QUADRATIC:
        assert "couple_count" not in {column.name for column in tables[mart].columns}


def test_what_a_group_lacks_is_not_published(tables: dict[str, PublicTable]) -> None:
    # Of an empty group it is the census share of all people of its country, and so tells them.
    names = {column.name for column in tables["fct_stratum_coverage"].columns}
    assert "short_count" not in names
    assert "short_count" not in (
        Path(PROJECT_DIRECTORY).parent / "publishing" / "publications" / "superset.yml"
    ).read_text(encoding="utf-8")
