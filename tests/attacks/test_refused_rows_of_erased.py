"""Rows that were refused say nothing of people who were erased, before the erasure or after."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.erased_content import mentions
from tests.end_to_end.command import demoscope, document

TOLD = "told-nobody-else"


def battle(person: str | None, number: int, **said: Any) -> dict[str, Any]:
    row = {"event_type": "battle_judged", "source": "study", "native_id": f"b-{number}"}
    sides = {"model_a": "alpha", "model_b": "beta", "outcome": "a", "dimension": "overall"}
    named = {} if person is None else {"participant_id": person}
    return {**row, **sides, **named, **said}


def write(path: Path, *rows: dict[str, Any] | str) -> Path:
    lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def ingest(home: Path, path: Path, *options: str) -> str:
    """What the command printed; everything bad is let pass."""
    done = demoscope(home, "ingest", path, "--max-bad-share", "1", *options)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def erase(home: Path, person: str, *options: str) -> dict[str, Any]:
    return document(home, "log", "erase", person, "--source", "study", "--yes", "--json", *options)


def kept(home: Path) -> str:
    """Everything that is kept of refused rows, in words."""
    tables = [pq.read_table(path).to_pylist() for path in home.glob("quarantine/*.parquet")]
    reports = [path.read_text(encoding="utf-8") for path in home.glob("loads/*.json")]
    return "\n".join([*map(str, tables), *reports])


def refused(home: Path) -> list[dict[str, Any]]:
    files = sorted(home.glob("quarantine/*.parquet"))
    rows = [row for path in files for row in pq.read_table(path).to_pylist()]
    return sorted(rows, key=lambda row: row["row_number"])


REFUSED: dict[str, dict[str, Any] | str] = {
    "unknown value": battle("anna", 1, outcome=TOLD),
    "bad time": battle("anna", 1, occurred_at=TOLD),
    "unknown column": battle("anna", 1, note=TOLD),
    "same models": battle("anna", 1, model_a=TOLD, model_b=TOLD),
    "id with blanks": battle(" anna ", 1, outcome=TOLD),
    "id in another spelling": json.dumps(battle("anna", 1, outcome=TOLD)).replace(
        "anna", "\\u0061nna"
    ),
    "nobody's": battle(None, 1, native_id="anna-1", outcome=TOLD),
    "an id that is not seen": battle("an\u200bna", 1, outcome=TOLD),
    "another source's name": battle("anna", 1, source="demoscope.own", model_a=TOLD),
    "no source": {**battle("anna", 1, outcome=TOLD), "source": None},
    "no event type": {**battle("anna", 1, outcome=TOLD), "event_type": "judged"},
    "broken": f'{{"participant_id": "anna", "outcome": "{TOLD}"',
    "a key twice": f'{{"participant_id": "anna", "outcome": "{TOLD}", "outcome": "b"}}',
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_later_row_of_an_erased_participant_keeps_nothing(tmp_path: Path, kind: str) -> None:
    home = tmp_path / "home"
    ingest(home, write(tmp_path / "a.jsonl", battle("anna", 0), battle("ben", 0, native_id="c")))
    erase(home, "anna")
    later = write(tmp_path / "b.jsonl", REFUSED[kind], battle("ben", 2))
    said = ingest(home, later)
    assert TOLD not in said + kept(home)
    [row] = refused(home)
    assert not row["original"]
    assert row["reason"]
    assert row["row_number"] == 1


def test_others_keep_what_they_said(tmp_path: Path) -> None:
    home = tmp_path / "home"
    bad = write(tmp_path / "a.jsonl", battle("ben", 1, outcome="quite"), '{"x":', battle("ben", 2))
    ingest(home, bad)
    assert [bool(row["original"]) for row in refused(home)] == [True, True]
    erase(home, "ben")  # somebody else's file, later
    later = write(tmp_path / "b.jsonl", battle("cleo", 3, outcome="rather"), battle("cleo", 4))
    ingest(home, later)
    assert "rather" in kept(home)


def test_a_row_that_cannot_be_read_says_why_it_is_empty(tmp_path: Path) -> None:
    home = tmp_path / "home"
    ingest(home, write(tmp_path / "a.jsonl", battle("anna", 0), battle("ben", 1)))
    erase(home, "anna")
    said = ingest(home, write(tmp_path / "b.jsonl", '{"x":', battle("ben", 2)))
    assert "its content is not kept" in said
    assert "its content is not kept" in refused(home)[0]["detail"]


def test_mapped_files_too(tmp_path: Path) -> None:
    home = tmp_path / "home"
    mapping = tmp_path / "m.yaml"
    mapping.write_text(
        "event: battle_judged\nsource: study\ncolumns:\n  native_id: id\n  participant_id: who\n"
        "  model_a: left\n  model_b: right\n  outcome: won\n"
        "  dimension: {constant: overall}\noutcome: {a: a, b: b}\n"
    )
    first = tmp_path / "a.csv"
    first.write_text("id,who,left,right,won\n1,anna,x,y,a\n2,ben,x,y,a\n")
    done = demoscope(home, "ingest", first, "--mapping", mapping)
    assert done.returncode == 0, done.stderr
    erase(home, "anna")
    later = tmp_path / "b.csv"
    later.write_text(
        f"id,who,left,right,won\n3,anna,x,y,{TOLD}\n4,anna,x,y\n5,anna,{TOLD},y,a,b\n6,ben,x,y,a\n"
    )
    said = ingest(home, later, "--mapping", str(mapping))
    assert TOLD not in said + kept(home)
    assert len(refused(home)) == 3
    assert not any(row["original"] for row in refused(home))


def test_erasing_blanks_what_was_refused_before(tmp_path: Path) -> None:
    home = tmp_path / "home"
    long = "x" * 200
    rows: list[dict[str, Any] | str] = [
        battle("p1", 1, outcome=TOLD),
        json.dumps(battle("p1", 2, outcome=TOLD)).replace("p1", "\\u0070\\u0031"),
        battle(None, 3, native_id="p1-3", outcome=TOLD),
        f'{{"outcome": "{TOLD}{long}", "participant_id": "p1"',
        battle("p10", 4, outcome="of-p10"),
        battle("p1", 5),
        battle("p2", 6),
    ]
    ingest(home, write(tmp_path / "a.jsonl", *rows))
    [before] = home.glob("quarantine/*.parquet")
    assert TOLD in kept(home)
    done = erase(home, "p1", "--level", "2")
    assert done["quarantine_mentions"] == 4
    assert TOLD not in kept(home)
    assert "of-p10" in kept(home)
    assert [bool(row["original"]) for row in refused(home)] == [False] * 4 + [True]
    assert before.stat().st_mode & 0o077 == 0
    for path in home.rglob("*"):
        assert path.is_dir() or TOLD.encode() not in path.read_bytes(), path
    document(home, "build", "--json")


def test_an_example_that_was_cut_before_the_id_is_blanked(tmp_path: Path) -> None:
    home = tmp_path / "home"
    row = f'{{"outcome": "{TOLD}{"x" * 200}", "participant_id": "p1"'
    ingest(home, write(tmp_path / "a.jsonl", row, battle("p1", 5)))
    for path in home.glob("quarantine/*.parquet"):
        path.unlink()
    erase(home, "p1")
    assert TOLD not in kept(home)


def test_a_quarantine_that_cannot_be_read_stops_an_erasure_before_the_end(tmp_path: Path) -> None:
    home = tmp_path / "home"
    ingest(home, write(tmp_path / "a.jsonl", battle("p1", 1, outcome=TOLD), battle("p1", 5)))
    [path] = home.glob("quarantine/*.parquet")
    path.write_bytes(b"torn")
    command = ("log", "erase", "p1", "--source", "study", "--yes")
    done = demoscope(home, *command)
    assert (done.returncode, str(path) in done.stderr) == (5, True)
    path.unlink()
    assert demoscope(home, *command).returncode == 0


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1).filter(str.strip))
def test_an_id_is_found_however_json_or_csv_writes_it(native_id: str) -> None:
    is_in = mentions(native_id)
    row = {"a": "-", "participant_id": native_id}
    assert is_in(json.dumps(row))
    assert is_in(json.dumps(row, ensure_ascii=False))
    quoted = native_id.replace('"', '""')
    assert is_in(f'1,"{quoted}",a')


def test_an_id_is_not_found_within_another() -> None:
    is_in = mentions("p1")
    assert not any(map(is_in, ("p10", "xp1", "p1a", '{"who": "p12"}', "p\\u00311")))
    assert all(map(is_in, ("p1", "a,p1,b", "p1-talk-3", '{"who": "p1"}', "\\u00701", "p\\u0031")))
