"""Processes killed at every step of a commit, and at random: each batch once, nothing half done.

The kill is put into the operating system's calls in a process of the test's own; the product has no
hook for it.
"""

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ingestion.log import EventLog
from tests.ingestion.log.events import battles, check_once, commit

REPOSITORY = Path(__file__).resolve().parents[3]
CALLS = ("link", "fsync", "rename", "unlink")

KILLED = """
import os, signal, sys
from pathlib import Path
from ingestion.log import EventLog
from tests.ingestion.log.events import battles, commit
log = EventLog.open(Path(sys.argv[1]))
call, number, when = sys.argv[2], int(sys.argv[3]), sys.argv[4]
original, seen = getattr(os, call), []
def patched(*arguments, **options):
    seen.append(1)
    if len(seen) == number and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    number_here = len(seen)
    try:
        return original(*arguments, **options)
    finally:
        if number_here == number and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
setattr(os, call, patched)
receipt = commit(log, "killed", battles(range(3)))
print(receipt.seq, len(seen), flush=True)
"""


def run_killed(root: Path, call: str, number: int, when: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", KILLED, str(root), call, str(number), when],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
    )


def kill_and_retry(root: Path, call: str, number: int, when: str) -> bool:
    """Whether there was such a step to be killed at."""
    log = EventLog.open(root)
    commit(log, "before", battles(range(100, 102)))
    killed = run_killed(root, call, number, when)
    if killed.returncode == 0:
        assert int(killed.stdout.split()[1]) < number
        return False
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert EventLog.open(root).verify().findings == []
    log = EventLog.open(root)
    was_in = log.find_batch("killed") is not None
    again = commit(log, "killed", battles(range(3)))
    assert (again.seq, again.is_new) == (2, not was_in)
    check_once(log, 5)
    assert list(log.layout.tmp.glob("batch-*")) == []
    return True


def test_killed_after_the_link_before_the_acknowledgement(home: Path) -> None:
    # The first link is the self-test's, the second its counter-proof; the schema is there already.
    assert kill_and_retry(home / "log", "link", 3, "after")
    assert EventLog.open(home / "log").head_seq == 2


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", CALLS)
def test_killed_at_every_step(home: Path, call: str, when: str) -> None:
    number = 1
    while kill_and_retry(home / f"{number}" / "log", call, number, when):
        number += 1
    assert number > 1


@pytest.mark.slow
def test_killed_at_random_over_200_batches(home: Path) -> None:
    script = """
import sys
from pathlib import Path
from ingestion.log import EventLog
from tests.ingestion.log.events import battles, commit
log = EventLog.open(Path(sys.argv[1]))
for number in range(200):
    commit(log, f"b{number}", battles([f"{number}-{row}" for row in range(3)]))
"""
    generator = random.Random(20261124)
    arguments = [sys.executable, "-c", script, str(home / "log")]
    kills = 0
    while True:
        process = subprocess.Popen(arguments, cwd=REPOSITORY)
        try:
            assert process.wait(generator.uniform(0.4, 1.6) if kills < 25 else 300) == 0
            break
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
    log = EventLog.open(home / "log")
    assert kills > 0
    assert log.head_seq == 200
    check_once(log, 600)
