"""What Dagster knows of: everything has the name it had, and loads where nothing is yet."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from ingestion.paths import Home
from orchestration import definitions as module
from orchestration import rating_queries
from orchestration.assets import dbt_manifest
from orchestration.assets.common import DUCKDB_POOL, table
from orchestration.assets.events import gate_checks
from orchestration.assets.ratings import INPUTS

NAMES = Path(__file__).with_name("names.json")
UPDATE = "UPDATE_NAMES"


def test_names_are_as_they_were(definitions: dg.Definitions) -> None:
    repository = definitions.get_repository_def()
    names = {
        "assets": sorted(key.to_user_string() for key in definitions.resolve_all_asset_keys()),
        "jobs": sorted(
            job.name for job in repository.get_all_jobs() if not job.name.startswith("__")
        ),
        "schedules": sorted(schedule.name for schedule in repository.schedule_defs),
        "sensors": sorted(sensor.name for sensor in repository.sensor_defs),
    }
    if os.environ.get(UPDATE):
        NAMES.write_text(json.dumps(names, indent=2) + "\n", encoding="utf-8")
    assert names == json.loads(NAMES.read_text(encoding="utf-8")), (
        "An asset, job, schedule or sensor came, went or was renamed. History, dashboards and "
        f"run keys hang on these names. If it is meant: {UPDATE}=1 .venv/bin/pytest "
        "tests/orchestration/dagster/test_definitions.py"
    )


def test_groups_are_the_stages_of_the_path(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    groups: dict[str, set[str]] = {}
    for key in graph.get_all_asset_keys():
        groups.setdefault(str(graph.get(key).group_name), set()).add(key.path[-1])
    stages = {"label", "ingest", "state", "weight", "count", "rate", "report", "publish"}
    assert groups.keys() == {"seeds", *stages}
    assert groups["label"] == {"labels"}
    assert "battle_judged" in groups["ingest"]
    assert "dim_participant" in groups["state"]
    assert "fct_participant_weight" in groups["weight"]
    assert "fct_tournament_count" in groups["count"]
    assert "rating" in groups["rate"]
    assert "rpt_leaderboard" in groups["report"]
    assert "release" in groups["publish"]


def test_the_definitions_are_short_and_loaded_only_when_asked_for() -> None:
    assert len(Path(module.__file__).read_text(encoding="utf-8").splitlines()) < 60
    assert not isinstance(module.defs, dg.Definitions)


def test_dagster_dev_finds_them(home: Path) -> None:
    loaded = module.defs()
    assert {"ingest", "build"} <= {job.name for job in loaded.get_repository_def().get_all_jobs()}
    assert (home / "dbt" / "target" / "manifest.json").exists()


def test_the_manifest_is_parsed_once_and_again_when_the_project_changes(
    paths: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parses: list[Any] = []
    target = dbt_manifest.target_directory(paths)

    def parse(command: Any, **_: Any) -> None:
        parses.append(command)
        (target / "manifest.json").write_text("{}", encoding="utf-8")

    monkeypatch.setattr("orchestration.dbt_runs.run_dbt", parse)
    project = tmp_path / "project"
    project.mkdir()
    (project / "model.sql").write_text("select 1", encoding="utf-8")
    for _ in range(2):
        dbt_manifest.current_manifest(paths, project)
    assert parses == [["parse"]]
    (project / "model.sql").write_text("select 2", encoding="utf-8")
    dbt_manifest.current_manifest(paths, project)
    assert parses == [["parse"]] * 2


def test_every_dbt_test_and_every_expectation_is_a_check_that_blocks(
    definitions: dg.Definitions, paths: Home
) -> None:
    manifest = json.loads(
        (dbt_manifest.target_directory(paths) / "manifest.json").read_text(encoding="utf-8")
    )
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    warning = {test["name"] for test in tests if test["config"]["severity"].lower() == "warn"}
    graph = definitions.resolve_asset_graph()
    specs = [graph.get_check_spec(key) for key in graph.asset_check_keys]
    wanted = {test["name"] for test in tests} | {spec.name for spec in gate_checks()}
    assert {spec.name for spec in specs} == wanted
    assert {spec.name for spec in specs if not spec.blocking} == warning


def test_the_ratings_depend_on_every_table_they_read() -> None:
    queries = "\n".join(rating_queries.QUERIES.values())
    read = set(re.findall(r"\b(?:from|join) ([a-z]\w*(?:\.\w+)?)", queries))
    own = {"numbers", "battles", "labels", "people", "rated", "units", "verdicts", "counted"}
    own |= {"judged", "tested"}
    assert read - own == set(INPUTS)


def test_whatever_opens_the_database_is_in_its_pool(definitions: dg.Definitions) -> None:
    pools = {
        job.name: {node.name: node.definition.pool for node in job.graph.nodes}  # type: ignore[attr-defined]
        for job in (definitions.resolve_job_def("build"), definitions.resolve_job_def("ingest"))
    }
    assert pools == {
        "build": {
            "warehouse": DUCKDB_POOL,
            "warehouse_2": DUCKDB_POOL,
            "ratings": DUCKDB_POOL,
            "release": DUCKDB_POOL,
            "publication": DUCKDB_POOL,
            "site": None,
        },
        "ingest": {"load_files": None},
    }


def test_everything_but_the_order_of_it_runs_without_dagster(repository: Path) -> None:
    code = """
import importlib, pkgutil, sys
for name in ("ingestion", "expectations", "ratings"):
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, f"{name}."):
        importlib.import_module(module.name)
sys.exit(", ".join(sorted(name for name in sys.modules if name.startswith("dagster"))) or None)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-500:]


def test_names_in_metadata_are_no_markdown() -> None:
    name = "x|[a](b) <i> _c_ `d` \x1b"
    shown = table(("model_id", "battle_count"), [{"model_id": name, "battle_count": 1234}]).value
    assert shown.splitlines()[-1] == (r"| x\|\[a\](b) \<i\> \_c\_ \`d\` \\x1b | 1,234 |")
