"""The sensor `command_line`: what commands loaded and built, as materializations of the assets.

Commands don't import Dagster, which takes seconds. They leave behind what they leave anyway:
records of loads, a note of the last build, the publication and the page. The sensor tells Dagster
of what is new there, so that its graph is that of the warehouse, also where the commands ran before
Dagster was ever started. It checks nothing, so checks stay those of Dagster's own runs.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from pathlib import Path
from typing import Any

import dagster as dg

from ingestion.errors import DemoscopeError, IntegrityError
from ingestion.paths import Home
from ingestion.vocabulary import EventType
from orchestration.assets.common import HomeResource
from orchestration.assets.events import INGEST, LOAD_IDS, LOADS, RAW, event_counts, materialised
from orchestration.assets.labels import LABEL
from orchestration.assets.releases import of_publication, of_release, of_site
from orchestration.last_build import LastBuild, last_build
from orchestration.load_report import LoadReport, read_report
from publishing.boards.store import by_id
from publishing.publications.store import CURRENT, current

SECONDS_BETWEEN_TICKS = 15
LOADS_TOLD = 1_000
"""Of more loads between two looks, the last so many are told."""
OWN_RUNS = 100
"""So many materializations back it is looked for loads that Dagster made itself."""
DATA_VERSION = "dagster/data_version"
RELEASE, PUBLICATION, SITE = (dg.AssetKey(name) for name in ("release", "publication", "site"))
OF_DAY = dg.AssetKey("release_of_day")


@dg.sensor(
    name="command_line",
    minimum_interval_seconds=SECONDS_BETWEEN_TICKS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="What commands loaded, built and published, as materializations of the assets.",
)
def command_line(
    context: dg.SensorEvaluationContext, home: HomeResource
) -> dg.SensorResult | dg.SkipReason:
    """Tell of what was made since the last look; in the order in which it was made."""
    paths = home.paths
    seen = json.loads(context.cursor or "{}")
    latest_load, loads = _loads_since(paths.loads, seen.get("loads", 0))
    loads = _not_told(context.instance, loads)
    build = last_build(paths)
    built_at = build.finished_at if build else 0.0
    told: list[dg.AssetMaterialization] = []
    if build and built_at > max(seen.get("build", 0.0), _told_at(context.instance, RELEASE)):
        before = [load for load in loads if _ended_at(load) <= built_at]
        loads = [load for load in loads if _ended_at(load) > built_at]
        told += _of_loads(paths, before)
        known = {one.asset_key for one in told} | _held(loads)
        told += _of_events(context.instance, paths, build, known)
        told += _of_build(paths, build, _built(context))
    told += _of_publication(context.instance, paths)
    told += _of_loads(paths, loads)
    cursor = json.dumps({"loads": latest_load, "build": built_at}, allow_nan=False)
    return dg.SensorResult(asset_events=told, cursor=cursor)


def _loads_since(directory: Path, since: int) -> tuple[int, list[LoadReport]]:
    """Loads whose record was written after a time, oldest first; and the time of the last one."""
    found: list[tuple[int, Path]] = []
    for path in directory.glob("*.json"):
        with suppress(FileNotFoundError):
            found.append((path.stat().st_mtime_ns, path))
    new = sorted(one for one in found if one[0] > since)[-LOADS_TOLD:]
    reports = []
    for _, path in new:
        # The next build names a record that can't be read.
        with suppress(IntegrityError):
            reports.append(read_report(path))
    return max([since, *(at for at, _ in new)]), reports


def _not_told(instance: dg.DagsterInstance, loads: Sequence[LoadReport]) -> list[LoadReport]:
    """Loads that Dagster did not make itself."""
    known: set[str] = set()
    if loads:
        for record in instance.fetch_materializations(LOADS, limit=OWN_RUNS).records:
            made = record.asset_materialization
            ids: Any = made.metadata[LOAD_IDS].value if made and LOAD_IDS in made.metadata else ()
            known.update(ids)
    return [load for load in loads if load.load_id not in known]


def _ended_at(load: LoadReport) -> float:
    return load.started_at_us / 1e6 + load.duration_ms / 1e3


def _held(loads: Sequence[LoadReport]) -> set[dg.AssetKey]:
    return {dg.AssetKey([RAW, name]) for load in loads for name in load.accepted_by_event_type}


def _told_at(instance: dg.DagsterInstance, key: dg.AssetKey) -> float:
    event = instance.get_latest_materialization_event(key)
    return event.timestamp if event else 0.0


def _built(context: dg.SensorEvaluationContext) -> list[dg.AssetKey]:
    """What a build makes, each after what it is made of."""
    graph = _repository(context).asset_graph
    return [
        key
        for key in graph.toposorted_asset_keys
        if graph.get(key).group_name not in {LABEL, INGEST}
        and key not in {PUBLICATION, SITE, OF_DAY}
    ]


def _repository(context: dg.SensorEvaluationContext) -> dg.RepositoryDefinition:
    if context.repository_def is None:
        raise dg.DagsterInvariantViolationError("The sensor needs the definitions it is part of.")
    return context.repository_def


def _of_loads(home: Home, loads: Sequence[LoadReport]) -> Iterator[dg.AssetMaterialization]:
    if loads:
        for made in materialised(home, loads):
            if made.asset_key is not None:
                yield _made(
                    dg.AssetKey.from_coercible(made.asset_key), loads[-1].load_id, made.metadata
                )


def _of_events(
    instance: dg.DagsterInstance, home: Home, build: LastBuild, known: AbstractSet[dg.AssetKey]
) -> Iterator[dg.AssetMaterialization]:
    """Events that no load is known of, mostly because there are none: the build read those too."""
    counts = event_counts(home)
    for name in EventType:
        key = dg.AssetKey([RAW, str(name)])
        if key not in known and instance.get_latest_materialization_event(key) is None:
            yield _made(key, str(build.log_position), {"dagster/row_count": counts[name]})


def _of_build(
    home: Home, build: LastBuild, keys: Iterable[dg.AssetKey]
) -> Iterator[dg.AssetMaterialization]:
    about = {
        "release id": build.release_id,
        "log position": build.log_position,
        "seconds of the build": round(sum(build.seconds.values()), 2),
        "made by": "demoscope build",
    }
    for key in keys:
        if key == RELEASE:
            metadata = about | {f"seconds: {name}": spent for name, spent in build.seconds.items()}
            # Somebody may have removed it since.
            with suppress(DemoscopeError):
                metadata |= of_release(by_id(home.boards, build.release_id))
            yield _made(key, build.release_id, metadata)
            continue
        rows = build.rows_of(*key.path)
        counted = {} if rows is None else {"dagster/row_count": rows}
        yield _made(key, f"{build.release_id[:12]} {build.finished_at}", {**about, **counted})


def _of_publication(instance: dg.DagsterInstance, home: Home) -> Iterator[dg.AssetMaterialization]:
    """The publication, where it is of the current release, and the page, where it is of that."""
    try:
        kept = current(home.marts)
        if kept.release_id != (home.boards / CURRENT).resolve().name:
            return
        published_at = (home.marts / CURRENT).lstat().st_mtime
        if published_at > _told_at(instance, PUBLICATION):
            yield _made(PUBLICATION, kept.name, of_publication(kept))
        page = home.site / "index.html"
        if page.exists() and page.stat().st_mtime > max(published_at, _told_at(instance, SITE)):
            yield _made(SITE, str(page.stat().st_mtime_ns), of_site(page))
    except (DemoscopeError, OSError):
        # Nothing is published, or somebody is publishing: the next look sees it.
        return


def _made(key: dg.AssetKey, version: str, metadata: Any) -> dg.AssetMaterialization:
    return dg.AssetMaterialization(asset_key=key, metadata=metadata, tags={DATA_VERSION: version})
