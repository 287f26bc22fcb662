"""What one line of PRISM says: a participant, an answer, or why it cannot be used.

What stays out: files, and comparing answers with each other (prism.py).
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

from ingestion.vocabulary import Outcome, Refusal

_COUNTRIES = {"United States": "US", "United Kingdom": "UK"}
_LOWEST, _HIGHEST = 1, 100
_OFFSET = re.compile(r":\d{2}.*(Z|[+-]\d{2}(:?\d{2})?)$")


@dataclass(frozen=True)
class Answer:
    """One of the answers that open a conversation: its line in the file, model and score."""

    line: int
    model: str
    score: float


def participant(content: dict[str, Any]) -> dict[str, str | None]:
    """A line of the survey under the contract's names."""
    location, ethnicity = content.get("location"), content.get("ethnicity")
    country = location.get("reside_country") if isinstance(location, dict) else None
    group = ethnicity.get("simplified") if isinstance(ethnicity, dict) else ethnicity
    time = text(content.get("generated_datetime"))
    has_offset = time is not None and _OFFSET.search(time) is not None
    name = text(country)
    return {
        "native_id": text(content.get("user_id")),
        "participant_id": text(content.get("user_id")),
        "country": None if name is None else _COUNTRIES.get(name, name),
        "age": text(content.get("age")),
        "gender": text(content.get("gender")),
        "ethnicity": text(group),
        "education": text(content.get("education")),
        "occurred_at": time if has_offset else None,
    }


def objection(content: dict[str, Any]) -> tuple[Refusal | None, str | None]:
    """What is wrong with an utterance, and about which field; (None, None) if nothing is."""
    turn = number(content.get("turn"))
    # Later turns are no votes between models: there a score is nobody's business.
    needed = ("conversation_id", "turn", *(() if turn else ("model_name", "score")))
    missing = next((name for name in needed if content.get(name) in (None, "")), None)
    if missing is not None:
        return Refusal.MISSING_VALUE, missing
    if turn is None:
        return Refusal.WRONG_TYPE, "turn"
    if turn < 0:
        return Refusal.OUT_OF_RANGE, "turn"
    score = number(content.get("score"))
    if turn == 0 and score is None:
        return Refusal.WRONG_TYPE, "score"
    if turn == 0 and score is not None and not _LOWEST <= score <= _HIGHEST:
        return Refusal.OUT_OF_RANGE, "score"
    return None, None


def outcome(first: Answer, second: Answer) -> Outcome:
    """The answer with the higher score wins."""
    if first.score == second.score:
        return Outcome.TIE
    return Outcome.A if first.score > second.score else Outcome.B


def number(value: Any) -> float | None:
    """A finite number from JSON (read as text), else None."""
    try:
        parsed = float(value) if isinstance(value, str) else math.nan
    except ValueError:
        return None
    return parsed if math.isfinite(parsed) else None


def text(value: Any) -> str | None:
    """A value as text; nested ones as JSON."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
