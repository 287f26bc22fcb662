"""The page's data on ratings of one model at a time, from rows of published marts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from publishing.boards.labels import UNWEIGHTED
from publishing.boards.view import DEFAULT_STRATUM, SECONDARY_SUFFIX
from publishing.page.marts import Rows

Row = Mapping[str, Any]
# Of a mean and of a gap: as many decimal places as a publication may have of few people.
TENTHS = 1
EVERY = "*"


def experience(
    marts: Mapping[str, Rows], strata: Mapping[str, int], models: Mapping[str, int]
) -> dict[str, Any] | None:
    """What people say of each model by itself; None where nobody was asked.

    Args:
        marts: rows by mart.
        strata: the place of each stratum that the page has.
        models: the place of each model that the page has.

    Returns:
        `criteria`: their labels and questions. Then rows with the place of their `stratum` and
        whether they are `is_weighted`: `models`, in the order of the first criterion, with `name`,
        the place of the `model`, null where it is on no board, and, by criterion, `rating`, `lo`,
        `hi` in tenths and `people`, null where there is none; `gaps`, over all models, in tenths;
        `findings`, sentences, each with the place of its `model`. Ends are null where all people
        said the same.
    """
    rows = [row for row in marts["rpt_experience"] if _is_shown(row, strata)]
    rated = {row["criterion"] for row in rows}
    criteria = [
        row
        for row in sorted(marts["dim_criterion"], key=lambda row: row["sort_order"])
        if row["criterion"] in rated and row["parent_criterion"] is None
    ]
    if not criteria:
        return None
    names = {row["model_id"]: row["display_name"] for row in marts["dim_model"]}
    labels = {row["criterion"]: row["label"] for row in marts["dim_criterion"]}
    gaps = [
        row
        for row in marts["rpt_criterion_gap"]
        if row["model_id"] == EVERY and _is_shown(row, strata)
    ]
    findings = [row for row in marts["rpt_model_profile"] if _is_shown(row, strata)]
    order = {row["criterion"]: place for place, row in enumerate(criteria)}
    gaps.sort(key=lambda row: [order.get(row[name], -1) for name in PAIR])
    findings.sort(key=lambda row: (row["p_adjusted"], row["sentence"]))
    return {
        "criteria": [{"label": row["label"], "question": row["question"]} for row in criteria],
        "models": _models(rows, list(order), names, (strata, models)),
        "gaps": [
            {
                **_place(row, strata),
                **{name: labels.get(row[name]) for name in PAIR},
                "gap": _tenths(row["gap"]),
                "lo": _tenths(row["gap_together_lo"]),
                "hi": _tenths(row["gap_together_hi"]),
                "is_different": row["is_different"],
            }
            for row in gaps
        ],
        "findings": [
            {
                **_place(row, strata),
                "model": models.get(row["model_id"]),
                "sentence": row["sentence"],
            }
            for row in findings
        ],
    }


def ratings_alone(marts: Mapping[str, Rows]) -> dict[str, Any]:
    """What a page without a leaderboard says instead.

    Returns:
        `has_battled`: whether two models were compared at all. `has_ratings`: whether one was
        rated by itself. `rated`: what `experience` returns
        of everybody, with weighted rows alone where there are any, and `others`: models that have
        none; None where nothing may be shown.
    """
    rated = experience(marts, {DEFAULT_STRATUM: 0}, {})
    if rated is not None:
        weighted = [row for row in rated["models"] if row["is_weighted"]]
        names = {row["name"] for row in weighted}
        others = sorted({row["name"] for row in rated["models"]} - names) if weighted else []
        rated |= {"models": weighted or rated["models"], "others": others}
    return {
        "has_battled": any(row["has_battled"] for row in marts["dim_model"]),
        "has_ratings": any(row.get("is_rated") for row in marts["dim_model"]),
        "rated": rated,
    }


PAIR = ("criterion", "against_criterion")


def _models(
    rows: Rows,
    criteria: list[str],
    names: Mapping[str, str],
    places: tuple[Mapping[str, int], Mapping[str, int]],
) -> Rows:
    strata, models = places
    found: dict[tuple[int, bool, str], dict[str, Row]] = {}
    for row in rows:
        place = _place(row, strata)
        key = (place["stratum"], place["is_weighted"], row["model_id"])
        found.setdefault(key, {})[row["criterion"]] = row

    def order(key: tuple[int, bool, str]) -> tuple[int, bool, float, str]:
        first = found[key].get(criteria[0])
        rank = first["rank"] if first else None
        return (*key[:2], float("inf") if rank is None else rank, key[2])

    return [
        {
            "stratum": key[0],
            "is_weighted": key[1],
            "name": names.get(key[2], key[2]),
            "model": models.get(key[2]),
            **{
                name: [
                    _tenths(found[key][one][column]) if one in found[key] else None
                    for one in criteria
                ]
                for name, column in FIGURES.items()
            },
            "people": [
                found[key][one]["participant_count"] if one in found[key] else None
                for one in criteria
            ],
        }
        for key in sorted(found, key=order)
        if any(one in found[key] for one in criteria)
    ]


FIGURES = {"rating": "rating", "lo": "rating_lo", "hi": "rating_hi"}


def _is_shown(row: Row, strata: Mapping[str, int]) -> bool:
    return row["stratum_id"] in strata and not row["weighting"].endswith(SECONDARY_SUFFIX)


def _place(row: Row, strata: Mapping[str, int]) -> dict[str, Any]:
    return {
        "stratum": strata[row["stratum_id"]],
        "is_weighted": row["weighting"] != UNWEIGHTED,
    }


def _tenths(value: float | None) -> int | None:
    """As every other surface rounds it; None of nothing."""
    if value is None:
        return None
    whole: int = round(round(value, TENTHS) * 10**TENTHS)
    return whole
