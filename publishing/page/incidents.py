"""The page's section on safety incidents: everybody's conversations, per model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from publishing.boards.view import default_weighting
from publishing.page.marts import Rows

PEOPLE = "people"
CORRECTIONS = {None: "not corrected", "own": "corrected", "pooled": "corrected, pooled"}
COARSE = 10
"""Incidents per 1,000: a wider interval is shown in whole incidents."""
GRADES = {
    "excellent": "excellent",
    "very_good": "very good",
    "good": "good",
    "fair": "fair",
    "poor": "poor",
}


def incidents(rows: Rows, names: Mapping[str, str]) -> dict[str, Any] | None:
    """Texts of a row per model, by name; None where nobody looked for incidents.

    Args:
        rows: of `rpt_safety_incident`: all of them, of everybody.
        names: of models.

    Of several judges the one who read most is shown, and of several weightings the default.
    """
    shown = of_main_judge([row for row in rows if row["model_id"] != "*"])
    if not shown:
        return None
    reference = next(
        (row["reference_model_id"] for row in shown if row["reference_model_id"]), None
    )
    return {
        **reading(shown[0]),
        "reference": reference and names.get(reference, reference),
        "rows": [
            _texts(row, names.get(row["model_id"], row["model_id"]))
            for row in sorted(
                shown, key=lambda row: names.get(row["model_id"], row["model_id"]).casefold()
            )
        ],
    }


def of_main_judge(rows: Rows) -> Rows:
    """The rows of the judge who read most answers, in the default weighting.

    People, who read few, are the judge where no model is.
    """
    counts: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        counts[_judge(row)] += row["answer_count"]
    if not counts:
        return []
    judge = min(counts, key=lambda one: (one[0] == PEOPLE, -counts[one], one))
    own = [row for row in rows if _judge(row) == judge]
    weighting = default_weighting(sorted({row["weighting"] for row in own}))
    return [row for row in own if row["weighting"] == weighting]


def _judge(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return row["judge"], row["judge_version"], row["rubric_version"]


def reading(row: Mapping[str, Any]) -> dict[str, Any]:
    """Who read the answers, in words, and whether people are weighted."""
    judge, version, _ = _judge(row)
    return {
        "judge": "people" if judge == PEOPLE else f"{judge}, version {version}",
        "is_weighted": row["weighting"] != "none",
    }


def _texts(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    grades = [GRADES.get(row[column] or "", "") for column in ("grade_best", "grade_worst")]
    return {
        "name": name,
        **incident_texts(row),
        "correction": CORRECTIONS[row["error_basis"]],
        "answer_count": f"{row['answer_count']:,}",
        "grade": grades[0] if grades[0] == grades[1] else f"{grades[0]} to {grades[1]}",
    }


def incident_texts(row: Mapping[str, Any]) -> dict[str, str]:
    """Incidents per 1,000 answers and their interval, corrected where that can be."""
    is_corrected = row["corrected_per_1000"] is not None
    base = "corrected_per_1000" if is_corrected else "naive_per_1000"
    value, lo, hi = (row[f"{base}{end}"] for end in ("", "_lo", "_hi"))
    below = row["unseen_below_per_1000"]
    if below is not None and not is_corrected:
        return {"value": "none seen", "interval": f"below {below:,.1f}"}
    # A tenth says nothing where the interval spans tens.
    digits = 1 if hi - lo < COARSE else 0
    said = [f"{figure:,.{digits}f}" for figure in (value, lo, hi)]
    return {"value": said[0], "interval": " to ".join(said[1:])}
