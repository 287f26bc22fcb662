"""Published marts of ratings made up for the page, and what the page should show of them."""

from __future__ import annotations

import random
from typing import Any

from publishing.page.marts import Rows
from tests.publishing.page.studies import POOLED, Study

CRITERIA = {"helpfulness": "objective", "personality": "subjective", "warmth": None}
RATED = 4


def rated_marts(study: Study) -> dict[str, Rows]:
    """The marts of ratings; without rows where nothing is known of people."""
    strata = [stratum for stratum, *_ in study.strata] if study.is_weighted else []
    boards = [
        (weighting + (POOLED if weighting != "none" and stratum == "all" else ""), stratum)
        for stratum in strata
        for weighting in ("none", "politics")
    ]
    return {
        "dim_criterion": [
            {"criterion": name, "label": name.capitalize(), "kind": kind, "is_declared": True,
             "question": f"How much {name}?", "sort_order": place,
             "parent_criterion": "personality" if kind is None else None}
            for place, (name, kind) in enumerate(CRITERIA.items())
        ],
        "rpt_experience": [
            row for board in boards for name in CRITERIA for row in _ratings(study, board, name)
        ],
        "rpt_criterion_gap": [_gap(*board, *pair) for board in boards for pair in PAIRS],
        "rpt_model_profile": [
            {"weighting": weighting, "stratum_id": stratum, "p_adjusted": 0.01,
             "model_id": "model-02", "sentence": f"Model 02 is rated 0.7 lower by {stratum}."}
            for weighting, stratum in boards if stratum.startswith("US/")
        ],
    }  # fmt: skip


PAIRS = (("personality", "helpfulness"), ("*", "*"))


def _ratings(study: Study, board: tuple[str, str], criterion: str) -> Rows:
    own = random.Random(f"{study.seed} {board} {criterion}")
    found = sorted((own.uniform(2.0, 6.0) for _ in range(RATED)), reverse=True)
    return [
        {"weighting": board[0], "stratum_id": board[1], "criterion": criterion,
         "model_id": study.models[place], "rating": mean,
         # All people said the same of one.
         "rating_lo": mean - 0.31 if place else None, "rating_hi": mean + 0.29 if place else None,
         "participant_count": 40 + place, "rank": place + 1}
        for place, mean in enumerate(found)
        # One of them was not rated on everything.
        if (criterion, place) != ("personality", 3)
    ]  # fmt: skip


def _gap(weighting: str, stratum: str, criterion: str, against: str) -> dict[str, Any]:
    own = random.Random(f"{weighting} {stratum} {criterion}")
    gap = own.uniform(-1.0, 0.5)
    return {
        "weighting": weighting, "stratum_id": stratum, "model_id": "*", "criterion": criterion,
        "against_criterion": against, "gap": gap, "gap_together_lo": gap - 0.21,
        "gap_together_hi": gap + 0.19, "is_different": own.random() < 0.5,
    }  # fmt: skip


def rated_panels(marts: dict[str, Rows], key: dict[str, str]) -> dict[str, list[str]]:
    """Texts by selector, of the board that `key` names."""
    weighting = "none" if key["weighting"] == "none" else "politics"
    pool = POOLED if weighting != "none" and key["stratum_id"] == "all" else ""

    def own(name: str) -> Rows:
        return [
            row for row in marts[name]
            if (row["weighting"], row["stratum_id"]) == (weighting + pool, key["stratum_id"])
        ]  # fmt: skip

    names = {row["model_id"]: row["display_name"] for row in marts["dim_model"]}
    ratings = [row for row in own("rpt_experience") if row["criterion"] != "warmth"]
    findings = [
        row["sentence"] for row in marts["rpt_model_profile"]
        if (row["weighting"] == "none") == (weighting == "none")
        and key["stratum_id"] in {"all", row["stratum_id"]}
    ]  # fmt: skip
    return {
        "#ratings": [
            *{names[row["model_id"]] for row in ratings},
            *(f"{row['rating']:.1f}" for row in ratings),
        ],
        "#gaps": [
            text
            for row in own("rpt_criterion_gap")
            for text in (
                _signed(row["gap"]),
                f"{_signed(row['gap_together_lo'])} to {_signed(row['gap_together_hi'])}",
            )
        ],
        "#findings": findings,
    }


def _signed(number: float) -> str:
    return f"{round(number, 1) + 0.0:+.1f}".replace("-", "\N{MINUS SIGN}")
