"""Native JSONL: what is right comes out as it is, what is wrong is refused alone."""

from __future__ import annotations

import gc
import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from ingestion.sources.bounds import Bounds
from ingestion.sources.files import inspect_file
from ingestion.sources.json_lines import read_lines
from ingestion.sources.native import NativeJsonl
from ingestion.sources.registry import open_source
from ingestion.vocabulary import EventType, Refusal

_DEFAULTS: dict[str, Any] = read_lines.__kwdefaults__ or {}


def _refusals(rows: list[dict[str, Any]]) -> list[tuple[Any, Any]]:
    return [(row["refusal"], row["refusal_column"]) for row in rows]


def _known(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without nulls: a batch may leave out a column that is null throughout."""
    return [{key: value for key, value in row.items() if value is not None} for row in rows]


def test_rows_come_out_as_written(read: Any, jsonl: Any, battle: Any) -> None:
    written = [battle(number) for number in range(5)]
    rows = read(jsonl(*written))
    assert [row["row_number"] for row in rows] == [1, 2, 3, 4, 5]
    assert all(row["batch"] is EventType.BATTLE_JUDGED and row["refusal"] is None for row in rows)
    for row, line in zip(rows, written, strict=True):
        assert {key: row[key] for key in line} == line
        assert json.loads(row["original"]) == line


@pytest.mark.parametrize(
    ("line", "refusal", "column"),
    [
        (b'{"event_type":"battle_judged","native_id":"x"', Refusal.BROKEN_JSON, None),
        (b"not json at all", Refusal.BROKEN_JSON, None),
        (b"[1,2]", Refusal.BROKEN_JSON, None),
        (b"null", Refusal.BROKEN_JSON, None),
        (b'"text"', Refusal.BROKEN_JSON, None),
        (b"[" * 100_000, Refusal.BROKEN_JSON, None),
        (b'{"event_type":"battle_judged","native_id":"\xff\xfe"}', Refusal.NOT_UTF8, None),
        (b'{"event_type":"battle_judged","native_id":"\\ud800"}', Refusal.BROKEN_JSON, None),
        (b'{"event_type":"battle_fought"}', Refusal.UNKNOWN_EVENT_TYPE, "event_type"),
        (b'{"event_type":["battle_judged"]}', Refusal.UNKNOWN_EVENT_TYPE, "event_type"),
        (b'{"event_type":{"a":1}}', Refusal.UNKNOWN_EVENT_TYPE, "event_type"),
        (b'{"event_type":null}', Refusal.MISSING_VALUE, "event_type"),
        (b'{"native_id":"b"}', Refusal.MISSING_VALUE, "event_type"),
        (b"{}", Refusal.MISSING_VALUE, "event_type"),
        (b'{"event_type":"battle_judged","winner":"a"}', Refusal.UNKNOWN_COLUMN, "winner"),
        (b'{"event_type":"battle_judged","winner" : "a"}', Refusal.UNKNOWN_COLUMN, "winner"),
        (b'{"event_type":"battle_judged","winner"\t:"a"}', Refusal.UNKNOWN_COLUMN, "winner"),
        (b'{"event_type":"battle_judged","a":"x","a":"y"}', Refusal.BROKEN_JSON, "a"),
        (b'{"event_type":"battle_judged","rating":3}', Refusal.UNKNOWN_COLUMN, "rating"),
        (
            b'{"event_type":"battle_judged","outcome":"a","outcome":"b"}',
            Refusal.BROKEN_JSON,
            "outcome",
        ),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_bad_line_is_refused_alone(
    read: Any, jsonl: Any, battle: Any, line: bytes, refusal: Refusal, column: str, place: int
) -> None:
    written: list[Any] = [battle(0), battle(1)]
    written.insert(place, line)
    if place == 0 and not line.startswith(b"{"):
        written.insert(0, battle(9))  # a file whose first byte is no brace is no JSONL
        place = 1
    rows = read(jsonl(*written))
    assert len(rows) == len(written)
    bad = rows.pop(place)
    assert (bad["refusal"], bad["refusal_column"]) == (refusal, column)
    assert bad["original"] == line.decode("utf-8", "backslashreplace")
    assert all(row["refusal"] is None and row["native_id"] for row in rows)


def test_nested_values_are_refused_by_column_and_numbers_are_text(
    read: Any, jsonl: Any, battle: Any
) -> None:
    rows = read(jsonl(battle(0, topic={"a": [1, None]}), battle(1, topic=[1]), battle(2, topic=5)))
    assert [row["topic"] for row in rows] == ['{"a":[1,null]}', "[1]", "5"]
    assert _refusals(rows) == [("wrong_type", "topic")] * 2 + [(None, None)]


@pytest.mark.parametrize(
    "text", ['say "hi": now', "a :b", "null", '":null', "back\\slash", "ü☃\U0001f600", "\x00", "!:"]
)
def test_text_that_looks_like_json_is_text(read: Any, jsonl: Any, battle: Any, text: str) -> None:
    rows = read(jsonl(battle(0), battle(1, topic=text), battle(2)))
    assert rows[1]["topic"] == text
    assert _refusals(rows) == [(None, None)] * 3


def test_null_is_null_and_an_unknown_null_says_nothing(read: Any, jsonl: Any, battle: Any) -> None:
    rows = read(jsonl(battle(0, occurred_at=None), battle(1, nonsense=None), battle(2)))
    assert rows[0]["occurred_at"] is None
    assert _refusals(rows) == [(None, None)] * 3


@pytest.mark.parametrize(("name", "value"), [("outcome", "a"), ("language", None)])
def test_a_key_that_is_there_again_as_null_is_refused(
    read: Any, tmp_path: Path, battle: Any, name: str, value: str | None
) -> None:
    again = json.dumps(battle(1, **{name: value}))[:-1] + f', "{name}": null}}'
    path = tmp_path / "again.jsonl"
    path.write_text(f"{json.dumps(battle(0))}\n{again}\n{json.dumps(battle(2))}\n")
    assert [row["refusal"] for row in read(path)] == [None, "broken_json", None]


def test_a_column_that_turns_up_late_is_read(read: Any, jsonl: Any, battle: Any) -> None:
    rows = read(jsonl(*(battle(n) for n in range(9)), battle(9, language="en")))
    assert rows[9]["language"] == "en"
    assert rows[9]["refusal"] is None


def test_formats_of_whitespace(read: Any, tmp_path: Path, battle: Any) -> None:
    path = tmp_path / "spaced.jsonl"
    lines_ = [json.dumps(battle(0)), "", " " * 20, "\t  " + json.dumps(battle(1)) + "  "]
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines_).encode())
    rows = read(path)
    assert [(row["row_number"], row["native_id"]) for row in rows] == [(1, "b0"), (4, "b1")]
    assert _refusals(rows) == [(None, None)] * 2


def test_event_types_may_be_mixed(read: Any, jsonl: Any, battle: Any) -> None:
    person = {"event_type": "participant_enrolled", "native_id": "p", "participant_id": "p"}
    rating = {"event_type": "experience_rated", "native_id": "r", "rating": 7}
    written = [battle(0), person, rating, battle(1), {**person, "rating": 3}, b"{", battle(2)]
    rows = read(jsonl(*written))
    assert [row["batch"] and row["batch"].value for row in rows] == [
        "battle_judged",
        "participant_enrolled",
        "experience_rated",
        "battle_judged",
        "participant_enrolled",
        None,
        "battle_judged",
    ]
    assert rows[2]["rating"] == "7"
    assert _refusals(rows)[4:6] == [("unknown_column", "rating"), ("broken_json", None)]


def test_source_fills_in_only_what_is_missing(read: Any, jsonl: Any, battle: Any) -> None:
    rows = read(jsonl(battle(0), battle(1, source=...), battle(2, source=None)), source="mine")
    assert [row["source"] for row in rows] == ["sim", "mine", "mine"]
    rows = read(jsonl(battle(0, source=...)), source="mine")
    assert rows[0]["source"] == "mine"


def test_ten_megabytes_in_one_field_are_read(read: Any, jsonl: Any, battle: Any) -> None:
    rows = read(jsonl(battle(0), battle(1, model_a="m" * 10_000_000), battle(2)))
    assert [len(row["model_a"]) for row in rows] == [1, 10_000_000, 1]
    assert _refusals(rows) == [(None, None)] * 3


@pytest.mark.parametrize("size", [200, 1000])
def test_a_line_beyond_the_limit_is_refused_alone(
    jsonl: Any, battle: Any, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = jsonl(battle(0), battle(1, topic="t" * size * 5), battle(2), battle(3))
    monkeypatch.setitem(_DEFAULTS, "block_bytes", 256)
    found = []
    file = inspect_file(str(path), bounds=Bounds(max_row=512))
    for batch in NativeJsonl(file).batches():
        numbers, refusals = batch.table["row_number"], batch.table["refusal"]
        found += list(zip(numbers.to_pylist(), refusals.to_pylist(), strict=True))
    assert found == [(1, None), (2, "too_long"), (3, None), (4, None)]


def test_small_blocks_give_the_same_rows(
    read: Any, jsonl: Any, battle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = jsonl(*(battle(n, topic="t" * (n % 40)) for n in range(500)), b"{", battle(1))
    expected = _known(read(path))
    monkeypatch.setitem(_DEFAULTS, "block_bytes", 512)
    assert _known(read(path)) == expected


def test_originals_stay_valid_while_the_batch_is_kept(
    jsonl: Any, battle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = jsonl(*(battle(n) for n in range(200)))
    monkeypatch.setitem(_DEFAULTS, "block_bytes", 1024)
    batches = list(NativeJsonl(inspect_file(str(path))).batches())
    gc.collect()
    assert len(batches) > 20
    for batch in batches:
        ids = [json.loads(text)["native_id"] for text in batch.originals(range(len(batch.table)))]
        assert ids == batch.table["native_id"].to_pylist()


@pytest.mark.parametrize("codec", ["gzip", "zstd"])
def test_compressed_files(read: Any, jsonl: Any, battle: Any, codec: str) -> None:
    path = jsonl(*(battle(n) for n in range(100)))
    expected = read(path)
    content = path.read_bytes()
    with pa.CompressedOutputStream(str(path), codec) as stream:
        stream.write(content)
    assert read(path) == expected


def test_the_fingerprint_is_of_the_whole_file(
    jsonl: Any, battle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = jsonl(battle(0), battle(1))
    at_once = open_source(str(path)).fingerprint
    for size in (1, 7, path.stat().st_size - 1, path.stat().st_size):
        monkeypatch.setattr("ingestion.sources.batch.HASHED_BYTES", size)
        assert open_source(str(path)).fingerprint == at_once
    content = hashlib.sha256(path.read_bytes()).hexdigest()
    parts = json.dumps({"content": content, "mapping": "native", "source": None}, sort_keys=True)
    assert at_once == hashlib.sha256(parts.encode()).hexdigest()


def test_the_fingerprint_is_of_content_and_source(jsonl: Any, battle: Any, tmp_path: Path) -> None:
    first = jsonl(battle(0), name="one.jsonl")
    same, other = jsonl(battle(0), name="two.jsonl"), jsonl(battle(1), name="three.jsonl")

    def print_of(path: Path, **options: Any) -> str:
        return open_source(str(path), **options).fingerprint

    assert print_of(first) == print_of(same)
    assert print_of(first) != print_of(other)
    assert print_of(first) != print_of(first, source="mine")
    assert len(print_of(first)) == 64
