"""The two jobs: `ingest` brings files into the log, `build` makes everything right of the log.

They are two because a load must not wait for a build, nor a build for a load: the log takes both
at once. Both run in one process; a process per step costs three times as long.

What stays out: the steps (assets/) and when they run (sensors.py, schedules.py).
"""

import dagster as dg

from orchestration.checks import RAW

EVENTS = dg.AssetSelection.groups(RAW)

ingest = dg.define_asset_job(
    "ingest",
    selection=EVENTS,
    description="Files through the gate into the log: those named, else all of landing/.",
    executor_def=dg.in_process_executor,
)
build = dg.define_asset_job(
    "build",
    selection=dg.AssetSelection.all() - EVENTS,
    description="From the log to the board: state, counts, ratings, reports.",
    executor_def=dg.in_process_executor,
)
