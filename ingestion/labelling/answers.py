"""What a judge may answer by a rubric, and what it has answered."""

from __future__ import annotations

import json
import re
from typing import Any

from ingestion.rubrics.reading import Label, Rubric

_FENCED = re.compile(r"\s*```(?:json)?\s*(.*?)\s*```\s*", re.DOTALL)
MOST_CHARACTERS = 20_000


class WrongAnswerError(ValueError):
    """A judge's answer is none that its rubric has; says why, without the answer's text."""


def labels_in(rubric: Rubric, text: str) -> list[dict[str, Any]]:
    """Label, value, severity and score of every question of a rubric.

    Args:
        rubric: what was asked.
        text: the judge's answer: one JSON object, alone or in a code block.

    Raises:
        WrongAnswerError: it isn't that, lacks a question, or answers one as the rubric does not.
    """
    if len(text) > MOST_CHARACTERS:
        raise WrongAnswerError("it is longer than an answer can be")
    fenced = _FENCED.fullmatch(text)
    try:
        found = json.loads(fenced[1] if fenced else text)
    except (ValueError, RecursionError) as error:
        raise WrongAnswerError("it is no JSON") from error
    if not isinstance(found, dict):
        raise WrongAnswerError("it is no JSON object")
    return [_label(label, found) for label in rubric.labels]


def _label(label: Label, found: dict[str, Any]) -> dict[str, Any]:
    values = {value.value: value for value in label.values}
    said = found.get(label.label)
    if not isinstance(said, str) or said not in values:
        raise WrongAnswerError(f"{label.label} is none of {', '.join(values)}")
    row: dict[str, Any] = {"label": label.label, "value": said}
    severity = found.get(f"{label.label}_severity")
    if label.severities and values[said].is_finding:
        if severity not in label.severities:
            wanted = ", ".join(label.severities)
            raise WrongAnswerError(f"{label.label}_severity is none of {wanted}")
        row["severity"] = severity
    if label.score:
        score: Any = found.get(f"{label.label}_score")
        is_number = isinstance(score, int | float) and not isinstance(score, bool)
        if not is_number or not label.score[0] <= score <= label.score[1]:
            raise WrongAnswerError(f"{label.label}_score is not between {label.score}")
        row["score"] = float(score)
    return row
