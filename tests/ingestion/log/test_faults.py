"""Faults injected for real: disks that are full, broken or too small.

The fault is put into the operating system's calls in a process of the test's own; the product has
no hook for it.
"""

import errno
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ingestion.log import EventLog
from ingestion.log.durable import StorageError
from ingestion.vocabulary import EventType
from tests.ingestion.log.events import battles, check_once, commit

BATTLE = EventType.BATTLE_JUDGED
REPOSITORY = Path(__file__).resolve().parents[3]


def failing(
    original: Callable[..., Any], number: int, code: int, seen: list[int]
) -> Callable[..., Any]:
    def patched(*arguments: Any, **options: Any) -> Any:
        seen.append(1)
        if len(seen) == number:
            raise OSError(code, os.strerror(code))
        return original(*arguments, **options)

    return patched


def complaint_of(action: Callable[[], Any]) -> str | None:
    try:
        action()
    except StorageError as error:
        return str(error)
    return None


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC])
@pytest.mark.parametrize(
    ("module", "call"),
    # Records are written through fdopen, segments by pyarrow.
    [
        (os, "fsync"),
        (os, "rename"),
        (os, "link"),
        (os, "fdopen"),
        (pq.ParquetWriter, "write_table"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_every_refusal_of_the_disk_is_explained_and_acknowledges_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch, module: Any, call: str, code: int
) -> None:
    log = EventLog.open(home / "log")
    commit(log, "before", battles([0]))
    number = 1
    while True:
        seen: list[int] = []
        batch_id = f"batch-{number}"
        events = battles([f"{number}-{row}" for row in range(3)])
        head = log.head_seq
        with monkeypatch.context() as patch:
            patch.setattr(module, call, failing(getattr(module, call), number, code, seen))
            complaint = complaint_of(lambda: commit(log, batch_id, events))  # noqa: B023
        if complaint is None:
            assert len(seen) < number, "a failure was swallowed"
            break
        assert os.strerror(code) in complaint
        assert str(home) in complaint
        fresh = EventLog.open(home / "log")
        # Only the very last fsync comes after the link: then the commit is there, unacknowledged.
        assert fresh.head_seq == head or fresh.find_batch(batch_id) is not None
        assert fresh.verify().findings == []
        assert commit(fresh, batch_id, events).seq == head + 1
        log = EventLog.open(home / "log")
        number += 1
    assert number > 1
    check_once(log, 3 * number + 1)


def test_a_file_too_large_for_the_limit(home: Path) -> None:
    script = """
import resource, sys
from pathlib import Path
from ingestion.errors import DemoscopeError
from ingestion.log import EventLog
from tests.ingestion.log.events import battles, check_once, commit
log = EventLog.open(Path(sys.argv[1]))
commit(log, "small", battles(range(3)))
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
try:
    commit(log, "large", battles(f"{i * i * 7919}" for i in range(20_000)))
except DemoscopeError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert log.verify().findings == []
assert EventLog.open(Path(sys.argv[1])).head_seq == 1
commit(log, "large", battles(f"{i * i * 7919}" for i in range(20_000)))
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(home / "log")],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
    )
    assert done.returncode == 0, done.stderr
    assert "File too large" in done.stdout
    check_once(EventLog.open(home / "log"), 20_003)


def test_a_full_disk(tmp_path: Path) -> None:
    """A real one: a small tmpfs, where this user may mount it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.xfail("mounting a tmpfs is not allowed here; RLIMIT_FSIZE and ENOSPC are tested")
    try:
        log = EventLog.open(disk / "log")
        seq = 0
        complaint = None
        while complaint is None:
            rows = battles(f"{seq}-{i * i * 7919}" for i in range(2000))
            complaint = complaint_of(lambda: commit(log, f"batch-{seq}", rows))  # noqa: B023
            seq = log.head_seq
        assert "No space left" in complaint
        assert seq > 0
        fresh = EventLog.open(disk / "log")
        assert fresh.head_seq == seq
        assert fresh.verify().findings == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("pages", range(12))
def test_a_disk_that_is_full_after_so_many_pages(tmp_path: Path, pages: int) -> None:
    """Whichever write it is that does not fit any more: the head is what it was."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(disk)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a tmpfs is not allowed here")
    try:
        log = EventLog.open(disk / "log")
        commit(log, "before", battles(range(3)))
        status = os.statvfs(disk)
        filler = disk / "filler"
        filler.write_bytes(bytes(status.f_frsize * (status.f_bavail - pages)))
        complaint = complaint_of(lambda: commit(log, "full", battles(range(3, 6))))
        fresh = EventLog.open(disk / "log")
        assert fresh.head_seq == (2 if complaint is None else 1)
        assert fresh.verify().findings == []
        filler.unlink()
        assert commit(fresh, "full", battles(range(3, 6))).seq == 2
        check_once(fresh, 6)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_writer_waiting_does_not_lose_its_files_to_one_that_clears_up(log: EventLog) -> None:
    script = """
import sys, time
from pathlib import Path
from ingestion.log import EventLog
from ingestion.vocabulary import EventType
from tests.ingestion.log.events import PRODUCER, battles
with EventLog.open(Path(sys.argv[1])).begin("slow", PRODUCER) as batch:
    batch.stage(EventType.BATTLE_JUDGED, battles(range(3)))
    batch._staged.seal()
    print("staged", flush=True)
    sys.stdin.readline()
    print(batch.commit().seq, flush=True)
"""
    slow = subprocess.Popen(
        [sys.executable, "-c", script, str(log.layout.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    )
    assert slow.stdout is not None
    assert slow.stdout.readline() == "staged\n"
    started = time.monotonic()
    commit(log, "fast", battles(range(10, 12)))
    assert time.monotonic() - started < 10
    assert len(list(log.layout.tmp.rglob("*.parquet"))) == 1
    output, _ = slow.communicate("go\n")
    assert output == "2\n"
    log.refresh()
    check_once(log, 5)
