"""Every preset on a small file in its data's shape; llmfao and the pair counts on the real ones."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest


def _lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def _found(rows: list[dict[str, Any]], *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row.get(column) for column in columns) for row in rows]


def test_llmfao_small(read: Any, tmp_path: Path) -> None:
    path = tmp_path / "crowd.csv"
    path.write_text(
        "id,prompt,model_x,model_y,worker,winner,left,right\n"
        "0,8,97,98,58,tie,Airoboros L2 70B,Weaver 12k\n0,8,97,98,83,left,A,B\n1,8,1,2,83,both,A,B\n"
    )
    rows = read(path, mapping="llmfao")
    assert {row["item_id"] for row in rows} == {"8"}
    assert _found(rows, "native_id", "participant_id", "model_a", "outcome", "refusal") == [
        ('["0","58"]', "58", "Airoboros L2 70B", "tie", None),
        ('["0","83"]', "83", "A", "a", None),
        ('["1","83"]', "83", "A", "both", "unknown_value"),
    ]


def test_llmfao_real(read: Any, shared_data: Path) -> None:
    rows = read(shared_data / "llmfao" / "crowd-comparisons.csv", mapping="llmfao")
    assert len(rows) == 8931
    assert len({row["native_id"] for row in rows}) == 8931
    assert {row["refusal"] for row in rows} == {None}
    assert len({row["model_a"] for row in rows} | {row["model_b"] for row in rows}) == 59
    assert len({row["participant_id"] for row in rows}) == 124
    assert len({row["item_id"] for row in rows}) == 13
    assert {row["outcome"] for row in rows} == {"a", "b", "tie"}


def test_pair_counts_real(read: Any, shared_data: Path) -> None:
    rows = read(shared_data / "arena_counts" / "pair_counts.csv", mapping="arena-pair-counts")
    counts = ("win_a_count", "win_b_count", "tie_count", "both_bad_count")
    assert len(rows) == 3460
    assert sum(int(row[name]) for row in rows for name in counts) == 1_670_250
    assert len({row["model_a"] for row in rows} | {row["model_b"] for row in rows}) == 129


def test_pair_counts_small(read: Any, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("model_a,model_b,wins_a,wins_b,tie,tie_both_bad\nx,y,1,2,3,4\n")
    (row,) = read(tmp_path / "c.csv", mapping="arena-pair-counts")
    assert row["event_type"] == "battles_tallied"
    assert (row["win_a_count"], row["win_b_count"]) == ("1", "2")
    assert (row["tie_count"], row["both_bad_count"]) == ("3", "4")
    assert (row["native_id"], row["dimension"]) == ('["x","y"]', "overall")


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
def test_chatbot_arena_55k(read: Any, tmp_path: Path, kind: str) -> None:
    names = (
        "id,model_a,model_b,prompt,response_a,response_b,winner_model_a,winner_model_b,winner_tie"
    )
    votes = [(1, 1, 0, 0), (2, 0, 1, 0), (3, 0, 0, 1), (4, 1, 1, 0), (5, 0, 0, 0), (6, 2, 0, 0)]
    rows_ = [[i, "x", "y", '["hi,\n\\"there"]', "r", "s", *won] for i, *won in votes]
    path = tmp_path / "train"
    if kind == "csv":
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([names.split(","), *rows_])
    else:
        table = [dict(zip(names.split(","), row, strict=True)) for row in rows_]
        if kind == "jsonl":
            _lines(path, table)
        else:
            pq.write_table(pa.Table.from_pylist(table), path)
    rows = read(path, mapping="chatbot-arena-55k")
    assert _found(rows, "native_id", "outcome", "refusal")[:3] == [
        ("1", "a", None),
        ("2", "b", None),
        ("3", "tie", None),
    ]
    bad = ("unknown_value", "outcome")
    assert _found(rows, "refusal", "refusal_column")[3:] == [bad, bad, bad]


def test_arena_human_preference(read: Any, tmp_path: Path) -> None:
    new = {
        "id": "u1",
        "model_a": "x",
        "model_b": "y",
        "winner": "both_bad",
        "evaluation_session_id": "s1",
        "evaluation_order": 1,
        "conversation_a": [{"role": "user"}],
        "category_tag": {"math_v0.1": {"math": True}},
        "language": "en",
        "is_code": False,
        "timestamp": "2025-04-17 00:26:30.123",
    }
    rows = read(
        _lines(tmp_path / "new.jsonl", [new, {**new, "id": "u2", "winner": "model_b"}]),
        mapping="arena-human-preference",
    )
    columns = ("native_id", "participant_id", "outcome", "language", "occurred_at", "refusal")
    assert _found(rows, *columns) == [
        ("u1", "s1", "both_bad", "en", datetime(2025, 4, 17, 0, 26, 30, 123000, tzinfo=UTC), None),
        ("u2", "s1", "b", "en", datetime(2025, 4, 17, 0, 26, 30, 123000, tzinfo=UTC), None),
    ]
    old = {
        "question_id": "q1",
        "model_a": "x",
        "model_b": "y",
        "winner": "tie (bothbad)",
        "judge_hash": "h",
        "turn": 1,
        "language": "German",
        "tstamp": 1719828000.25,
    }
    pq.write_table(pa.Table.from_pylist([old]), tmp_path / "old.parquet")
    (row,) = read(tmp_path / "old.parquet", mapping="arena-human-preference")
    assert (row["native_id"], row["participant_id"], row["outcome"]) == ("q1", "h", "both_bad")
    assert row["occurred_at"].timestamp() == 1719828000.25
    typed = pa.Table.from_pylist([{**new, "timestamp": None}])
    typed = typed.set_column(
        typed.column_names.index("timestamp"), "timestamp", pa.array([0], pa.timestamp("ns"))
    )
    pq.write_table(typed, tmp_path / "typed.parquet")
    (row,) = read(tmp_path / "typed.parquet", mapping="arena-human-preference")
    assert row["occurred_at"].timestamp() == 0


def test_mt_bench_human(read: Any, tmp_path: Path) -> None:
    vote = {
        "question_id": 81,
        "model_a": "alpaca-13b",
        "model_b": "gpt-3.5-turbo",
        "winner": "model_b",
        "judge": "author_2",
        "conversation_a": [],
        "turn": 1,
    }
    votes = [vote, {**vote, "turn": 2, "winner": "tie"}, {**vote, "judge": "expert_0"}]
    rows = read(_lines(tmp_path / "human.jsonl", votes), mapping="mt-bench-human")
    assert [row["outcome"] for row in rows] == ["b", "tie", "b"]
    assert len({row["native_id"] for row in rows}) == 3
    assert rows[0]["native_id"] == '["81","1","author_2","alpaca-13b","gpt-3.5-turbo"]'
    assert {row["item_id"] for row in rows} == {"81"}


def test_humaine(read: Any, tmp_path: Path) -> None:
    vote = {
        "comparison_id": "c1",
        "participant_id": "p",
        "model_a": "x",
        "model_b": "y",
        "metric": "Trust, Ethics & Safety",
        "choice": "tie",
    }
    rows = read(_lines(tmp_path / "h.jsonl", [vote, {**vote, "metric": "new"}]), mapping="humaine")
    assert _found(rows, "outcome", "dimension", "refusal", "refusal_column") == [
        ("tie", "trust", None, None),
        ("tie", "new", "unknown_value", "dimension"),
    ]
