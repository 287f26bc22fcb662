"""The table of published variants: who counts as tested before, and which figures a row has."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ratings.tables.benchmarks import Board
from ratings.tables.declarations import RATING_TABLES, conform
from ratings.tables.variants import BEST_OF_N, Release, best_of_n_table, releases_of

KEY = {
    "weighting": "none",
    "stratum_id": "all",
    "dimension": "overall",
    "estimator": "trueskill_ep",
}
NAMES = ("a", "b", "c", "public")
RELEASE = Release("p", "f", "a", "a", "public", False, ("a", "b", "c"), ("a", "b"))


def at(day: int) -> datetime:
    return datetime(2025, 1, day, tzinfo=UTC)


def variant(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "model_id": name,
        "board_model_id": name,
        "provider": "p",
        "family_key": "f",
        "variant_of": None,
        "public_model_id": None,
        "published_at": None,
        "tested_from": at(2),
        "is_joined": False,
    } | changes


def ratings(**sds: float) -> pa.Table:
    schema = RATING_TABLES["rating"].schema
    rows = [
        dict.fromkeys(schema.names)
        | KEY
        | {"model_id": model, "model_sd_micro": int(sd * 1e6), "prior_sd_micro": 3_000_000}
        for model, sd in sds.items()
    ]
    return pa.Table.from_pylist(rows, schema=schema)


def made(
    release: Release, skill: list[float], names: tuple[str, ...] = NAMES, **sds: float
) -> dict[str, Any]:
    board = Board(KEY, names, np.array(skill), 0.25 * np.eye(len(names)))
    table = best_of_n_table([release], [board], ratings(**sds))[BEST_OF_N]
    rows: list[dict[str, Any]] = conform(BEST_OF_N, table).to_pylist()
    assert len(rows) == 1
    return rows[0]


def test_only_what_the_family_tested_before_the_release_is_compared() -> None:
    rows = [
        variant("a", public_model_id="public", published_at=at(10), variant_of="base"),
        variant("b", variant_of="base"),
        variant("late", tested_from=at(11)),
        variant("undated", tested_from=None),
        variant("elsewhere", family_key="other"),
        variant("theirs", provider="q"),
    ]
    [release] = releases_of(pa.Table.from_pylist(rows))
    assert release.tested == ("a", "b", "undated")
    assert release.siblings == ("a", "b")
    assert not release.is_joined


def test_a_name_that_an_alias_joins_joins_the_release() -> None:
    rows = [
        variant("a", public_model_id="public", published_at=at(10)),
        variant("b", board_model_id="public", is_joined=True),
    ]
    [release] = releases_of(pa.Table.from_pylist(rows))
    row = made(release, [2.0, 1.0, 0.0, 0.5])
    assert row["not_estimated_reason"] == "names_joined"
    assert row["expected_inflation_micro"] is None
    assert row["tested_count"] == 2


def test_without_a_release_there_is_no_table() -> None:
    assert releases_of(pa.Table.from_pylist([variant("a")])) == []
    assert best_of_n_table([], [], ratings()) == {}


def test_the_best_has_both_estimates_and_its_fall() -> None:
    row = made(RELEASE, [2.0, 1.0, 0.0, 0.5])
    assert row["rank_among_tested"] == 1
    assert (row["tested_count"], row["variant_count"], row["sibling_count"]) == (3, 3, 2)
    assert row["expected_inflation_micro"] > 0
    assert row["inflation_micro"] > 0
    assert row["equal_inflation_micro"] == pytest.approx(0.5 * 846_284, abs=50)
    assert row["fall_micro"] == 1_500_000
    assert row["p_fall_micro"] == pytest.approx(16_947, abs=2)
    assert row["p_siblings_equal_micro"] == pytest.approx(157_299, abs=2)
    assert row["not_estimated_reason"] is None


def test_another_than_the_best_is_not_corrected_for_having_been_it() -> None:
    row = made(RELEASE, [1.0, 2.0, 0.0, 0.5])
    assert row["rank_among_tested"] == 2
    assert row["not_estimated_reason"] == "not_the_best"
    assert row["inflation_micro"] is None
    assert row["expected_inflation_micro"] is not None


def test_the_priors_pull_is_undone_before_scores_are_compared() -> None:
    row = made(RELEASE, [1.0, 0.2, 0.2, 1.0], a=1.5, b=1.5, c=1.5, public=0.0)
    # Of a skill whose variance is a quarter of the prior's three quarters are left.
    assert row["score_micro"] == pytest.approx(1e6 / 0.75, abs=1)
    assert row["fall_micro"] == pytest.approx(1e6 / 0.75 - 1e6, abs=1)


def test_what_is_not_on_the_board_is_said() -> None:
    assert made(RELEASE, [0.0, 1.0], ("b", "public"))["not_estimated_reason"] == "not_on_board"
    row = made(RELEASE, [1.0, 0.0, 0.0], ("a", "b", "c"))
    assert row["not_observed_reason"] == "no_fresh_votes"
    assert row["fall_micro"] is None
    assert row["expected_inflation_micro"] is not None
