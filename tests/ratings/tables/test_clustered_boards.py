"""The participant-clustered sd beside the model's, where nobody is weighted."""

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
    """Everybody judges ``each`` battles; ``taste``: how far someone's own liking decides.

    ``step``: from each model to the next worse.
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
            said.append(
                Verdict(f"p{person:03d}", group, dimension, MODELS[one], MODELS[other], outcome)
            )
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


def test_it_is_the_weighted_boards_where_all_weights_are_one(
    tables: dict[str, pd.DataFrame],
) -> None:
    rows = tables["rating"]
    weighted = rows[(rows.weighting == "census") & (rows.estimator == "trueskill_ep")]
    both = tables["clustered_sd"].merge(weighted, on=KEY, suffixes=("", "_weighted"))
    assert set(both.dimension) == {"alike", "one_sided", "repeated"}
    for name, same in (
        ("clustered_sd_micro", "skill_sd_micro"),
        ("design_effect_micro", "design_effect_micro_weighted"),
    ):
        assert (both[name] - both[same]).abs().max() <= 1


def test_it_says_that_many_verdicts_of_few_are_less_than_they_seem(
    tables: dict[str, pd.DataFrame],
) -> None:
    whole = tables["clustered_sd"].set_index(["stratum_id", "dimension"]).design_effect_micro
    assert whole["all", "repeated"].iloc[0] > 3_000_000
    assert 600_000 < whole["all", "alike"].iloc[0] < 1_600_000
    assert {stratum for stratum, _ in whole.index} == {"all", "US", "US/age/old", "US/age/young"}


def test_there_is_none_where_somebody_unknown_judged(tables: dict[str, pd.DataFrame]) -> None:
    known = tables["clustered_sd"]
    assert "counts_alone" not in set(known.dimension)
    assert set(known[known.dimension == "half_known"].stratum_id) == {"US/age/young"}
    boards = tables["rating"]
    assert {"counts_alone", "half_known"} < set(boards.dimension)


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
