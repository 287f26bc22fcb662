"""A read-only copy of a home can be looked at, checked and reproduced; what must write says so."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ingestion.errors import ReadOnlyError
from ingestion.paths import Home
from publishing.boards import store
from tests.attacks.small_votes import write_votes

ROOT = Path(__file__).parents[2]


def run_read_only(home: Home, *commands: tuple[str, ...]) -> dict[str, tuple[int, str, str]]:
    """How each command ended on a home that cannot be written."""
    python = [sys.executable, "-m", "tests.attacks.read_only", str(home.root), json.dumps(commands)]
    own_mounts = ["unshare", "--mount", "--propagation", "private"]
    if os.geteuid() == 0:
        trial = [*own_mounts, "mount", "--bind", str(home.root), str(home.root)]
        if shutil.which("unshare") is None or subprocess.run(trial, check=False).returncode:
            pytest.skip("root cannot mount here, and its rights are not taken by modes")
        python = [*own_mounts, *python]
    done = subprocess.run(python, cwd=ROOT, capture_output=True, text=True, check=False)
    if os.geteuid() != 0:
        subprocess.run(["chmod", "-R", "u+w", str(home.root)], check=True)
    found: dict[str, tuple[int, str, str]] = json.loads(done.stderr.splitlines()[-1])
    return found


def files(home: Home) -> dict[str, int]:
    return {str(path): path.lstat().st_mtime_ns for path in home.root.rglob("*")}


def test_what_reads_works_and_what_writes_says_so(victim: Home, tmp_path: Path) -> None:
    release, before = store.current(victim.boards).id, files(victim)
    (victim.vault / "subjects.lock").unlink(missing_ok=True)
    reading = [
        *(("doctor",), ("leaderboard",), ("log", "verify"), ("log", "show"), ("publish", "--list")),
        *(("boards", "list"), ("boards", "show", release), ("log", "events", "--limit", "1")),
    ]
    votes = write_votes(tmp_path / "more.jsonl", 90, 92)
    writing = [
        *(("build",), ("publish",), ("ingest", str(votes))),
        ("log", "undo", "1", "--reason", "wrong", "--yes"),
    ]
    ended = run_read_only(victim, *reading, *writing)
    for command in reading:
        code, out, err = ended[" ".join(command)]
        assert code == 0, (command, out, err)
    for command in writing:
        code, out, err = ended[" ".join(command)]
        assert code == ReadOnlyError.exit_code, (command, out, err)
        assert f"error: {victim.root} is read-only" in err
    after = files(victim)
    assert after.keys() <= before.keys()


@pytest.mark.slow
def test_a_release_is_reproduced_and_compared(victim: Home) -> None:
    release = store.current(victim.boards).id
    reproduce, diff = ("boards", "reproduce", release), ("boards", "diff", release, release)
    ended = run_read_only(victim, reproduce, diff)
    assert [ended[" ".join(one)][0] for one in (reproduce, diff)] == [0, 0], ended
