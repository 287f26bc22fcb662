"""From verdicts to `fragility` and `stopping`: who may lead, and what one prompt moves."""

from typing import Any

import numpy as np
import pytest

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


def made(rows: list[Verdict]) -> tuple[dict[str, Any], list[dict[str, Any]], float]:
    """The row of everybody's board, the board, and how sure it is that its first model leads."""
    with database(rows) as connection:
        tables = rate_all(reading(connection), RatingParameters(draws=64))
    [fragile] = tables["fragility"].to_pylist()
    board = [
        row
        for row in tables["rating"].to_pylist()
        if (row["stratum_id"], row["estimator"]) == ("all", "trueskill_ep")
    ]
    [confidence] = {
        row["value_micro"] / 1e6
        for row in tables["stopping"].to_pylist()
        if (row["stratum_id"], row["measure"], row["weighting"])
        == ("all", "lead_confidence", "none")
    }
    return fragile, sorted(board, key=lambda row: row["rank"]), confidence


def test_a_newcomer_of_few_battles_leads_no_board_and_is_no_rival() -> None:
    new = [Verdict(f"p{2 * k}", "old", "overall", "cat", "new", "abbb"[k % 4]) for k in range(20)]
    fragile, board, sure = made([*verdicts(0), *new])
    assert max(board, key=lambda row: row["skill_micro"])["model_id"] == "new"
    assert board[0]["model_id"] == fragile["leader_model_id"] == "ant"
    assert fragile["second_model_id"] == board[1]["model_id"] == "bee"
    assert fragile["leader_without_participants"] == "bee"
    assert fragile["leader_without_votes"] == "bee"
    _, _, before = made(verdicts(0))
    assert before > 0.9
    assert sure == pytest.approx(before, abs=0.1)


def test_what_a_prompt_moves_is_known_where_people_share_prompts() -> None:
    fragile, _, _ = made(verdicts(7))
    assert fragile["item_count"] == 7
    assert fragile["largest_item_influence_micro"] > 0
    fragile, _, _ = made(verdicts(0))
    assert fragile["item_count"] is None
    assert fragile["largest_item_influence_micro"] is None
    assert fragile["largest_influence_micro"] > 0
