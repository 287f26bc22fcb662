"""Boards of the past: one per day, as it would have been at the end of that day.

A day of UTC is a partition; the first is the day of the log's first commit. A backfill of a range
is one run. Days at which the log stood where it stood the day before have the same board, and cost
nothing.

What stays out: looking back (building.py); the board that readers see (board.py).
"""

from datetime import UTC, date, datetime
from typing import Any

import dagster as dg

from ingestion.errors import NotFoundError
from ingestion.log import EventLog
from ingestion.paths import Home
from orchestration.assets.failures import as_failure
from orchestration.assets.metadata import table
from orchestration.building import build
from orchestration.resources import OWNERS, HomeResource

BOARDS = ("day", "log position", "board id")


def history_assets(home: Home) -> dg.AssetsDefinition:
    """The boards of the past of a warehouse."""

    @dg.asset(
        key="board_of_day",
        partitions_def=dg.DailyPartitionsDefinition(start_date=first_day(home).isoformat()),
        backfill_policy=dg.BackfillPolicy.single_run(),
        description="One board per day (UTC): from the log as it stood at the day's end.",
        group_name="publish",
        owners=OWNERS,
        kinds={"python", "json"},
    )
    def board_of_day(
        context: dg.AssetExecutionContext, home: HomeResource
    ) -> dg.MaterializeResult[Any]:
        days = [date.fromisoformat(key) for key in context.partition_keys]
        with as_failure():
            made = boards_of(home.paths, days)
        return dg.MaterializeResult(metadata={"boards": table(BOARDS, made)})

    return board_of_day


def first_day(home: Home) -> date:
    """The day of the log's first commit; today where there is none yet."""
    if (home.log / "FORMAT").exists():
        for commit in EventLog.open(home.log).commits(1):
            return commit.recorded_at.date()
    return datetime.now(UTC).date()


def boards_of(home: Home, days: list[date]) -> list[dict[str, Any]]:
    """Build the board of each day's end; a day before the first battle has none.

    Returns:
        A row per day, with the keys of BOARDS.
    """
    log = EventLog.open(home.log)
    by_position: dict[int, str] = {}
    rows = []
    for day in days:
        position = log.resolve(last_moment(day))
        if position not in by_position:
            by_position[position] = _board_at(home, position)
        rows.append(dict(zip(BOARDS, (day, position, by_position[position]), strict=True)))
    return rows


def last_moment(day: date) -> str:
    """The day's last microsecond, as `--as-of` takes it."""
    return f"{day.isoformat()}T23:59:59.999999Z"


def _board_at(home: Home, position: int) -> str:
    try:
        return build(home, as_of=position).board_id
    except NotFoundError:
        return "none: no battle yet"
