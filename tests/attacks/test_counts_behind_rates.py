"""No published share or rate tells the counts that it was made of."""

from collections.abc import Callable, Mapping

import duckdb
import numpy as np
import pytest

from publishing.publications.catalogue import public_tables
from publishing.publications.disclosure import cells
from tests.attacks.small_studies import DECLARED, PEOPLE_MIN

TABLES = {table.name: table for table in public_tables(DECLARED)}
LEVELS = range(1, 8)
MANY = 3000


def published(
    name: str, columns: Mapping[str, list[float]], shown: list[str], people: int
) -> list[tuple[float | None, ...]]:
    """Figures of rows as a publication gives them, of so many people."""
    cell = cells(TABLES[name], PEOPLE_MIN)
    with duckdb.connect() as connection:
        values = ", ".join(f"unnest(${key}) as {key}" for key in columns)
        query = ", ".join(f"{cell[key]} as {key}" for key in shown)
        return connection.execute(
            f"select {query} from (select {values}) as mart"
            f" cross join (select {people} as people) as behind",
            dict(columns),
        ).fetchall()


def ratings(found: np.ndarray) -> tuple[str, dict[str, list[float]], list[str]]:
    """`rpt_experience` of rows of counts from 1 to 7."""
    total = found.sum(axis=1)
    columns = {f"rated_{k}_share": (found[:, k - 1] / total).tolist() for k in LEVELS}
    columns["rating"] = ((found * np.arange(1, 8)).sum(axis=1) / total).tolist()
    columns["rating_count"] = total.tolist()
    return "rpt_experience", columns, list(columns)


def incidents(found: np.ndarray) -> tuple[str, dict[str, list[float]], list[str]]:
    """`rpt_safety_incident` of rows of answers without and with an incident."""
    total = found.sum(axis=1)
    rate = found[:, 1] / total * 1000.0
    columns = {"naive_per_1000": rate.tolist(), "answer_count": total.tolist()}
    return "rpt_safety_incident", columns, list(columns)


def verdicts(found: np.ndarray) -> tuple[str, dict[str, list[float]], list[str]]:
    """`rpt_decisiveness` of rows of verdicts for a model and for none."""
    total = found.sum(axis=1)
    columns = {"tie_share": (found[:, 1] / total).tolist(), "battle_count": total.tolist()}
    return "rpt_decisiveness", columns, list(columns)


Mart = Callable[[np.ndarray], tuple[str, dict[str, list[float]], list[str]]]


@pytest.mark.parametrize(("mart", "kinds"), [(ratings, 7), (incidents, 2), (verdicts, 2)])
@pytest.mark.parametrize("size", [12, 40, 130])
def test_many_counts_give_the_same_figures(mart: Mart, kinds: int, size: int) -> None:
    rng = np.random.default_rng(size)
    for _ in range(5):
        true = rng.multinomial(size, rng.dirichlet(np.ones(kinds)))
        near = np.maximum(true + rng.integers(-3, 4, (MANY, kinds)), 0)
        near = np.unique(near[near.sum(axis=1) >= PEOPLE_MIN], axis=0)
        [own] = published(*mart(true[None, :]), people=size)
        alike = [row == own for row in published(*mart(near), people=size)]
        assert len(set(near[alike].sum(axis=1).tolist())) > 1
        assert sum(alike) >= PEOPLE_MIN


def test_an_interval_of_a_rate_is_never_narrower_than_it_was() -> None:
    rng = np.random.default_rng(1)
    low = rng.uniform(0.0, 300.0, 500)
    columns = {
        "naive_per_1000_lo": low.tolist(),
        "naive_per_1000_hi": (low + rng.uniform(0.0, 200.0, 500)).tolist(),
        "answer_count": rng.integers(10, 5000, 500).tolist(),
    }
    shown = ["naive_per_1000_lo", "naive_per_1000_hi"]
    for row, lo, hi in zip(
        published("rpt_safety_incident", columns, shown, people=200),
        columns["naive_per_1000_lo"], columns["naive_per_1000_hi"], strict=True,
    ):  # fmt: skip
        assert row[0] is not None
        assert row[1] is not None
        assert row[0] <= lo + 0.05
        assert row[1] >= hi - 0.05
