"""What commands loaded and built is told to Dagster, so that its graph is that of the warehouse."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from ingestion.paths import Home
from orchestration.assets.common import HomeResource
from orchestration.building import build
from orchestration.consistency_check import publish
from orchestration.last_build import LastBuild, last_build, note
from orchestration.loading import load_file
from orchestration.made_elsewhere import command_line
from publishing.page.building import build_site


class Daemon:
    """Evaluates the sensor as Dagster's daemon does, and reports what it says."""

    def __init__(self, home: Home, definitions: dg.Definitions, of: dg.DagsterInstance) -> None:
        self._definitions, self._instance = definitions, of
        self._resources = {"home": HomeResource(root=str(home.root))}
        self._cursor: str | None = None

    def tick(self) -> dict[str, dg.AssetMaterialization]:
        """What is told, by asset."""
        context = dg.build_sensor_context(
            instance=self._instance,
            cursor=self._cursor,
            resources=self._resources,
            repository_def=self._definitions.get_repository_def(),
        )
        data = command_line.evaluate_tick(context)
        self._cursor = data.cursor
        told: Sequence[dg.AssetMaterialization] = data.asset_events  # type: ignore[assignment]  # no others
        for event in told:
            self._instance.report_runless_asset_event(event)
        return {event.asset_key.to_user_string(): event for event in told}

    def statuses(self) -> dict[str, StaleStatus]:
        """What the UI shows of each asset."""
        graph = self._definitions.resolve_asset_graph()
        resolver = CachingStaleStatusResolver(
            self._instance, graph, LoadingContextForTest(self._instance)
        )
        return {
            key.to_user_string(): resolver.get_status(key) for key in graph.get_all_asset_keys()
        }


def value(event: dg.AssetMaterialization, name: str) -> Any:
    return event.metadata[name].value


@pytest.fixture
def daemon(paths: Home, definitions: dg.Definitions, instance: dg.DagsterInstance) -> Daemon:
    return Daemon(paths, definitions, instance)


def test_a_build_by_the_command_line_is_shown(
    daemon: Daemon,
    paths: Home,
    write_battles: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    lineage = tmp_path / "lineage.jsonl"
    config = {"transport": {"type": "file", "log_file_path": str(lineage), "append": True}}
    (tmp_path / "openlineage.yml").write_text(json.dumps(config))
    monkeypatch.setenv("OPENLINEAGE_CONFIG", str(tmp_path / "openlineage.yml"))
    assert daemon.tick() == {}, "nothing was made yet"
    load = load_file(paths, str(write_battles(rows=60)))
    release = build(paths)
    told = daemon.tick()
    assert value(told["raw/load"], "row_count") == 60
    assert value(told["raw/load"], "load ids") == [load.load_id]
    assert value(told["raw/battle_judged"], "dagster/row_count") == 60
    assert value(told["raw/strike_issued"], "dagster/row_count") == 0
    assert value(told["dim_model"], "dagster/row_count") == 3
    assert value(told["ratings/rating"], "dagster/row_count") > 0
    assert value(told["dim_model"], "release id") == release.id
    assert value(told["dim_model"], "seconds of the build") > 0
    assert value(told["release"], "release id") == release.id
    assert value(told["release"], "seconds: rate") > 0
    assert (told["release"].tags or {})["dagster/data_version"] == release.id
    unmade = {name for name, status in daemon.statuses().items() if status is not StaleStatus.FRESH}
    assert unmade == {"publication", "site"}
    assert daemon.tick() == {}, "and once"
    jobs = [json.loads(line)["job"]["name"] for line in lineage.read_text().splitlines()]
    assert (jobs[0], jobs[-1]) == ("build", "build")
    # What no table is made of is of the log and of releases.
    tables = {name for name in told if not name.startswith(("raw/", "log/", "release"))}
    assert {name.removeprefix("build.").replace(".", "/") for name in jobs[1:-1]} == tables

    publish(paths)
    build_site(paths, paths.site)
    assert daemon.tick().keys() == {"publication", "site"}

    load_file(paths, str(write_battles("later.jsonl", rows=24)))
    assert daemon.tick().keys() == {"raw/load", "raw/battle_judged"}
    statuses = daemon.statuses()
    assert statuses["raw/battle_judged"] is StaleStatus.FRESH
    assert statuses["stg_events__battles_judged"] is StaleStatus.STALE


def test_what_dagster_made_itself_is_not_told_again(
    daemon: Daemon,
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    paths: Home,
    write_battles: Callable[..., Path],
) -> None:
    write_battles(rows=12)
    for path in paths.landing.iterdir():
        os.utime(path, (1, 1))
    definitions.resolve_job_def("ingest").execute_in_process(instance=instance)
    assert daemon.tick() == {}
    load_file(paths, str(write_battles("own.jsonl", rows=12)))
    (load, battles) = daemon.tick().values()
    assert value(load, "row_count") == 12
    assert value(battles, "dagster/row_count") == 24


def test_a_load_after_the_build_leaves_the_tables_stale(
    daemon: Daemon, paths: Home, write_battles: Callable[..., Path]
) -> None:
    load_file(paths, str(write_battles(rows=12)))
    made = LastBuild(
        release_id="0" * 64, log_position=1, finished_at=1.0, seconds={}, row_counts={}
    )
    assert note(paths, made) is None
    told = list(daemon.tick())
    assert told.index("raw/battle_judged") > told.index("release")


def test_a_note_that_is_torn_or_cannot_be_written_fails_nothing(
    daemon: Daemon, paths: Home
) -> None:
    made = LastBuild(
        release_id="0" * 64, log_position=1, finished_at=1.0, seconds={"rate": 2.0}, row_counts={}
    )
    paths.root.joinpath("dbt", "last_build.json").write_text('{"release_id": "a')
    assert last_build(paths) is None
    assert daemon.tick() == {}
    assert note(paths, made) is None
    assert last_build(paths) == made
    said = note(Home(paths.root / "nowhere"), made)
    assert said is not None
    assert said.startswith("Dagster won't show this build, as ")
    assert "No such file or directory" in said
