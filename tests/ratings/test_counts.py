"""Counting pairs: one canonical form, refusals that name the row, connected components."""

import math
from collections.abc import Sequence
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratings.counts import InvalidCountsError, PairCounts

Row = tuple[Any, Any, Any, Any, Any]

NAMES = ["a", "b", "c", "d", "é"]

rows = st.lists(
    st.tuples(
        st.sampled_from(NAMES), st.sampled_from(NAMES), *[st.integers(0, 10**6) for _ in range(3)]
    ).filter(lambda row: row[0] != row[1]),
    max_size=30,
)


def table(data: Sequence[Row]) -> pa.Table:
    columns = list(zip(*data, strict=True)) if data else [()] * 5
    names = ["model_a", "model_b", "win_a_count", "win_b_count", "tie_count"]
    types = [pa.string(), pa.string(), pa.float64(), pa.float64(), pa.float64()]
    return pa.table({n: pa.array(c, t) for n, c, t in zip(names, columns, types, strict=True)})


@given(rows, st.randoms(use_true_random=False))
def test_row_order_and_orientation_do_not_matter(data: list[Row], random: Random) -> None:
    straight = PairCounts.from_arrow(table(data))
    shuffled = [
        (b, a, lose, win, tie) if random.random() < 0.5 else (a, b, win, lose, tie)
        for a, b, win, lose, tie in data
    ]
    random.shuffle(shuffled)
    other = PairCounts.from_arrow(table(shuffled))
    assert straight.model_ids == other.model_ids
    for name in ("first", "second", "win_first", "win_second", "tie"):
        assert np.array_equal(getattr(straight, name), getattr(other, name))


@given(rows)
def test_nothing_is_lost_or_double_counted(data: list[Row]) -> None:
    counts = PairCounts.from_arrow(table(data))
    won: dict[str, int] = dict.fromkeys(counts.model_ids, 0)
    for a, b, win, lose, _ in data:
        won[a] += win
        won[b] += lose
    again = np.zeros(len(counts.model_ids))
    np.add.at(again, counts.first, counts.win_first)
    np.add.at(again, counts.second, counts.win_second)
    assert again.tolist() == list(won.values())
    assert counts.battle_total == sum(sum(row[2:]) for row in data)
    assert np.all(counts.first < counts.second)
    assert counts.battles_per_model.sum() == 2 * counts.battle_total


def test_fractional_counts_add_up_the_same_in_any_order() -> None:
    rng = np.random.default_rng(5)
    data = [("a", "b", float(w), 0.0, 0.0) for w in rng.gamma(1.0, 1.0, 500)]
    sums = set()
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(len(data))
        sums.add(float(PairCounts.from_arrow(table([data[k] for k in order])).win_first[0]))
    assert len(sums) == 1


@pytest.mark.parametrize("bad", [math.nan, -1.0, math.inf, None])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_count_that_is_none_is_refused_by_row(bad: float, place: int) -> None:
    amounts: list[Any] = [1.0, 1.0, 1.0]
    amounts[place] = bad
    with pytest.raises(InvalidCountsError, match="row 1: "):
        PairCounts.from_arrow(table([("a", "b", 1, 0, 0), ("a", "b", *amounts)]))


def test_a_model_against_itself_or_without_a_name_is_refused_by_row() -> None:
    with pytest.raises(InvalidCountsError, match="row 1: model 'b' against itself"):
        PairCounts.from_arrow(table([("a", "b", 1, 0, 0), ("b", "b", 0, 0, 1)]))
    with pytest.raises(InvalidCountsError, match="row 0: model_a is null"):
        PairCounts.from_arrow(table([(None, "b", 1, 0, 0)]))


def test_components_are_found_along_a_long_chain_and_numbered_by_first_model() -> None:
    chain = [(f"{k:02d}", f"{k + 1:02d}", 1, 0, 0) for k in range(40)]
    counts = PairCounts.from_arrow(table([*reversed(chain), ("x", "y", 0, 0, 3)]), ["lonely"])
    assert counts.component_count == 3
    label = dict(zip(counts.model_ids, counts.components.tolist(), strict=True))
    assert {label[f"{k:02d}"] for k in range(41)} == {0}
    assert label["lonely"] == 1
    assert label["x"] == label["y"] == 2


def test_zero_counts_keep_the_model_and_connect_nothing() -> None:
    counts = PairCounts.from_arrow(table([("a", "b", 0, 0, 0), ("c", "b", 1, 0, 0)]))
    assert counts.model_ids == ("a", "b", "c")
    assert counts.first.size == 1
    assert counts.component_count == 2
    assert PairCounts.from_arrow(table([])).component_count == 0
