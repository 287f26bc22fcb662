"""A log of more files than a process may have open: it is read, verified and written to."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ingestion.log import EventLog, reader
from ingestion.log.layout import Layout
from ingestion.log.verification import verify
from ingestion.vocabulary import EventType
from orchestration.cli.main import allow_open_files
from tests.ingestion.log.events import battles, commit

ROOT = Path(__file__).parents[2]
MACOS = 256


def work(directory: str, limit: str) -> None:
    """Read, verify and add to a log with few open files; print what came of it as JSON.

    A command raises a limit that may be raised, as macOS's 256 may.
    """
    hard = max(int(limit), 1024) if int(limit) == MACOS else int(limit)
    resource.setrlimit(resource.RLIMIT_NOFILE, (int(limit), hard))
    allow_open_files()
    log = EventLog.open(Path(directory))
    rows = reader.read(log, EventType.BATTLE_JUDGED).num_rows
    findings = [str(finding) for finding in verify(Layout(Path(directory))).findings]
    commit(log, "one more", battles(["one-more"]))
    sys.stdout.write(json.dumps({"rows": rows, "findings": findings, "head": log.head_seq}))


def under_limit(directory: Path, commits: int, limit: int) -> dict[str, Any]:
    log = EventLog.open(directory)
    for number in range(commits):
        commit(log, f"{number}", battles([number]))
    python = [sys.executable, "-m", "tests.attacks.test_many_commits", str(directory), str(limit)]
    done = subprocess.run(python, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def test_more_commits_than_files_that_may_be_open(tmp_path: Path) -> None:
    found = under_limit(tmp_path / "log", 160, 128)
    assert found == {"rows": 160, "findings": [], "head": 161}


COMMAND = """
import resource, sys
from orchestration.cli.main import run
from orchestration.cli import log
import orchestration.event_search
resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
sys.argv = ["demoscope", "log", "events", "--json"]
run()
"""


def test_a_limit_that_is_too_low_is_a_sentence(tmp_path: Path) -> None:
    log = EventLog.open(tmp_path / "log")
    for number in range(100):
        commit(log, f"{number}", battles([number]))
    done = subprocess.run(
        [sys.executable, "-c", COMMAND],
        cwd=ROOT,
        env={**os.environ, "DEMOSCOPE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "ulimit -n" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("limit", [MACOS, 1024])
def test_five_thousand_commits(tmp_path: Path, limit: int) -> None:
    found = under_limit(tmp_path / "log", 5_000, limit)
    assert found == {"rows": 5_000, "findings": [], "head": 5_001}


if __name__ == "__main__":
    work(*sys.argv[1:])
