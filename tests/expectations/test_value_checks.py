"""Judging distinct values comes to the same as judging rows."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.gate import Gate, RefusedRow, Split
from ingestion.codes import CODED_TEXT
from ingestion.sources.batch import NativeBatch
from ingestion.vocabulary import EventType

GOOD: dict[str, str | None] = {
    "native_id": "1",
    "event_type": "battle_judged",
    "source": "test",
    "participant_id": "p1",
    "dimension": "overall",
    "model_a": "alpha",
    "model_b": "beta",
    "outcome": "a",
    "occurred_at": "2025-01-01T00:00:00Z",
}
ODD = st.sampled_from(
    [
        *(("outcome", value) for value in ("b", "tie", "left", "", None)),
        *(("model_b", value) for value in ("gamma", "alpha", " ", None, "x" * 300)),
        *(("dimension", value) for value in ("trust", "Core Task")),
        *(("participant_id", value) for value in ("p2", "", None)),
        *(("native_id", value) for value in ("2", "3", "\t", None)),
        ("occurred_at", "2025-01-01T02:00:00.25+02:00"),
        ("occurred_at", "2025-01-01"),
        ("occurred_at", "2999-01-01T00:00:00Z"),
        ("occurred_at", ""),
        ("occurred_at", None),
        ("event_type", "model_retired"),
    ]
)
USUAL = st.sampled_from([("outcome", "b"), ("model_b", "gamma"), ("native_id", "2")])
RATING: dict[str, str | None] = {
    "native_id": "1",
    "source": "test",
    "model_id": "m",
    "criterion": "c",
    "rating": "7",
}


def batch(
    rows: list[dict[str, str | None]], event_type: EventType, kind: pa.DataType
) -> NativeBatch:
    names = list(dict.fromkeys(name for row in rows for name in row))
    texts = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in names}
    columns = {
        name: values.dictionary_encode() if kind == CODED_TEXT else values
        for name, values in texts.items()
    }
    nothing = pa.nulls(len(rows), pa.string())
    table = pa.table(
        {
            **columns,
            "row_number": pa.array(range(1, len(rows) + 1), pa.int64()),
            "refusal": nothing,
            "refusal_column": nothing,
        }
    )
    return NativeBatch(event_type, table, lambda places: [f"line {place}" for place in places])


def outcome(split: Split) -> tuple[list[dict[str, Any]], list[RefusedRow], list[str]]:
    rows = sorted(split.accepted.to_pylist(), key=lambda row: row["row_number"])
    refused = sorted(split.refused, key=lambda row: row.row_number)
    return rows, refused, split.accepted.column_names


def check_both_ways(
    rows: list[dict[str, str | None]], event_type: EventType = EventType.BATTLE_JUDGED
) -> Split:
    gate = Gate()
    by_value = gate.split(batch(rows, event_type, CODED_TEXT))
    by_row = Gate().split(batch(rows, event_type, pa.string()))
    assert outcome(by_value) == outcome(by_row)
    assert by_value.accepted.schema.equals(by_row.accepted.schema)
    # What the gate remembers of one batch changes nothing about the next.
    assert outcome(gate.split(batch(rows, event_type, CODED_TEXT))) == outcome(by_row)
    return by_value


@settings(max_examples=40)
@given(st.lists(st.lists(USUAL, max_size=2), min_size=1, max_size=12))
def test_good_rows(changes: list[list[tuple[str, str]]]) -> None:
    split = check_both_ways([GOOD | dict(change) for change in changes])
    assert len(split.accepted) == len(changes)


@settings(max_examples=60)
@given(st.lists(st.lists(ODD, max_size=3), min_size=1, max_size=12))
def test_any_rows(changes: list[list[tuple[str, str | None]]]) -> None:
    check_both_ways([GOOD | dict(change) for change in changes])


@pytest.mark.parametrize("rating", ["1", "7.0", "8", "many", "", None])
def test_numbers(rating: str | None) -> None:
    check_both_ways([RATING, RATING | {"rating": rating}], EventType.EXPERIENCE_RATED)


def test_a_gate_that_knows_a_value_still_sees_the_next_one() -> None:
    gate = Gate()
    assert not gate.split(batch([GOOD], EventType.BATTLE_JUDGED, CODED_TEXT)).refused
    bad = GOOD | {"outcome": "left"}
    [refused] = gate.split(batch([GOOD, bad], EventType.BATTLE_JUDGED, CODED_TEXT)).refused
    assert (refused.row_number, refused.column) == (2, "outcome")


def test_a_model_against_itself_under_different_codes() -> None:
    rows = [
        GOOD | {"model_a": "alpha", "model_b": "beta"},
        GOOD | {"model_a": "beta", "model_b": "alpha"},
        GOOD | {"model_a": "alpha", "model_b": "alpha"},
    ]
    [refused] = check_both_ways(rows).refused
    assert (refused.row_number, refused.reason) == (3, "model_against_itself")
