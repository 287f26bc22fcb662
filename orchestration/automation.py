"""When Dagster runs what: the jobs, the daily build, files that arrive, and runs that fail.

`label` has a model label conversations, `ingest` brings files into the log, `build` makes
everything right of the log, and `releases_of_days` makes releases of the past, a day each. Loading
and building are two jobs because neither must wait for the other: the log takes both at once.
"""

import json
import os
import shlex
import subprocess
from collections.abc import Mapping
from typing import Any

import dagster as dg

from ingestion.log import EventLog
from orchestration.assets.common import HomeResource
from orchestration.assets.events import INGEST, ingest_config
from orchestration.assets.labels import LABEL
from orchestration.landing import landed_files

SECONDS_BETWEEN_TICKS = 15
# A tick must end within a minute, and hashing is what takes long.
BYTES_PER_TICK = 8 << 30
FILE_TAG = "demoscope/file"
ALERT_VARIABLE = "DEMOSCOPE_ON_FAILURE"
ALERT_SECONDS = 30
EVENTS = dg.AssetSelection.groups(INGEST)
LABELS = dg.AssetSelection.groups(LABEL)
OF_DAYS = dg.AssetSelection.assets("release_of_day")

# All run in one process; a process per step costs three times as long.
label = dg.define_asset_job(
    "label",
    selection=LABELS,
    description="Has a model label what lies in conversations/, by one rubric, into landing/.",
    executor_def=dg.in_process_executor,
)
ingest = dg.define_asset_job(
    "ingest",
    selection=EVENTS,
    description="Files through the gate into the log: those named, else all of landing/.",
    executor_def=dg.in_process_executor,
)
build = dg.define_asset_job(
    "build",
    selection=dg.AssetSelection.all() - LABELS - EVENTS - OF_DAYS,
    description="From the log to what readers see: state, counts, ratings, reports, publication.",
    executor_def=dg.in_process_executor,
)
releases_of_days = dg.define_asset_job(
    "releases_of_days",
    selection=OF_DAYS,
    description="The release as of each day's end, for the days of a backfill.",
    executor_def=dg.in_process_executor,
)


@dg.schedule(
    name="daily_build",
    job_name="build",
    cron_schedule="0 4 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every mart and the release, from the head of the log, every day at 04:00 UTC.",
)
def daily_build(home: HomeResource) -> dg.RunRequest | dg.SkipReason:
    """Build, unless there is nothing to build from."""
    if EventLog.open(home.paths.log).resolve(None) == 0:
        return dg.SkipReason("The log is empty.")
    return dg.RunRequest()


@dg.sensor(
    name="landing",
    job_name="ingest",
    minimum_interval_seconds=SECONDS_BETWEEN_TICKS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Each new file in landing/ is one run of ingest, exactly once.",
)
def landing_sensor(context: dg.SensorEvaluationContext, home: HomeResource) -> dg.SensorResult:
    """Ask for a run per file that is new and no longer being written.

    A file is new when it has not changed since the last tick and its content has not been seen
    under its name. The cursor remembers what was seen, so that a file is read once and not at every
    tick. The run key, file name and content, makes it exactly once: Dagster starts no second run
    for a key, even if the cursor is lost.
    """
    before = json.loads(context.cursor or "{}")
    seen: dict[str, list[object]] = {}
    requests: list[dg.RunRequest] = []
    read = 0
    for file in landed_files(home.paths.landing):
        try:
            state, size = file.state, file.byte_count
            is_stable = before.get(file.name, [None])[0] == state
            is_done = is_stable and before[file.name][1]
            if is_stable and not is_done and (not requests or read + size <= BYTES_PER_TICK):
                request = dg.RunRequest(
                    run_key=f"{file.name}:{file.fingerprint()}",
                    run_config=ingest_config([file]),
                    tags={FILE_TAG: file.name},
                )
                requests.append(request)
                read += size
                is_done = True
        except FileNotFoundError:  # taken away while we looked
            continue
        seen[file.name] = [state, is_done]
    return dg.SensorResult(
        run_requests=requests, cursor=json.dumps(seen, sort_keys=True, allow_nan=False)
    )


@dg.run_failure_sensor(
    name="run_failed",
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="A run that failed is told to the command that DEMOSCOPE_ON_FAILURE names.",
)
def run_failed(context: dg.RunFailureSensorContext) -> None:
    """Tell of a failed run."""
    run = context.dagster_run
    event = {"run_id": run.run_id, "job": run.job_name, "tags": dict(run.tags)}
    context.log.info(alert({**event, "message": context.failure_event.message}))


def alert(event: Mapping[str, Any]) -> str:
    """Run the operator's command; what came of it, in a sentence. It never raises.

        DEMOSCOPE_ON_FAILURE="mail -s 'Demoscope: a run failed' data@example.org" make ui

    The command is split into words as a shell would, and run without one. It gets the event as one
    JSON object on its standard input.
    """
    try:
        command = shlex.split(os.environ.get(ALERT_VARIABLE, ""))
        if not command:
            return f"Nobody is told: {ALERT_VARIABLE} names no command."
        done = subprocess.run(  # noqa: S603 - the operator's own command, without a shell
            command,
            input=json.dumps(event, sort_keys=True, allow_nan=False),
            text=True,
            capture_output=True,
            timeout=ALERT_SECONDS,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return f"{ALERT_VARIABLE} could not be run: {error}"
    if done.returncode:
        return f"{command[0]} ended with {done.returncode}: {done.stderr.strip()[:500]}"
    return f"Told through {command[0]}."
