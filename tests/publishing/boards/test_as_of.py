"""What `--as-of` and `--valid-until` mean: one cut, or an error; never silently the latest."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from ingestion.errors import IntegrityError, NotFoundError, UsageError
from ingestion.log import EventLog
from ingestion.paths import Home
from publishing.boards.inputs import Cut, canonical_time, resolve
from publishing.boards.store import Release


def recorded(log: EventLog, seq: int) -> datetime:
    return list(log.commits())[seq - 1].recorded_at


OUTSIDE = ("0001-01-01T00:00:00+02:00", "9999-12-31T23:59:59-05:00", "9" * 5000)


def test_a_position_is_itself_and_nothing_is_the_head(paths: Home, log: EventLog) -> None:
    assert [resolve(paths.boards, log, n) for n in (0, 1, 3)] == [Cut(0), Cut(1), Cut(3)]
    assert resolve(paths.boards, log, None) == Cut(3)
    with pytest.raises(NotFoundError, match="head is 3"):
        resolve(paths.boards, log, "4")


def test_a_time_includes_what_was_recorded_by_then(paths: Home, log: EventLog) -> None:
    second = recorded(log, 2)
    just = timedelta(microseconds=1)
    for moment, position in ((second, 2), (second - just, 1), (second + just, 2)):
        assert resolve(paths.boards, log, moment.isoformat()) == Cut(position)
    long_ago = "2001-01-01T00:00:00+09:00"
    assert resolve(paths.boards, log, long_ago) == Cut(0)
    assert resolve(paths.boards, log, datetime.now(UTC).isoformat()) == Cut(3)


def test_the_future_is_not_the_latest(paths: Home, log: EventLog) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with pytest.raises(NotFoundError, match="future"):
        resolve(paths.boards, log, tomorrow.isoformat())


@pytest.mark.parametrize("text", ["yesterday", "", "-1", "1.5", "2026-03-01T12:00:00", "abcdefg"])
def test_what_cannot_be_understood_is_refused(paths: Home, log: EventLog, text: str) -> None:
    with pytest.raises(UsageError):
        resolve(paths.boards, log, text)


def test_a_release_is_its_cut(paths: Home, log: EventLog, keep: Callable[..., Release]) -> None:
    until = "2026-03-01T12:00:00.000000Z"
    release = keep(valid_until=until)
    # Digits alone would be a position: as many digits as it takes for a letter.
    digits = next(n for n in range(8, 65) if not release.id[:n].isdecimal())
    for text in (release.id, release.id[:digits].upper()):
        assert resolve(paths.boards, log, text) == Cut(2, until)
    later = resolve(paths.boards, log, release.id, "2026-03-02T00:00:00Z")
    assert later == Cut(2, "2026-03-02T00:00:00.000000Z")
    with pytest.raises(NotFoundError, match="boards list"):
        resolve(paths.boards, log, "deadbeef")


def test_a_release_of_another_log_is_refused(
    paths: Home, log: EventLog, keep: Callable[..., Release]
) -> None:
    for change in ({"log_head_hash": "0" * 64}, {"log_position": 4}):
        with pytest.raises(IntegrityError):
            resolve(paths.boards, log, keep(**change).id)


def test_one_moment_is_one_text() -> None:
    noon = "2026-03-01T12:00:00.000000Z"
    for text in ("2026-03-01T12:00:00Z", "2026-03-01T13:00+01:00", "20260301T120000Z", noon):
        assert canonical_time(text) == noon
    for text in ("2026-03-01T12:00:00", "2026-03-01", "soon", "", *OUTSIDE):
        with pytest.raises(UsageError):
            canonical_time(text)
    assert canonical_time("0001-01-01T00:00:00Z") == "0001-01-01T00:00:00.000000Z"
    assert canonical_time("9999-12-31T23:59:59.999999Z") == "9999-12-31T23:59:59.999999Z"


@pytest.mark.parametrize("text", OUTSIDE)
def test_times_and_numbers_that_no_log_has_are_refused(
    paths: Home, log: EventLog, text: str
) -> None:
    with pytest.raises(UsageError, match="neither"):
        resolve(paths.boards, log, text)
