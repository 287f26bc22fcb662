"""The jobs: load, build, and look back.

`ingest` brings files into the log, `build` makes everything right of the log, `boards_of_days`
makes boards of the past, a day each.

Loading and building are two because neither must wait for the other: the log takes both at once.
All run in one process; a process per step costs three times as long.

What stays out: the steps (assets/) and when they run (sensors.py, schedules.py).
"""

import dagster as dg

from orchestration.checks import INGEST

EVENTS = dg.AssetSelection.groups(INGEST)
OF_DAYS = dg.AssetSelection.assets("board_of_day")

ingest = dg.define_asset_job(
    "ingest",
    selection=EVENTS,
    description="Files through the gate into the log: those named, else all of landing/.",
    executor_def=dg.in_process_executor,
)
build = dg.define_asset_job(
    "build",
    selection=dg.AssetSelection.all() - EVENTS - OF_DAYS,
    description="From the log to what readers see: state, counts, ratings, reports, publication.",
    executor_def=dg.in_process_executor,
)
boards_of_days = dg.define_asset_job(
    "boards_of_days",
    selection=OF_DAYS,
    description="The board as of each day's end, for the days of a backfill.",
    executor_def=dg.in_process_executor,
)
