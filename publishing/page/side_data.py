"""What stands beside the leaderboards: pairs, ties, history, who was heard, what divides people.

What stays out: the leaderboards (board_columns.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from publishing.boards.view import DEFAULT_STRATUM as EVERYBODY
from publishing.page.board_columns import SKILL_PLACES, Rows, scaled
from publishing.page.names import EXACT, is_shown, is_weighted

Places = Mapping[str, Mapping[str, int]]
PERCENT, PERMILLE = 2, 3


def pairs(rows: Rows, places: Places) -> list[dict[str, Any] | None]:
    """Per dimension: each pair of models once, by place, (0, 1), (0, 2), ..., (1, 2), ...

    `better` and `worse` are the chances that the first or the second has the higher skill, `win`
    and `lose` that the first or the second wins the next battle, in percent; `battle_count` how
    often they met. A pair is null where one of the two is not on the board.
    """
    names = list(places["model_id"])
    found: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
    for row in rows:
        of_dimension = found.setdefault(row["dimension"], {})
        of_dimension[row["model_a"], row["model_b"]] = row
    ordered = [(a, b) for place, a in enumerate(names) for b in names[place + 1 :]]
    return [
        _pairs_of(found[dimension], ordered) if dimension in found else None
        for dimension in places["dimension"]
    ]


def _pairs_of(
    rows: Mapping[tuple[str, str], dict[str, Any]], ordered: list[tuple[str, str]]
) -> dict[str, list[int | None]]:
    columns: dict[str, list[int | None]] = {
        name: [] for name in ("better", "worse", "win", "lose", "battle_count")
    }
    for a, b in ordered:
        row, other = rows.get((a, b)), rows.get((b, a))
        if row is None or other is None:
            for column in columns.values():
                column.append(None)
            continue
        columns["better"].append(scaled(row["p_better"], PERCENT))
        columns["worse"].append(scaled(other["p_better"], PERCENT))
        columns["win"].append(scaled(row["p_win"], PERCENT))
        columns["lose"].append(scaled(other["p_win"], PERCENT))
        columns["battle_count"].append(row["battle_count"])
    return columns


def ties(rows: Rows, places: Places) -> dict[str, list[int]]:
    """Per stratum and dimension, shares in thousandths."""
    columns: dict[str, list[int]] = {
        name: [] for name in ("stratum_id", "dimension", "decided", "tie", "both_bad")
    }
    for row in rows:
        if row["stratum_id"] not in places["stratum_id"]:
            continue
        if row["dimension"] not in places["dimension"]:
            continue
        columns["stratum_id"].append(places["stratum_id"][row["stratum_id"]])
        columns["dimension"].append(places["dimension"][row["dimension"]])
        for name in ("decided", "tie", "both_bad"):
            columns[name].append(scaled(row[f"{name}_share"], PERMILLE))
    return columns


def history(summaries: Sequence[Rows], places: Places) -> dict[str, list[int]]:
    """How everybody's boards became surer: verdicts and doubt, over what was published.

    Args:
        summaries: `rpt_board_summary` of every publication, oldest first.
        places: as elsewhere.

    Returns:
        Columns with one entry per publication, question and weighting, by the exact estimator:
        `edition`, the publication's place; `sd` of a typical skill in hundredths.
    """
    columns: dict[str, list[int]] = {
        name: [] for name in ("edition", "dimension", "is_weighted", "battle_count", "sd")
    }
    for edition, rows in enumerate(summaries):
        for row in rows:
            is_everybody = (row["stratum_id"], row["estimator"]) == (EVERYBODY, EXACT)
            is_known = row["dimension"] in places["dimension"] and is_shown(row["weighting"])
            if is_everybody and is_known:
                columns["edition"].append(edition)
                columns["dimension"].append(places["dimension"][row["dimension"]])
                columns["is_weighted"].append(int(is_weighted(row["weighting"])))
                columns["battle_count"].append(row["battle_count"])
                columns["sd"].append(scaled(row["skill_sd_median"], SKILL_PLACES))
    return columns


def coverage(strata: Rows, rows: Rows) -> dict[str, list[int | None]]:
    """Per stratum: its share of the country's people heard and of its adults, in thousandths."""
    by_stratum = {row["stratum_id"]: row for row in rows}
    columns: dict[str, list[int | None]] = {"heard": [], "population": []}
    for stratum in strata:
        row = by_stratum.get(stratum["stratum_id"], {})
        is_group = stratum["axis"] is not None
        for name, column in columns.items():
            share = row.get(f"{name}_share")
            column.append(scaled(share, PERMILLE) if is_group and share is not None else None)
    return columns


def divisions(rows: Rows, places: Places) -> list[dict[str, Any]]:
    """How far ranks move between the groups of an axis; tenths of a rank, and percent."""
    return [
        {
            "country": row["country"],
            "axis": row["axis"],
            "dimension": places["dimension"][row["dimension"]],
            "shift": scaled(row["rank_shift"], 1),
            "lo": scaled(row["rank_shift_lo"], 1),
            "hi": scaled(row["rank_shift_hi"], 1),
            "if_agreed": scaled(row["rank_shift_if_agreed"], 1),
            "largest": scaled(row["p_largest"], PERCENT),
        }
        for row in rows
        if row["dimension"] in places["dimension"] and row["p_largest"] is not None
    ]


def margins(rows: Rows, diagnostics: Rows) -> list[dict[str, Any]]:
    """Every level of the default weighting: sample, weighted, target; in thousandths."""
    shown = {(row["country"], row["scheme"]) for row in diagnostics}
    return [
        {
            "country": row["country"],
            "variable": row["variable"],
            "level": row["level"],
            "before": scaled(row["before_share"], PERMILLE),
            "after": scaled(row["after_share"], PERMILLE),
            "target": scaled(row["target_share"], PERMILLE),
        }
        for row in rows
        if (row["country"], row["scheme"]) in shown
        and (row["census_share"] is not None or row["participant_count"])
    ]
