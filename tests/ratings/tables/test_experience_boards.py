"""Boards of ratings in worlds whose truth is known, and that break what is assumed."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ratings.tables import experience_boards
from ratings.tables.bounds import left_out_rows
from ratings.tables.declarations import conform
from ratings.tables.experience_boards import experience_tables, ratings_left_out
from tests.ratings.rated_worlds import CRITERIA, GROUPS, World, reading

QUALITY = np.array([-0.6, -0.2, 0.0, 0.2, 0.6])
GAPS = np.array([0.0, 0.0, -0.5, -0.7])
PLANTED = World(people=600, quality=QUALITY, gaps=GAPS, weakness=-1.6)
NULL = World(people=150)


def made(world: World, seed: int, **more: Any) -> dict[str, pd.DataFrame]:
    rows = world.rows(np.random.default_rng(seed))
    tables = experience_tables(reading(rows, **more))
    return {name: conform(name, table).to_pandas() for name, table in tables.items()}


def where(table: pd.DataFrame, **key: str) -> pd.DataFrame:
    for name, value in key.items():
        table = table[table[name] == value]
    return table


@pytest.fixture(scope="module")
def planted() -> dict[str, pd.DataFrame]:
    return made(PLANTED, 1)


def everybody(table: pd.DataFrame, weighting: str = "none", **key: str) -> pd.DataFrame:
    return where(table, weighting=weighting, stratum_id="all", **key)


def test_every_mean_is_the_weighted_mean_of_its_ratings() -> None:
    rows = PLANTED.rows(np.random.default_rng(1))
    table = made(PLANTED, 1)["experience"]
    frame = pd.DataFrame({name: rows[name] for name in ("person", "model", "criterion", "rating")})
    frame["weight"] = rows["weight"][frame["person"]]
    for weighting in ("none", "census"):
        for group, own in frame.groupby(["criterion", "model"]):
            names: Any = group
            key = {"criterion": CRITERIA[names[0]], "model_id": f"m{names[1]}"}
            [row] = everybody(table, weighting, **key).to_dict("records")
            weight = own["weight"] if weighting == "census" else np.ones(len(own))
            mean = np.average(own["rating"], weights=weight)
            assert row["rating_micro"] == pytest.approx(1e6 * mean, abs=1)
            assert row["rating_count"] == len(own)
            shares = sum(row[f"rated_{level}_share_micro"] for level in range(1, 8))
            assert shares == pytest.approx(1e6, abs=4)


def test_models_are_ranked_and_tiers_divide_them(planted: dict[str, pd.DataFrame]) -> None:
    rows = everybody(planted["experience"], criterion="helpfulness").sort_values("rank")
    assert rows["model_id"].tolist() == ["m4", "m3", "m2", "m1", "m0"]
    assert rows["tier"].iloc[0] == 1
    assert rows["tier"].is_monotonic_increasing
    assert rows["tier"].max() >= 2
    assert (rows["rank_lo"] <= rows["rank"]).all()
    assert (rows["rank"] <= rows["rank_hi"]).all()
    assert rows["probit_effect_micro"].sum() == pytest.approx(0.0, abs=5)


def test_personality_and_culture_below_the_rest_are_found(
    planted: dict[str, pd.DataFrame],
) -> None:
    gaps = planted["criterion_gap"]
    truth = PLANTED.expected().mean(axis=0)
    rows = everybody(gaps, model_id="*")
    assert len(rows) == 5
    for row in rows.to_dict("records"):
        subjective = slice(2, 4) if row["criterion"] == "*" else CRITERIA.index(row["criterion"])
        objective = (
            slice(0, 2)
            if row["against_criterion"] == "*"
            else CRITERIA.index(row["against_criterion"])
        )
        gap = np.mean(truth[subjective]) - np.mean(truth[objective])
        assert row["gap_together_lo_micro"] <= 1e6 * gap <= row["gap_together_hi_micro"]
        assert row["is_different"]
        assert row["family_size"] == 5
        # Everybody rated every criterion: whether somebody is severe is no part of a gap.
        assert row["gap_centred_micro"] == pytest.approx(row["gap_micro"], abs=2)
        assert row["gap_standardised_hi_micro"] < 0.0


def test_the_weak_group_is_found_and_nothing_else(planted: dict[str, pd.DataFrame]) -> None:
    rows = where(planted["model_profile"], compared_with="other_groups")
    found = {
        (row["stratum_id"], row["model_id"], row["criterion"]) for row in rows.to_dict("records")
    }
    weak = (GROUPS[2], "m1", "personality")
    assert weak in found
    others = {one for one in found - {weak} if one[1:] != weak[1:]}
    assert len(others) <= 1
    [row] = where(
        rows, stratum_id=weak[0], model_id=weak[1], criterion=weak[2], weighting="none"
    ).to_dict("records")
    assert row["difference_hi_micro"] < 0.0
    assert row["p_adjusted_micro"] <= 50_000
    assert row["family_size"] == 3 * 5 * 4


def test_who_is_excluded_or_has_no_weight_is_left_out_and_counted() -> None:
    world = World(people=40)
    rows = world.rows(np.random.default_rng(3))
    rows["weight"][:10] = 0.0
    counted = [person != 39 for person in rows["person"]]
    tables = experience_tables(reading(rows, is_counted=counted))
    table = tables["experience"].to_pandas()
    excluded = sum(1 for person in rows["person"] if person == 39)
    unweighted = sum(1 for person in rows["person"] if person < 10)
    assert everybody(table)["left_out_count"].sum() == excluded
    assert everybody(table, "census")["left_out_count"].sum() == excluded + unweighted
    total = len(rows["person"])
    assert everybody(table)["rating_count"].sum() == total - excluded
    assert everybody(table, "census")["rating_count"].sum() == total - excluded - unweighted


def test_parts_have_boards_of_their_own_and_no_gap() -> None:
    rows = World(people=60).rows(np.random.default_rng(4))
    # What a part says counts on the whole, as the rating step's query hands it over.
    names = [CRITERIA[one] for one in rows["criterion"]]
    parts = ["warmth" if one == "personality" else one for one in names]
    extra = [place for place, one in enumerate(names) if one == "personality"]
    for column in ("person", "cell", "model", "rating"):
        rows[column] = rows[column] + [rows[column][place] for place in extra]
    rows["criterion"] = parts + ["personality"] * len(extra)
    tables = experience_tables(reading(rows, parts={"warmth": "personality"}))
    table = tables["experience"].to_pandas()
    part, whole = (everybody(table, criterion=name) for name in ("warmth", "personality"))
    assert part["rating"].tolist() == whole["rating"].tolist()
    assert part["probit_rating"].isna().all()
    assert whole["probit_rating"].notna().all()
    assert "warmth" not in set(tables["criterion_gap"].to_pandas()["criterion"])


def test_a_criterion_without_a_seed_has_a_board_and_is_of_no_kind() -> None:
    rows = World(people=60).rows(np.random.default_rng(5))
    rows["criterion"] = ["wit" if one == 3 else CRITERIA[one] for one in rows["criterion"]]
    tables = experience_tables(reading(rows))
    assert len(everybody(tables["experience"].to_pandas(), criterion="wit")) == 5
    assert "wit" not in set(tables["criterion_gap"].to_pandas()["criterion"])


def test_few_ratings_are_provisional_and_no_ratings_are_no_tables() -> None:
    rows = World(people=6).rows(np.random.default_rng(6))
    table = experience_tables(reading(rows))["experience"].to_pandas()
    assert table["is_provisional"].all()
    assert table["tier"].isna().all()
    assert table["rank"].isna().all()
    empty = {**rows, **{name: [] for name in ("person", "cell", "model", "criterion", "rating")}}
    assert experience_tables(reading(empty)) == {}


def test_the_same_ratings_give_the_same_tables() -> None:
    one, other = made(NULL, 7), made(NULL, 7)
    for name, table in one.items():
        pd.testing.assert_frame_equal(table, other[name])


@pytest.fixture
def without_probits(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are held against others elsewhere, and cost most."""
    monkeypatch.setattr(experience_boards, "_everybodys_probits", lambda _samples: {})


