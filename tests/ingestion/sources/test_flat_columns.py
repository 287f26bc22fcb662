"""Flat files by mapping: missing columns and times."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.errors import LoadRefusedError
from tests.ingestion.sources.flat import MAPPING, VOTES, csv_text, write


def test_a_missing_column_names_what_there_is(read: Any, tmp_path: Path, mapping: Any) -> None:
    votes = [{**vote, "Winner": vote["winner"]} for vote in VOTES]
    for vote in votes:
        del vote["winner"]
    for path in (
        write(tmp_path / "v.csv", csv_text(votes)),
        write(tmp_path / "v.jsonl", "\n".join(json.dumps(vote) for vote in votes)),
    ):
        with pytest.raises(LoadRefusedError, match="no column 'winner'") as caught:
            read(path, mapping=mapping())
        assert "id, worker, left, right, Winner" in str(caught.value)
        assert "Did you mean 'Winner'" in str(caught.value)
    with pytest.raises(LoadRefusedError, match="delimiter"):
        read(write(tmp_path / "v.csv", csv_text(VOTES).replace(",", ";")), mapping=mapping())
    path = write(tmp_path / "twice.csv", csv_text(VOTES).replace("worker", "id", 1))
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
    rows = read(write(tmp_path / "v.csv", csv_text(votes)), mapping=mapping(text))
    assert [row["occurred_at"] and row["occurred_at"].isoformat() for row in rows] == [
        "2024-07-01T11:00:00+00:00",
        "2024-07-01T10:00:00+00:00",
        "2024-07-01T10:00:00.500000+00:00",
        "2024-01-01T00:00:00+00:00",
        None,
        None,
    ]
    assert [row["refusal"] for row in rows] == [None] * 4 + ["bad_timestamp", None]
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
