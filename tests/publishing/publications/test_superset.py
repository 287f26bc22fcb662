"""The dashboard names only tables and columns that are published; Superset shows them."""

import io
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from orchestration.dbt_runs import PROJECT_DIRECTORY
from publishing.publications import store, superset
from publishing.publications.catalogue import PublicTable, declared_marts, public_tables
from publishing.publications.store import Publication
from publishing.publications.writing import write_files
from tests.publishing.publications import boot_superset
from tests.publishing.publications.conftest import ABOUT

CONFIGURATION = """
SECRET_KEY = "only for one test, then it is gone"
SQLALCHEMY_DATABASE_URI = "sqlite:///{home}/superset.db"
PREVENT_UNSAFE_DB_CONNECTIONS = False
WTF_CSRF_ENABLED = False
"""


def declared() -> list[PublicTable]:
    """Every public mart as dbt's yml declares it, without its rule."""
    return [
        replace(table, disclosed_by=None, matched_by=())
        for table in public_tables(declared_marts(PROJECT_DIRECTORY))
    ]


@pytest.fixture
def publication(tmp_path: Path) -> Publication:
    """Every public mart; two rows on a leaderboard, the others empty."""
    marts = tmp_path / "marts"
    with duckdb.connect() as connection:
        for table in declared():
            columns = ", ".join(f"{column.name} {column.sql_type}" for column in table.columns)
            connection.execute(f"create table {table.name} ({columns})")
        connection.execute(
            "insert into rpt_leaderboard (rank, display_name, skill)"
            " values (2, 'y', -1), (1, 'x', 1)"
        )
        with store.alone(marts), store.unfinished(marts) as directory:
            tables = write_files(connection, directory, declared(), ABOUT)
            manifest = {**ABOUT, "recorded_at": "", "tables": tables}
            kept = store.keep(marts, directory, manifest)
            store.make_current(marts, kept)
    return kept


def unpacked(packed: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return {name: yaml.safe_load(archive.read(name)) for name in archive.namelist()}


def test_the_dashboard_finds_the_mirror_in_its_schema(publication: Publication) -> None:
    for uri, schema in (("duckdb:///x", "main"), ("postgresql://host/x", "demoscope")):
        files = unpacked(superset.dashboard(publication, uri))
        found = {one["schema"] for name, one in files.items() if "/datasets/" in name}
        assert found == {schema}


def test_the_dashboard_names_only_what_is_published(publication: Publication) -> None:
    packed = superset.dashboard(publication, "duckdb:///x.duckdb")
    assert packed == superset.dashboard(publication, "duckdb:///x.duckdb")
    files = unpacked(packed)
    datasets = {
        one["uuid"]: {column["column_name"] for column in one["columns"]}
        for name, one in files.items()
        if "/datasets/" in name
    }
    charts = [one for name, one in files.items() if "/charts/" in name]
    assert len(charts) >= 5
    for chart in charts:
        assert set(chart["params"]["all_columns"]) <= datasets[chart["dataset_uuid"]], chart
    board = files["demoscope/dashboards/demoscope.yaml"]
    for one in board["metadata"]["native_filter_configuration"]:
        [target] = one["targets"]
        assert target["column"]["name"] in datasets[target["datasetUuid"]]
    placed = {one["meta"]["uuid"] for name, one in board["position"].items() if "CHART-" in name}
    assert placed == {chart["uuid"] for chart in charts}
    assert files["demoscope/databases/Demoscope.yaml"]["sqlalchemy_uri"] == "duckdb:///x.duckdb"


@pytest.mark.slow
def test_superset_imports_it_and_shows_the_figures(
    publication: Publication, tmp_path: Path, repository: Path
) -> None:
    environment, uv = tmp_path / "environment", Path(sys.executable).with_name("uv")
    python = environment / "bin" / "python"
    pins = repository / "docs" / "superset-requirements.txt"
    subprocess.run([uv, "venv", "--quiet", environment], check=True)
    subprocess.run([uv, "pip", "install", "-q", "--python", python, "-r", pins], check=True)
    configuration = tmp_path / "superset_config.py"
    configuration.write_text(CONFIGURATION.format(home=tmp_path))
    dashboard = tmp_path / "dashboard.zip"
    uri = superset.default_uri(publication.directory.parent)
    dashboard.write_bytes(superset.dashboard(publication, uri))

    def run(*command: str | Path) -> str:
        variables = {
            "SUPERSET_CONFIG_PATH": str(configuration),
            "SUPERSET_HOME": str(tmp_path),
            "FLASK_APP": "superset",
        }
        done = subprocess.run(
            command, env=os.environ | variables, check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[-3_000:]
        return done.stdout

    run(environment / "bin" / "superset", "db", "upgrade")
    shown = json.loads(run(python, boot_superset.__file__, dashboard).splitlines()[-1])
    board = shown["Leaderboard"]
    assert [(row["rank"], row["display_name"], row["skill"]) for row in board] == [
        (1, "x", 1.0),
        (2, "y", -1.0),
    ]
    assert [row["title"] for row in shown["What this is of"]] == [ABOUT["title"]]
    assert len(shown) == 5
