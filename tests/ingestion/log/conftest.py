"""A log of the test's own."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from ingestion.log import EventLog
from tests.ingestion.log.buckets import BucketServer, Machines
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


@pytest.fixture(scope="session")
def running_server() -> Iterator[BucketServer]:
    server = BucketServer()
    yield server
    server.close()


@pytest.fixture
def server(running_server: BucketServer) -> Iterator[BucketServer]:
    """A server of buckets that does all right until it is told otherwise."""
    running_server.fault = lambda method, path: None
    yield running_server
    running_server.fault = lambda method, path: None


@pytest.fixture
def bucket() -> str:
    """The name of a new bucket."""
    return f"log-{secrets.token_hex(8)}"


@pytest.fixture
def s3(server: BucketServer, bucket: str, tmp_path: Path) -> Machines:
    """Machines with a log in a new bucket."""
    return Machines(tmp_path / "machines", server.make(bucket), server.environment)


@pytest.fixture(params=["disk", "directory", "memory", "s3"])
def machines(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Machines:
    """Machines with a log on their common disk, or at each kind of store."""
    if request.param == "s3":
        found: Machines = request.getfixturevalue("s3")
        return found
    url = None if request.param == "disk" else f"file://{tmp_path}/a bucket"
    if request.param == "memory":
        memory = MemoryStore()
        monkeypatch.setattr("ingestion.log.object_store._opened", lambda url: memory)
        url = "s3://memory"
    return Machines(tmp_path / "machines", url, {})
