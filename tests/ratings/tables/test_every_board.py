"""Every board of one study whose dimensions are all the bad cases at once, and what they say."""

from itertools import combinations, cycle

import pandas as pd
import pytest

from orchestration.dbt_runs import PROJECT_DIRECTORY
from orchestration.rating_step import reading
from publishing.publications.catalogue import declared_marts
from ratings.tables.declarations import RATING_TABLES
from ratings.tables.every_board import rate_all
from ratings.tournaments import PROVISIONAL_REASONS, RatingParameters
from tests.ratings.tables.study import Verdict, database

PARAMETERS = RatingParameters(draws=256)
MODELS = ("alpha", "beta", "delta", "gamma")
PEOPLE = [(f"p{number}", "old" if number % 3 else "young") for number in range(13)]


def spoken(
    dimension: str, rounds: int, outcomes: str, pairs: list[tuple[str, str]]
) -> list[Verdict]:
    """Everybody in turn judges every pair, with outcomes in turn: a, b or tie."""
    people, said = cycle(PEOPLE), cycle(outcomes)
    words = {"a": "a", "b": "b", "t": "tie", "x": "both_bad"}
    return [
        Verdict(*next(people), dimension, one, other, words[next(said)], 1.0 + 0.1 * len(one))
        for _ in range(rounds)
        for one, other in pairs
    ]


GROUPS = ("US/age/old", "US/age/young")
EVERY_PAIR = list(combinations(MODELS, 2))
VERDICTS = [
    *spoken("ordinary", 60, "aatbaxa", EVERY_PAIR),
    *spoken("only_wins", 10, "a", EVERY_PAIR),
    *spoken("only_ties", 10, "tx", EVERY_PAIR),
    *spoken("disconnected", 30, "aab", [("alpha", "beta"), ("delta", "gamma")]),
    Verdict("p1", "old", "one_battle", "alpha", "beta", "a"),
    *(Verdict("p2", "old", "one_person", one, other, "a") for one, other in EVERY_PAIR),
]


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    with database(VERDICTS) as connection:
        made = rate_all(reading(connection), PARAMETERS)
    return {name: table.to_pandas() for name, table in made.items()}


def boards(tables: dict[str, pd.DataFrame], dimension: str, **key: str) -> pd.DataFrame:
    rows = tables["rating"]
    for name, value in {"dimension": dimension, **key}.items():
        rows = rows[rows[name] == value]
    assert len(rows)
    return rows


def test_every_board_is_there_finite_and_converged(tables: dict[str, pd.DataFrame]) -> None:
    # A value that is not finite would have been an error before it was a row.
    rows = tables["rating"]
    assert set(rows.dimension) == {verdict.dimension for verdict in VERDICTS}
    assert rows.is_converged.all()
    assert (rows.skill_lo_micro <= rows.skill_hi_micro).all()
    assert rows.p_best_micro.between(0, 1_000_000).all()
    estimators = {"trueskill_ep", "bradley_terry", "trueskill_online", "trueskill_hierarchical"}
    for dimension in set(rows.dimension):
        assert set(boards(tables, dimension).estimator) == estimators
    for name, table in tables.items():
        assert list(table) == [column.name for column in RATING_TABLES[name].columns]


def test_a_single_battle_is_provisional_and_hardly_moves(tables: dict[str, pd.DataFrame]) -> None:
    rows = boards(tables, "one_battle", stratum_id="all", estimator="trueskill_ep")
    assert rows.is_provisional.all()
    assert rows.battle_count.tolist() == [1, 1]
    assert rows.set_index("model_id").skill_micro.abs().max() < 10_000_000


def test_every_provisional_model_has_its_reason(tables: dict[str, pd.DataFrame]) -> None:
    rated, reasons = tables["rating"], tables["provisional"]
    key = ["weighting", "stratum_id", "dimension", "estimator", "model_id"]
    assert reasons[key].equals(rated[rated.is_provisional][key].reset_index(drop=True))
    assert set(reasons.provisional_reason) <= set(PROVISIONAL_REASONS)
    assert len(set(reasons.provisional_reason)) > 1
    # The contract of the mart has the same vocabulary.
    [mart] = [one for one in declared_marts(PROJECT_DIRECTORY) if one["name"] == "rpt_leaderboard"]
    [column] = [one for one in mart["columns"] if one["name"] == "provisional_reason"]
    [test] = column["data_tests"]
    accepted = test["accepted_values"]["arguments"]["values"]
    assert sorted(accepted) == sorted(PROVISIONAL_REASONS)


def test_only_wins_give_an_order_and_finite_skills(tables: dict[str, pd.DataFrame]) -> None:
    rows = boards(tables, "only_wins", stratum_id="all", estimator="trueskill_ep")
    assert rows.sort_values("rank").model_id.tolist() == list(MODELS)
    assert rows.skill_micro.abs().max() < 60_000_000
    assert (rows.tie_share_micro == 0).all()


