"""Flat files by mapping: every format gives the same votes."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.errors import LoadRefusedError
from ingestion.vocabulary import EventType
from tests.ingestion.sources.flat import VOTES, core, csv_text, write


def test_every_format_gives_the_same_votes(read: Any, tmp_path: Path, mapping: Any) -> None:
    text = csv_text(VOTES)
    lines = "\n".join(json.dumps(vote) for vote in VOTES)
    pq.write_table(pa.Table.from_pylist(VOTES), tmp_path / "v.parquet", row_group_size=2)
    floats = pa.table({**pa.Table.from_pylist(VOTES).to_pydict(), "id": [1.0, 2.0, 2.0]})
    pq.write_table(floats, tmp_path / "f.parquet")
    files = [
        write(tmp_path / "v.csv", text),
        write(tmp_path / "v.csv.gz", gzip.compress(text.encode())),
        write(tmp_path / "v.csv.zst", pa.compress(text.encode(), codec="zstd", asbytes=True)),
        write(tmp_path / "v.jsonl", lines),
        tmp_path / "v.parquet",
        tmp_path / "f.parquet",
        write(tmp_path / "p.gz", gzip.compress((tmp_path / "v.parquet").read_bytes())),
    ]
    first, *others = [read(file, mapping=mapping()) for file in files]
    assert [row["native_id"] for row in first] == ['["1","w1"]', '["2","w1"]', '["2","w2"]']
    assert [row["outcome"] for row in first] == ["a", "tie", "b"]
    assert all(row["source"] == "mine" and row["refusal"] is None for row in first)
    assert all(row["event_type"] == "battle_judged" == row["batch"] for row in first)
    assert {row["dimension"] for row in first} == {"overall"}
    for number, rows in enumerate(others, 1):
        known = [{k: v for k, v in row.items() if k != "row_number"} for row in core(rows)]
        assert known == [{k: v for k, v in r.items() if k != "row_number"} for r in core(first)], (
            number
        )


def test_ten_megabytes_in_one_csv_field(read: Any, tmp_path: Path, mapping: Any) -> None:
    big = "m" * 10_000_000
    votes = [VOTES[0], {**VOTES[1], "left": big + '"\n,'}, VOTES[2]]
    rows = read(write(tmp_path / "v.csv", csv_text(votes)), mapping=mapping())
    assert [row["refusal"] for row in rows] == [None] * 3
    assert len(rows[1]["model_a"]) == len(big) + 3


def test_broken_lines_of_jsonl(read: Any, tmp_path: Path, mapping: Any) -> None:
    lines = [json.dumps(VOTES[0]).encode(), b"{", b"[1]", b'{"id":"\xff"}', b"", b'{"other":1}']
    rows = read(write(tmp_path / "v.jsonl", b"\n".join(lines)), mapping=mapping())
    assert [(row["row_number"], row["refusal"]) for row in rows] == [
        (1, None),
        (2, "broken_json"),
        (3, "broken_json"),
        (4, "not_utf8"),
        (6, None),
    ]
    assert rows[4]["native_id"] is None


@pytest.mark.parametrize(
    ("mapping_text", "votes", "expected"),
    [
        (
            """
source: s
event: participant_enrolled
columns:
  native_id: p
  participant_id: p
  country: {column: c, values: {GB: UK, no: 'NO'}}
  gender: {first_of: [sex, g]}
""",
            [
                {"p": "1", "c": "GB", "g": "f"},
                {"p": "2", "c": "no", "g": ""},
                {"p": "3", "c": "XX", "g": "m"},
            ],
            [
                {"country": "UK", "gender": "f", "refusal": None},
                {"country": "NO", "gender": None, "refusal": None},
                {"country": "XX", "refusal": "unknown_value", "refusal_column": "country"},
            ],
        ),
        (
            """
source: s
event: experience_rated
columns:
  native_id: {row_number: true}
  model_id: m
  criterion: {constant: trust}
  rating: r
