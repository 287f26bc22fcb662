"""A log that lost commits is whole by itself: what was made of it says what it held."""

import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingestion.errors import UsageError
from ingestion.log import EventLog
from ingestion.log.clock import CONFIRMED, DAY_US
from ingestion.paths import Home
from orchestration.evidence import loss
from orchestration.loading import load_file
from publishing.boards import store
from publishing.publications import store as publications
from tests.attacks.small_votes import write_votes
from tests.end_to_end.command import demoscope


@pytest.fixture
def two(tmp_path: Path) -> Home:
    """A log of two commits."""
    home = Home(tmp_path / "two")
    for number in range(2):
        file = tmp_path / f"votes-{number}.jsonl"
        load_file(home, str(write_votes(file, 6 * number, 6 * (number + 1))))
    return home


def witness(home: Home, kind: str, position: int, at: str) -> Path:
    """What a build or a publication leaves that names a commit."""
    log = EventLog.open(home.log)
    head = log.hash_at(position)
    release_id = kind[0] * 62 + f"{position:02d}"
    release_id = "".join(digit if digit in "0123456789abcdef" else "a" for digit in release_id)
    if kind == "board":
        path = home.boards / release_id / store.STATEMENT_FILE
        origin = log.checkpoint().origin
        said = {"origin": origin, "position": position, "head_sha256": head}
        predicate = {"board": {"log_position": position}, "log": said, "made_at": at}
        predicate["made_by"] = {}
        content: dict[str, Any] = {"predicate": predicate}
    else:
        path = home.marts / release_id / publications.MANIFEST_FILE
        content = {"log_position": position, "log_head_hash": head, "recorded_at": at, "tables": []}
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(content), "utf-8")
    return path


def roll_back(home: Home) -> None:
    EventLog.open(home.log).layout.commit(2).unlink()


def rewrite(home: Home) -> None:
    """The same load at another moment: another commit in its place."""
    records = {path: path.read_bytes() for path in home.loads.glob("*.json")}
    roll_back(home)
    load_file(home, str(home.root.parent / "votes-1.jsonl"))
    for path in home.loads.glob("*.json"):
        if path not in records:
            path.unlink()


def empty(home: Home) -> None:
    shutil.rmtree(home.log)


def start_anew(home: Home) -> None:
    empty(home)
    EventLog.open(home.log)


@pytest.mark.parametrize("kind", ["board", "publication"])
@pytest.mark.parametrize("attack", [roll_back, rewrite, empty, start_anew])
def test_the_newest_witness_is_named(two: Home, kind: str, attack: Callable[[Home], None]) -> None:
    witness(two, kind, 1, "2026-01-01T00:00:00Z")
    newest = witness(two, kind, 2, "2099-01-01T00:00:00Z")
    assert loss(two) is None
    assert demoscope(two.root, "log", "verify").returncode == 0
    attack(two)
    refused = demoscope(two.root, "log", "verify")
    assert refused.returncode == 5
    assert str(newest) in refused.stdout + refused.stderr
    doctor = json.loads(demoscope(two.root, "doctor", "--json").stdout)
    [said] = [one for one in doctor["rows"] if one["check"] == "log"]
    assert not said["is_well"]
    assert str(newest) in said["message"]


@pytest.mark.parametrize("attack", [roll_back, empty, start_anew])
def test_a_load_is_a_witness(two: Home, attack: Callable[[Home], None]) -> None:
    attack(two)
    found = loss(two)
    assert found is not None
    assert found.witness.path == max(two.loads.glob("*.json"))
    assert demoscope(two.root, "log", "verify").returncode == 5


def test_a_missing_log_is_not_made_by_verify(two: Home) -> None:
    empty(two)
    assert demoscope(two.root, "log", "verify").returncode == 5
    assert not (two.log / "FORMAT").exists()


def ahead(monkeypatch: pytest.MonkeyPatch, log: EventLog, days: float) -> int:
    head = log.head
    assert head is not None
    now_us = head.recorded_us + int(days * DAY_US)
    monkeypatch.setattr("ingestion.log.chain.time.time_ns", lambda: now_us * 1000)
    return now_us


def test_a_clock_that_jumped_is_refused_unless_confirmed(
    two: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_votes(tmp_path / "more.jsonl", 12, 15)
    log = EventLog.open(two.log)
    now_us = ahead(monkeypatch, log, 30)
    with pytest.raises(UsageError, match="30 days after the last commit") as raised:
        load_file(two, str(file))
    assert EventLog.open(two.log).head_seq == 2
    today = f"{datetime.fromtimestamp(now_us / 1e6, UTC):%Y-%m-%d}"
    assert f"{CONFIRMED}={today}" in str(raised.value)
    # A date that was confirmed once confirms no other.
    monkeypatch.setenv(CONFIRMED, "2026-01-01")
    with pytest.raises(UsageError, match="days after"):
        load_file(two, str(file))
    monkeypatch.setenv(CONFIRMED, today)
    assert load_file(two, str(file)).position == 3


def test_a_file_of_today_shows_that_time_has_passed(
    two: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_votes(tmp_path / "more.jsonl", 12, 15)
    now_us = ahead(monkeypatch, EventLog.open(two.log), 30)
    os.utime(file, ns=(now_us * 1000, now_us * 1000))
    assert load_file(two, str(file)).position == 3


@pytest.mark.parametrize("place", ["the file", "beside it", "the home", "the machine"])
def test_who_loads_an_export_each_week_is_not_asked(
    two: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """The export is some days old, and nothing was written in the last day."""
    machine = tmp_path / "machine"
    machine.mkdir()
    monkeypatch.setattr("ingestion.log.clock.places", lambda: [machine])
    now_us = ahead(monkeypatch, EventLog.open(two.log), 7)
    file = write_votes(tmp_path / "more.jsonl", 12, 15)
    written = {
        "the file": file,
        "beside it": tmp_path / "older.jsonl",
        "the home": two.root / "notes.txt",
        "the machine": machine / "yesterdays.log",
    }[place]
    with pytest.raises(UsageError, match="7 days after"):
        load_file(two, str(file))
    written.touch()
    os.utime(written, ns=((now_us - 3 * DAY_US) * 1000,) * 2)
    assert load_file(two, str(file)).position == 3


def test_traces_of_the_jump_itself_show_no_week(
    two: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.log.clock.places", lambda: [tmp_path])
    file = write_votes(tmp_path / "more.jsonl", 12, 15)
    now_us = ahead(monkeypatch, EventLog.open(two.log), 365)
    for hours in (0, 1, 20):
        since = tmp_path / f"{hours}.log"
        since.touch()
        os.utime(since, ns=((now_us - hours * 3_600_000_000) * 1000,) * 2)
    with pytest.raises(UsageError, match="365 days after"):
        load_file(two, str(file))


def test_less_than_a_day_is_no_jump(
    two: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead(monkeypatch, EventLog.open(two.log), 0.99)
    assert load_file(two, str(write_votes(tmp_path / "more.jsonl", 12, 15))).position == 3
