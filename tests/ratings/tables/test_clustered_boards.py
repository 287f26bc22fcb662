"""Boards whose judges are known: intervals, pairs, policies and stops are of participants."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from orchestration.rating_step import reading
from ratings.tables.every_board import rate_all
from ratings.tournaments import RatingParameters
from tests.ratings.tables.study import Verdict, database

MODELS = ("alpha", "beta", "delta", "gamma")
KEY = ["stratum_id", "dimension", "model_id"]


def spoken(
    dimension: str, people: int, each: int, taste: float, step: float = 0.3
) -> list[Verdict]:
    """Everybody judges ``each`` battles, on this dimension alone.

    ``taste``: how far someone's own liking decides. ``step``: from each model to the next worse.
    """
    rng = np.random.default_rng(3)
    pairs = list(combinations(range(len(MODELS)), 2))
    said = []
    for person in range(people):
        liking = rng.normal(0.0, taste, len(MODELS)) - step * np.arange(len(MODELS))
        for battle in range(each):
            one, other = pairs[(person + battle) % len(pairs)]
            d = liking[one] - liking[other] + rng.normal()
            outcome = "tie" if abs(d) < 0.3 else "a" if d > 0 else "b"
            group = "old" if person % 3 else "young"
            who = f"{dimension}-{person:03d}"
            said.append(Verdict(who, group, dimension, MODELS[one], MODELS[other], outcome))
    return said


VERDICTS = [
    *spoken("alike", 90, 4, 0.0),
    *spoken("repeated", 40, 30, 1.5),
    *spoken("one_sided", 40, 3, 0.0, 3.0),
    *spoken("half_known", 30, 4, 0.0),
    Verdict(None, "old", "half_known", "alpha", "beta", "a"),
    Verdict(None, "old", "counts_alone", "alpha", "beta", "a"),
]


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    with database(VERDICTS) as connection:
        made = rate_all(reading(connection), RatingParameters(draws=64))
    return {name: table.to_pandas() for name, table in made.items()}


def flat(tables: dict[str, pd.DataFrame], estimator: str = "trueskill_ep") -> pd.DataFrame:
    rows = tables["rating"]
    return rows[(rows.weighting == "none") & (rows.estimator == estimator)]


def test_it_is_the_weighted_boards_where_all_weights_are_one(
    tables: dict[str, pd.DataFrame],
) -> None:
    rows = tables["rating"]
    weighted = rows[(rows.weighting == "census") & (rows.estimator == "trueskill_ep")]
    both = flat(tables).merge(weighted, on=KEY, suffixes=("", "_weighted"))
    assert {"alike", "one_sided", "repeated"} <= set(both.dimension)
    # Weighted boards are not corrected for skewness, nor have votes of people unknown.
    same = both[both.dimension.isin({"alike", "repeated"})]
    for name in ("skill_sd_micro", "design_effect_micro", "participant_count"):
        assert (same[name] - same[f"{name}_weighted"]).abs().max() <= 1


def test_what_is_shown_is_of_participants(tables: dict[str, pd.DataFrame]) -> None:
    every = flat(tables)
    board = every[(every.stratum_id == "all") & (every.dimension == "repeated")]
    assert set(board.interval_basis) == {"participants"}
    assert (board.skill_sd_micro > 2 * board.model_sd_micro).all()
    half = (board.skill_hi_micro - board.skill_lo_micro) / 2
    assert (half - 1.959964 * board.skill_sd_micro).abs().max() <= 2
    assert (board.participant_count == 40).all()
    assert (board.effective_participant_count_micro == 40_000_000).all()
    # So are pairs, and what is asked for to stop.
    pairs = tables["pairwise"]
    pairs = pairs[(pairs.stratum_id == "all") & (pairs.dimension == "repeated")]
    assert (pairs.skill_difference_sd_micro > 2 * board.model_sd_micro.max()).all()
    stops = tables["stopping"]
    stops = stops[(stops.weighting == "none") & (stops.dimension == "repeated")]
    assert (stops[stops.stratum_id == "all"].design_effect_micro > 3_000_000).all()
    # The other estimators say what they rest on.
    assert set(flat(tables, "bradley_terry").interval_basis) == {"independent", "participants"}
    assert set(flat(tables, "trueskill_online").interval_basis) == {"independent"}
    merged = tables["rating"].query("weighting == 'merged_by_age' and dimension == 'repeated'")
    assert set(merged.interval_basis) == {"participants"}
    assert (merged.skill_sd_micro > 2 * board.model_sd_micro.max()).all()
    policies = tables["policy_rank"].query("dimension == 'repeated'").set_index("model_id")
    assert (policies.skill_sd_micro == board.set_index("model_id").skill_sd_micro).all()


def test_it_says_that_many_verdicts_of_few_are_less_than_they_seem(
    tables: dict[str, pd.DataFrame],
) -> None:
    whole = flat(tables).set_index(["stratum_id", "dimension"]).design_effect_micro
    assert whole["all", "repeated"].iloc[0] > 3_000_000
    assert 600_000 < whole["all", "alike"].iloc[0] < 1_600_000


def test_who_is_unknown_is_counted(tables: dict[str, pd.DataFrame]) -> None:
    boards = flat(tables)
    alone = boards[(boards.dimension == "counts_alone") & (boards.stratum_id == "all")]
    assert set(alone.interval_basis) == {"independent"}
    assert (alone.skill_sd_micro == alone.model_sd_micro).all()
    assert set(alone.unattributed_count) == {1}
    half = boards[boards.dimension == "half_known"]
    assert set(half.interval_basis) == {"participants"}
    assert half.groupby("stratum_id").unattributed_count.first().to_dict() == {
        "US": 1,
        "US/age/old": 1,
        "US/age/young": 0,
        "all": 1,
    }


@pytest.fixture(scope="module")
def with_items() -> dict[str, pd.DataFrame]:
    said = [
        verdict._replace(item=f"prompt {place // 6 % 12}" if place % 5 else None)
        for place, verdict in enumerate(spoken("prompts", 40, 30, 0.5))
    ]
    said += [verdict._replace(item="the only one") for verdict in spoken("one", 20, 6, 0.0)]
    with database(said) as connection:
        made = rate_all(reading(connection), RatingParameters(draws=64))
    return {name: table.to_pandas() for name, table in made.items()}


def test_items_reach_flat_and_weighted_boards(with_items: dict[str, pd.DataFrame]) -> None:
    rows = with_items["rating"]
    rows = rows[rows.estimator == "trueskill_ep"]

    def of(dimension: str, weighting: str, stratum: str = "US") -> pd.DataFrame:
        is_one = (rows.dimension == dimension) & (rows.weighting == weighting)
        return rows[is_one & (rows.stratum_id == stratum)]

    for weighting in ("none", "census"):
        assert set(of("prompts", weighting).interval_basis) == {"participants_and_items"}
        assert set(of("prompts", weighting).item_count) == {12}
        assert set(of("one", weighting).interval_basis) == {"participants"}
        assert set(of("one", weighting).item_count) == {1}
    assert set(of("one", "none", "US/age/young").interval_basis) == {"few_participants"}
    merged = of("prompts", "merged_by_age")
    assert set(merged.interval_basis) == {"participants"}
    assert set(merged.item_count) == {12}
    # The hierarchical model's intervals don't know of prompts; its title says how many there are.
    pooled = with_items["rating"]
    pooled = pooled[
        (pooled.estimator == "trueskill_hierarchical") & (pooled.dimension == "prompts")
    ]
    assert len(pooled)
    assert set(pooled.interval_basis) == {"participants"}
    assert set(pooled[pooled.stratum_id == "US"].item_count) == {12}
    one, other = (of("prompts", name).skill_sd_micro.to_numpy() for name in ("none", "census"))
    assert np.abs(one - other).max() <= 1


@pytest.mark.parametrize("stratum", ["all", "US", "US/age/old", "US/age/young"])
def test_the_hierarchical_boards_are_clustered_where_judges_are_known(
    tables: dict[str, pd.DataFrame], stratum: str
) -> None:
    rows = tables["rating"]
    rows = rows[(rows.estimator == "trueskill_hierarchical") & (rows.stratum_id == stratum)]
    repeated, alike = (rows[rows.dimension == name] for name in ("repeated", "alike"))
    assert (repeated.skill_sd_micro > 1.5 * repeated.model_sd_micro).all()
    assert (repeated.design_effect_micro > 1_500_000).all()
    own = alike.model_sd_micro.mean()
    assert alike.skill_sd_micro.mean() == pytest.approx(own, rel=0.25)
    unknown = rows[rows.dimension.isin(["half_known", "counts_alone"])]
    assert unknown.model_sd_micro.isna().all()
