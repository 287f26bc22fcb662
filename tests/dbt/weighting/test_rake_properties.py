"""Raking, whatever the cells."""

from __future__ import annotations

from itertools import product

import duckdb
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.dbt.weighting.rendering import render

FloatArray = NDArray[np.float64]

shapes = st.lists(st.integers(2, 4), min_size=1, max_size=3)
ratios = st.floats(0.2, 5.0)


def cells_of(
    shape: list[int], base: FloatArray, targets: list[FloatArray]
) -> duckdb.DuckDBPyConnection:
    """A connection with `cells`: every combination of levels, as `rake` takes them."""
    connection = duckdb.connect()
    margins = "".join(
        f", margin_{place} integer, target_{place} double" for place in range(1, len(shape) + 1)
    )
    connection.execute(
        f"create table cells (raking_id integer, cell_number integer, weight_share double{margins})"
    )
    for number, levels in enumerate(product(*(range(size) for size in shape))):
        row: list[float] = [1, number, float(base[number])]
        for place, level in enumerate(levels):
            row += [10 * place + level, float(targets[place][level])]
        connection.execute(f"insert into cells values ({', '.join('?' * len(row))})", row)
    return connection


@settings(max_examples=25)
@given(shape=shapes, data=st.data())
def test_margins_are_met_and_odds_ratios_kept(shape: list[int], data: st.DataObject) -> None:
    size = int(np.prod(shape))
    base, truth = (
        np.array(data.draw(st.lists(ratios, min_size=size, max_size=size))) for _ in range(2)
    )
    base, truth = base / base.sum(), truth / truth.sum()
    everywhere = tuple(range(len(shape)))
    targets = [
        truth.reshape(shape).sum(axis=everywhere[:place] + everywhere[place + 1 :])
        for place in everywhere
    ]
    with cells_of(shape, base, targets) as connection:
        raking = render(f"rake('cells', {len(shape)})")
        rows = connection.sql(f"select * from ({raking}) order by cell_number").fetchall()
    assert all(row[4] for row in rows)
    raked = np.array([row[2] for row in rows]).reshape(shape)
    for place, target in enumerate(targets):
        margin = raked.sum(axis=everywhere[:place] + everywhere[place + 1 :])
        np.testing.assert_allclose(margin, target, atol=1e-9)
    # What raking changes is one factor per level: it adds no interaction.
    change = np.log(raked / base.reshape(shape))
    additive = np.full(shape, change.mean())
    for place in everywhere:
        others = everywhere[:place] + everywhere[place + 1 :]
        additive = additive + change.mean(axis=others, keepdims=True) - change.mean()
    np.testing.assert_allclose(change, additive, atol=1e-8)


def test_margins_that_contradict_each_other_end_and_say_so() -> None:
    # Levels coincide, targets do not: no weights can meet both.
    base = np.array([0.5, 0.0, 0.0, 0.5])
    with cells_of([2, 2], base, [np.array([0.5, 0.5]), np.array([0.3, 0.7])]) as connection:
        connection.execute("delete from cells where weight_share = 0")
        rows = connection.sql(render("rake('cells', 2)")).fetchall()
    assert [row[4] for row in rows] == [False, False]
    assert all(np.isfinite(row[2]) for row in rows)
    assert {row[3] for row in rows} == {200}