def alarms(world: World, seeds: range) -> dict[str, float]:
    """Share of studies in which anything is found that isn't there; and intervals that miss."""
    truth = world.expected()
    found: dict[str, list[float]] = {name: [] for name in ("gap", "profile", "rank", "missed")}
    for seed in seeds:
        tables = made(world, seed)
        gaps = everybody(tables["criterion_gap"], "census", model_id="*")
        found["gap"].append(bool(gaps["is_different"].any()))
        profile = tables.get("model_profile", pd.DataFrame({"weighting": []}))
        found["profile"].append(bool(len(where(profile, weighting="none"))))
        rows = everybody(tables["experience"], "census")
        helpful = where(rows, criterion="helpfulness")
        found["rank"].append(bool((helpful["tier"] > 1).any()))
        for row in rows.to_dict("records"):
            mean = truth[int(row["model_id"][1:]), CRITERIA.index(row["criterion"])]
            found["missed"].append(
                not row["rating_lo_micro"] <= 1e6 * mean <= row["rating_hi_micro"]
            )
    return {name: float(np.mean(values)) for name, values in found.items()}


@pytest.mark.usefixtures("without_probits")
def test_where_nothing_is_there_hardly_anything_is_found() -> None:
    found = alarms(NULL, range(1000, 1020))
    assert found["gap"] <= 0.15
    assert found["profile"] <= 0.2
    assert found["rank"] <= 0.15
    assert 0.02 <= found["missed"] <= 0.08


