"""A column per question, a winner named by its model, and lists in JSON."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.errors import UsageError
from ingestion.sources.mapping import parse_mapping
from ingestion.sources.registry import open_source

WIDE = """
source: wide
event: battle_judged
columns:
  native_id: id
  model_a: a
  model_b: b
  dimension: {each_of: {Q1: overall, Q2: trust}}
  outcome: {each: true}
outcome: {L: a, R: b, T: tie}
"""
WINNER = """
source: named
event: battle_judged
columns:
  native_id: id
  model_a: a
  model_b: b
  dimension: {constant: overall}
  outcome: {winner: chosen, tie: equal}
"""
LISTS = """
source: lists
event: battle_judged
file: {format: jsonl, rows: people.votes}
columns:
  native_id: [id, people.name, people.votes.dimension]
  participant_id: people.name
  model_a: models.a
  model_b: models.b
  dimension: people.votes.dimension
  outcome: people.votes.said
outcome: {a: a, b: b}
"""
QUIET = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


def written(path: Path, name: str, text: str) -> str:
    (path / name).write_text(text, "utf-8")
    return str(path / name)


def test_an_empty_answer_of_a_refused_row_is_no_refused_event(tmp_path: Path) -> None:
    timed = WIDE.replace("  model_a: a\n", "  model_a: a\n  occurred_at: at\n")
    mapping = written(tmp_path, "m.yml", timed)
    rows = "id,a,b,at,Q1,Q2\n1,x,y,2025-06-01T10:00:00Z,L,\n2,x,y,yesterday,R,\n3,x,y,never,,\n"
    source = open_source(written(tmp_path, "v.csv", rows), mapping=mapping)
    tables = [batch.table for batch in source.batches()]
    said = [row for table in tables for row in table.select(["row_number", "refusal"]).to_pylist()]
    assert said == [
        {"row_number": 1, "refusal": None},
        {"row_number": 2, "refusal": "bad_timestamp"},
    ]
    assert source.set_aside_count == 4


def test_copies_of_rows_are_counted_where_the_row_number_is_the_id(tmp_path: Path) -> None:
    mapping = WIDE.replace("native_id: id", "native_id: {row_number: true}")
    rows = "id,a,b,Q1,Q2\n1,x,y,L,R\n2,x,y,L,R\n1,x,y,L,R\n1,x,y,L,R\n"
    for name, text, said in (
        ("twice", rows, "2 rows are exact copies of an earlier row of the file (rows 3, 4), and"),
        ("once", rows[: rows.rindex("1,x")], "Row 3 is an exact copy of an earlier row of the"),
        ("never", rows[: rows.index("1,x,y,L,R\n1")], ""),
    ):
        source = open_source(
            written(tmp_path, f"{name}.csv", text), mapping=written(tmp_path, "m.yml", mapping)
        )
        assert sum(len(batch.table) for batch in source.batches())
        found = [one for one in source.warnings if "exact cop" in one]
        assert [one.startswith(said) for one in found] == [True] * bool(said)
    by_id = open_source(written(tmp_path, "i.csv", rows), mapping=written(tmp_path, "i.yml", WIDE))
    assert sum(len(batch.table) for batch in by_id.batches()) == 8
    assert by_id.warnings == []


def test_a_column_per_question_is_a_battle_per_answer(read: Any, tmp_path: Path) -> None:
    mapping = written(tmp_path, "w.yml", WIDE)
    file = written(tmp_path, "w.csv", "id,a,b,Q1,Q2\n1,x,y,L,R\n2,x,y,,T\n3,x,y,R,NA\n4,x,y,zz,L\n")
    source = open_source(file, mapping=mapping)
    rows = [row for batch in source.batches() for row in batch.table.to_pylist()]
    found = [(row["row_number"], row["dimension"], row["outcome"], row["refusal"]) for row in rows]
    assert sorted(found) == [
        (1, "overall", "a", None),
        (1, "trust", "b", None),
        (2, "trust", "tie", None),
        (3, "overall", "b", None),
        (4, "overall", "zz", "unknown_value"),
        (4, "trust", "a", None),
    ]
    assert source.set_aside_count == 2
    assert "Cells of `each_of` that are empty or mean nothing, set aside: 2." in source.warnings


@QUIET
@given(
    answers=st.lists(
        st.tuples(*2 * [st.sampled_from(["L", "R", "T", "", "NA"])]), min_size=1, max_size=20
    )
)
def test_wide_is_the_same_as_long(
    read: Any, tmp_path: Path, answers: list[tuple[str, str]]
) -> None:
    """The same answers with one row per answer give the same events."""
    long = WIDE.replace("{each_of: {Q1: overall, Q2: trust}}", "question").replace(
        "{each: true}", "answer"
    )
    with (tmp_path / "wide.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [
                ["id", "a", "b", "Q1", "Q2"],
                *([n, "x", "y", *both] for n, both in enumerate(answers)),
            ]
        )
    said = [
        [n, "x", "y", question, answer]
        for n, both in enumerate(answers)
        for question, answer in zip(("overall", "trust"), both, strict=True)
        if answer not in {"", "NA"}
    ]
    with (tmp_path / "long.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["id", "a", "b", "question", "answer"], *said])
    names = ("native_id", "dimension", "outcome", "refusal")

    def events(name: str, mapping: str) -> list[tuple[Any, ...]]:
        rows = read(tmp_path / f"{name}.csv", mapping=written(tmp_path, f"{name}.yml", mapping))
        return sorted(tuple(str(row[column]) for column in names) for row in rows)

    assert events("wide", WIDE) == events("long", long)


@pytest.mark.parametrize(
    ("chosen", "equal", "outcome", "refusal"),
    [
        ("x", False, "a", None),
        (" y ", None, "b", None),
        (None, True, "tie", None),
        (None, "TRUE", "tie", None),
        (None, "1.0", "tie", None),
        ("x", True, "a", "unknown_value"),
        ("z", False, None, "unknown_value"),
        (None, False, None, None),
    ],
)
def test_the_winner_is_named_by_its_model(
    read: Any, tmp_path: Path, chosen: Any, equal: Any, outcome: str | None, refusal: str | None
) -> None:
    row = {"id": 1, "a": "x", "b": "y", "chosen": chosen, "equal": equal}
    file = written(tmp_path, "n.jsonl", json.dumps(row))
    (found,) = read(file, mapping=written(tmp_path, "n.yml", WINNER))
    assert (found["outcome"], found["refusal"]) == (outcome, refusal)


def test_lists_within_lists_are_rows(read: Any, tmp_path: Path) -> None:
    said = [{"dimension": "overall", "said": "a"}, {"dimension": "trust", "said": "b"}]
    tasks = [
        {
            "id": 1,
            "models": {"a": "x", "b": "y"},
            "people": [{"name": "ann", "votes": said}, {"name": "bob", "votes": said[:1]}],
        },
        {"id": 2, "models": {"a": "x", "b": "y"}, "people": []},
        {"id": 3, "models": {"a": "x", "b": "y"}, "people": {"name": "cid", "votes": said[0]}},
    ]
    for name, text in {
        "lines.jsonl": "\n".join(map(json.dumps, tasks)) + "\n{broken\n",
        "array.json": json.dumps(tasks),
    }.items():
        file = written(tmp_path, name, text)
        source = open_source(file, mapping=written(tmp_path, "l.yml", LISTS))
        rows = [row for batch in source.batches() for row in batch.table.to_pylist()]
        good = [row for row in rows if row["refusal"] is None]
        assert [(row["participant_id"], row["dimension"], row["outcome"]) for row in good] == [
            ("ann", "overall", "a"),
            ("ann", "trust", "b"),
            ("bob", "overall", "a"),
            ("cid", "overall", "a"),
        ]
        assert [row["row_number"] for row in rows] == list(range(1, len(rows) + 1))
        assert source.set_aside_count == 1
        broken = [row["refusal"] for row in rows if row["refusal"] is not None]
        assert broken == (["broken_json"] if name == "lines.jsonl" else [])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("outcome: {each: true}", "outcome: Q1", "each_of is there 1 times, each: true 0 times"),
        ("{each_of: {Q1: overall, Q2: trust}}", "Q1", "each_of is there 0 times"),
        ("outcome: {each: true}", "outcome: {each: 1}", "each can only be true"),
        ("model_a: a", "model_a: {winner: a}", "model_a is not named by a winner"),
    ],
)
def test_a_mapping_that_cannot_be_meant_is_refused(old: str, new: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_mapping("wide.yml", WIDE.replace(old, new))
