"""What is known of one model beside its ranks: sensitive topics, incidents, sycophancy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from publishing.boards.view import default_weighting
from publishing.page.incidents import incident_texts, of_main_judge
from publishing.page.leaderboards import PERCENT, differences, scaled
from publishing.page.marts import Rows
from publishing.page.safety import TOGETHER
from publishing.page.sycophancy import sycophancy_texts

EVERY = "*"


def profiles(marts: Mapping[str, Rows], models: Mapping[str, int]) -> dict[str, Any]:
    """Of everybody's answers, by the default weighting and the judge who read most.

    Args:
        marts: rows by mart.
        models: the place of each model that the page has.

    Returns:
        `topics`: per sensitive topic its `label` and `rows` with the place of the `model`, its
        `rank` and `win` in percent with `lo` and `hi` as in a leaderboard. `incidents` and
        `sycophancy`: texts by the model's place.
    """
    return {
        "topics": _topics(marts["rpt_safety"], models),
        "incidents": {
            models[row["model_id"]]: incident_texts(row)
            for row in of_main_judge(_single(marts["rpt_safety_incident"], models))
        },
        "sycophancy": {
            models[row["model_id"]]: sycophancy_texts(row)
            for row in of_main_judge(_single(marts["rpt_sycophancy"], models))
        },
    }


def _single(rows: Rows, models: Mapping[str, int]) -> Rows:
    return [row for row in rows if row["model_id"] != EVERY and row["model_id"] in models]


def _topics(rows: Rows, models: Mapping[str, int]) -> Rows:
    weighting = default_weighting(sorted({row["weighting"] for row in rows}))
    found: dict[tuple[bool, str], Rows] = {}
    for row in sorted(rows, key=lambda row: int(row["rank"])):
        if row["weighting"] == weighting and row["model_id"] in models:
            key = (row["topic"] == TOGETHER, row["topic_label"])
            found.setdefault(key, []).append(row)
    return [
        {"label": label, "rows": [_row(row, models) for row in found[key]]}
        for key, label in ((key, key[1]) for key in sorted(found))
    ]


def _row(row: Mapping[str, Any], models: Mapping[str, int]) -> dict[str, Any]:
    win = scaled(row["win_share"], PERCENT)
    lo, hi = differences(row, win, "win_share")
    return {
        "model": models[row["model_id"]],
        "rank": None if row["is_provisional"] else row["rank"],
        "win": win,
        "lo": lo,
        "hi": hi,
    }