@pytest.mark.usefixtures("without_probits")
def test_heavy_raters_and_habits_do_not_break_intervals() -> None:
    # One in ten rates ten times as often, and people use the scale more or less widely: nothing in
    # it is independent, and the probit's noise isn't one for all.
    heavy = World(people=150, heavy=10, task_sd=0.2)
    assert alarms(heavy, range(2000, 2010))["missed"] <= 0.1
    habits = World(people=150, habit_sd=0.5)
    assert alarms(habits, range(3000, 3010))["gap"] <= 0.2


@pytest.mark.slow
@pytest.mark.usefixtures("without_probits")
def test_false_alarms_and_coverage_over_many_studies() -> None:
    found = alarms(NULL, range(5000, 5400))
    assert found["gap"] <= 0.08
    assert found["profile"] <= 0.1
    assert found["rank"] <= 0.08
    assert 0.04 <= found["missed"] <= 0.065


def test_where_all_give_one_answer_there_is_a_count_and_no_interval() -> None:
    rows = World(people=60).rows(np.random.default_rng(9))
    is_loved = (np.array(rows["model"]) == 0) & (np.array(rows["criterion"]) != 1)
    rows["rating"] = np.where(is_loved, 7, rows["rating"]).tolist()
    tables = experience_tables(reading(rows))
    loved = everybody(tables["experience"].to_pandas(), model_id="m0", criterion="helpfulness")
    [row] = loved.to_dict("records")
    assert row["rating"] == 7.0
    assert row["participant_count"] >= 10
    assert np.isnan([row[name] for name in ("rating_lo", "rating_hi", "rating_sd")]).all()
    gaps = everybody(
        tables["criterion_gap"].to_pandas(),
        model_id="m0", criterion="personality", against_criterion="helpfulness",
    )  # fmt: skip
    [gap] = gaps.to_dict("records")
    ends = [gap[f"gap_{name}"] for name in ("lo", "hi", "together_lo", "together_hi")]
    assert np.isnan(ends).all()
    assert not gap["is_different"]


def test_one_rater_is_no_certainty() -> None:
    rows = World(people=1, tasks=5).rows(np.random.default_rng(10))
    table = experience_tables(reading(rows))["experience"].to_pandas()
    assert table["rating_lo"].isna().all()
    assert table["rating_sd"].isna().all()
    assert (table["participant_count"] == 1).all()


def test_models_that_nobody_with_a_weight_rated_are_left_out() -> None:
    keys = ("weighting", "stratum_id", "criterion", "model_id", "is_provisional")
    said = [
        ("none", "all", "wit", "a", False),
        ("none", "all", "wit", "b", False),
        ("none", "all", "wit", "c", True),
        ("none", "all", "tone", "a", False),
        ("census", "all", "wit", "a", False),
        ("none", "US", "wit", "a", False),
    ]
    table = pa.Table.from_pylist([dict(zip(keys, row, strict=True)) for row in said])
    found = left_out_rows(ratings_left_out(table)).to_pylist()
    assert [tuple(row.values()) for row in found] == [
        ("ratings", "all", "tone", 1, 0),
        ("ratings", "all", "wit", 2, 1),
    ]
