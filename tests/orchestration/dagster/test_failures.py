"""The command that the operator named is told that a run failed."""

import json
import sys
from pathlib import Path

import dagster as dg
import pytest

from orchestration.automation import ALERT_VARIABLE, alert, run_failed


def test_a_failed_run_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, instance: dg.DagsterInstance
) -> None:
    told = tmp_path / "told.json"
    keep = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text(sys.stdin.read())"
    monkeypatch.setenv(ALERT_VARIABLE, f"{sys.executable} -c '{keep}' {told}")

    @dg.op
    def fails() -> None:
        raise dg.Failure("The disk is full.")

    @dg.job
    def doomed() -> None:
        fails()

    result = doomed.execute_in_process(instance=instance, raise_on_error=False)
    context = dg.build_run_status_sensor_context(
        sensor_name="run_failed",
        dagster_instance=instance,
        dagster_run=result.dagster_run,
        dagster_event=result.get_run_failure_event(),
    ).for_run_failure()
    run_failed(context)
    event = json.loads(told.read_text())
    assert event["job"] == "doomed"
    assert event["run_id"] == result.run_id
    assert event["message"]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("", "Nobody is told"),
        ("no-such-command-anywhere", "could not be run"),
        ("unbalanced '", "could not be run"),
        ("false", "false ended with 1"),
        ("true", "Told through true"),
    ],
)
def test_a_command_that_does_not_work_is_no_error(
    monkeypatch: pytest.MonkeyPatch, command: str, said: str
) -> None:
    monkeypatch.setenv(ALERT_VARIABLE, command)
    assert said in alert({"run_id": "1"})
