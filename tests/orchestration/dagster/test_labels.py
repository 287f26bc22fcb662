"""The job `label`: a judge's labels of what lies in conversations/, as files for landing/."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from ingestion.log import EventLog
from ingestion.paths import Home
from ingestion.rubrics.prompt import prompt_sha256
from ingestion.rubrics.reading import find_rubric
from orchestration.landing import landed_files
from tests.ingestion.labelling.judge_stub import MODEL, Reply, Stub, completion, serving

SECRET = "key-of-the-test"  # noqa: S105 (a stub's)
PRICES = {"price_in": 10.0, "price_out": 20.0}
COST = 0.012
"""Of one answer: 1,000 tokens read and 100 written."""
Run = Callable[..., dg.ExecuteInProcessResult]


def good(_number: int = 0, _request: dict[str, Any] | None = None) -> Reply:
    return 200, completion(), {}


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    monkeypatch.setenv("NO_PROXY", "*")
    with serving(good) as serves:
        monkeypatch.setenv("DEMOSCOPE_JUDGE_URL", serves.url)
        monkeypatch.setenv("DEMOSCOPE_JUDGE_KEY", SECRET)
        monkeypatch.setenv("DEMOSCOPE_JUDGE_MODEL", MODEL)
        yield serves


@pytest.fixture
def label(definitions: dg.Definitions, instance: dg.DagsterInstance) -> Run:
    def run(rubric: str = "sycophancy", **config: Any) -> dg.ExecuteInProcessResult:
        return definitions.resolve_job_def("label").execute_in_process(
            instance=instance,
            partition_key=rubric,
            raise_on_error=False,
            run_config={"ops": {"labels": {"config": {"workers": 1, **config}}}},
        )

    return run


def put(paths: Home, name: str, *ids: str, text: str = "user: a question") -> Path:
    path = paths.conversations / name
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{"conversation_id": one, "model_id": "alpha", "text": f"{text} {one}"} for one in ids]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def told(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    (event,) = result.get_asset_materialization_events()
    assert event.partition == "sycophancy"
    return {name: one.value for name, one in event.materialization.metadata.items()}


def failure(result: dg.ExecuteInProcessResult) -> str:
    (step,) = [event for event in result.all_events if event.is_step_failure]
    return str(step.step_failure_data.user_failure_data)


def test_labels_of_every_source_land_and_can_be_loaded(
    label: Run,
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    paths: Home,
    stub: Stub,
) -> None:
    put(paths, "pilot/a.jsonl", "c1", "c2")
    put(paths, "pilot/2026/b.jsonl", "c2", "c3")
    put(paths, "survey/talks.jsonl", "c1", text="user: a question of the survey")
    result = label(**PRICES)
    assert result.success
    assert len(stub.requests) == 4
    assert [file.name for file in landed_files(paths.landing)] == [
        "labels-sycophancy-pilot.jsonl",
        "labels-sycophancy-survey.jsonl",
    ]
    metadata = told(result)
    assert metadata["dagster/row_count"] == metadata["label_count"] == 24
    assert (metadata["asked_count"], metadata["kept_count"]) == (4, 0)
    assert metadata["cost"] == pytest.approx(4 * COST)
    assert metadata["judge"] == MODEL
    assert metadata["prompt_sha256"] == prompt_sha256(find_rubric("sycophancy"))
    assert "| survey | 1 | 0 | 1 |" in metadata["files"]
    loaded = definitions.resolve_job_def("ingest").execute_in_process(instance=instance)
    assert loaded.success
    log = EventLog.open(paths.log)
    (commit, *_) = log.commits(log.resolve(None))
    assert {segment.event_type for segment in commit.segments} == {"conversation_labelled"}
    written = b"".join(path.read_bytes() for path in paths.landing.rglob("*.jsonl"))
    written += b"".join(path.read_bytes() for path in paths.answers.rglob("*.json"))
    assert b"a question" not in written
    assert SECRET.encode() not in written


def test_a_run_again_asks_only_about_what_is_new(label: Run, paths: Home, stub: Stub) -> None:
    put(paths, "pilot/a.jsonl", "c1", "c2")
    assert label().success
    landed = paths.landing / "labels-sycophancy-pilot.jsonl"
    before = landed.read_bytes()
    again = told(label())
    assert (again["asked_count"], again["kept_count"]) == (0, 2)
    assert landed.read_bytes() == before
    put(paths, "pilot/b.jsonl", "c3")
    more = told(label())
    assert (more["asked_count"], more["kept_count"], more["label_count"]) == (1, 2, 18)
    assert len(stub.requests) == 3


@pytest.mark.parametrize(
    ("variable", "place"),
    [("DEMOSCOPE_JUDGE_URL", None), ("DEMOSCOPE_JUDGE_MODEL", None), (None, "elsewhere")],
)
def test_without_an_endpoint_or_conversations_nothing_is_done_and_said(
    label: Run,
    paths: Home,
    stub: Stub,
    variable: str | None,
    place: str | None,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    if variable:
        monkeypatch.delenv(variable)
    if not place:
        put(paths, "pilot/a.jsonl", "c1")
    result = label()
    assert result.success
    assert not result.get_asset_materialization_events()
    why = f"set {variable}." if variable else "there is no file"
    assert f"Nothing is labelled: {why}" in capfd.readouterr().err
    assert not stub.requests
    assert not landed_files(paths.landing)


def test_the_judge_may_be_named_in_the_launchpad(
    label: Run, paths: Home, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEMOSCOPE_JUDGE_MODEL")
    put(paths, "pilot/a.jsonl", "c1")
    assert told(label(model=MODEL, seed=5))["judge"] == MODEL
    assert stub.requests[0]["seed"] == 5


def test_a_conversation_without_an_answer_fails_the_run_and_keeps_the_others(
    label: Run, paths: Home, stub: Stub
) -> None:
    stub.replies = lambda _, request: (
        (200, completion({"sycophancy": "maybe"}), {})
        if "c2" in request["messages"][1]["content"]
        else good()
    )
    path = put(paths, "pilot/a.jsonl", "c1", "c2", "c3")
    path.write_text(path.read_text() + "no JSON\n", encoding="utf-8")
    result = label()
    assert not result.success
    metadata = told(result)
    assert (metadata["label_count"], metadata["unanswered_count"]) == (12, 1)
    assert metadata["left_out_count"] == 1
    assert "c2 (alpha): the judge's answer is outside the rubric" in failure(result)
    stub.replies = good
    assert told(label())["label_count"] == 18


def test_the_cap_holds_over_all_sources(label: Run, paths: Home, stub: Stub) -> None:
    put(paths, "pilot/a.jsonl", "c1", "c2")
    put(paths, "survey/a.jsonl", "c3", "c4")
    result = label(max_cost=3 * COST + 0.001, **PRICES)
    assert not result.success
    assert "Answers are kept" in failure(result)
    assert len(stub.requests) < 4
    assert "Without prices" in failure(label(max_cost=1.0))
    assert label(max_cost=1.0, **PRICES).success
    assert len(stub.requests) == 4


def test_a_file_without_a_source_and_a_text_that_changed_are_said(
    label: Run, paths: Home, stub: Stub
) -> None:
    put(paths, "pilot/a.jsonl", "c1")
    put(paths, "pilot/b.jsonl", "c1", text="user: another")
    assert told(label())["left_out_count"] == 1
    assert "question c1" in stub.requests[0]["messages"][1]["content"]
    put(paths, "loose.jsonl", "c1")
    assert "lies in no folder that names its source" in failure(label())


def test_only_the_owner_reads_conversations_and_answers(
    label: Run, paths: Home, stub: Stub
) -> None:
    put(paths, "pilot/a.jsonl", "c1")
    assert label().success
    paths.keep_private()
    for folder in (paths.conversations, paths.answers):
        assert folder.stat().st_mode & 0o077 == 0


def test_no_build_and_no_load_asks_a_judge(definitions: dg.Definitions) -> None:
    labels = dg.AssetKey("labels")
    for name in ("build", "ingest", "releases_of_days"):
        assert labels not in definitions.resolve_job_def(name).asset_layer.executable_asset_keys
    assert not definitions.resolve_asset_graph().get(labels).child_keys
