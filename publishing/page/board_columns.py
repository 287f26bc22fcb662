"""Leaderboards as columns of small integers: what the page is mostly made of.

A board's rows are in the order of rank, so a rank is a place. Numbers are rounded to what the page
shows, then written as differences that are small: that, not cleverness, keeps the page in its size.

What stays out: everything that is not a leaderboard (page_data.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from publishing.page.names import is_shown

Rows = list[dict[str, Any]]
Key = tuple[str, str, str, str]
KEY = ("stratum_id", "dimension", "estimator", "weighting")
SKILL_PLACES = 2
PERCENT_PLACES = 2
FEW_BATTLES, WIDE_INTERVAL, APART = 1, 2, 4
PROVISIONAL_FLAGS = {
    None: 0,
    "few_battles": FEW_BATTLES,
    "wide_interval": WIDE_INTERVAL,
    "few_battles_and_wide_interval": FEW_BATTLES | WIDE_INTERVAL,
}


def scaled(value: float, places: int) -> int:
    """A number as a whole count of 10^-places, rounded as every other surface rounds it."""
    whole: int = round(round(value, places) * 10**places)
    return whole


def boards_of(rows: Rows) -> dict[Key, Rows]:
    """Rows of the boards that are shown, by key, best first."""
    boards: dict[Key, Rows] = {}
    for row in rows:
        if is_shown(row["weighting"]):
            boards.setdefault(_key(row), []).append(row)
    for board in boards.values():
        board.sort(key=lambda row: (row["rank"], row["model_id"]))
    return boards


def board_columns(
    boards: Mapping[Key, Rows], comparisons: Rows, summaries: Rows, places: Mapping[str, Any]
) -> dict[str, Any]:
    """Every board's head and rows.

    Args:
        boards: by key, as `boards_of` gives them, in the order to be shown.
        comparisons: of `rpt_rank_comparison`.
        summaries: of `rpt_board_summary`.
        places: per key column, the place of each of its values; and of each model.

    Returns:
        Columns with one entry per board. Below `rows` an entry is a list, one number per model:
        `model` its place; `skill` in hundredths, the first as it is, then how much less;
        `lo` and `hi` how far the interval's ends are off, `hi` less `lo`; `rank_lo` and `rank_hi`
        how far off; `best` and `win` percent; `change` of rank; `flags`
        1 provisional for few battles, 2 for a wide interval, 4 apart from the board of reference.
        `tally` is the place in `tallies` of
        the battles of each model, by the model's place.
    """
    by_key: dict[Key, dict[str, dict[str, Any]]] = {}
    for row in comparisons:
        by_key.setdefault(_key(row), {})[row["model_id"]] = row
    heads = {_key(row): row for row in summaries}
    columns: dict[str, list[Any]] = {}
    rows: dict[str, list[list[int]]] = {}
    tallies: dict[tuple[int, ...], int] = {}
    for key, board in boards.items():
        compared = by_key[key]
        for name, value in _head(key, heads[key], compared, places):
            columns.setdefault(name, []).append(value)
        counted = dict.fromkeys(places["model_id"], 0)
        counted |= {row["model_id"]: row["battle_count"] for row in board}
        tally = tuple(counted.values())
        columns.setdefault("tally", []).append(tallies.setdefault(tally, len(tallies)))
        for name, values in _rows(board, compared, places["model_id"]).items():
            rows.setdefault(name, []).append(values)
    return {**columns, "rows": rows, "tallies": [list(tally) for tally in tallies]}


def _key(row: Mapping[str, Any]) -> Key:
    stratum, dimension, estimator, weighting = (row[name] for name in KEY)
    return stratum, dimension, estimator, weighting


def _head(
    key: Key, head: dict[str, Any], compared: Mapping[str, Any], places: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    for name, value in zip(KEY, key, strict=True):
        yield name, places[name][value]
    reference = next((row for row in compared.values() if row["reference_rank"]), None)
    yield (
        "reference",
        None
        if reference is None
        else [
            places["stratum_id"][reference["reference_stratum_id"]],
            places["dimension"][reference["reference_dimension"]],
        ],
    )
    effective = head["effective_participant_count"]
    yield "effective", None if effective is None else round(effective)
    for name in ("battle_count", "heard_count", "leader_count", "component_count"):
        yield name, head[name]
    yield "sd", scaled(head["skill_sd_median"], SKILL_PLACES)


def _rows(
    board: Rows, compared: Mapping[str, dict[str, Any]], models: Mapping[str, int]
) -> dict[str, list[int]]:
    columns: dict[str, list[int]] = {}
    before = None
    for row in board:
        beside = compared[row["model_id"]]
        skill, lo, hi = (
            scaled(row[name], SKILL_PLACES) for name in ("skill", "skill_lo", "skill_hi")
        )
        cells = {
            "model": models[row["model_id"]],
            "skill": skill if before is None else before - skill,
            "lo": skill - lo,
            "hi": (hi - skill) - (skill - lo),
            "rank_lo": row["rank"] - row["rank_lo"],
            "rank_hi": row["rank_hi"] - row["rank"],
            "best": scaled(row["p_best"], PERCENT_PLACES),
            "win": scaled(row["winshare"], PERCENT_PLACES),
            "change": beside["rank_gain"],
            "flags": PROVISIONAL_FLAGS[row["provisional_reason"]]
            | (APART if beside["is_apart"] else 0),
        }
        before = skill
        for name, value in cells.items():
            columns.setdefault(name, []).append(value)
    return columns
