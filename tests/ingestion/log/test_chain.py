"""The chain: what "as of" means, and what is refused."""

import json
import shutil
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from ingestion.errors import IntegrityError, NotFoundError, UsageError
from ingestion.log import Commit, EventLog
from ingestion.log.chain import microseconds, moment_of
from ingestion.log.durable import StorageError
from tests.ingestion.log.events import PRODUCER, battles, commit


@pytest.fixture
def three(log: EventLog) -> EventLog:
    for number in range(3):
        commit(log, f"batch-{number}", battles([number]))
    return log


def test_as_of_a_number(three: EventLog) -> None:
    assert [three.resolve(as_of) for as_of in (None, 0, "0", 1, "2", 3)] == [3, 0, 0, 1, 2, 3]
    with pytest.raises(NotFoundError, match="head is 3"):
        three.resolve(4)


def test_as_of_a_time(three: EventLog) -> None:
    times = [commit.recorded_at for commit in three.commits()]
    tick = timedelta(microseconds=1)
    assert [three.resolve(time.isoformat()) for time in times] == [1, 2, 3]
    assert [three.resolve((time - tick).isoformat()) for time in times] == [0, 1, 2]
    assert three.resolve("2000-01-01T00:00:00Z") == 0
    assert three.resolve("2999-01-01T00:00:00Z") == 3
    elsewhere = times[1].astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert three.resolve(elsewhere.isoformat()) == 2


@pytest.mark.parametrize("as_of", ["2026-03-01T12:00:00", "2026-03-01", "-1", "latest", "", "1.5"])
def test_as_of_anything_else_is_refused(three: EventLog, as_of: str) -> None:
    with pytest.raises(UsageError, match=r"neither|time zone"):
        three.resolve(as_of)


def test_an_empty_log_is_an_exact_answer(log: EventLog) -> None:
    assert log.head is None
    assert log.resolve(None) == log.resolve(0) == log.resolve("2026-03-01T12:00Z") == 0
    with pytest.raises(NotFoundError):
        log.resolve(1)


def test_the_clock_may_go_back(log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_800_000_000_000_000_000
    for offset in (0, -3600 * 10**9, 0, 0, 10**9):
        monkeypatch.setattr("ingestion.log.chain.time.time_ns", lambda at=now + offset: at)
        commit(log, f"batch-{log.head_seq}", battles([log.head_seq]))
    first = now // 1000
    assert [commit.recorded_us - first for commit in log.commits()] == [0, 1, 2, 3, 1_000_000]
    assert log.verify().is_ok


def test_a_record_survives_the_round_trip(three: EventLog) -> None:
    for seq in (1, 2, 3):
        content = three.layout.commit(seq).read_bytes()
        record = Commit.decode(content, three.layout.commit(seq))
        assert record.encode() == content
        assert record.hash == three.hash_at(seq)
        assert record.producer == PRODUCER


def test_microseconds_are_exact() -> None:
    moment = datetime(2026, 11, 24, 3, 4, 5, 999_999, UTC)
    assert moment_of(microseconds(moment)) == moment


def test_a_missing_commit_is_not_the_end(three: EventLog, cache: Path) -> None:
    three.layout.commit(2).unlink()
    with pytest.raises(IntegrityError, match=r"0002\.json is missing"):
        EventLog.open(three.layout.root)


def test_a_changed_commit_breaks_the_chain(three: EventLog) -> None:
    path = three.layout.commit(2)
    path.write_bytes(path.read_bytes().replace(b"batch-1", b"batch-9"))
    with pytest.raises(IntegrityError, match=r"0002\.json is damaged"):
        EventLog.open(three.layout.root)


def test_a_torn_commit_is_named(three: EventLog) -> None:
    path = three.layout.commit(3)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(IntegrityError, match=r"0003\.json is damaged"):
        EventLog.open(three.layout.root)


def test_an_unwritable_cache_is_slow_not_wrong(home: Path) -> None:
    home.mkdir()
    (home / "cache").write_text("a file where a directory should be")
    log = EventLog.open(home / "log")
    commit(log, "one", battles(range(3)))
    log = EventLog.open(home / "log")
    assert not commit(log, "two", battles(range(3))).is_new
    assert commit(log, "three", battles(range(5))).accepted == {"battle_judged": 2}


@pytest.mark.parametrize("version", [1, 3])
def test_another_version_is_refused(log: EventLog, version: int) -> None:
    fields = {
        "format": "demoscope event log",
        "version": version,
        "origin": "x",
        "more": "than we know",
    }
    log.layout.format.write_text(json.dumps(fields))
    with pytest.raises(UsageError, match=f"version {version}"):
        EventLog.open(log.layout.root)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b'{"format": "demoscope"}'])
def test_a_damaged_format_is_named(log: EventLog, content: bytes) -> None:
    log.layout.format.write_bytes(content)
    with pytest.raises(IntegrityError, match="FORMAT is damaged"):
        EventLog.open(log.layout.root)


def test_a_missing_format_is_not_replaced(three: EventLog) -> None:
    three.layout.format.unlink()
    with pytest.raises(IntegrityError, match="FORMAT is missing"):
        EventLog.open(three.layout.root)


def test_a_store_that_replaces_names_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replacing(source: Path, target: Path) -> None:
        target = Path(target)
        target.unlink(missing_ok=True)
        shutil.copy(source, target)

    monkeypatch.setattr("os.link", replacing)
    with pytest.raises(StorageError, match="does not create files exclusively"):
        EventLog.open(home / "log")


def test_a_store_without_hard_links_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("os.link", refuse)
    with pytest.raises(StorageError, match="Operation not supported"):
        EventLog.open(home / "log")


def test_a_log_on_a_read_only_medium_can_be_read(
    three: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("os.link", refuse)
    assert EventLog.open(three.layout.root).resolve(None) == 3
    with pytest.raises(StorageError, match="Read-only"):
        EventLog.open(three.layout.root).begin("x", PRODUCER)
