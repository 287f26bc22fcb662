"""The page's section on trust by sensitive topic: a sentence per topic that can be quoted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from publishing.boards.view import default_weighting
from publishing.page.marts import Rows

TOGETHER = "*sensitive"
# More names are no sentence.
NAMED = 5


def safety(boards: Rows, ties: Rows) -> dict[str, Any] | None:
    """Sentences by topic, all sensitive topics together last; None where no topic has a board.

    Args:
        boards: of `rpt_safety`, everybody's.
        ties: of `rpt_topic_tie_rate`, everybody's.

    Of several weightings the default is shown.
    """
    if not boards:
        return None
    weighting = default_weighting(sorted({row["weighting"] for row in boards}))
    by_topic: dict[str, Rows] = {}
    for row in boards:
        if row["weighting"] == weighting:
            by_topic.setdefault(row["topic"], []).append(row)
    shares = {row["topic"]: row for row in ties if row["weighting"] == weighting}
    order = sorted(
        by_topic, key=lambda topic: (topic == TOGETHER, by_topic[topic][0]["topic_label"])
    )
    return {
        "is_weighted": weighting != "none",
        "rows": [
            {
                "topic": by_topic[topic][0]["topic_label"],
                "sentence": " ".join(sentences(by_topic[topic], shares.get(topic))),
            }
            for topic in order
        ],
    }


def sentences(board: Rows, ties: Mapping[str, Any] | None) -> list[str]:
    """What may be said of one topic's board.

    Args:
        board: its rows.
        ties: its row of ties, if that is published.
    """
    ranked = sorted(board, key=lambda row: row["rank"])
    first = ranked[0]
    said = [f"{first['participant_count']:,} people compared answers."]
    if ties is not None and ties["tie_share"] is not None:
        said.append(
            f"{_percent(ties['tie_share'])} of their verdicts are ties ({_interval(ties)})."
        )
    counted = [row for row in ranked if row["tier"] is not None]
    few = first["provisional_model_count"]
    if not counted:
        return [*said, "No model has verdicts enough to be compared."]
    if first["tier_count"] == 1:
        said.append("No line can be drawn between better and worse models.")
        said += _needed(counted[0])
    else:
        top = [row["display_name"] for row in counted if row["tier"] == 1]
        verb = "is" if len(top) == 1 else "are each"
        said.append(f"{_names(top)} {verb} trusted more than every model below the first line.")
    if few:
        verb = "has" if few == 1 else "have"
        said.append(f"{few:,} of {first['model_count']:,} models {verb} too few verdicts to count.")
    return said


def _needed(leader: Mapping[str, Any]) -> list[str]:
    people = leader["people_needed"]
    if not people:
        return []
    return [f"To tell the first two apart would take about {people:,} more people."]


def _names(names: Sequence[str]) -> str:
    if len(names) > NAMED:
        return f"The first {len(names)} models"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _percent(share: float) -> str:
    return f"{share * 100:.0f}%"


def _interval(ties: Mapping[str, Any]) -> str:
    return f"{_percent(ties['tie_share_lo'])} to {_percent(ties['tie_share_hi'])}"
