"""Which files of landing/ count, by which mapping, and that each becomes one run exactly once."""

import os
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from ingestion.paths import Home
from orchestration import automation
from orchestration.assets.common import HomeResource
from orchestration.automation import landing_sensor
from orchestration.landing import landed_files


class Ticks:
    """A sensor daemon: keeps the cursor, and starts no second run for a run key."""

    def __init__(self, home: Home, instance: dg.DagsterInstance) -> None:
        self._resources = {"home": HomeResource(root=str(home.root))}
        self._instance = instance
        self.cursor: str | None = None
        self.keys: set[str] = set()

    def __call__(self) -> list[dg.RunRequest]:
        context = dg.build_sensor_context(
            instance=self._instance, cursor=self.cursor, resources=self._resources
        )
        result = landing_sensor.evaluate_tick(context)
        self.cursor = result.cursor
        new = [request for request in result.run_requests or [] if request.run_key not in self.keys]
        self.keys |= {str(request.run_key) for request in new}
        return new


@pytest.fixture
def tick(paths: Home, instance: dg.DagsterInstance) -> Ticks:
    return Ticks(paths, instance)


def touch(path: Path, seconds: int) -> None:
    os.utime(path, (seconds, seconds))


def test_each_file_is_one_run_once_it_is_whole(
    tick: Ticks, write_battles: Callable[..., Path]
) -> None:
    path = write_battles()
    touch(path, 1)
    assert tick() == []
    path.write_bytes(path.read_bytes() + path.read_bytes()[:10])
    touch(path, 2)
    assert tick() == [], "it is still being written"
    (request,) = tick()
    assert request.tags["demoscope/file"] == "battles.jsonl"
    assert request.run_config["ops"]["load_files"]["config"]["files"] == [{"path": str(path)}]
    assert [tick() for _ in range(3)] == [[], [], []]


def test_the_same_content_starts_nothing_new_and_other_content_does(
    tick: Ticks, write_battles: Callable[..., Path]
) -> None:
    path = write_battles()
    tick()
    assert len(tick()) == 1
    touch(path, 7)
    assert [tick(), tick()] == [[], []], "touched, not changed"
    path.unlink()
    assert tick() == []
    write_battles()
    assert [tick(), tick()] == [[], []], "taken away and put back"
    write_battles(rows=13)
    assert [len(tick()), len(tick())] == [0, 1]


def test_a_lost_cursor_starts_nothing_twice(
    tick: Ticks, write_battles: Callable[..., Path]
) -> None:
    write_battles()
    tick()
    assert len(tick()) == 1
    tick.cursor = None
    assert [tick(), tick()] == [[], []]


def test_a_tick_reads_no_more_than_it_has_time_for(
    tick: Ticks, write_battles: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(automation, "BYTES_PER_TICK", 1)
    for name in ("a.jsonl", "b.jsonl", "c.jsonl"):
        write_battles(name)
    asked = [[request.tags["demoscope/file"] for request in tick()] for _ in range(5)]
    assert asked == [[], ["a.jsonl"], ["b.jsonl"], ["c.jsonl"], []]


def test_files_still_being_written_hidden_ones_and_mappings_are_not_data(
    paths: Home, write_battles: Callable[..., Path]
) -> None:
    for name in ("a.jsonl.part", "a.tmp", ".hidden.jsonl", ".git/a.jsonl", "mine/mapping.yml"):
        write_battles(name)
    write_battles("mine/votes.csv")
    assert [file.name for file in landed_files(paths.landing)] == ["mine/votes.csv"]


def test_the_folder_says_the_mapping(paths: Home, write_battles: Callable[..., Path]) -> None:
    for name in ("a.jsonl", "llmfao/b.csv", "mine/mapping.yml", "mine/2026/c.csv"):
        write_battles(name)
    mappings = {file.name: file.mapping for file in landed_files(paths.landing)}
    assert mappings == {
        "a.jsonl": None,
        "llmfao/b.csv": "llmfao",
        "mine/2026/c.csv": str(paths.landing / "mine" / "mapping.yml"),
    }


def test_a_repaired_mapping_is_a_reason_to_load_again(
    tick: Ticks, paths: Home, write_battles: Callable[..., Path]
) -> None:
    mapping = write_battles("mine/mapping.yml", rows=1)
    write_battles("mine/votes.csv")
    tick()
    assert len(tick()) == 1
    mapping.write_text("source: repaired", encoding="utf-8")
    assert [len(tick()), len(tick())] == [0, 1]


def test_without_a_landing_directory_nothing_is_to_be_done(tick: Ticks, paths: Home) -> None:
    paths.landing.rmdir()
    assert tick() == []
