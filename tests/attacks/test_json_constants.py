"""NaN, Infinity, NUL and numbers out of range in JSON: refused by row, the good rows kept."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import duckdb
import pytest

from ingestion.errors import IntegrityError
from ingestion.paths import Home
from publishing.boards.statement import statement
from publishing.publications import writing
from publishing.publications.catalogue import PUBLICATION
from tests.attacks.small_votes import votes
from tests.end_to_end.command import demoscope

BATTLE: dict[str, Any] = {
    "event_type": "battle_judged",
    "source": "panel",
    "native_id": "n",
    "participant_id": "p",
    "dimension": "overall",
    "model_a": "x",
    "model_b": "y",
    "outcome": "a",
}
REPORT: dict[str, Any] = {
    "event_type": "benchmark_reported",
    "source": "panel",
    "native_id": "b",
    "model_id": "x",
    "benchmark": "mmlu",
    "score": 1,
}
BARE = ("NaN", "nan", "Infinity", "-Infinity", "inf", "-inf", "INF")
MAPPING = """
event: battle_judged
source: lab
columns:
  native_id: id
  dimension: {constant: overall}
  model_a: a
  model_b: b
  outcome: {column: vote, values: {a: a, b: b}}
"""


def line(event: dict[str, Any], column: str, text: str) -> str:
    """The event with a value as it is to stand in the file."""
    return json.dumps(event | {column: "@"}).replace('"@"', text)


def refuse(name: str) -> NoReturn:
    raise AssertionError(f"{name} in JSON that we print")


def load(home: Home, file: Path, *options: str) -> dict[str, Any]:
    done = demoscope(home.root, "ingest", file, "--json", "--max-bad-share", "0.99", *options)
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout, parse_constant=refuse)
    assert "\\x00" not in repr(printed)
    [report] = printed["loads"]
    return dict(report)


def test_each_is_refused_and_the_rows_beside_it_are_kept(tmp_path: Path) -> None:
    bad = [line(BATTLE, "native_id", text) for text in BARE]
    bad += [line(BATTLE, "model_a", text) for text in BARE]
    bad += [line(REPORT, "score", text) for text in (*BARE, "1e999", "-1e999", '"NaN"', '"inf"')]
    bad += [line(BATTLE, "occurred_at", text) for text in ("1e999", "NaN")]
    bad += [
        line(BATTLE, column, f'"{column}\\u0000x"')
        for column in ("native_id", "participant_id", "model_a", "source", "outcome", "dimension")
    ]
    bad += [line(BATTLE, "native_id", '"raw\0byte"'), line(BATTLE, "extra", "NaN")]
    good = [json.dumps(event) for event in votes(0, 3)]
    good += [json.dumps(BATTLE | {"native_id": f"good: NaN, {text}"}) for text in BARE]
    file = tmp_path / "votes.jsonl"
    file.write_text("\n".join([*good, *bad]) + "\n", "utf-8")
    home = Home(tmp_path / "home")
    report = load(home, file)
    assert report["accepted_count"] == len(good)
    assert report["quarantined_count"] == len(bad)
    [refused] = home.quarantine.glob("*.parquet")
    query = f"select row_number, original from '{refused}' order by 1"
    rows = duckdb.execute(query).fetchall()
    assert [number for number, _ in rows] == list(range(len(good) + 1, len(good) + len(bad) + 1))
    assert all(original for _, original in rows)


@pytest.mark.parametrize("form", ["lines", "array"])
def test_the_same_through_a_mapping(tmp_path: Path, form: str) -> None:
    mapping = tmp_path / "lab.yml"
    mapping.write_text(MAPPING, "utf-8")
    vote = {"id": "1", "a": "x", "b": "y", "vote": "a"}
    bad = [line(vote, "id", text) for text in BARE] + [line(vote, "a", text) for text in BARE]
    bad += [line(vote, "id", '"2\\u0000"'), line(vote, "b", '"y\\u0000"')]
    lines = [json.dumps(vote), *bad]
    file = tmp_path / "votes.json"
    text = "\n".join(lines) if form == "lines" else f"[{','.join(lines)}]"
    file.write_text(f"{text}\n", "utf-8")
    report = load(Home(tmp_path / "home"), file, "--mapping", str(mapping))
    assert (report["accepted_count"], report["quarantined_count"]) == (1, len(bad))


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_none_is_published(value: str) -> None:
    connection = duckdb.connect()
    connection.execute(f"create table rpt as select cast('{value}' as double) as score")
    [column] = PUBLICATION.columns[:1]
    table = replace(PUBLICATION, columns=(replace(column, name="score"),))
    with pytest.raises(IntegrityError, match="rpt has a row with NaN or Infinity"):
        writing._measured(connection, "rpt", table)


def test_none_is_signed() -> None:
    for document in ({"estimate": float("nan")}, {"estimate": float("inf")}):
        with pytest.raises(ValueError, match="JSON compliant"):
            statement("0" * 64, document, {})
