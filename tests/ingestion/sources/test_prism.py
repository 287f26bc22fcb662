"""PRISM: participants as they are, openings as battles, every line accounted for."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.errors import UsageError
from ingestion.sources.prism import Prism
from ingestion.sources.registry import open_source


def _write(path: Path, rows: list[Any]) -> Path:
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return path


def _answers(conversation: str, scores: list[Any], **more: Any) -> list[dict[str, Any]]:
    return [
        {
            "conversation_id": conversation,
            "user_id": "user1",
            "turn": 0,
            "model_name": f"m{n}",
            "model_provider": "p",
            "score": score,
            "if_chosen": n == 0,
            **more,
        }
        for n, score in enumerate(scores)
    ]


def test_survey(read: Any, tmp_path: Path) -> None:
    person = {
        "user_id": "user0",
        "age": "18-24 years old",
        "gender": "Female",
        "ethnicity": {"self_described": "white", "categorised": "White", "simplified": "White"},
        "location": {"birth_country": "Spain", "reside_country": "United States"},
        "study_locale": "us",
        "generated_datetime": "2023-11-22 18:29:26",
    }
    there = {"location": {"reside_country": "Chile"}, "user_id": "user2"}
    uk = {
        **person,
        "user_id": "user1",
        "location": {"reside_country": "United Kingdom"},
        "generated_datetime": "2023-11-22T18:29:26+00:00",
        "ethnicity": None,
    }
    rows = read(_write(tmp_path / "survey.jsonl", [person, uk, "{", there]), mapping="prism")
    assert [row["country"] for row in rows] == ["US", "UK", None, "Chile"]
    assert [row["ethnicity"] for row in rows] == ["White", None, None, None]
    assert [row["occurred_at"] for row in rows] == [None, "2023-11-22T18:29:26+00:00", None, None]
    assert [row["refusal"] for row in rows] == [None, None, "broken_json", None]
    assert rows[0]["native_id"] == rows[0]["participant_id"] == "user0"
    assert {row["event_type"] for row in rows} == {"participant_enrolled"}
    assert {row["source"] for row in rows} == {"prism"}


def test_an_opening_becomes_six_battles(read: Any, tmp_path: Path) -> None:
    first, second = _answers("c1", [90, 10, 90, 55]), _answers("c2", [1, 100, 50, 50])
    mixed = [first[0], second[0], *first[1:], *second[1:], {**first[0], "turn": 1, "score": None}]
    path = _write(tmp_path / "utterances.jsonl", mixed)
    rows = read(path, mapping="prism")
    assert len(rows) == 12
    assert len({row["native_id"] for row in rows}) == 12
    battles = {
        (row["model_a"], row["model_b"]): row["outcome"]
        for row in rows
        if row["conversation_id"] == "c1"
    }
    assert battles == {
        ("m0", "m1"): "a",
        ("m0", "m2"): "tie",
        ("m0", "m3"): "a",
        ("m1", "m2"): "b",
        ("m1", "m3"): "b",
        ("m2", "m3"): "a",
    }
    assert {row["participant_id"] for row in rows} == {"user1"}
    battle = next(row for row in rows if row["native_id"] == '["c1", 0, 1]')
    assert battle["row_number"] == 1
    assert [json.loads(line)["model_name"] for line in battle["original"].split("\n")] == [
        "m0",
        "m1",
    ]
    source = open_source(str(path), mapping="prism")
    list(source.batches())
    assert isinstance(source, Prism)
    assert source.set_aside_count == 1


@pytest.mark.parametrize(
    ("change", "refusal", "column"),
    [
        ({"score": None}, "missing_value", "score"),
        ({"score": "high"}, "wrong_type", "score"),
        ({"score": 0}, "out_of_range", "score"),
        ({"score": 101}, "out_of_range", "score"),
        ({"model_name": None}, "missing_value", "model_name"),
        ({"turn": None}, "missing_value", "turn"),
        ({"turn": "x"}, "wrong_type", "turn"),
        ({"turn": -1}, "out_of_range", "turn"),
        ({"conversation_id": ""}, "missing_value", "conversation_id"),
    ],
)
def test_an_answer_that_cannot_be_compared(
    read: Any, tmp_path: Path, change: dict[str, Any], refusal: str, column: str
) -> None:
    answers = _answers("c1", [90, 10, 20, 30])
    answers[2].update(change)
    rows = read(_write(tmp_path / "u.jsonl", answers), mapping="prism")
    refused = [row for row in rows if row["refusal"]]
    assert [(r["row_number"], r["refusal"], r["refusal_column"]) for r in refused] == [
        (3, refusal, column)
    ]
    assert json.loads(refused[0]["original"]) == answers[2]
    assert len(rows) == 3 + 1


def test_an_answer_alone_and_broken_lines(read: Any, tmp_path: Path) -> None:
    rows = read(_write(tmp_path / "u.jsonl", [*_answers("c1", [5]), "{", "[1]"]), mapping="prism")
    assert [(row["row_number"], row["refusal"], row["refusal_column"]) for row in rows] == [
        (1, "missing_value", "model_b"),
        (2, "broken_json", None),
        (3, "broken_json", None),
    ]


def _read_whole(path: Path) -> tuple[list[dict[str, Any]], Prism]:
    source = open_source(str(path), mapping="prism")
    assert isinstance(source, Prism)
    return [row for batch in source.batches() for row in batch.table.to_pylist()], source


def _named(answers: list[dict[str, Any]], first: int = 0) -> list[dict[str, Any]]:
    return [{"utterance_id": f"ut{n}", **answer} for n, answer in enumerate(answers, first)]


@pytest.mark.parametrize("is_named", [True, False])
def test_a_repeated_utterance_counts_once(tmp_path: Path, is_named: bool) -> None:
    answers = [*_answers("c1", [90, 10, 20]), *_answers("c2", [5, 5])]
    if is_named:
        answers = _named(answers)
    once, _ = _read_whole(_write(tmp_path / "once.jsonl", answers))
    later = {**answers[0], "utterance_id": "ut9", "turn": 1, "score": None}
    again = [answers[0], answers[0], *answers[1:], later, *answers[2:4]]
    twice, source = _read_whole(_write(tmp_path / "twice.jsonl", again))
    own = ("native_id", "model_a", "model_b", "outcome", "participant_id")
    assert [[row[name] for name in own] for row in twice] == [
        [row[name] for name in own] for row in once
    ]
    assert source.set_aside_count == 4
    assert source.warnings == [
        "1 answers of later turns were set aside: they compare a model with itself.",
        "3 answers stand in the file before and were set aside: each counts once.",
    ]


@pytest.mark.parametrize(
    "change", [{"score": 11}, {"model_name": "m9"}, {"conversation_id": "c2"}], ids=str
)
def test_an_utterance_that_says_two_things_is_refused(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    answers = _named(_answers("c1", [90, 10]))
    rows, _ = _read_whole(_write(tmp_path / "u.jsonl", [*answers, {**answers[1], **change}]))
    found = [(row["row_number"], row["refusal"], row["refusal_column"]) for row in rows]
    assert found == [(1, None, None), (3, "conflicting_duplicate", "utterance_id")]


def test_two_answers_of_one_model_are_no_battle(tmp_path: Path) -> None:
    answers = _answers("c1", [90, 10, 20])
    answers[2]["model_name"] = "m0"
    rows, source = _read_whole(_write(tmp_path / "u.jsonl", answers))
    assert [(row["model_a"], row["model_b"]) for row in rows] == [("m0", "m1"), ("m1", "m0")]
    assert source.set_aside_count == 1
    assert "two answers of one model" in source.warnings[0]


def test_ids_stay_when_a_refused_answer_is_corrected(tmp_path: Path) -> None:
    answers = _answers("c1", [90, 10, 20])
    whole, _ = _read_whole(_write(tmp_path / "u.jsonl", answers))
    answers[0]["score"] = None
    rows, _ = _read_whole(_write(tmp_path / "v.jsonl", answers))
    good = [row for row in rows if not row["refusal"]]
    assert len(good) == 1
    assert good[0]["native_id"] in {row["native_id"] for row in whole if row["model_a"] == "m1"}


@settings(max_examples=60)
@given(st.lists(st.integers(0, 11), max_size=30), st.randoms(use_true_random=False))
def test_repeats_never_change_what_is_compared(repeated: list[int], random: Random) -> None:
    answers = _named([*_answers("c1", [1, 2, 2, 100]), *_answers("c2", [3, 3, 1, 7])])
    answers += _named([{**answers[n], "turn": 1} for n in range(4)], len(answers))
    lines = list(answers)
    for one in repeated:
        place = next(n for n, line in enumerate(lines) if line == answers[one])
        lines.insert(random.randint(place + 1, len(lines)), answers[one])
    with TemporaryDirectory() as directory:
        once, _ = _read_whole(_write(Path(directory, "a.jsonl"), answers))
        twice, source = _read_whole(_write(Path(directory, "b.jsonl"), lines))
    said = [{key: row[key] for key in row if key != "row_number"} for row in once]
    assert [{key: row[key] for key in row if key != "row_number"} for row in twice] == said
    assert source.set_aside_count == 4 + len(repeated)


def test_other_formats_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UsageError, match="looks like csv"):
        open_source(str(tmp_path / "x.csv"), mapping="prism")
