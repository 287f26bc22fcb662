"""Nothing in the environment has dbt build otherwise than a build asks for."""

import os
from pathlib import Path

import duckdb
import pytest

from orchestration.dbt_runs import PROJECT_DIRECTORY, dbt_environment, run_dbt

OTHERWISE = {
    "DBT_EMPTY": "1",
    "DBT_TARGET": "other",
    "DBT_ENGINE_EMPTY": "1",
    "DEMOSCOPE_DATABASE": "other.duckdb",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A dbt project of two tables: one of three rows, and one of the first's rows."""
    root = tmp_path / "project"
    (root / "models").mkdir(parents=True)
    named = "name: small\nversion: '1.0'\nprofile: demoscope\nvars: {rows: 3}\n"
    (root / "dbt_project.yml").write_text(named)
    (root / "profiles.yml").write_text((PROJECT_DIRECTORY / "profiles.yml").read_text())
    one = "{{ config(materialized='table') }} select * from range({{ var('rows') }})"
    (root / "models" / "one.sql").write_text(one)
    two = "{{ config(materialized='table') }} select * from {{ ref('one') }}"
    (root / "models" / "two.sql").write_text(two)
    return root


@pytest.mark.parametrize("name", OTHERWISE)
def test_no_variable_of_dbt_is_passed_on(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, OTHERWISE[name])
    root = tmp_path / "warehouse"
    run_dbt(["run"], root=root, project=project)
    with duckdb.connect(root / "demoscope.duckdb") as connection:
        assert connection.sql("select count(*) from two").fetchall() == [(3,)]
    assert os.environ[name] == OTHERWISE[name]


def test_what_dbt_is_given_is_gone_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBT_EMPTY", "1")
    monkeypatch.setenv("DEMOSCOPE_HOME", "before")
    with dbt_environment(DEMOSCOPE_HOME="within", DBT_INDIRECT_SELECTION="buildable"):
        assert [name for name in os.environ if name.startswith("DBT_")] == [
            "DBT_INDIRECT_SELECTION"
        ]
        assert os.environ["DEMOSCOPE_HOME"] == "within"
    assert os.environ["DEMOSCOPE_HOME"] == "before"
    assert os.environ["DBT_EMPTY"] == "1"
    assert "DBT_INDIRECT_SELECTION" not in os.environ
