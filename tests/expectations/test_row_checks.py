"""Every row is typed and judged; the first objection names reason and column."""

from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.row_checks import check
from ingestion.contracts import CONTRACTS
from ingestion.vocabulary import EventType

NOW_US = 1_760_000_000 * 10**6
GOOD: dict[str, Any] = {
    "native_id": "1",
    "source": "test",
    "participant_id": "p1",
    "dimension": "overall",
    "model_a": "alpha",
    "model_b": "beta",
    "outcome": "a",
    "occurred_at": "2025-01-01T00:00:00Z",
}


def judge(
    *rows: dict[str, Any], event_type: EventType = EventType.BATTLE_JUDGED
) -> list[dict[str, Any]]:
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = pa.table(
        {
            **{name: pa.array([row.get(name) for row in rows]) for name in names},
            "row_number": pa.array(range(1, len(rows) + 1), pa.int64()),
            "refusal": pa.nulls(len(rows), pa.string()),
            "refusal_column": pa.nulls(len(rows), pa.string()),
        }
    )
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    checked = check(CONTRACTS[event_type], table, now_us=NOW_US, connection=connection)
    return list(checked.sort_by("row_number").to_pylist())


@pytest.mark.parametrize(
    ("change", "objection"),
    [
        ({}, None),
        ({"outcome": "both_bad"}, None),
        ({"participant_id": None}, None),
        ({"occurred_at": None}, None),
        ({"occurred_at": "2025-01-01T02:00:00.25+02:00"}, None),
        ({"native_id": ""}, "missing_value|native_id"),
        ({"native_id": " \t"}, "missing_value|native_id"),
        ({"participant_id": " \t"}, None),
        ({"participant_id": " " * 300}, None),
        ({"model_a": None}, "missing_value|model_a"),
        ({"outcome": "left"}, "unknown_value|outcome"),
        ({"outcome": "A"}, "unknown_value|outcome"),
        ({"model_b": "alpha"}, "model_against_itself|model_b"),
        ({"dimension": "Core Task"}, "unknown_value|dimension"),
        ({"source": "Bad Source"}, "unknown_value|source"),
        ({"model_a": "x" * 257}, "too_long|model_a"),
        ({"model_a": "red\x1b[31m"}, "hidden_character|model_a"),
        ({"model_a": "nul\x00byte"}, "hidden_character|model_a"),
        ({"model_b": "tab\tname"}, "hidden_character|model_b"),
        ({"model_b": "gpt\u200d4"}, "hidden_character|model_b"),
        ({"model_b": "\u202ealpha"}, "hidden_character|model_b"),
        ({"native_id": "1\u200b"}, "hidden_character|native_id"),
        ({"participant_id": "p\ufeff"}, "hidden_character|participant_id"),
        ({"dimension": "over\u00adall"}, "hidden_character|dimension"),
        ({"model_a": "gpt-4\ufe0f"}, "hidden_character|model_a"),
        ({"model_a": "\u6a21\u578b \u2764\ufe0f"}, None),
        ({"model_a": "é" * 256}, None),
        ({"model_a": "x" * 10_000_000}, "too_long|model_a"),
        ({"occurred_at": "2099-01-01T00:00:00Z"}, "future_timestamp|occurred_at"),
        ({"occurred_at": "2025-01-01 00:00:00"}, "bad_timestamp|occurred_at"),
        ({"occurred_at": "yesterday"}, "bad_timestamp|occurred_at"),
        ({"occurred_at": "2025-13-01T00:00:00Z"}, "bad_timestamp|occurred_at"),
        ({"schema_version": "1"}, None),
        ({"schema_version": "2", "item_id": "prompt 7"}, None),
        ({"schema_version": "3"}, "unknown_schema_version|schema_version"),
    ],
)
def test_a_row_is_accepted_or_refused_for_one_reason(
    change: dict[str, Any], objection: str | None
) -> None:
    [row] = judge(GOOD | change)
    assert row["objection"] == objection


