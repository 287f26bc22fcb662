"""The job `ingest`: what Dagster is told of a load, good or bad."""

from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from ingestion.log import EventLog
from ingestion.paths import Home
from orchestration.assets.events import ingest_config
from orchestration.landing import LandedFile

BATTLES = dg.AssetKey(["raw", "battle_judged"])
LOADS = dg.AssetKey(["raw", "load"])

Run = Callable[..., dg.ExecuteInProcessResult]


@pytest.fixture
def ingest(definitions: dg.Definitions, instance: dg.DagsterInstance) -> Run:
    def run(*files: LandedFile) -> dg.ExecuteInProcessResult:
        return definitions.resolve_job_def("ingest").execute_in_process(
            instance=instance,
            raise_on_error=False,
            run_config=ingest_config(files) if files else None,
        )

    return run


def materialised(result: dg.ExecuteInProcessResult) -> dict[dg.AssetKey, dg.AssetMaterialization]:
    events = result.get_asset_materialization_events()
    return {event.materialization.asset_key: event.materialization for event in events}


def test_a_load_is_told_of_with_its_checks_and_the_same_file_again_adds_nothing(
    ingest: Run, paths: Home, write_battles: Callable[..., Path]
) -> None:
    write_battles(rows=40, bad=2)
    result = ingest()
    assert result.success
    told = materialised(result)
    assert set(told) == {BATTLES, LOADS}
    metadata = told[BATTLES].metadata
    assert metadata["dagster/row_count"].value == 38
    assert metadata["row_count"].value == 40
    assert metadata["quarantined_count"].value == 2
    assert metadata["quarantined by reason"].value == (
        "| reason | rows |\n| --- | ---: |\n| unknown_value | 2 |"
    )
    assert metadata["log position"].value == 1
    checks = result.get_asset_check_evaluations()
    assert {check.asset_key for check in checks} == {BATTLES, LOADS}
    assert len(checks) > 10
    assert all(check.passed and check.blocking for check in checks)
    again = ingest()
    assert again.success
    assert set(materialised(again)) == {LOADS}
    assert EventLog.open(paths.log).resolve(None) == 1


def test_a_refused_load_fails_the_run_and_neither_other_files_nor_what_stands(
    ingest: Run, paths: Home, write_battles: Callable[..., Path]
) -> None:
    write_battles("bad.jsonl", rows=10, bad=5)
    write_battles("good.jsonl", rows=10)
    (paths.landing / "broken.parquet").write_bytes(b"PAR1 and no more")
    result = ingest()
    assert not result.success
    checks = result.get_asset_check_evaluations()
    assert {check.asset_key for check in checks} == {BATTLES, LOADS}
    assert all(check.passed for check in checks)
    (step,) = [event for event in result.all_events if event.is_step_failure]
    said = str(step.step_failure_data.user_failure_data)
    assert "bad.jsonl" in said
    assert "broken.parquet" in said
    assert "the sensor then takes it again" in said
    assert "max_bad_share" in said
    assert materialised(result)[BATTLES].metadata["row_count"].value == 20
    assert EventLog.open(paths.log).resolve(None) == 1


def test_a_run_loads_the_files_it_was_started_for_by_their_mapping(
    ingest: Run, paths: Home, write_battles: Callable[..., Path]
) -> None:
    write_battles("not_asked_for.jsonl")
    folder = paths.landing / "mine"
    folder.mkdir()
    mapping = folder / "mapping.yml"
    mapping.write_text(
        "source: mine\nevent: battle_judged\n"
        "columns:\n  native_id: id\n  model_a: x\n  model_b: y\n  outcome: won\n"
        "  dimension: {constant: overall}\n"
        "outcome: {x: a, y: b}\n",
        encoding="utf-8",
    )
    votes = folder / "votes.csv"
    votes.write_text("id,x,y,won\n1,aurora,basalt,x\n2,aurora,basalt,y\n", encoding="utf-8")
    result = ingest(LandedFile("mine/votes.csv", votes, str(mapping)))
    assert result.success
    assert materialised(result)[BATTLES].metadata["dagster/row_count"].value == 2


def test_every_check_leads_to_the_pages_of_great_expectations(
    ingest: Run, write_battles: Callable[..., Path]
) -> None:
    write_battles(rows=10, bad=1)
    checks = ingest().get_asset_check_evaluations()
    (taken,) = {str(check.metadata["data docs"].value) for check in checks}
    assert (Path(taken) / "load.html").exists()
    write_battles(rows=10, bad=5)
    refused = ingest()
    assert refused.get_asset_check_evaluations() == []
    (step,) = [event for event in refused.all_events if event.is_step_failure]
    told = step.step_failure_data.user_failure_data
    assert told is not None
    [page] = told.metadata.values()
    directory = str(page.value)
    pages = {path.name: path.read_text(encoding="utf-8") for path in Path(directory).iterdir()}
    assert set(pages) == {"load.html", "battle_judged-1.html"}
    assert "quarantined_share" in pages["load.html"]
    assert "Failed" in pages["load.html"]
    assert all("default-src 'none'" in page for page in pages.values())
    assert Path(directory).stat().st_mode & 0o077 == 0
