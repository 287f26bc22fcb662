"""Tables of benchmarks beside boards: only common models, all counts, nothing without scores."""

from typing import Any

import numpy as np
import pyarrow as pa

from ratings.tables.benchmarks import Board, benchmarks_of, boards_of, gaps_left_out, tables
from ratings.tables.declarations import RATING_TABLES, conform

KEY = {
    "stratum_id": "all",
    "dimension": "overall",
    "weighting": "none",
    "estimator": "trueskill_ep",
}
MODELS = [f"m{number:02}" for number in range(14)]


def scores(models: list[str], way: float = 1.0, benchmark: str = "exam") -> list[dict[str, Any]]:
    return [
        {
            "benchmark": benchmark,
            "metric": "accuracy",
            "model_id": model,
            "score": way * place,
            "score_error": None if place % 2 else 0.1,
            "is_first_party": place == 0,
        }
        for place, model in enumerate(models)
    ]


def board(**changes: str) -> Board:
    size = len(MODELS)
    return Board(KEY | changes, tuple(MODELS), np.linspace(-2.0, 2.0, size), 0.01 * np.eye(size))


def made(rows: list[dict[str, Any]], *boards: Board) -> dict[str, pa.Table]:
    reported = benchmarks_of(pa.Table.from_pylist(rows) if rows else pa.table({}))
    found = tables(reported, boards or [board()], 7)
    return {name: conform(name, table) for name, table in found.items()}


def test_without_scores_there_are_no_tables() -> None:
    assert made([]) == {}
    assert list(gaps_left_out(RATING_TABLES["rating"].schema.empty_table(), [])) == []


def test_only_common_models_are_compared_and_the_others_are_counted() -> None:
    found = made(scores([*MODELS[:10], "stranger", "unknown"]))
    [gap] = found["benchmark_gap"].to_pylist()
    counts = ("model_count", "unmatched_count", "unscored_count", "error_count")
    assert [gap[name] for name in counts] == [10, 2, 4, 5]
    assert gap["first_party_count"] == 1
    assert gap["correlation_micro"] == 1_000_000
    # Two of all orders of ten models are as far from none.
    assert gap["p_adjusted_micro"] == 1
    assert gap["correlation_lo_micro"] is None
    assert gap["not_compared_reason"] is None
    residuals = found["benchmark_residual"].to_pylist()
    assert [row["model_id"] for row in residuals] == MODELS[:10]
    assert {row["better_with"] for row in residuals} == {None}
    assert [row["rank_gap"] for row in residuals] == [0] * 10


def test_too_few_common_models_leave_a_row_that_says_so() -> None:
    found = made(scores([*MODELS[:7], "stranger"]))
    [gap] = found["benchmark_gap"].to_pylist()
    assert (gap["model_count"], gap["unmatched_count"]) == (7, 1)
    assert gap["not_compared_reason"] == "few_models"
    assert gap["correlation_micro"] is None
    assert gap["p_adjusted_micro"] is None
    assert found["benchmark_residual"].num_rows == 0


def test_a_benchmark_that_does_not_order_models_as_people_do_says_nothing_of_any() -> None:
    numbers = np.random.default_rng(4).permutation(len(MODELS)).tolist()
    mixed = scores([MODELS[place] for place in numbers])
    reversed_ = scores(MODELS, way=-1.0, benchmark="reversed")
    found = made(sorted(mixed + reversed_, key=lambda row: (row["benchmark"], row["model_id"])))
    assert {row["better_with"] for row in found["benchmark_residual"].to_pylist()} == {None}


def far_off(error: float | None) -> list[dict[str, Any]]:
    """Scores in the people's order, but of two models; only the last one's error is ``error``."""
    rows = scores(MODELS)
    for row in rows:
        row["score_error"] = 0.05
    rows[2]["score"], rows[-1]["score"] = 7.5, 6.5
    rows[-1]["score_error"] = error
    return rows


def test_who_is_better_with_people_is_said_only_where_the_score_has_an_error() -> None:
    sure = {row["model_id"]: row for row in made(far_off(0.05))["benchmark_residual"].to_pylist()}
    assert sure[MODELS[2]]["better_with"] == "paper"
    assert sure[MODELS[-1]]["better_with"] == "people"
    found = {row["model_id"]: row for row in made(far_off(None))["benchmark_residual"].to_pylist()}
    assert found[MODELS[2]]["better_with"] == "paper"
    unknown = found[MODELS[-1]]
    assert unknown["residual_micro"] == sure[MODELS[-1]]["residual_micro"]
    for name in (
        "better_with", "p_adjusted_micro", "residual_lo_micro", "residual_hi_micro",
        "rank_gap_lo", "rank_gap_hi",
    ):  # fmt: skip
        assert unknown[name] is None


def test_where_no_error_is_stated_nobody_is_surely_off_the_line() -> None:
    # Both agree wholly, but for an error of the benchmark that it doesn't state.
    numbers = np.random.default_rng(6)
    for _ in range(20):
        rows = scores(MODELS)
        for row in rows:
            row["score"] += 3.0 * numbers.standard_normal()
            row["score_error"] = None
        found = made(rows)["benchmark_residual"].to_pylist()
        assert {row["better_with"] for row in found} <= {None}
        assert {row["residual_lo_micro"] for row in found} <= {None}


def test_a_board_has_the_same_figures_beside_others_and_twice() -> None:
    rows = sorted(
        scores(MODELS) + scores(MODELS[3:], benchmark="quiz"),
        key=lambda row: (row["benchmark"], row["model_id"]),
    )
    alone = made(rows)
    both = made(rows, board(stratum_id="US"), board())
    for name, table in alone.items():
        others = [row for row in both[name].to_pylist() if row["stratum_id"] == "all"]
        assert others == table.to_pylist()


def test_boards_are_read_from_the_tables_as_they_are_written() -> None:
    size = 3
    upper = [(a, b) for a in range(size) for b in range(a, size)]
    covariance = pa.table(
        {
            **{name: [value] * len(upper) for name, value in KEY.items()},
            "model_a": [MODELS[a] for a, _ in upper],
            "model_b": [MODELS[b] for _, b in upper],
            "covariance": [0.5 if a == b else 0.1 * b for a, b in upper],
        }
    )
    rating = pa.table(
        {
            **{name: [value] * size for name, value in KEY.items()},
            "model_id": MODELS[:size],
            "skill_micro": [1_500_000, -500_000, -1_000_000],
        }
    )
    half = covariance.set_column(
        covariance.column_names.index("weighting"),
        "weighting",
        pa.array(["w_half_half"] * len(upper)),
    )
    [found] = boards_of(rating, [covariance, half, covariance.slice(0, 0)])
    assert found.key == KEY
    np.testing.assert_array_equal(found.skill, [1.5, -0.5, -1.0])
    np.testing.assert_allclose(
        found.covariance, [[0.5, 0.1, 0.2], [0.1, 0.5, 0.2], [0.2, 0.2, 0.5]]
    )


def test_boards_of_very_many_models_are_said_to_be_left_out() -> None:
    rating = pa.table({**{name: [value] for name, value in KEY.items()}, "model_count": [301]})
    reported = benchmarks_of(pa.Table.from_pylist(scores(MODELS)))
    [row] = gaps_left_out(rating, reported)
    assert (row["what"], row["model_count"], row["kept_model_count"]) == ("benchmarks", 301, 0)
