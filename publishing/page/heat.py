"""Tables of ranks with numbers in coloured cells; static/heat.js makes them alike for other boards.

What stays out: the colours themselves (static/page.css).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from math import ceil
from typing import Any

from publishing.page.default_view import rows_of
from publishing.page.names import is_weighted

STRONGEST = 5
# A change is as strong as many of these shares of the models it is above.
SHARES_OF_MODELS = (0, 0.08, 0.16, 0.28, 0.4)
Row = dict[str, Any]


def heat_of_skill(skill: int, most: int) -> int:
    """From -5 to 5: how far from the average model, against the furthest."""
    strength = min(STRONGEST, ceil(abs(skill) / max(1, most) * STRONGEST - 0.5))
    return strength if skill > 0 else -strength


def heat_of_change(change: int | None, size: int) -> int:
    """From -5 to 5: how many ranks of how many."""
    if not change:
        return 0
    strength = sum(abs(change) / size > least for least in SHARES_OF_MODELS)
    return strength if change > 0 else -strength


def grid(data: Mapping[str, Any], board: int) -> list[Row]:
    """Models by question, in the board's order: ranks, coloured by skill."""
    key = _key(data, board)
    boards = [
        _found(data, {**key, "dimension": place})
        for place in range(len(data["dimensions"]["dimension"]))
    ]
    columns = _columns(data, boards)
    most = max(abs(row["skill"]) for column in columns for row in column.values())
    return _lines(
        data,
        [row["model"] for row in rows_of(data, board)],
        columns,
        lambda row: {"text": row["place"], "heat": heat_of_skill(row["skill"], most)},
    )


def groups(data: Mapping[str, Any], board: int) -> list[Row]:
    """Models by stratum, in everybody's order: ranks, coloured by change."""
    key = _key(data, board)
    boards = [
        _found(data, {**key, "stratum_id": place})
        for place in range(len(data["strata"]["stratum_id"]))
    ]
    columns = _columns(data, boards)
    order = list(next(column for column in columns if column))
    for board_place, column in zip(boards, columns, strict=True):
        if board_place is not None and not _is_against_everybody(data, board_place):
            for row in column.values():
                row |= {"moved": None, "is_apart": False}
    return _lines(
        data,
        order,
        columns,
        lambda row: {
            "text": row["place"],
            "heat": heat_of_change(row["moved"], len(order)),
            "is_apart": row["is_apart"],
        },
    )


def group_heads(data: Mapping[str, Any]) -> tuple[list[Row], list[Row]]:
    """The two lines above the groups: country and axis, spanning; then every group."""
    strata = data["strata"]
    heads = []
    for place, label in enumerate(strata["label"]):
        country, axis = strata["country"][place], strata["axis"][place]
        span = "All adults" if axis is None else f"{country}, {axis}"
        heads.append({"label": strata["group_name"][place] or label, "span": span})
    spans = [
        {"label": label, "size": len(list(members))}
        for label, members in groupby(head["span"] for head in heads)
    ]
    for before, head in zip([None, *heads], heads, strict=False):
        head["is_first"] = before is not None and before["span"] != head["span"]
    return spans, heads


def divisions(data: Mapping[str, Any], dimension: int) -> list[Row]:
    """How far ranks move between the groups of each axis, placed on a common line."""
    rows = [row for row in data["divisions"] if row["dimension"] == dimension]
    most = ceil(max((row["hi"] for row in rows), default=1) / 10) * 10
    return [
        {**row, **{f"{name}_at": f"{row[name] / most * 100:.2f}%" for name in DRAWN}}
        for row in rows
    ]


DRAWN = ("shift", "lo", "hi", "if_agreed")


def _is_against_everybody(data: Mapping[str, Any], board: int) -> bool:
    """Whether its changes of rank are against other people, not against another question."""
    boards = data["boards"]
    reference = boards["reference"][board]
    return bool(reference) and reference[0] != boards["stratum_id"][board]


def _key(data: Mapping[str, Any], board: int) -> dict[str, Any]:
    boards = data["boards"]
    return {
        "stratum_id": boards["stratum_id"][board],
        "dimension": boards["dimension"][board],
        "estimator": boards["estimator"][board],
        "is_weighted": is_weighted(data["weightings"][boards["weighting"][board]]),
    }


def _found(data: Mapping[str, Any], key: Mapping[str, Any]) -> int | None:
    places = range(len(data["boards"]["stratum_id"]))
    return next((place for place in places if _key(data, place) == key), None)


def _columns(data: Mapping[str, Any], boards: Sequence[int | None]) -> list[dict[int, Row]]:
    return [
        {} if board is None else {row["model"]: row for row in rows_of(data, board)}
        for board in boards
    ]


def _lines(
    data: Mapping[str, Any], order: Sequence[int], columns: Sequence[dict[int, Row]], cell: Any
) -> list[Row]:
    names = data["models"]["display_name"]
    return [
        {
            "name": names[model],
            "cells": [cell(column[model]) if model in column else None for column in columns],
        }
        for model in order
    ]
