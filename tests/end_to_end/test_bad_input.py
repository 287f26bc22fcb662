"""Bad input: a clear message naming file and row; good rows kept, or the log untouched."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.end_to_end.command import demoscope, document

ROW: dict[str, Any] = {
    "event_type": "battle_judged",
    "source": "test",
    "participant_id": "p1",
    "dimension": "overall",
    "model_a": "alpha",
    "model_b": "beta",
    "outcome": "a",
}


def rows(count: int) -> list[dict[str, Any]]:
    return [ROW | {"native_id": str(number)} for number in range(count)]


def write(path: Path, lines: list[str | dict[str, Any]]) -> Path:
    text = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(text) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (ROW | {"native_id": "x", "outcome": "left"}, "unknown_value"),
        (ROW | {"native_id": "x", "model_b": "alpha"}, "model_against_itself"),
        (ROW, "missing_value"),
        ('{"event_type": "battle_judged", "native_id": ', "broken_json"),
        (ROW | {"native_id": "x", "occurred_at": "2999-01-01T00:00:00Z"}, "future_timestamp"),
        (ROW | {"native_id": "x", "model_a": "m" * 10_000_000}, "too_long"),
        (ROW | {"native_id": "3", "outcome": "b"}, "conflicting_duplicate"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 30 else "",
)
def test_one_bad_row_is_set_apart_and_the_good_ones_are_kept(
    home: Path, tmp_path: Path, bad: str | dict[str, Any], reason: str
) -> None:
    good = rows(10)
    path = write(tmp_path / "votes.jsonl", [*good, bad])
    [load] = document(home, "ingest", path, "--json")["loads"]
    assert load["row_count"] == 11
    assert load["accepted_count"] == 10
    assert load["quarantined_by_reason"] == {reason: 1}
    [kept] = (home / "quarantine").glob("*.parquet")
    [row] = pq.read_table(kept).to_pylist()
    assert row["row_number"] == 11
    assert row["source_file"].endswith("votes.jsonl")
    assert row["reason"] == reason
    assert len(row["original"]) > 10


def test_a_load_with_too_many_bad_rows_is_refused_whole(home: Path, tmp_path: Path) -> None:
    bad = [ROW | {"native_id": f"bad-{n}", "outcome": "left"} for n in range(5)]
    path = write(tmp_path / "votes.jsonl", [*rows(10), *bad])
    done = demoscope(home, "ingest", path, "--json")
    assert done.returncode == 1
    [load] = json.loads(done.stdout)["loads"]
    assert load["position"] is None
    assert "row 11" in done.stderr
    assert "votes.jsonl" in done.stderr
    assert "--max-bad-share" in done.stderr
    assert document(home, "log", "show", "--json")["rows"] == []
    told = demoscope(home, "ingest", path)
    assert "accepted" not in told.stdout
    assert "held back              10" in told.stdout
    # Its reasons are said once, beside the counts.
    both = told.stderr + told.stdout
    assert [both.count(text) for text in ("row 11", "outcome is 'left'", "Too many")] == [1, 1, 1]
    # The same file with a larger tolerance: the good rows go in.
    [load] = document(home, "ingest", path, "--max-bad-share", "0.5", "--json")["loads"]
    assert (load["accepted_count"], load["quarantined_count"], load["position"]) == (10, 5, 1)


def test_a_file_that_needs_a_mapping_says_so(home: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "survey.jsonl", [{"user_id": "u", "age": "18-24"}])
    done = demoscope(home, "ingest", path)
    assert done.returncode == 1
    assert "--mapping" in done.stderr
    assert "--max-bad-share" not in done.stderr


def test_an_unknown_schema_version_refuses_the_load(home: Path, tmp_path: Path) -> None:
    newer = [row | {"schema_version": 99} for row in rows(1)]
    path = write(tmp_path / "votes.jsonl", [*rows(50)[1:], *newer])
    done = demoscope(home, "ingest", path)
    assert done.returncode == 1
    assert "unknown_schema_version" in done.stderr
    assert document(home, "log", "show", "--json")["rows"] == []


def truncated_parquet(path: Path) -> None:
    pq.write_table(pa.table({"a": list(range(1000))}), path)
    path.write_bytes(path.read_bytes()[:-50])


def utf16(path: Path) -> None:
    path.write_text("\n".join(json.dumps(row) for row in rows(3)), encoding="utf-16")


def column_missing(path: Path) -> None:
    path.write_text("id,prompt,worker,left,right\n1,2,3,a,b\n", encoding="utf-8")


def header_alone(path: Path) -> None:
    path.write_text("id,prompt,worker,left,right,winner\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "make", "arguments", "code"),
    [
        ("truncated.parquet", truncated_parquet, (), 1),
        ("utf16.jsonl", utf16, (), 1),
        ("empty.jsonl", lambda path: path.write_bytes(b""), (), 1),
        ("missing.csv", column_missing, ("--mapping", "llmfao"), None),
        ("header.csv", header_alone, ("--mapping", "llmfao"), 1),
        ("directory", lambda path: path.mkdir(), (), 2),
        ("absent.jsonl", lambda _path: None, (), 3),
        ("fine.jsonl", lambda path: write(path, list(rows(2))), ("--mapping", "nonsense"), 2),
    ],
)
def test_what_cannot_be_read_is_named_with_a_remedy(
    home: Path, tmp_path: Path, name: str, make: Any, arguments: tuple[str, ...], code: int | None
) -> None:
    path = tmp_path / name
    make(path)
    done = demoscope(home, "ingest", path, *arguments)
    assert done.returncode == code or (code is None and done.returncode in {1, 2})
    assert (name if "nonsense" not in arguments else "nonsense") in done.stderr
    assert len(done.stderr.splitlines()) < 15
    assert "0 of 0" not in done.stderr
    # What fails before it writes makes no home.
    shown = demoscope(home, "log", "show", "--json")
    assert shown.returncode == 3 or json.loads(shown.stdout)["rows"] == []


def test_one_bad_file_does_not_stop_the_others(home: Path, tmp_path: Path) -> None:
    good = write(tmp_path / "good.jsonl", list(rows(3)))
    done = demoscope(home, "ingest", tmp_path / "absent.jsonl", good, "--json")
    assert done.returncode == 3
    assert [load["accepted_count"] for load in json.loads(done.stdout)["loads"]] == [3]


def test_a_damaged_database_is_not_called_busy(home: Path, tmp_path: Path) -> None:
    document(home, "ingest", write(tmp_path / "votes.jsonl", list(rows(3))), "--json")
    (home / "demoscope.duckdb").write_bytes(b"no database" * 1000)
    done = demoscope(home, "build")
    assert done.returncode == 5
    assert "demoscope.duckdb cannot be read" in done.stderr
    assert "delete it" in done.stderr


def test_where_nothing_can_be_written_it_says_where(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    done = demoscope(home, "simulate", "--participants", "10", "--out", file / "study")
    assert done.returncode == 1
    assert str(file / "study") in done.stderr


def test_standard_input_is_refused_with_the_reason(tmp_path: Path) -> None:
    done = demoscope(tmp_path / "home", "ingest", "-")
    assert done.returncode == 3
    assert "Standard input isn't read" in done.stderr
