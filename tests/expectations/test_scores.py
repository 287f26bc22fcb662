"""Scores of benchmarks at the gate: without a model, outside a range, and of the first version."""

from typing import Any

import pytest

from ingestion.vocabulary import EventType
from tests.expectations.test_row_checks import judge

SCORE: dict[str, Any] = {
    "native_id": "1",
    "source": "test",
    "model_id": "x",
    "benchmark": "exam",
    "score": 0.5,
}


def objection(**changes: Any) -> str | None:
    [row] = judge({**SCORE, **changes}, event_type=EventType.BENCHMARK_REPORTED)
    found: str | None = row["objection"]
    return found


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, None),
        ({"schema_version": 1}, None),
        ({"schema_version": 3}, "unknown_schema_version|schema_version"),
        ({"model_id": None}, "missing_value|model_id"),
        ({"model_id": " "}, "missing_value|model_id"),
        ({"score": None}, "missing_value|score"),
        ({"score": "many"}, "wrong_type|score"),
        ({"score_minimum": 0.0, "score_maximum": 1.0}, None),
        ({"score": 1.0, "score_maximum": 1.0}, None),
        ({"score": 87.0, "score_maximum": 1.0}, "out_of_range|score"),
        ({"score": -1.0, "score_minimum": 0.0}, "out_of_range|score"),
        ({"score_lo": 0.6, "score_hi": 0.4}, "out_of_range|score_lo"),
        ({"standard_error": -0.1}, "out_of_range|standard_error"),
        ({"better": "larger"}, "unknown_value|better"),
        ({"relationship": "a friend"}, "unknown_value|relationship"),
    ],
)
def test_what_the_gate_has_against_a_score(changes: dict[str, Any], found: str | None) -> None:
    assert objection(**changes) == found