""",
            [{"m": "x", "r": "7"}, {"m": "y", "r": "9"}],
            [{"native_id": "1", "rating": "7"}, {"native_id": "2", "rating": "9", "refusal": None}],
        ),
        (
            """
source: s
event: model_registered
columns: {native_id: m, model_id: m, provider: p}
""",
            [{"m": "x", "p": "y"}],
            [{"model_id": "x", "provider": "y", "event_type": "model_registered"}],
        ),
        (
            """
source: s
event: model_retired
columns: {native_id: {row_number: true}, model_id: {constant: m}, reason: {constant: gone}}
""",
            [{"x": "1"}, {"x": "2"}],
            [{"native_id": "1", "reason": "gone"}, {"native_id": "2", "model_id": "m"}],
        ),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_other_events(
    read: Any, tmp_path: Path, mapping: Any, mapping_text: str, votes: Any, expected: Any, kind: str
) -> None:
    path = tmp_path / "other"
    if kind == "csv":
        write(path, csv_text(votes))
    else:
        votes = [{key: value or None for key, value in vote.items()} for vote in votes]
        if kind == "jsonl":
            write(path, "\n".join(json.dumps(vote) for vote in votes))
        else:
            pq.write_table(pa.Table.from_pylist(votes), path)
    rows = read(path, mapping=mapping(mapping_text))
    assert len(rows) == len(expected)
    for row, wanted in zip(rows, expected, strict=True):
        assert {key: row[key] for key in wanted} == wanted


def test_parquet_text_that_is_not_utf8_is_refused_alone(
    read: Any, tmp_path: Path, mapping: Any
) -> None:
    lefts = pa.array([b"m1", b"\xff\xfe", b"m3"], pa.binary())
    table = pa.Table.from_pylist(VOTES).set_column(2, "left", lefts)
    pq.write_table(table, tmp_path / "v.parquet")
    rows = read(tmp_path / "v.parquet", mapping=mapping())
    assert [row["refusal"] for row in rows] == [None, "not_utf8", None]
    assert [row["model_a"] for row in rows] == ["m1", None, "m3"]
    assert "base64:" in rows[1]["original"]


def test_native_parquet(read: Any, tmp_path: Path, battle: Any) -> None:
    person = {"event_type": "participant_enrolled", "native_id": "p", "participant_id": "p"}
    events = [
        battle(0),
        person,
        battle(1, strange="x"),
        battle(2),
        {"event_type": "nonsense"},
        {"event_type": None, "native_id": "n"},
        battle(3, topic="t"),
    ]
    names = sorted({name for event in events for name in event})
    events = [{**event, "topic": event.get("topic")} for event in events]
    columns = {name: [event.get(name) for event in events] for name in names}
    pq.write_table(pa.table(columns), tmp_path / "n.parquet", row_group_size=3)
    rows = read(tmp_path / "n.parquet")
    assert [row["row_number"] for row in rows] == list(range(1, 8))
    assert [row["batch"] for row in rows] == [
        EventType.BATTLE_JUDGED,
        EventType.PARTICIPANT_ENROLLED,
        EventType.BATTLE_JUDGED,
        EventType.BATTLE_JUDGED,
        None,
        None,
        EventType.BATTLE_JUDGED,
    ]
    assert [(row["refusal"], row["refusal_column"]) for row in rows] == [
        (None, None),
        (None, None),
        ("unknown_column", "strange"),
        (None, None),
        ("unknown_event_type", "event_type"),
        ("missing_value", "event_type"),
        (None, None),
    ]
    assert rows[6]["topic"] == "t"
    assert json.loads(rows[2]["original"])["strange"] == "x"
    counts = {"event_type": ["battles_tallied"], "native_id": ["n"], "win_a_count": [5]}
    pq.write_table(pa.table(counts), tmp_path / "c.parquet")
    assert read(tmp_path / "c.parquet")[0]["win_a_count"] == 5
    pq.write_table(pa.table({"x": [1]}), tmp_path / "x.parquet")
    with pytest.raises(LoadRefusedError, match=r"event_type.*columns are x"):
        read(tmp_path / "x.parquet")
