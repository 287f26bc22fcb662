"""The page's data: one JSON document, a pure function of the published marts.

What stays out: reading marts (marts.py) and showing anything (templates/, static/).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from publishing.page.board_columns import Key, Rows, board_columns, boards_of, scaled
from publishing.page.names import ESTIMATORS, estimator_order, is_weighted
from publishing.page.side_data import coverage, divisions, history, margins, pairs, ties

SCHEMA_VERSION = 1


def page_data(
    marts: Mapping[str, Rows], editions: Sequence[Mapping[str, Any]], summaries: Sequence[Rows]
) -> dict[str, Any]:
    """Everything the page shows of one published board.

    Args:
        marts: rows by mart (marts.py).
        editions: every published board, oldest first, with the page it is on.
        summaries: the `rpt_board_summary` of each of them.

    Returns:
        A document for JSON. Names stand once, in `models`, `dimensions`, `strata`, `estimators`,
        `weightings`; elsewhere is their place. Numbers are whole (board_columns.py says of what).
    """
    boards = boards_of(marts["rpt_leaderboard"])
    dimensions = _known(marts["dim_dimension"], "dimension", {key[1] for key in boards})
    strata = _known(marts["dim_stratum"], "stratum_id", {key[0] for key in boards})
    estimators = sorted({key[2] for key in boards}, key=estimator_order)
    weightings = sorted({key[3] for key in boards}, key=lambda name: (is_weighted(name), name))
    models = _models(marts["dim_model"], boards)
    places: dict[str, dict[str, int]] = {
        "stratum_id": _places(row["stratum_id"] for row in strata),
        "dimension": _places(row["dimension"] for row in dimensions),
        "estimator": _places(estimators),
        "weighting": _places(weightings),
        "model_id": _places(row["model_id"] for row in models),
    }

    def by_country(rows: Rows) -> Rows:
        return sorted(rows, key=lambda row: places["stratum_id"].get(row["country"], len(strata)))

    ordered = dict(
        sorted(
            boards.items(),
            key=lambda item: [
                places["estimator"][item[0][2]],
                places["weighting"][item[0][3]],
                places["dimension"][item[0][1]],
                places["stratum_id"][item[0][0]],
            ],
        )
    )
    return {
        "schema_version": SCHEMA_VERSION,
        "board": _board(*marts["publication"]),
        "editions": [dict(edition) for edition in editions],
        "models": _columns(models, MODEL_COLUMNS),
        "dimensions": _columns(dimensions, ("dimension", "label", "description")),
        "strata": {
            **_columns(strata, ("stratum_id", "country", "axis", "group_name", "label")),
            **coverage(strata, marts["fct_stratum_coverage"]),
        },
        "estimators": {
            "estimator": estimators,
            "label": [ESTIMATORS.get(name, (name, ""))[0] for name in estimators],
            "note": [ESTIMATORS.get(name, (name, ""))[1] for name in estimators],
        },
        "weightings": weightings,
        "boards": board_columns(
            ordered, marts["rpt_rank_comparison"], marts["rpt_board_summary"], places
        ),
        "pairs": pairs(marts["rpt_pairwise"], places),
        "history": history(summaries, places),
        "ties": ties(marts["rpt_tie_rate"], places),
        "divisions": divisions(
            by_country(
                sorted(
                    marts["rpt_demographic_consistency"],
                    key=lambda row: -(row["p_largest"] or 0),
                )
            ),
            places,
        ),
        "margins": margins(
            by_country(marts["rpt_weighting_margin"]), marts["rpt_weighting_diagnostics"]
        ),
        "diagnostics": _diagnostics(by_country(marts["rpt_weighting_diagnostics"])),
    }


def _board(publication: Mapping[str, Any]) -> dict[str, Any]:
    """What the page says of all that it shows."""
    names = ("board_id", "title", "is_simulated", "log_position", "valid_until", "sources")
    rules = ("code_version", "provisional_battle_count", "disclosed_people_min")
    return {name: publication[name] for name in (*names, *rules)}


MODEL_COLUMNS = ("model_id", "display_name", "provider", "retired_reason", "retired_date")


def _models(rows: Rows, boards: Mapping[Key, Rows]) -> Rows:
    """The models on any board, by name, with the day each was retired."""
    judged = {row["model_id"] for board in boards.values() for row in board}
    return [
        {
            **row,
            "retired_reason": row["retired_reason"] or "no reason given"
            if row["is_retired"]
            else None,
            "retired_date": row["retired_at"].date().isoformat() if row["retired_at"] else None,
        }
        for row in sorted(rows, key=lambda row: (row["display_name"].casefold(), row["model_id"]))
        if row["model_id"] in judged
    ]


def _known(rows: Rows, name: str, used: set[str]) -> Rows:
    """Those that have a board, in the order people read them."""
    found = [row for row in rows if row[name] in used]
    return sorted(found, key=lambda row: (row["sort_order"], row[name]))


def _places(names: Any) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}


def _columns(rows: Rows, names: Sequence[str]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in names}


def _diagnostics(rows: Rows) -> list[dict[str, Any]]:
    """What the default weighting costs and how well it fits, per country."""
    return [
        {
            "country": row["country"],
            "scheme": row["scheme"],
            "participant_count": row["participant_count"],
            "effective": round(row["effective_participant_count"]),
            "design_effect": scaled(row["design_effect"], 2),
            "weight_min": scaled(row["weight_min"], 2),
            "weight_max": scaled(row["weight_max"], 2),
            "trimmed": scaled(row["trimmed_share"] or 0, 3),
            "margin_error": scaled(row["margin_error"] or 0, 4),
            "asmd_before": scaled(row["asmd_before_max"] or 0, 3),
            "asmd_after": scaled(row["asmd_after_max"] or 0, 3),
        }
        for row in rows
        if row["effective_participant_count"] is not None
    ]
