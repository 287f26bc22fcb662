"""A build on a full disk: a sentence, the release before is current, the next build clears up."""

import os
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest

from ingestion.errors import IntegrityError, NotFoundError
from ingestion.log import EventLog
from ingestion.log.durable import StorageError
from ingestion.paths import Home
from orchestration.full_disk import full_disk_explained
from orchestration.home_checks import leftovers
from publishing.boards import store
from tests.attacks.file_faults import full_disk_at, leave_room, small_disk
from tests.attacks.small_votes import write_votes
from tests.end_to_end.command import demoscope, document

NO_SPACE = "No space left on device"


def wrapped() -> Exception:
    """As `open_database` says it of a database that it could not open."""
    error = IntegrityError("it cannot be read", remedy="Delete it.")
    error.__cause__ = duckdb.IOException(f"Could not write file: {NO_SPACE}")
    return error


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, NO_SPACE),
        OSError(f"Error writing bytes to file. Detail: [errno 28] {NO_SPACE}"),
        OSError(122, os.strerror(122)),
        duckdb.IOException(f'Could not write file "a.wal": {NO_SPACE}'),
        duckdb.OutOfMemoryException("failed to offload; increase max_temp_directory_size"),
        wrapped(),
    ],
)
def test_want_of_room_in_anybodys_words(tmp_path: Path, error: Exception) -> None:
    is_explained = pytest.raises(StorageError, match="Free some space")
    with is_explained as said, full_disk_explained(Home(tmp_path)):
        raise error
    assert str(tmp_path) in str(said.value)


@pytest.mark.parametrize("error", [NotFoundError("no battles"), OSError(5, "I/O"), ValueError("x")])
def test_other_errors_stay_what_they_are(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(type(error)) as said, full_disk_explained(Home(tmp_path)):
        raise error
    assert said.value is error


def require_as_before(home: Home, shown: str, done: subprocess.CompletedProcess[str]) -> None:
    """The build was refused in a sentence, and the release before is current and whole."""
    assert done.returncode == 1, done.stderr
    assert str(home.root) in done.stderr
    assert "Free some space" in done.stderr
    assert "Traceback" not in done.stderr
    assert store.current(home.boards).id == shown
    assert demoscope(home.root, "boards", "list", "--json").returncode == 0


@pytest.mark.slow
def test_a_build_without_room_at_its_first_write(victim: Home) -> None:
    shown = store.current(victim.boards).id
    with full_disk_at(1):
        done = demoscope(victim.root, "build")
    require_as_before(victim, shown, done)


@pytest.mark.slow
def test_builds_on_a_disk_that_fills_up(attacked: Home, tmp_path: Path) -> None:
    """A real one, so that the writes of DuckDB, dbt and pyarrow are refused as well."""
    with small_disk(tmp_path / "disk") as disk:
        home = Home(Path(shutil.copytree(attacked.root, disk / "home", symlinks=True)))
        shown = store.current(home.boards).id
        document(home.root, "ingest", write_votes(tmp_path / "more.jsonl", 60, 90), "--json")
        refused = 0
        for kilobytes in (0, 40, 400, 1500, 3000, 6000, 9000):
            filler = leave_room(disk, kilobytes)
            done = demoscope(home.root, "build")
            filler.unlink()
            if done.returncode:
                refused += 1
                require_as_before(home, shown, done)
        assert refused > 2
        assert demoscope(home.root, "build").returncode == 0
        assert store.current(home.boards).id != shown
        assert EventLog.open(home.log).head_seq == 3
        assert leftovers(home) == "none"
