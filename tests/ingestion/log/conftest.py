"""A log of the test's own."""

from pathlib import Path

import pytest

from ingestion.log import EventLog
from tests.ingestion.log.events import battles, commit, models


@pytest.fixture
def log(home: Path) -> EventLog:
    return EventLog.open(home / "log")


@pytest.fixture
def cache(home: Path) -> Path:
    return home / "cache"


@pytest.fixture
def filled(log: EventLog) -> EventLog:
    """20 commits of battles, every third with models before or after them."""
    for number in range(20):
        rows = battles(range(100 * number, 100 * number + number + 1))
        names = models([f"m{number}", f"n{number}"])
        tables = ([rows], [rows, names], [names, rows])[number % 3]
        commit(log, f"{number}", *tables)
    return log
