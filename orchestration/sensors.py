"""What Dagster watches: files that arrive, and runs that fail.

`landing`: each new file becomes one run of `ingest`, exactly once.

A file is new when it has not changed since the last tick and its content has not been seen under
its name. The cursor remembers what was seen, so that a file is read once and not at every tick;
the run key, file name and content, is what makes it exactly once: Dagster starts no second run for
a key, even if the cursor is lost.

`run_failed`: a run that failed is told to whoever the operator named (alerts.py).

What stays out: which files count and by which mapping (landing.py), and loading (assets/raw.py).
"""

import json

import dagster as dg

from orchestration.alerts import alert
from orchestration.assets.raw import ingest_config
from orchestration.landing import LandedFile, landed_files
from orchestration.resources import HomeResource

SECONDS_BETWEEN_TICKS = 15
# A tick must end within a minute, and hashing is what takes long.
BYTES_PER_TICK = 8 << 30
FILE_TAG = "demoscope/file"


@dg.sensor(
    name="landing",
    job_name="ingest",
    minimum_interval_seconds=SECONDS_BETWEEN_TICKS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Each new file in landing/ is one run of ingest, exactly once.",
)
def landing_sensor(context: dg.SensorEvaluationContext, home: HomeResource) -> dg.SensorResult:
    """Ask for a run per file that is new and no longer being written."""
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
                requests.append(_request(file))
                read += size
                is_done = True
        except FileNotFoundError:  # taken away while we looked
            continue
        seen[file.name] = [state, is_done]
    return dg.SensorResult(run_requests=requests, cursor=json.dumps(seen, sort_keys=True))


def _request(file: LandedFile) -> dg.RunRequest:
    return dg.RunRequest(
        run_key=f"{file.name}:{file.fingerprint()}",
        run_config=ingest_config([file]),
        tags={FILE_TAG: file.name},
    )


@dg.run_failure_sensor(
    name="run_failed",
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="A run that failed is told to the command that DEMOSCOPE_ON_FAILURE names.",
)
def run_failed(context: dg.RunFailureSensorContext) -> None:
    """Tell of a failed run."""
    told = alert(
        {
            "run_id": context.dagster_run.run_id,
            "job": context.dagster_run.job_name,
            "tags": dict(context.dagster_run.tags),
            "message": context.failure_event.message,
        }
    )
    context.log.info(told)
