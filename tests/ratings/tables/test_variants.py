"""The table of published variants: who counts as tested before, and which figures a row has."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ratings.compiled import FloatArray
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


def ratings(people: float | None = None, **sds: float) -> pa.Table:
    schema = RATING_TABLES["rating"].schema
    known = {
        "prior_sd_micro": 3_000_000,
        "effective_participant_count_micro": None if people is None else round(people * 1e6),
    }
    rows = [
        dict.fromkeys(schema.names)
        | KEY
        | known
        | {"model_id": model, "model_sd_micro": int(sd * 1e6)}
        for model, sd in sds.items()
    ]
    return pa.Table.from_pylist(rows, schema=schema)


def judged_by(people: float | None = None) -> pa.Table:
    """`variant_judges` of the family, or none."""
    rows = [
        {
            "dimension": "overall",
            "provider": "p",
            "family_key": "f",
            "effective_participant_count": people,
        }
    ]
    return pa.Table.from_pylist(rows[: people is not None])


def made(
    release: Release,
    skill: Sequence[float],
    names: tuple[str, ...] = NAMES,
    covariance: FloatArray | None = None,
    everybody: float | None = None,
    judges: float | None = None,
    **sds: float,
) -> dict[str, Any]:
    known = 0.25 * np.eye(len(names)) if covariance is None else covariance
    board = Board(KEY, names, np.array(skill), known)
    rated = ratings(everybody, **(sds or dict.fromkeys(names, 0.0)))
    table = best_of_n_table([release], [board], rated, judged_by(judges))[BEST_OF_N]
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
    assert best_of_n_table([], [], ratings(), judged_by()) == {}


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


def test_the_best_is_the_one_that_the_board_shows_as_the_best() -> None:
    # With the prior's pull undone b would be above a; the board shows a above b.
    row = made(RELEASE, [1.0, 0.9, 0.0, 0.5], a=0.3, b=2.0, c=0.3, public=0.3)
    assert row["rank_among_tested"] == 1
    assert row["not_estimated_reason"] is None
    assert row["inflation_micro"] is not None


def test_of_equal_skills_the_first_by_name_is_the_best() -> None:
    second = Release("p", "f", "b", "b", "public", False, ("b", "a", "c"), ())
    assert made(second, [1.0, 1.0, 0.0, 0.5])["rank_among_tested"] == 2
    assert made(RELEASE, [1.0, 1.0, 0.0, 0.5])["rank_among_tested"] == 1


@pytest.mark.parametrize(("size", "people"), [(10, 12), (10, 20), (20, 30), (27, 60)])
def test_equal_variants_of_few_people_are_rarely_called_different(size: int, people: int) -> None:
    rng = np.random.default_rng(size + people)
    names = tuple(f"v{number:02}" for number in range(size))
    release = Release("p", "f", "v00", "v00", "public", False, names, ())
    found = []
    for _ in range(200):
        verdicts = rng.standard_normal((people, size))
        covariance = np.cov(verdicts.T) / people
        row = made(release, verdicts.mean(axis=0).tolist(), names, covariance, judges=people)
        found.append(row["p_equal_micro"] < 50_000)
    assert 0.01 <= np.mean(found) <= 0.09


def test_people_of_the_board_and_of_the_family_count_whichever_are_fewer() -> None:
    skill = [2.0, 0.0, 0.0, 0.5]
    few = made(RELEASE, skill, judges=6.0)["p_equal_micro"]
    assert few > made(RELEASE, skill)["p_equal_micro"]
    assert made(RELEASE, skill, everybody=6.0)["p_equal_micro"] == few
    assert made(RELEASE, skill, everybody=6.0, judges=900.0)["p_equal_micro"] == few
    assert made(RELEASE, skill, everybody=900.0, judges=6.0)["p_equal_micro"] == few


def test_without_more_people_than_variants_nothing_is_said_of_equality() -> None:
    row = made(RELEASE, [2.0, 0.0, 0.0, 0.5], judges=3.0)
    assert row["p_equal_micro"] is None
    assert row["p_siblings_equal_micro"] is not None


def test_what_is_not_on_the_board_is_said() -> None:
    assert made(RELEASE, [0.0, 1.0], ("b", "public"))["not_estimated_reason"] == "not_on_board"
    row = made(RELEASE, [1.0, 0.0, 0.0], ("a", "b", "c"))
    assert row["not_observed_reason"] == "no_fresh_votes"
    assert row["fall_micro"] is None
    assert row["expected_inflation_micro"] is not None
