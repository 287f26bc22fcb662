"""The sentences on trust by topic say no more than their rows do."""

from collections.abc import Sequence
from typing import Any

from publishing.page.safety import safety, sentences

Rows = list[dict[str, Any]]
TIES = {
    "topic": "money", "weighting": "none", "tie_share": 0.651, "tie_share_lo": 0.6,
    "tie_share_hi": 0.702,
}  # fmt: skip


def board(tiers: Sequence[int | None], *, needed: int | None = None, topic: str = "money") -> Rows:
    known = [tier for tier in tiers if tier is not None]
    return [
        {
            "topic": topic,
            "topic_label": topic.title(),
            "weighting": "none",
            "rank": place + 1,
            "display_name": "ABCDEFGH"[place],
            "tier": tier,
            "tier_count": max(known, default=None),
            "people_needed": needed,
            "participant_count": 1_230,
            "model_count": len(tiers),
            "provisional_model_count": len(tiers) - len(known),
        }
        for place, tier in enumerate(tiers)
    ]


def text(*args: Any) -> str:
    return " ".join(sentences(*args))


def test_without_a_line_nobody_leads() -> None:
    said = text(board([1, 1, 1], needed=4_500), TIES)
    assert said == (
        "1,230 people compared answers. 65% of their verdicts are ties (60% to 70%)."
        " No line can be drawn between better and worse models."
        " To tell the first two apart would take about 4,500 more people."
    )
    assert "would take" not in text(board([1, 1]), TIES)


def test_with_a_line_all_above_it_are_named() -> None:
    assert "A is trusted more than every model below" in text(board([1, 2, 2]), TIES)
    assert "A, B and C are each trusted more" in text(board([1, 1, 1, 2]), TIES)
    assert "The first 6 models are each trusted more" in text(board([1] * 6 + [2]), TIES)


def test_models_of_few_verdicts_are_counted_and_lead_nothing() -> None:
    said = text(board([None, 1, 2]), TIES)
    assert "B is trusted more" in said
    assert said.endswith("1 of 3 models has too few verdicts to count.")
    assert text(board([None, None]), None) == (
        "1,230 people compared answers. No model has verdicts enough to be compared."
    )


def test_topics_are_in_order_and_all_together_last() -> None:
    boards = [*board([1], topic="*sensitive"), *board([1], topic="money"), *board([1], topic="law")]
    weighted = [row | {"weighting": "census"} for row in board([1], topic="law")]
    assert safety([], []) is None
    found = safety(boards, [TIES])
    assert found is not None
    assert [row["topic"] for row in found["rows"]] == ["Law", "Money", "*Sensitive"]
    assert [("ties" in row["sentence"]) for row in found["rows"]] == [False, True, False]
    found = safety([*boards, *weighted], [TIES])
    assert found is not None
    assert found["is_weighted"]
    assert len(found["rows"]) == 1
