"""Position bias: found where it is, none where there is none, whoever stood where."""

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from tests.dbt.models import render_model

REPORT = "rpt_position_bias"


@dataclass(frozen=True, kw_only=True)
class Study:
    """Votes by the law P(left) - P(right) = strength difference + bias + the participant's own."""

    participants: int = 150
    battles_each: int = 6
    models: int = 8
    bias: float = 0.0
    personal_sd: float = 0.0
    strong_left_share: float = 0.5
    replicates: int = 250

    def votes(self, seed: int) -> pa.Table:
        """Every replicate is a dimension of its own, so that one query estimates all."""
        generator = np.random.default_rng(seed)
        size = (self.replicates, self.participants, self.battles_each)
        first = generator.integers(0, self.models, size)
        second = (first + generator.integers(1, self.models, size)) % self.models
        stronger, weaker = np.maximum(first, second), np.minimum(first, second)
        is_strong_left = generator.random(size) < self.strong_left_share
        left = np.where(is_strong_left, stronger, weaker)
        right = np.where(is_strong_left, weaker, stronger)
        personal = self.personal_sd * generator.standard_normal((*size[:2], 1))
        net = 0.06 * (left - right) + self.bias + np.clip(personal, -0.3, 0.3)
        decided, leaning = generator.random(size) < 0.8, generator.random(size)
        says_left = leaning < 0.5 + np.clip(net / 1.6, -0.5, 0.5)
        outcome = np.where(decided, np.where(says_left, "a", "b"), "tie")
        replicate, person, _ = np.indices(size)
        return pa.table(
            {
                "dimension": [f"r{number}" for number in replicate.ravel()],
                "participant_key": [f"p{number}" for number in person.ravel()],
                "battle_key": [str(number) for number in range(replicate.size)],
                "model_a": [f"m{number}" for number in left.ravel()],
                "model_b": [f"m{number}" for number in right.ravel()],
                "outcome": outcome.ravel(),
                "is_counted": np.ones(replicate.size, dtype=bool),
            }
        )


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def estimate(
    connection: duckdb.DuckDBPyConnection, votes: pa.Table
) -> dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """The mart's columns, one entry per dimension."""
    connection.register("int_battles__current", votes)
    columns: dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]] = connection.sql(
        f"select * from ({render_model(REPORT)}) order by dimension"
    ).fetchnumpy()
    return columns


def coverage(rows: dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]], truth: float) -> float:
    return float(np.mean((rows["bias_lo"] <= truth) & (truth <= rows["bias_hi"])))


@pytest.mark.parametrize("bias", [0.0, 0.12])
def test_intervals_cover_a_known_bias_and_none(
    connection: duckdb.DuckDBPyConnection, bias: float
) -> None:
    rows = estimate(connection, Study(bias=bias).votes(7))
    assert abs(np.mean(rows["bias"]) - bias) < 0.01
    assert 0.90 < coverage(rows, bias) < 0.985
    found = float(np.mean(rows["bias_lo"] > 0.0))
    assert found > 0.9 if bias else found < 0.06


def test_people_with_sides_of_their_own_widen_the_interval(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    study = Study(personal_sd=0.25, participants=60, battles_each=25)
    votes = study.votes(8)
    rows = estimate(connection, votes)
    assert 0.90 < coverage(rows, 0.0) < 0.985
    alone = votes.set_column(1, "participant_key", votes.column("battle_key"))
    assert coverage(estimate(connection, alone), 0.0) < 0.88


def test_who_stood_left_does_not_pass_for_bias(connection: duckdb.DuckDBPyConnection) -> None:
    rows = estimate(connection, Study(strong_left_share=0.8).votes(9))
    assert np.mean(rows["left_share"] - rows["right_share"]) > 0.08
    assert abs(np.mean(rows["bias"])) < 0.01
    assert 0.90 < coverage(rows, 0.0) < 0.985
    assert np.mean(rows["information_share"]) == pytest.approx(4 * 0.8 * 0.2, abs=0.05)


@pytest.mark.slow
def test_few_battles_per_pair_do_not_narrow_the_interval(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    rows = estimate(connection, Study(models=40, participants=400).votes(10))
    assert 0.90 < coverage(rows, 0.0) < 0.985


def test_it_is_the_same_whatever_the_order(connection: duckdb.DuckDBPyConnection) -> None:
    votes = Study(replicates=2).votes(11)
    rows = estimate(connection, votes)
    order = np.random.default_rng(1).permutation(votes.num_rows)
    connection.execute("set threads = 1")
    again = estimate(connection, votes.take(pa.array(order)))
    assert all(np.array_equal(rows[name], again[name]) for name in rows)


def test_pairs_that_always_stood_one_way_say_nothing(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    votes = pa.table(
        {
            "dimension": ["d"] * 4,
            "participant_key": ["p1", "p2", "p3", "p4"],
            "battle_key": ["1", "2", "3", "4"],
            "model_a": ["x"] * 4,
            "model_b": ["y"] * 4,
            "outcome": ["a", "a", "a", "b"],
            "is_counted": [True] * 4,
        }
    )
    connection.register("int_battles__current", votes)
    [row] = connection.sql(render_model(REPORT)).to_arrow_table().to_pylist()
    assert (row["left_share"], row["bias"], row["pair_count"]) == (0.75, None, 0)


def test_it_is_least_squares_with_a_clustered_sandwich(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    votes = Study(replicates=1, bias=0.1, personal_sd=0.2).votes(12)
    rows = estimate(connection, votes)
    left, right, people, outcome = (
        np.array(votes.column(name).to_pylist())
        for name in ("model_a", "model_b", "participant_key", "outcome")
    )
    pairs = np.array(["/".join(sorted(pair)) for pair in zip(left, right, strict=True)])
    side = np.where(left < right, 1.0, -1.0)
    design = np.column_stack(
        [np.ones(len(side)), *(side * (pairs == pair) for pair in np.unique(pairs))]
    )
    said = np.select([outcome == "a", outcome == "b"], [1.0, -1.0])
    solution, *_ = np.linalg.lstsq(design, said, rcond=None)
    bread = np.linalg.inv(design.T @ design)
    scores = design * (said - design @ solution)[:, None]
    clusters = np.array([scores[people == person].sum(axis=0) for person in np.unique(people)])
    size, count = design.shape[0], len(clusters)
    factor = count / (count - 1) * (size - 1) / (size - design.shape[1])
    variance = factor * (bread @ clusters.T @ clusters @ bread)[0, 0]
    assert rows["bias"][0] == pytest.approx(solution[0], abs=1e-6)
    assert rows["bias_sd"][0] == pytest.approx(np.sqrt(variance), rel=1e-4)
