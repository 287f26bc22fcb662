"""Small JSON files that are torn, emptied or something else: a plain answer, never a traceback."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.errors import DemoscopeError, IntegrityError
from ingestion.json_object import parse_object
from ingestion.log import EventLog
from ingestion.paths import Home
from orchestration import home_checks
from orchestration.cli import doctor
from orchestration.database import open_database, register_sources
from orchestration.evidence import loss
from orchestration.load_report import earlier_report, find_report
from publishing.boards import store
from tests.attacks.small_votes import write_votes
from tests.end_to_end.command import demoscope

NOT_AN_OBJECT = (b"", b"null", b"[]", b"5", b'"text"', b"{}", b"[" * 100_000, b'{"a\xff', b"{NaN")


def torn(content: bytes) -> Iterator[bytes]:
    """What a crash, a full disk or a hand may leave of a JSON file."""
    yield from NOT_AN_OBJECT
    yield content[: len(content) // 2]


def retyped(content: bytes) -> Iterator[bytes]:
    """The same with a value of another type."""
    said: dict[str, Any] = json.loads(content)
    others: tuple[Any, ...] = ({}, [], "x", 1e300)
    for key, before in said.items():
        for value in others:
            if type(value) is not type(before):
                yield json.dumps(said | {key: value}).encode()


def first_load(home: Home) -> Path:
    return min(home.loads.glob("*.json"))


def test_a_torn_report_of_a_load_is_named_by_every_reader(victim: Home) -> None:
    path = first_load(victim)
    whole = path.read_bytes()
    batch_id, name = json.loads(whole)["batch_id"], path.stem.rpartition("-")[2]
    for content in (*torn(whole), *retyped(whole)):
        path.write_bytes(content)
        with pytest.raises(
            IntegrityError, match=r"no whole report of a load.*delete it and ingest"
        ):
            find_report(victim.loads, path.stem)
        assert earlier_report(victim.loads, batch_id, [name]) is None
        with pytest.raises(DemoscopeError, match=r"no whole report of a load"):
            home_checks.loads(victim)
        assert loss(victim) is None or content not in NOT_AN_OBJECT


@pytest.mark.parametrize("content", [b"", b'{"file": '], ids=["emptied", "half"])
def test_commands_go_on_beside_a_torn_report(victim: Home, tmp_path: Path, content: bytes) -> None:
    path = first_load(victim)
    path.write_bytes(content)
    undone = demoscope(victim.root, "log", "undo", path.stem, "--reason", "wrong", "--yes")
    assert undone.returncode == IntegrityError.exit_code
    assert str(path) in undone.stderr
    assert "delete it and ingest the same file again" in undone.stderr
    with open_database(victim.database) as connection:
        log = EventLog.open(victim.log)
        [unread] = register_sources(connection, log, as_of_seq=2, loads=victim.loads)
        assert connection.sql("select count(*) from raw.load").fetchall() == [(1,)]
    assert str(path) in unread
    again = demoscope(victim.root, "ingest", write_votes(tmp_path / "again.jsonl", 0, 30))
    assert again.returncode == 0
    path.unlink()
    # The report of the first load was made again when its file was loaded again.
    assert home_checks.loads(victim) == "3 records"


@pytest.mark.parametrize("load_id", ["", ".", "..", "a/b", "\0", "a" * 300, "ü" * 200, "*", "[a"])
def test_an_id_that_no_load_has_is_not_found(victim: Home, load_id: str) -> None:
    assert find_report(victim.loads, load_id) is None


def named(home: Home) -> dict[str, Path]:
    """The other small JSON files of a home."""
    release = (home.boards / store.CURRENT).resolve()
    publication = (home.marts / store.CURRENT).resolve()
    return {
        "manifest": publication / "manifest.json",
        "note": release / "publications" / f"{publication.name}.json",
        "note's signature": release / "publications" / f"{publication.name}.dsse.json",
        "statement": release / store.STATEMENT_FILE,
        "envelope": release / store.ENVELOPE_FILE,
        "board": release / "board.json",
        "FORMAT": home.log / "FORMAT",
        "schema": next((home.log / "schemas").iterdir()),
        "commit": next((home.log / "commits").iterdir()),
    }


CHECKS: Any = (
    *(home_checks.whole_log, home_checks.releases, home_checks.shown),
    *(doctor._board, doctor._database, doctor._publications),
)


def is_found(home: Home) -> bool:
    """Whether a check of `doctor` names a fault; any other exception is the test's failure."""
    found = False
    for check in CHECKS:
        try:
            check(home)
        except (DemoscopeError, OSError):
            found = True
    return found


QUICK = (b"", b"null")
FILES = ("manifest", "note", "note's signature", "statement", "envelope", "board", "FORMAT")


@pytest.mark.parametrize("name", [*FILES, "schema", "commit"])
def test_doctor_finds_every_torn_file(victim: Home, name: str) -> None:
    path = named(victim)[name]
    path.parent.chmod(0o755)
    path.chmod(0o644)
    whole = path.read_bytes()
    for content in (*QUICK, whole[: len(whole) // 2]):
        path.write_bytes(content)
        assert is_found(victim), content[:20]
    for command in (("boards", "list"), ("boards", "show"), ("leaderboard",), ("log", "show")):
        demoscope(victim.root, *command)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*FILES, "schema", "commit"])
def test_doctor_finds_whatever_else_stands_there(victim: Home, name: str) -> None:
    path = named(victim)[name]
    path.parent.chmod(0o755)
    path.chmod(0o644)
    whole = path.read_bytes()
    for content in (*torn(whole), *retyped(whole)):
        path.write_bytes(content)
        assert is_found(victim), content[:80]
        for command in (("boards", "list"), ("boards", "show"), ("leaderboard",), ("log", "show")):
            demoscope(victim.root, *command)


@given(st.binary(max_size=40) | st.text("[]{}:,\"'aNIn-0.e9 ", max_size=40))
def test_whatever_is_parsed_is_an_object_or_one_kind_of_error(content: bytes | str) -> None:
    try:
        said = parse_object(content)
    except ValueError:
        return
    assert isinstance(said, dict)