def test_only_ties_give_no_order_and_say_so(tables: dict[str, pd.DataFrame]) -> None:
    rows = boards(tables, "only_ties", stratum_id="all", estimator="trueskill_ep")
    assert rows.skill_micro.abs().max() <= 1
    assert (rows.rank_lo == 1).all()
    assert (rows.rank_hi == len(MODELS)).all()
    decided = tables["tournament"].set_index(["stratum_id", "dimension"])
    assert decided.decisiveness_micro["all", "only_ties"] == 0
    assert decided.separation_micro["all", "only_ties"] < 1_000


def test_models_never_compared_are_in_different_components(
    tables: dict[str, pd.DataFrame],
) -> None:
    rows = boards(tables, "disconnected", stratum_id="all", weighting="none")
    for _, board in rows.groupby("estimator"):
        assert board.component_count.unique().tolist() == [2]
        component = board.set_index("model_id").component
        assert component["alpha"] == component["beta"] != component["delta"]


def test_a_single_participant_is_no_sample(tables: dict[str, pd.DataFrame]) -> None:
    rows = boards(tables, "one_person", weighting="census", estimator="trueskill_ep")
    assert (rows.participant_count == 1).all()
    assert (rows.skill_sd_micro >= rows.model_sd_micro).all()


def test_merging_says_what_it_has_bought(tables: dict[str, pd.DataFrame]) -> None:
    rows = boards(tables, "ordinary")
    merged = rows.weighting == "merged_by_age"
    assert rows.merged_sd_ratio_micro[~merged].isna().all()
    assert (rows.merged_sd_ratio_micro[merged] < 1_000_000).all()


def test_history_ends_at_the_board(tables: dict[str, pd.DataFrame]) -> None:
    history = tables["online_history"]
    key = ["stratum_id", "dimension", "model_id"]
    last = history.sort_values("battle_number").groupby(key).last()
    rows = tables["rating"]
    online = rows[rows.estimator == "trueskill_online"].set_index(key)
    assert last.mu_micro.to_dict() == online.mu_micro.to_dict()
    battles = history.groupby(key[:2]).battle_number.max()
    assert battles["all", "ordinary"] == 60 * len(EVERY_PAIR)


def test_the_prior_that_was_learnt_holds_for_every_estimator() -> None:
    chosen = [verdict for verdict in VERDICTS if verdict.dimension == "ordinary"]
    with database(chosen) as connection:
        made = rate_all(reading(connection), RatingParameters(draws=64))
    rows = made["rating"].to_pandas()
    rows = rows[rows.estimator != "trueskill_online"]  # it is what the package computes
    assert len(rows.prior_sd_micro.unique()) == 1
    assert rows.prior_sd_micro.iloc[0] != round(1e6 * RatingParameters().prior_sd)


def test_a_drift_widens_what_goes_by_order_alone(tables: dict[str, pd.DataFrame]) -> None:
    with database(VERDICTS) as connection:
        made = rate_all(reading(connection), RatingParameters(draws=256, online_tau=25.0 / 300.0))
    key = ["weighting", "stratum_id", "dimension", "estimator", "model_id"]
    there = tables["rating"].set_index(key).skill_sd_micro
    again = made["rating"].to_pandas().set_index(key).skill_sd_micro
    online = there.index.get_level_values("estimator") == "trueskill_online"
    assert (again[online] > there[online]).all()
    assert (again[~online] == there[~online]).all()


def test_every_kind_of_board_is_held_against_targets() -> None:
    chosen = [verdict for verdict in VERDICTS if verdict.dimension == "ordinary"]
    with database(chosen) as connection:
        connection.execute(
            "insert into seeds.seed_stopping_targets"
            " values ('any', null, null, null, null, 'interval_width', 0.2, '')"
        )
        made = rate_all(reading(connection), PARAMETERS)
    key = ["weighting", "stratum_id", "estimator"]
    stopping = made["stopping"].to_pandas()
    every = stopping[(stopping.target == "any") & (stopping.policy == "random")].set_index(key)
    assert every.index.is_unique
    assert set(every.index) == {
        *(("none", stratum, "trueskill_ep") for stratum in ("all", "US", *GROUPS)),
        ("census", "US", "trueskill_ep"),
        ("census", "US", "trueskill_hierarchical"),
        ("census_everybody", "all", "trueskill_hierarchical"),
    }
    rows = made["rating"].to_pandas().set_index(key)
    widest = (rows.skill_hi_micro - rows.skill_lo_micro).groupby(key).max()
    for board, row in every.iterrows():
        assert row.value_micro == pytest.approx(widest[board], abs=2)
        assert row.battle_count * 2 == rows.battle_count[board].sum()
        assert row.battles_needed > row.battle_count
    assert every.design_effect_micro["none"].eq(1_000_000).all()
    assert every.design_effect_micro["census", "US", "trueskill_ep"] > 0
    assert every.design_effect_micro[:, :, "trueskill_hierarchical"].isna().all()
