"""From verdicts to the table `model_fit`, and to boards without what being shown first is worth."""

import numpy as np
import pandas as pd
import pytest

from orchestration.rating_step import reading
from ratings.tables.every_board import rate_all
from ratings.tournaments import RatingParameters
from tests.ratings.tables.study import Verdict, database

PARAMETERS = RatingParameters(draws=64)
MODELS = ("ant", "bee", "cat", "dog", "eel")


def verdicts(one_way: float, seed: int = 1, battles: int = 1500) -> list[Verdict]:
    """Models as good as each other; the one shown first wins by half a noise more."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(battles):
        a, b = sorted(rng.choice(len(MODELS), 2, replace=False))
        if rng.random() > one_way:
            a, b = b, a
        d = rng.normal(0.5, 1.0)
        outcome = "tie" if abs(d) < 0.3 else "a" if d > 0 else "b"
        group = ("old", "young")[number % 2]
        found.append(Verdict(f"p{number % 150}", group, "overall", MODELS[a], MODELS[b], outcome))
    return found


def made(one_way: float) -> dict[str, pd.DataFrame]:
    with database(verdicts(one_way)) as connection:
        tables = rate_all(reading(connection), PARAMETERS)
    return {name: table.to_pandas() for name, table in tables.items()}


@pytest.fixture(scope="module", name="tables")
def one_sided_tables() -> dict[str, pd.DataFrame]:
    return made(0.85)


def skills(
    tables: dict[str, pd.DataFrame], weighting: str, stratum: str, estimator: str
) -> pd.DataFrame:
    rows = tables["rating"].query(f"estimator == '{estimator}'")
    rows = rows[(rows.weighting == weighting) & (rows.stratum_id == stratum)]
    return rows.set_index("model_id")


@pytest.mark.parametrize(
    ("weighting", "stratum", "estimator"),
    [
        ("none", "all", "trueskill_ep"),
        ("none", "US/age/old", "trueskill_ep"),
        ("census", "US", "trueskill_ep"),
        ("merged_by_age", "US", "trueskill_ep"),
        ("census", "US", "trueskill_hierarchical"),
        ("census", "US/age/young", "trueskill_hierarchical"),
    ],
)
def test_what_was_mostly_shown_first_is_not_the_best_for_it(
    tables: dict[str, pd.DataFrame], weighting: str, stratum: str, estimator: str
) -> None:
    rows = skills(tables, weighting, stratum, estimator)
    # Without the effect taken out, the first by name would be 4 units ahead of the last.
    assert abs(rows.skill_micro["ant"] - rows.skill_micro["eel"]) < 3 * rows.skill_sd_micro["ant"]
    online = tables["rating"].query("estimator == 'bradley_terry' and stratum_id == 'all'")
    uncorrected = online.set_index("model_id").skill_micro
    assert uncorrected["ant"] - uncorrected["eel"] > 2_000_000
    sides = tables["model_fit"].query("check_name == 'sides'").set_index("stratum_id")
    noise = np.sqrt(2.0) * 25.0 / 6.0
    assert sides.statistic_lo_micro["all"] / 1e6 < 0.5 * noise
    assert sides.statistic_hi_micro["all"] / 1e6 > 0.5 * noise
    assert sides.statistic_lo_micro["all"] > 0
    assert not sides.is_misfit.any()


def test_what_fells_a_board_is_said_of_the_leader_that_it_shows(
    tables: dict[str, pd.DataFrame],
) -> None:
    [fragile] = tables["fragility"].to_dict("records")
    ranked = skills(tables, "none", "all", "trueskill_ep").sort_values("rank")
    first, second = ranked.index[:2]
    assert (fragile["leader_model_id"], fragile["second_model_id"]) == (first, second)
    lead = ranked.skill_micro[first] - ranked.skill_micro[second]
    assert abs(fragile["lead_micro"] - lead) <= 1
    assert not fragile["is_tie"]


def test_sides_that_never_changed_are_a_misfit() -> None:
    found = made(1.0)["model_fit"]
    sides = found[found.check_name == "sides"].set_index("stratum_id")
    assert sides.is_misfit["all"]
    assert sides.both_ways_share_micro["all"] == 0
    assert sides.statistic_micro.isna().all()


def test_a_world_that_fits_is_left_in_peace() -> None:
    found = made(0.5)["model_fit"]
    assert not found.is_misfit.any()
    assert set(found.check_name) == {"pairs", "triads", "sides"}  # nothing has a time
    assert set(found.stratum_id) == {"all", "US", "US/age/old", "US/age/young"}
    whole = found[found.stratum_id == "all"]
    assert (whole.battle_count == 1500).all()
    assert (whole.participant_count == 150).all()
    assert found[found.check_name != "sides"].p_value_micro.between(0, 1_000_000).all()


def test_the_board_alone_is_the_same_board() -> None:
    with database(verdicts(0.85)) as connection:
        whole = rate_all(reading(connection), PARAMETERS)["rating"]
        alone = rate_all(reading(connection), PARAMETERS, is_board_alone=True)["rating"]
    assert whole.equals(alone)


def test_boards_under_a_policy_are_without_the_effect_too() -> None:
    with database(verdicts(0.85)) as connection:
        connection.execute("""
            insert into fct_policy_count
            select 'strict', '1', dimension, model_a, model_b, win_a_count, win_b_count,
                greatest(tie_count - 1, 0)
            from fct_policy_count
        """)
        ranks = rate_all(reading(connection), PARAMETERS)["policy_rank"].to_pandas()
    skill = ranks.set_index(["policy", "model_id"]).skill_micro
    assert (skill.loc["none"] - skill.loc["strict"]).abs().max() < 300_000
