"""Boards of the past as a backfill: each day's is what looking back by hand gives."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from ingestion.log import EventLog
from ingestion.paths import Home
from orchestration.assets.releases import first_day, releases_of
from orchestration.loading import load_file
from publishing.boards import store
from publishing.boards.store import Release

Write = Callable[..., object]


@pytest.fixture
def two_loads(paths: Home, write_battles: Write, monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """Loads of two and of five days ago."""
    now = datetime.now(UTC)
    moments = [now - timedelta(days=5), now - timedelta(days=2)]
    for number, moment in enumerate(moments):
        nanoseconds = int(moment.timestamp() * 1e9)
        monkeypatch.setattr("ingestion.log.chain.time.time_ns", lambda at=nanoseconds: at)
        load_file(paths, str(write_battles(f"{number}.jsonl", rows=30 + number)))
    monkeypatch.undo()
    return moments


def test_a_day_has_the_board_of_where_the_log_stood_at_its_end(
    two_loads: list[datetime], paths: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[int] = []

    def build(home: Home, *, as_of: int) -> Release:
        built.append(as_of)
        return Release(home.boards / f"release of {as_of}")

    monkeypatch.setattr("orchestration.assets.releases.build", build)
    days = [(two_loads[0] + timedelta(days=number)).date() for number in range(5)]
    made = [(row["log position"], row["release id"]) for row in releases_of(paths, days)]
    assert made == [(1, "release of 1")] * 3 + [(2, "release of 2")] * 2
    assert built == [1, 2], "a position is built once"
    assert first_day(paths) == days[0]


@pytest.mark.slow
def test_a_backfill_makes_each_days_board(
    two_loads: list[datetime],
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    paths: Home,
) -> None:
    days = [(two_loads[0] + timedelta(days=number)).date() for number in range(5)]
    result = definitions.resolve_job_def("releases_of_days").execute_in_process(
        instance=instance,
        tags={
            "dagster/asset_partition_range_start": days[0].isoformat(),
            "dagster/asset_partition_range_end": days[-1].isoformat(),
        },
    )
    assert result.success
    told = [event.materialization for event in result.get_asset_materialization_events()]
    assert {one.partition for one in told} == {day.isoformat() for day in days}
    listed = str(told[0].metadata["releases"].value).splitlines()[2:]
    releases = [store.by_id(paths.boards, line.split("|")[3].strip()) for line in listed]
    assert [board.subject["log_position"] for board in releases] == [1, 1, 1, 2, 2]
    assert not (paths.boards / "current").exists(), "looking back leaves what readers see"


def test_a_day_without_battles_has_no_board(paths: Home) -> None:
    EventLog.open(paths.log)
    day = datetime.now(UTC).date()
    assert releases_of(paths, [day - timedelta(days=1)]) == [
        {"day": day - timedelta(days=1), "log position": 0, "release id": "none: no battle yet"}
    ]
