"""Flat files by mapping: CSV row by row, the same votes from every format, values as listed."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.errors import DemoscopeError, LoadRefusedError
from ingestion.sources.csv_rows import CsvRows
from ingestion.sources.files import inspect_file
from ingestion.vocabulary import EventType

MAPPING = """
source: mine
event: battle_judged
columns:
  native_id: [id, worker]
  participant_id: worker
  model_a: left
  model_b: right
  outcome: winner
  dimension: {constant: overall}
outcome: {left: a, right: b, tie: tie}
"""
VOTES = [
    {"id": 1, "worker": "w1", "left": "m1", "right": "m2", "winner": "left"},
    {"id": 2, "worker": "w1", "left": "m1", "right": "m3", "winner": "tie"},
    {"id": 2, "worker": "w2", "left": "m3", "right": "m1", "winner": "right"},
]


@pytest.fixture
def mapping(tmp_path: Path) -> Any:
    def write(text: str = MAPPING) -> str:
        path = tmp_path / "mapping.yml"
        path.write_text(text)
        return str(path)

    return write


def _write(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _csv(rows: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _core(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if key != "original"} for row in rows]


def test_every_format_gives_the_same_votes(read: Any, tmp_path: Path, mapping: Any) -> None:
    text = _csv(VOTES)
    lines = "\n".join(json.dumps(vote) for vote in VOTES)
    pq.write_table(pa.Table.from_pylist(VOTES), tmp_path / "v.parquet", row_group_size=2)
    floats = pa.table({**pa.Table.from_pylist(VOTES).to_pydict(), "id": [1.0, 2.0, 2.0]})
    pq.write_table(floats, tmp_path / "f.parquet")
    files = [
        _write(tmp_path / "v.csv", text),
        _write(tmp_path / "v.csv.gz", gzip.compress(text.encode())),
        _write(tmp_path / "v.csv.zst", pa.compress(text.encode(), codec="zstd", asbytes=True)),
        _write(tmp_path / "v.jsonl", lines),
        tmp_path / "v.parquet",
        tmp_path / "f.parquet",
        _write(tmp_path / "p.gz", gzip.compress((tmp_path / "v.parquet").read_bytes())),
    ]
    first, *others = [read(file, mapping=mapping()) for file in files]
    assert [row["native_id"] for row in first] == ['["1","w1"]', '["2","w1"]', '["2","w2"]']
    assert [row["outcome"] for row in first] == ["a", "tie", "b"]
    assert all(row["source"] == "mine" and row["refusal"] is None for row in first)
    assert all(row["event_type"] == "battle_judged" == row["batch"] for row in first)
    assert {row["dimension"] for row in first} == {"overall"}
    for number, rows in enumerate(others, 1):
        known = [{k: v for k, v in row.items() if k != "row_number"} for row in _core(rows)]
        assert known == [{k: v for k, v in r.items() if k != "row_number"} for r in _core(first)], (
            number
        )


@pytest.mark.parametrize("value", ["a", "Left", "LEFT ", "both_bad"])
@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_an_outcome_that_is_not_listed_is_refused(
    read: Any, tmp_path: Path, mapping: Any, value: str, kind: str
) -> None:
    votes = [VOTES[0], {**VOTES[1], "winner": value}, {**VOTES[2], "winner": None}]
    path = tmp_path / f"v.{kind}"
    if kind == "csv":
        _write(path, _csv(votes))
    elif kind == "jsonl":
        _write(path, "\n".join(json.dumps(vote) for vote in votes))
    else:
        pq.write_table(pa.Table.from_pylist(votes), path)
    rows = read(path, mapping=mapping())
    objections = [(row["refusal"], row["refusal_column"]) for row in rows]
    # A missing outcome is the gate's to refuse.
    assert objections == [(None, None), ("unknown_value", "outcome"), (None, None)]
    assert rows[1]["outcome"] == value
    assert rows[2]["outcome"] is None


def test_csv_rows_are_accounted_for_one_by_one(read: Any, tmp_path: Path, mapping: Any) -> None:
    rows_ = [
        b"1,w,m1,m2,left",
        b'2,"w ""q"", and\nmore",m1,m2,left',
        b"3,w,m1,m2",
        b"",
        b"4,w,m1,m2,left,extra",
        b"5,w\xe9,m1,m2,left",
        b'6,w,5" disk,m2,left',
        b"7,,m1,m2,tie\r",
        b'8,w,m1,"m2,right',
        b"9,w,m1,m2,right",
    ]
    path = _write(
        tmp_path / "v.csv", b"\xef\xbb\xbfid,worker,left,right,winner\n" + b"\n".join(rows_)
    )
    rows = read(path, mapping=mapping())
    assert [row["row_number"] for row in rows] == list(range(1, 10))
    assert [row["refusal"] for row in rows] == [
        None,
        None,
        "wrong_column_count",
        "wrong_column_count",
        "not_utf8",
        None,
        None,
        "wrong_column_count",
        None,
    ]
    assert rows[1]["participant_id"] == 'w "q", and\nmore'
    assert rows[1]["original"] == rows_[1].decode()
    assert rows[4]["original"] == "5,w\\xe9,m1,m2,left"
    assert rows[5]["model_a"] == '5" disk'
    assert (rows[6]["participant_id"], rows[6]["native_id"]) == (None, None)
    assert rows[7]["original"] == '8,w,m1,"m2,right'
    assert rows[8]["native_id"] == '["9","w"]'


_LETTER = st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.sampled_from("\r\n\t\",'")
_CELL = st.text(_LETTER, max_size=8)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    table=st.lists(st.tuples(_CELL, _CELL, _CELL), max_size=20),
    block=st.sampled_from([16, 64, 1 << 20]),
)
def test_csv_round_trip(tmp_path: Path, table: list[tuple[str, str, str]], block: int) -> None:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["x", "y", "z"])
    writer.writerows(table)
    path = _write(tmp_path / "round.csv", out.getvalue())
    cells: list[tuple[Any, ...]] = []
    for piece in CsvRows(inspect_file(str(path)), block_bytes=block).pieces(["x", "y", "z"]):
        assert piece.refusals is None
        columns = [piece.table[f"c{n}"].to_pylist() for n in range(3)]
        cells += zip(*columns, strict=True)
    assert cells == [tuple(cell or None for cell in row) for row in table]


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    content=st.lists(
        st.sampled_from([b'"', b",", b"\n", b"\r", b"\r\n", b"a", b'""', b"\xff", b" ", b"\0"])
    ).map(b"".join),
    block=st.sampled_from([4, 7, 1 << 20]),
)
def test_csv_garbage_is_accounted_for_whatever_the_block(
    tmp_path: Path, content: bytes, block: int
) -> None:
    path = _write(tmp_path / "garbage.csv", b"x,y" + b"y" * 200 + b"\n" + content)
    try:
        file = inspect_file(str(path))
    except DemoscopeError:
        return
    found: list[Any] = []
    kept = b""
    for piece in CsvRows(file, block_bytes=block).pieces(["x"]):
        values = piece.table["c0"].to_pylist()
        refusals = piece.refusals or [None] * len(values)
        assert len(values) == len(piece.spans) == len(refusals)
        assert piece.first_number == len(found) + 1
        found += zip(values, refusals, strict=True)
        kept += b"".join(piece.raw[slice(*span)] for span in piece.spans)
    # Nothing but blank lines is left out.
    assert len(kept.translate(None, b"\r\n")) == len(content.translate(None, b"\r\n"))


def test_ten_megabytes_in_one_csv_field(read: Any, tmp_path: Path, mapping: Any) -> None:
    big = "m" * 10_000_000
    votes = [VOTES[0], {**VOTES[1], "left": big + '"\n,'}, VOTES[2]]
    rows = read(_write(tmp_path / "v.csv", _csv(votes)), mapping=mapping())
    assert [row["refusal"] for row in rows] == [None] * 3
    assert len(rows[1]["model_a"]) == len(big) + 3


def test_broken_lines_of_jsonl(read: Any, tmp_path: Path, mapping: Any) -> None:
    lines = [json.dumps(VOTES[0]).encode(), b"{", b"[1]", b'{"id":"\xff"}', b"", b'{"other":1}']
    rows = read(_write(tmp_path / "v.jsonl", b"\n".join(lines)), mapping=mapping())
    assert [(row["row_number"], row["refusal"]) for row in rows] == [
        (1, None),
        (2, "broken_json"),
        (3, "broken_json"),
        (4, "not_utf8"),
        (6, None),
    ]
    assert rows[4]["native_id"] is None


def test_a_missing_column_names_what_there_is(read: Any, tmp_path: Path, mapping: Any) -> None:
    votes = [{**vote, "Winner": vote["winner"]} for vote in VOTES]
    for vote in votes:
        del vote["winner"]
    for path in (
        _write(tmp_path / "v.csv", _csv(votes)),
        _write(tmp_path / "v.jsonl", "\n".join(json.dumps(vote) for vote in votes)),
    ):
        with pytest.raises(LoadRefusedError, match="no column 'winner'") as caught:
            read(path, mapping=mapping())
        assert "id, worker, left, right, Winner" in str(caught.value)
        assert "Did you mean 'Winner'" in str(caught.value)
    with pytest.raises(LoadRefusedError, match="delimiter"):
        read(_write(tmp_path / "v.csv", _csv(VOTES).replace(",", ";")), mapping=mapping())
    path = _write(tmp_path / "twice.csv", _csv(VOTES).replace("worker", "id", 1))
    with pytest.raises(LoadRefusedError, match="more than one column 'id'"):
        read(path, mapping=mapping())


def test_times(read: Any, tmp_path: Path, mapping: Any) -> None:
    text = MAPPING.replace(
        "dimension:", "occurred_at: {column: t, timezone: Europe/London, unit: s}\n  dimension:"
    )
    times = [
        "2024-07-01 12:00:00",
        "2024-07-01T12:00:00+02:00",
        "1719828000.5",
        "2024-01-01",
        "nonsense",
        "",
    ]
    votes = [{**VOTES[0], "t": time} for time in times]
    rows = read(_write(tmp_path / "v.csv", _csv(votes)), mapping=mapping(text))
    assert [row["occurred_at"] for row in rows] == [
        "2024-07-01T11:00:00.000000Z",
        "2024-07-01T12:00:00+02:00",
        "2024-07-01T10:00:00.500000Z",
        "2024-01-01T00:00:00.000000Z",
        "nonsense",
        None,
    ]
    for column, expected in (
        (pa.array([1719828000.5, None]), [None, None]),
        (pa.array([1719828000, 10**18]), [None, "bad_timestamp"]),
    ):
        table = pa.Table.from_pylist(VOTES[:2]).append_column("t", column)
        pq.write_table(table, tmp_path / "t.parquet")
        rows = read(tmp_path / "t.parquet", mapping=mapping(text))
        assert [row["refusal"] for row in rows] == expected
        assert rows[0]["occurred_at"].isoformat().startswith("2024-07-01T10:00:00")
    naive = pa.array([1719828000], pa.timestamp("s"))
    pq.write_table(
        pa.Table.from_pylist(VOTES[:1]).append_column("t", naive), tmp_path / "t.parquet"
    )
    (row,) = read(tmp_path / "t.parquet", mapping=mapping(text))
    assert row["occurred_at"].isoformat().startswith("2024-07-01T09:00:00")


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
        _write(path, _csv(votes))
    else:
        votes = [{key: value or None for key, value in vote.items()} for vote in votes]
        if kind == "jsonl":
            _write(path, "\n".join(json.dumps(vote) for vote in votes))
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
        battle(3, topic=[1, 2]),
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
    assert rows[6]["topic"] == "[1, 2]"
    assert json.loads(rows[2]["original"])["strange"] == "x"
    counts = {"event_type": ["battles_tallied"], "native_id": ["n"], "win_a_count": [5]}
    pq.write_table(pa.table(counts), tmp_path / "c.parquet")
    assert read(tmp_path / "c.parquet")[0]["win_a_count"] == 5
    pq.write_table(pa.table({"x": [1]}), tmp_path / "x.parquet")
    with pytest.raises(LoadRefusedError, match=r"event_type.*columns are x"):
        read(tmp_path / "x.parquet")
