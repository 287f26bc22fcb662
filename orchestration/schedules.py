"""When what is built without being asked for.

What stays out: what is built (jobs.py) and files that arrive (sensors.py).
"""

import dagster as dg

from ingestion.log import EventLog
from orchestration.resources import HomeResource


@dg.schedule(
    name="daily_build",
    job_name="build",
    cron_schedule="0 4 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every mart and the board, from the head of the log, every day at 04:00 UTC.",
)
def daily_build(home: HomeResource) -> dg.RunRequest | dg.SkipReason:
    """Build, unless there is nothing to build from."""
    if EventLog.open(home.paths.log).resolve(None) == 0:
        return dg.SkipReason("The log is empty.")
    return dg.RunRequest()
