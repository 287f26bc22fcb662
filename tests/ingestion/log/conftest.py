"""A log of the test's own."""

from pathlib import Path

import pytest

from ingestion.log import EventLog


@pytest.fixture
def log(home: Path) -> EventLog:
    return EventLog.open(home / "log")


@pytest.fixture
def cache(home: Path) -> Path:
    return home / "cache"
