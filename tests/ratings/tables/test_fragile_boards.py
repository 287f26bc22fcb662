"""From verdicts to the table `fragility`: who may lead, and what one prompt moves."""

from typing import Any

import numpy as np

from orchestration.rating_step import reading
from ratings.tables.every_board import rate_all
from ratings.tournaments import RatingParameters
from tests.ratings.tables.study import Verdict, database

MODELS = ("ant", "bee", "cat")


def verdicts(prompts: int) -> list[Verdict]:
    """Ant is a little better than bee; every prompt is judged by several people."""
    rng = np.random.default_rng(5)
    found = []
    for number in range(600):
        a, b = sorted(rng.choice(len(MODELS), 2, replace=False))
        d = rng.normal(0.3 * (b - a), 1.0)
        outcome = "tie" if abs(d) < 0.3 else "a" if d > 0 else "b"
        person, group = f"p{number % 60}", ("old", "young")[number % 2]
        item = f"prompt {number % prompts}" if prompts else None
        found.append(Verdict(person, group, "overall", MODELS[a], MODELS[b], outcome, item=item))
    return found


def made(rows: list[Verdict]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The row of everybody's board, and the board."""
    with database(rows) as connection:
        tables = rate_all(reading(connection), RatingParameters(draws=64))
    [fragile] = tables["fragility"].to_pylist()
    board = [
        row
        for row in tables["rating"].to_pylist()
        if (row["stratum_id"], row["estimator"]) == ("all", "trueskill_ep")
    ]
    return fragile, sorted(board, key=lambda row: row["rank"])


def test_a_newcomer_that_won_all_its_battles_leads_no_board() -> None:
    new = [Verdict(f"p{2 * k}", "old", "overall", "ant", "new", "b") for k in range(9)]
    fragile, board = made([*verdicts(0), *new])
    assert max(board, key=lambda row: row["skill_micro"])["model_id"] == "new"
    assert board[0]["model_id"] == fragile["leader_model_id"] == "ant"
    assert fragile["second_model_id"] == board[1]["model_id"] == "bee"
    assert fragile["leader_without_participants"] == "bee"
    assert fragile["leader_without_votes"] == "bee"


def test_what_a_prompt_moves_is_known_where_people_share_prompts() -> None:
    fragile, _ = made(verdicts(7))
    assert fragile["item_count"] == 7
    assert fragile["largest_item_influence_micro"] > 0
    fragile, _ = made(verdicts(0))
    assert fragile["item_count"] is None
    assert fragile["largest_item_influence_micro"] is None
    assert fragile["largest_influence_micro"] > 0
