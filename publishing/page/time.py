"""Over time: ranks of the default boards, release by release; a model's votes, month by month."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from publishing.dates import period, told_apart
from publishing.page.leaderboards import Places
from publishing.page.marts import Rows

Row = Mapping[str, Any]
# The page draws so many releases, the last; `rpt_rank_history` has all.
RELEASES = 12


def over_time(rows: Rows, places: Places) -> dict[str, Any] | None:
    """Ranks by release; None while there are fewer than two.

    Args:
        rows: of `rpt_rank_history`.
        places: per key column, the place of each of its values; and of each model.

    Returns:
        `dates` of the releases, oldest first. `boards`: per board the places of its `stratum` and
        `dimension`, `is_weighted`, and per model, best first in the last release: `model` its
        place, `rank`, `lo` and `hi` one number per release, null where it has none or is
        provisional, and `change`: places it rose since the release before.
    """
    known = [row for row in rows if _is_shown(row, places)]
    releases = sorted({(row["log_position"], row["release_id"]) for row in known})[-RELEASES:]
    if len(releases) < 2:  # noqa: PLR2004 (a line needs two ends)
        return None
    order = {release: place for place, (_, release) in enumerate(releases)}
    recorded: dict[str, datetime] = {}
    boards: dict[tuple[int, int, bool], dict[int, Rows]] = {}
    for row in known:
        if row["release_id"] in order:
            recorded[row["release_id"]] = row["recorded_at"]
            key = (
                places["stratum_id"][row["stratum_id"]],
                places["dimension"][row["dimension"]],
                row["is_weighted"],
            )
            model = places["model_id"][row["model_id"]]
            boards.setdefault(key, {}).setdefault(model, []).append(row)
    return {
        "dates": told_apart([recorded[release] for release in order]),
        "boards": [
            {
                **dict(zip(("stratum", "dimension", "is_weighted"), key, strict=True)),
                **_lines(models, order),
            }
            for key, models in sorted(boards.items())
        ],
    }


def _is_shown(row: Row, places: Places) -> bool:
    return (
        row["is_default"]
        and "/" not in row["stratum_id"]
        and all(row[name] in places[name] for name in ("stratum_id", "dimension", "model_id"))
    )


def _lines(models: Mapping[int, Rows], order: Mapping[str, int]) -> dict[str, list[Any]]:
    lines = [_line(model, rows, order) for model, rows in models.items()]
    lines.sort(key=lambda line: (line["rank"][-1] is None, line["rank"][-1] or 0, line["model"]))
    return {name: [line[name] for line in lines] for name in lines[0]}


def _line(model: int, rows: Rows, order: Mapping[str, int]) -> dict[str, Any]:
    line: dict[str, Any] = {"model": model, "change": None}
    for name, column in (("rank", "rank"), ("lo", "rank_lo"), ("hi", "rank_hi")):
        line[name] = [None] * len(order)
        for row in rows:
            if not row["is_provisional"]:
                line[name][order[row["release_id"]]] = row[column]
    for row in rows:
        if order[row["release_id"]] == len(order) - 1:
            line["change"] = row["rank_change"]
    return line


def by_month(rows: Rows, places: Places) -> dict[str, Any]:
    """A model's votes by month, of everybody; each verdict of a question is one.

    Args:
        rows: of `rpt_votes_by_month`.
        places: as above.

    Returns:
        `months`, those in which anything was judged, oldest first; `votes`: by the question's place
        a list by the model's place: one number per month, null where it isn't published, and null
        for a model without any.
    """
    known = [
        row
        for row in rows
        if row["dimension"] in places["dimension"] and row["model_id"] in places["model_id"]
    ]
    months = sorted({row["month"] for row in known})
    votes: dict[int, list[list[int | None] | None]] = {}
    for row in known:
        models = votes.setdefault(
            places["dimension"][row["dimension"]], [None] * len(places["model_id"])
        )
        model = places["model_id"][row["model_id"]]
        line = models[model] or [None] * len(months)
        line[months.index(row["month"])] = row["battle_count"]
        models[model] = line
    return {"months": [period(month, month) for month in months], "votes": votes}
