"""The job `build`: from the log to a board, and nothing after a dbt failure."""

import shutil
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from ingestion.errors import NotFoundError
from ingestion.log import EventLog
from ingestion.paths import Home
from orchestration import dbt_runs
from orchestration.assets.common import HomeResource
from orchestration.building import Workspace, rate
from orchestration.definitions import build_definitions
from orchestration.loading import load_file
from publishing.boards import store
from publishing.publications.store import current
from ratings.tournaments import RatingParameters

# dagster_dbt 0.29 itself asks for `context.op`.
pytestmark = pytest.mark.filterwarnings(
    "ignore:AssetExecutionContext.op is deprecated:DeprecationWarning"
)

MODELS = {
    "sources.yml": """
version: 2
sources: [{name: ratings, schema: ratings, tables: [{name: rating}]}]
models:
  - name: fct_tournament_count
    columns: [{name: battle_count, data_tests: [not_null]}]
""",
    "fct_tournament_count.sql": "select 1 as battle_count",
    "rpt_leaderboard.sql": "select * from {{ source('ratings', 'rating') }}",
}
FAULTS = {
    "a model": "select no_such_column as battle_count",
    "a test": "select cast(null as integer) as battle_count",
}


def executed(result: dg.ExecuteInProcessResult) -> list[str]:
    return [event.step_key or "" for event in result.all_events if event.is_step_start]


def test_a_build_ends_with_a_board(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    paths: Home,
    write_battles: Callable[..., Path],
) -> None:
    load_file(paths, str(write_battles(rows=60)))
    chosen = {"ops": {"ratings": {"config": {"parameters": ["provisional_battle_count=7"]}}}}
    result = definitions.resolve_job_def("build").execute_in_process(
        instance=instance, run_config=chosen
    )
    assert executed(result) == [
        "warehouse_2",
        "ratings",
        "warehouse",
        "release",
        "publication",
        "site",
    ]
    assert all(check.passed for check in result.get_asset_check_evaluations())
    graph = definitions.resolve_asset_graph()
    wanted = {key for key in graph.asset_check_keys if key.asset_key.path[0] != "raw"}
    checked = {
        dg.AssetCheckKey(check.asset_key, check.check_name)
        for check in result.get_asset_check_evaluations()
    }
    assert checked == wanted, "every dbt test ran, in the step where its models are built"
    told = {
        event.materialization.asset_key.to_user_string(): event.materialization
        for event in result.get_asset_materialization_events()
    }
    assert told["dim_model"].metadata["dagster/row_count"].value == 3
    assert told["ratings/rating"].metadata["models"].value == 3
    board = store.current(paths.boards)
    assert told["release"].metadata["release id"].value == board.id
    assert "| 1 | " in str(told["release"].metadata["top ten"].value)
    assert board.subject["log_position"] == 1
    assert board.subject["parameters"]["provisional_battle_count"] == 7
    # Four people are too few for any figure, and everybody's business which models there are.
    published = {table["name"]: table for table in current(paths.marts).manifest["tables"]}
    assert told["publication"].metadata["release id"].value == board.id
    assert published["dim_model"]["row_count"] == 3
    assert published["rpt_leaderboard"]["row_count"] == 0
    assert published["rpt_leaderboard"]["left_out_count"] > 0
    run = instance.get_run_by_id(result.run_id)
    assert run is not None
    assert run.tags["demoscope/log_position"] == "1"


@pytest.fixture(params=FAULTS)
def broken(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dbt project of two models around the ratings, of which the first has a fault."""
    project = tmp_path / "project"
    (project / "models").mkdir(parents=True)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(dbt_runs.PROJECT_DIRECTORY / name, project / name)
    for name, text in (MODELS | {"fct_tournament_count.sql": FAULTS[request.param]}).items():
        (project / "models" / name).write_text(text, encoding="utf-8")
    lines = (project / "dbt_project.yml").read_text(encoding="utf-8")
    head = lines.split("\nmodels:", 1)[0].split("\nflags:", 1)[0]
    (project / "dbt_project.yml").write_text(head + "\n", encoding="utf-8")
    monkeypatch.setattr(dbt_runs, "PROJECT_DIRECTORY", project)


@pytest.mark.usefixtures("broken")
def test_a_dbt_failure_stops_the_ratings(
    paths: Home, instance: dg.DagsterInstance, write_battles: Callable[..., Path]
) -> None:
    load_file(paths, str(write_battles()))
    definitions = build_definitions(home=HomeResource(root=str(paths.root)))
    result = definitions.resolve_job_def("build").execute_in_process(
        instance=instance, raise_on_error=False
    )
    assert not result.success
    assert executed(result) == ["warehouse"]
    (step,) = [event for event in result.all_events if event.is_step_failure]
    assert "fct_tournament_count" in str(step.step_failure_data.error)
    assert not paths.ratings.exists()
    assert not paths.boards.exists()
    with pytest.raises(NotFoundError, match="cut off"):
        rate(Workspace(paths.root), EventLog.open(paths.log), RatingParameters())
