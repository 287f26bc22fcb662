"""The page's section on safety incidents: everybody's conversations, per model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from publishing.boards.view import default_weighting
from publishing.page.marts import Rows

PEOPLE = "people"
CORRECTIONS = {None: "not corrected", "own": "corrected", "pooled": "corrected, pooled"}
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
    whole = [row for row in rows if row["model_id"] != "*"]
    judges: dict[tuple[str, str, str], int] = {}
    for row in whole:
        judge = (row["judge"], row["judge_version"], row["rubric_version"])
        judges[judge] = judges.get(judge, 0) + row["answer_count"]
    if not judges:
        return None
    # People, who read few, are the judge where no model is.
    judge = min(judges, key=lambda one: (one[0] == PEOPLE, -judges[one], one))
    own = [
        row for row in whole if (row["judge"], row["judge_version"], row["rubric_version"]) == judge
    ]
    weighting = default_weighting(sorted({row["weighting"] for row in own}))
    shown = [row for row in own if row["weighting"] == weighting]
    reference = next(
        (row["reference_model_id"] for row in shown if row["reference_model_id"]), None
    )
    return {
        "judge": "people" if judge[0] == PEOPLE else f"{judge[0]}, version {judge[1]}",
        "is_weighted": weighting != "none",
        "reference": reference and names.get(reference, reference),
        "rows": [
            _texts(row, names.get(row["model_id"], row["model_id"]))
            for row in sorted(
                shown, key=lambda row: names.get(row["model_id"], row["model_id"]).casefold()
            )
        ],
    }


def _texts(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    is_corrected = row["corrected_per_1000"] is not None
    base = "corrected_per_1000" if is_corrected else "naive_per_1000"
    value, lo, hi = (row[f"{base}{end}"] for end in ("", "_lo", "_hi"))
    below = row["unseen_below_per_1000"]
    grades = [GRADES.get(row[column] or "", "") for column in ("grade_best", "grade_worst")]
    return {
        "name": name,
        "value": "none seen" if below is not None and not is_corrected else f"{value:,.1f}",
        "interval": f"below {below:,.1f}"
        if below is not None and not is_corrected
        else f"{lo:,.1f} to {hi:,.1f}",
        "correction": CORRECTIONS[row["error_basis"]],
        "answer_count": f"{row['answer_count']:,}",
        "grade": grades[0] if grades[0] == grades[1] else f"{grades[0]} to {grades[1]}",
    }