@pytest.mark.parametrize(
    ("change", "objection"),
    [
        ({"outcome": "tie"}, None),
        ({"model_a": "alpha"}, None),
        ({"judged_at": "2025-01-01T00:00:00Z"}, None),
        ({"participant_id": "p1"}, None),
        ({}, "missing_value|outcome"),
        ({"model_a": " ", "dimension": ""}, "missing_value|outcome"),
        ({"model_a": "alpha", "model_b": "alpha"}, "model_against_itself|model_b"),
        ({"dimension": "Core Task"}, "unknown_value|dimension"),
        ({"outcome": "left"}, "unknown_value|outcome"),
        ({"judged_at": "yesterday", "outcome": "a"}, "bad_timestamp|judged_at"),
        ({"judged_at": "2099-01-01T00:00:00Z"}, "future_timestamp|judged_at"),
        ({"model_a": "gpt\u200d4"}, "hidden_character|model_a"),
    ],
)
def test_a_correction_says_something_and_is_judged_as_a_battle_is(
    change: dict[str, Any], objection: str | None
) -> None:
    about = {"native_id": "1", "source": "test", "target_event_id": "b", "reason": "Typo."}
    [row] = judge(about | change, event_type=EventType.EVENT_CORRECTED)
    assert row["objection"] == objection


def test_blank_text_stands_for_nothing() -> None:
    rows = judge(*(GOOD | {"participant_id": text} for text in ("p1", "", " \t\r\n", " p1", None)))
    assert [row["subject_id"] for row in rows] == ["p1", None, None, " p1", None]


def test_an_offset_is_taken_into_utc() -> None:
    [row] = judge(GOOD | {"occurred_at": "2025-01-01T02:00:00.25+02:00"})
    assert row["occurred_at"].isoformat() == "2025-01-01T00:00:00.250000+00:00"


@pytest.mark.parametrize(
    ("rating", "objection"),
    [
        ("1", None),
        ("7", None),
        ("7.0", None),
        ("0", "out_of_range|rating"),
        ("8", "out_of_range|rating"),
        ("6.5", "wrong_type|rating"),
        ("many", "wrong_type|rating"),
        ("99999999999", "wrong_type|rating"),
        ("", "missing_value|rating"),
    ],
)
def test_numbers_are_whole_and_in_range(rating: str, objection: str | None) -> None:
    row = {"native_id": "1", "source": "t", "model_id": "m", "criterion": "c", "rating": rating}
    [checked] = judge(row, event_type=EventType.EXPERIENCE_RATED)
    assert checked["objection"] == objection


@pytest.mark.parametrize("propensity", ["nan", "inf", "-1", "1.5"])
def test_no_number_that_is_not_finite_or_out_of_range_gets_in(propensity: str) -> None:
    row = {
        "native_id": "1",
        "source": "t",
        "stratum_id": "all",
        "dimension": "overall",
        "model_a": "a",
        "model_b": "b",
        "policy": "p",
        "policy_version": "1",
        "propensity": propensity,
    }
    [checked] = judge(row, event_type=EventType.BATTLE_SCHEDULED)
    assert checked["objection"] is not None


def test_typed_columns_are_judged_like_text() -> None:
    rows = [{"native_id": n, "source": "t", "model_id": "m", "criterion": "c"} for n in (1, 2)]
    rows[0]["rating"], rows[1]["rating"] = 5, 9
    first, second = judge(*rows, event_type=EventType.EXPERIENCE_RATED)
    assert (first["objection"], second["objection"]) == (None, "out_of_range|rating")
    assert first["event_id"] == "1"


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(list(GOOD)), st.none() | st.text(max_size=20), min_size=1, max_size=8
        ),
        min_size=1,
        max_size=20,
    )
)
def test_no_row_is_lost_whatever_it_holds(changes: list[dict[str, str | None]]) -> None:
    rows = [{**GOOD, **change} for change in changes]
    checked = judge(*rows)
    assert [row["row_number"] for row in checked] == list(range(1, len(rows) + 1))
    for row in checked:
        if row["objection"] is None:
            assert row["outcome"] in {"a", "b", "tie", "both_bad"}
            assert row["model_a"] != row["model_b"]
