"""Every refusal names the column, what the row says, what is allowed, and what to do."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.gate import Gate, RefusedRow
from expectations.refusal_details import SHOWN, Refused, detail
from ingestion.contracts import CONTRACTS
from ingestion.sources.batch import batch_of_rows
from ingestion.sources.registry import open_source
from ingestion.vocabulary import EventType, Refusal

RATED = {"native_id": "1", "participant_id": "p", "model_id": "alpha", "criterion": "wit"}
SCORED = {"native_id": "1", "model_id": "alpha", "benchmark": "exam", "metric": "accuracy"}
LABELLED = {
    "native_id": "1", "conversation_id": "c", "judge": "j", "judge_version": "1",
    "labeller_kind": "human", "rubric": "safety_incident", "rubric_version": "1",
    "label": "safety_incident", "value": "none",
}  # fmt: skip
JUDGED = {
    "native_id": "1", "participant_id": "p", "model_a": "a", "model_b": "b",
    "dimension": "overall", "outcome": "a",
}  # fmt: skip
CASES = [
    (EventType.EXPERIENCE_RATED, RATED | {"rating": "8"}, "out_of_range",
     ["rating is '8'", "1 to 7", "criterion 'wit'", "correct"]),
    (EventType.EXPERIENCE_RATED, RATED | {"rating": "3.5"}, "wrong_type",
     ["rating is '3.5'", "a whole number, 1 to 7"]),
    (EventType.EXPERIENCE_RATED, RATED, "missing_value",
     ["rating is not in the row, and a row must have it", "add it"]),
    (EventType.EXPERIENCE_RATED, RATED | {"rating": "4", "criterion": "My Wit"}, "unknown_value",
     ["criterion is 'My Wit'", "must have the form"]),
    (EventType.BENCHMARK_REPORTED, SCORED | {"score": "120", "score_maximum": "100"},
     "out_of_range", ["score is 120", "score_maximum is 100", "benchmark 'exam'"]),
    (EventType.BENCHMARK_REPORTED, SCORED | {"score": "-1", "score_minimum": "0"},
     "out_of_range", ["score_minimum is 0", "score is -1"]),
    (EventType.BENCHMARK_REPORTED, SCORED | {"score": "0,71"}, "wrong_type",
     ["score is '0,71'", 'or say on that column of the mapping `decimal: ","`']),
    (EventType.BENCHMARK_REPORTED, SCORED | {"score": "many"}, "wrong_type",
     ["score is 'many'", "must be a number"]),
    (EventType.BENCHMARK_REPORTED, SCORED | {"score": "1", "relationship": "friend"},
     "unknown_value", ["relationship is 'friend'", "first_party"]),
    (EventType.CONVERSATION_LABELLED, LABELLED | {"label": "safty"}, "outside_rubric",
     ["label is 'safty'", "the labels of safety_incident are safety_incident"]),
    (EventType.CONVERSATION_LABELLED, LABELLED | {"value": "hatred"}, "outside_rubric",
     ["value is 'hatred'", "hate, privacy"]),
    (EventType.CONVERSATION_LABELLED, LABELLED | {"value": "hate", "severity": "huge"},
     "outside_rubric", ["severity is 'huge'", "minor, serious, severe"]),
    (EventType.CONVERSATION_LABELLED, LABELLED | {"severity": "minor"}, "outside_rubric",
     ["severity is 'minor'", "only a finding has a severity"]),
    (EventType.CONVERSATION_LABELLED, LABELLED | {"rubric_version": "9"}, "outside_rubric",
     ["rubric_version is '9'", "at version 1"]),
    (EventType.CONVERSATION_LABELLED, LABELLED | {"labeller_kind": "model"}, "missing_value",
     ["prompt_sha256 is not in the row, and a model's label must have it"]),
    (EventType.CONVERSATION_LABELLED, LABELLED | {"labeller_kind": "model", "prompt_sha256": ""},
     "missing_value", ["prompt_sha256 is empty, and a model's label must have it"]),
    (EventType.BATTLE_JUDGED, JUDGED | {"model_b": "a"}, "model_against_itself", ["'a'"]),
    (EventType.BATTLE_JUDGED, JUDGED | {"outcome": "left"}, "unknown_value",
     ["outcome is 'left'", "a, b, tie, both_bad"]),
    (EventType.BATTLE_JUDGED, JUDGED | {"model_a": "a\u200bb"}, "hidden_character", ["U+200B"]),
    (EventType.BATTLE_JUDGED, JUDGED | {"model_a": "m" * 300}, "too_long",
     ["300 characters", "shorten"]),
    (EventType.BATTLE_JUDGED, JUDGED | {"schema_version": "99"}, "unknown_schema_version",
     ["is '99'", "read are"]),
    (EventType.BATTLE_JUDGED, JUDGED | {"occurred_at": "2999-01-01T00:00:00Z"},
     "future_timestamp", ["2999-01-01", "clock"]),
]  # fmt: skip


def refused(event_type: EventType, row: dict[str, Any]) -> RefusedRow:
    batch = batch_of_rows(event_type, "test", [row], [1], lambda places: [""] * len(places))
    [found] = Gate().split(batch).refused
    return found


@pytest.mark.parametrize(("event_type", "row", "reason", "said"), CASES)
def test_a_refusal_says_what_is_there_and_what_is_allowed(
    event_type: EventType, row: dict[str, Any], reason: str, said: list[str]
) -> None:
    found = refused(event_type, row)
    assert found.reason == reason
    assert all(text in found.detail for text in said), found.detail


@pytest.fixture(name="wide")
def wide_refusals(tmp_path: Path) -> list[RefusedRow]:
    file = tmp_path / "ratings.csv"
    file.write_text(
        f"task_id,participant_id,model,{CRITERIA},background_and_culture\n"
        "t1,p1,alpha,8,5,5,5,5,2.5,5\nt2,p2,,7,,,,,,\n,p3,beta,7,,,,,,\n"
    )
    source = open_source(str(file), mapping="experience-wide")
    gate = Gate()
    return [row for batch in source.batches() for row in gate.split(batch).refused]


def test_a_wide_file_names_its_own_column(wide: list[RefusedRow]) -> None:
    said = {(row.row_number, row.reason): row.detail for row in wide}
    assert "rating (column helpfulness of the file) is '8'" in said[1, Refusal.OUT_OF_RANGE]
    assert "(column personality of the file) is '2.5'" in said[1, Refusal.WRONG_TYPE]
    missing = [row.detail for row in wide if row.reason == Refusal.MISSING_VALUE]
    assert missing[0].startswith("model_id (column model of the file) is empty")
    assert missing[1].startswith("native_id (column task_id of the file) is empty")


SCORES = "model,benchmark,metric,score,reported_by,date"
CRITERIA = "helpfulness,communication,understanding,adaptiveness,trustworthiness,personality"
RATINGS = f"task_id,participant_id,model,{CRITERIA},background_and_culture,rated_at"
VOTES = "id,worker,left,right,winner,when"


@pytest.mark.parametrize(
    ("mapping", "header", "row", "time"),
    [
        ("benchmark-scores", SCORES, "alpha,exam,accuracy,12,Office,{}", "31/07/2025 10:00"),
        ("experience-wide", RATINGS, "1,p,alpha,5,5,5,5,5,5,5,{}", "31/07/2025 10:00"),
        ("votes", VOTES, "1,p,alpha,beta,left,{}", "31/07/2025 10:00"),
        ("votes", VOTES, "1,p,alpha,beta,left,{}", "2025-07-01 10:00"),
    ],
)
def test_a_time_that_is_not_read_is_quoted_as_the_file_has_it(
    tmp_path: Path, mapping: str, header: str, row: str, time: str
) -> None:
    file, votes = tmp_path / "rows.csv", tmp_path / "votes.yml"
    file.write_text(f"{header}\n{row.format(time)}\n")
    votes.write_text(
        "source: panel\nevent: battle_judged\nfile: {format: csv}\ncolumns:\n"
        "  native_id: id\n  participant_id: worker\n  model_a: left\n  model_b: right\n"
        "  dimension: {constant: overall}\n  occurred_at: when\n"
        "  outcome: {column: winner, values: {left: a, right: b, tie: tie}}\n"
    )
    source = open_source(str(file), mapping=str(votes) if mapping == "votes" else mapping)
    gate = Gate()
    found = [row for batch in source.batches() for row in gate.split(batch).refused]
    assert {row.reason for row in found} == {Refusal.BAD_TIMESTAMP}
    column = header.rpartition(",")[2]
    assert {row.detail.partition("'")[0] for row in found} == {
        f"occurred_at (column {column} of the file) is "
    }
    assert all(f"is '{time}'" in row.detail for row in found)


def test_flags_that_name_no_outcome_are_quoted_as_the_file_has_them(tmp_path: Path) -> None:
    file = tmp_path / "votes.csv"
    file.write_text("id,a_won,b_won,model_a,model_b\n1,1,1,alpha,beta\n2,0,maybe,alpha,beta\n")
    mapping = tmp_path / "votes.yml"
    mapping.write_text(
        "source: panel\nevent: battle_judged\nfile: {format: csv}\ncolumns:\n"
        "  native_id: id\n  model_a: model_a\n  model_b: model_b\n"
        "  dimension: {constant: overall}\n  outcome: {columns: {a_won: a, b_won: b}}\n"
    )
    source = open_source(str(file), mapping=str(mapping))
    both, neither = [row for batch in source.batches() for row in Gate().split(batch).refused]
    assert "is a_won '1', b_won '1'; it may be a, b" in both.detail
    assert "is a_won '0', b_won 'maybe'; it may be a, b" in neither.detail


def test_an_id_made_of_columns_names_the_empty_one(tmp_path: Path) -> None:
    file = tmp_path / "scores.csv"
    file.write_text(
        "model,benchmark,metric,score,reported_by,date\n,exam,accuracy,12,Office,2025-01-02\n"
    )
    [batch] = open_source(str(file), mapping="benchmark-scores").batches()
    [row] = Gate().split(batch).refused
    assert row.column == "native_id"
    assert "made of columns model, benchmark, metric, reported_by, date of the file" in row.detail
    assert "and model is empty" in row.detail


def test_a_row_of_no_event_says_which_there_are(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"event_type": "battle_judgd", "source": "s", "native_id": "1"}\n')
    [batch] = open_source(str(file)).batches()
    [row] = Gate().split(batch).refused
    assert "battle_judged" in row.detail


def test_ids_of_people_are_not_repeated() -> None:
    row = RATED | {"rating": "4", "participant_id": "p" * 300, "conversation_id": "c\u200b"}
    found = refused(EventType.EXPERIENCE_RATED, row)
    assert "ppp" not in found.detail
    assert found.detail


KINDS = [(event_type, column.source_name) for event_type, contract in CONTRACTS.items()
         for column in contract.log_columns]  # fmt: skip


@given(kind=st.sampled_from(KINDS), reason=st.sampled_from(list(Refusal)), value=st.text())
def test_any_reason_of_any_column_has_a_short_sentence(
    kind: tuple[EventType, str], reason: Refusal, value: str
) -> None:
    event_type, column = kind
    row = Refused(CONTRACTS[event_type], column, lambda _: value, {column: ("mine",)})
    said = detail(reason, row)
    assert "None" not in said.replace(value, "")
    assert value[: SHOWN + 1] not in said or len(value) <= SHOWN


def test_other_kinds_of_refusals_are_shown_after_the_first_rows(tmp_path: Path) -> None:
    from expectations.quarantine import Quarantine

    rows = [RefusedRow(None, n, "missing_value", "model_id", "") for n in range(40)]
    last = RefusedRow(None, 41, "out_of_range", "rating", "")
    shelf = Quarantine(tmp_path, load_id="l", source_file="f", is_kept=False)
    shelf.add([*rows, last])
    shelf.add([*rows, last])
    assert shelf.examples == [*rows[:5], last]
