"""dbt's own unit tests, on an empty warehouse: SQL logic, model by model."""

from pathlib import Path

from ingestion.log import EventLog
from ingestion.paths import Home
from orchestration.database import open_database, register_ratings, register_sources
from orchestration.dbt_runs import run_dbt
from orchestration.log_verification import show
from orchestration.release_history import register_releases


def test_every_unit_test_passes_on_an_empty_warehouse(tmp_path: Path) -> None:
    log = EventLog.open(tmp_path / "log")
    with open_database(tmp_path / "demoscope.duckdb") as connection:
        register_sources(connection, log, as_of_seq=0, loads=tmp_path / "loads")
        register_ratings(connection, tmp_path / "ratings")
        assert register_releases(connection, Home(tmp_path)) == []
    show(tmp_path / "demoscope.duckdb", [])
    run_dbt(["seed"], root=tmp_path)
    run_dbt(["run", "--empty"], root=tmp_path)
    results = run_dbt(["test", "--select", "test_type:unit"], root=tmp_path)
    assert len(results) >= 10
    assert {str(result.status) for result in results} == {"pass"}
