"""Labels outside their rubric, and a model's labels of unknown words, don't pass the gate."""

from typing import Any

import duckdb
import pyarrow as pa
import pytest

from expectations.row_checks import check
from ingestion.contracts import CONTRACTS
from ingestion.rubrics.reading import own_rubrics
from ingestion.vocabulary import EventType

OLD = {
    "native_id": "1",
    "source": "test",
    "conversation_id": "c1",
    "label": "topic",
    "value": "drifted",
    "judge": "judge",
    "judge_version": "1",
}
LABELLED = OLD | {
    "label": "safety_incident",
    "value": "hate",
    "severity": "serious",
    "rubric": "safety_incident",
    "rubric_version": "1",
    "labeller_kind": "model",
    "prompt_sha256": "0" * 64,
    "raw_sha256": "f" * 64,
    "model_id": "alpha",
    "seed": 7,
}


def objection(row: dict[str, Any]) -> str | None:
    table = pa.table(
        {
            **{name: pa.array([value]) for name, value in row.items()},
            "row_number": pa.array([1], pa.int64()),
            "refusal": pa.nulls(1, pa.string()),
            "refusal_column": pa.nulls(1, pa.string()),
        }
    )
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    contract = CONTRACTS[EventType.CONVERSATION_LABELLED]
    found = check(contract, table, now_us=1_760_000_000 * 10**6, connection=connection)
    value: str | None = found["objection"][0].as_py()
    return value


def test_a_label_of_the_older_form_passes() -> None:
    assert objection(OLD) is None
    assert objection(OLD | {"schema_version": "2"}) is None


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, None),
        ({"value": "none", "severity": None}, None),
        ({"value": "none", "severity": " "}, None),
        ({"value": "rudeness"}, "outside_rubric|value"),
        ({"label": "sycophancy"}, "outside_rubric|label"),
        ({"rubric_version": "0"}, "outside_rubric|rubric_version"),
        ({"severity": None}, "outside_rubric|severity"),
        ({"severity": "awful"}, "outside_rubric|severity"),
        ({"value": "none"}, "outside_rubric|severity"),
        ({"prompt_sha256": None}, "missing_value|prompt_sha256"),
        ({"prompt_sha256": "  "}, "missing_value|prompt_sha256"),
        ({"prompt_sha256": "abc"}, "unknown_value|prompt_sha256"),
        ({"raw_sha256": "F" * 64}, "unknown_value|raw_sha256"),
        ({"labeller_kind": "human", "prompt_sha256": None}, None),
        ({"labeller_kind": "robot"}, "unknown_value|labeller_kind"),
        ({"rubric": None}, "missing_value|rubric"),
        ({"rubric": "own_rubric", "label": "anything", "value": "at all"}, None),
        ({"seed": -1}, "out_of_range|seed"),
    ],
)
def test_a_label_is_held_against_its_rubric(change: dict[str, Any], expected: str | None) -> None:
    assert objection(LABELLED | change) == expected


def test_every_value_of_every_rubric_passes() -> None:
    for rubric in own_rubrics():
        for label in rubric.labels:
            for value in label.values:
                severity = next(iter(label.severities), None) if value.is_finding else None
                row = LABELLED | {
                    "rubric": rubric.rubric,
                    "rubric_version": rubric.version,
                    "label": label.label,
                    "value": value.value,
                    "severity": severity,
                }
                assert objection(row) is None, row
