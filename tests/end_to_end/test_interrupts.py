"""Ctrl-C, SIGTERM and SIGHUP: the command ends soon, says little, and nothing half done is left."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ingestion.log import EventLog
from ingestion.paths import Home
from tests.end_to_end.command import document

COMMAND = [sys.executable, "-m", "orchestration.cli"]
VOTES = 60_000
INTERRUPTED = 130


@pytest.fixture(scope="module")
def votes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("interrupts") / "votes.jsonl"
    said = {"event_type": "battle_judged", "source": "s", "dimension": "overall"}
    with path.open("w", encoding="utf-8") as file:
        for n in range(VOTES):
            pair = {"model_a": f"m{n % 7}", "model_b": f"m{n % 5 + 7}", "outcome": "a"}
            who = {"native_id": f"v{n}", "participant_id": f"p{n % 900}"}
            file.write(json.dumps(said | who | pair) + "\n")
    return path


def interrupted(home: Path, votes: Path, after: float, gap: float | None) -> tuple[int, float, str]:
    """Exit code, seconds from the last interrupt to the end, and what was said."""
    with subprocess.Popen(
        [*COMMAND, "ingest", str(votes)],
        env=os.environ | {"DEMOSCOPE_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        time.sleep(after)
        os.killpg(process.pid, signal.SIGINT)
        if gap is not None:
            time.sleep(gap)
            os.killpg(process.pid, signal.SIGINT)
        last = time.monotonic()
        said = process.communicate(timeout=60)[1]
        return process.returncode, time.monotonic() - last, said


@pytest.mark.slow
@pytest.mark.parametrize("after", [2.0, 3.0, 3.5, 4.0, 5.0])
@pytest.mark.parametrize("gap", [0.1, 0.3])
def test_a_second_interrupt_ends_at_once(
    tmp_path: Path, votes: Path, after: float, gap: float
) -> None:
    home = tmp_path / "home"
    code, seconds, said = interrupted(home, votes, after, gap)
    if code == 0:
        pytest.skip("it was done before")
    assert code == INTERRUPTED
    assert seconds < 2.0
    allowed = ("new warehouse in", "error: Interrupted; nothing half done was kept.")
    assert [line for line in said.splitlines() if line and not line.startswith(allowed)] == []
    if EventLog.open(Home(home).log).head:
        document(home, "log", "verify", "--json")
    # What was interrupted can be loaded, whole.
    [load] = document(home, "ingest", votes, "--json")["loads"]
    assert load["accepted_count"] + load["duplicate_count"] == VOTES


@pytest.mark.slow
def test_one_interrupt_is_said(tmp_path: Path, votes: Path) -> None:
    code, seconds, said = interrupted(tmp_path / "home", votes, 3.0, None)
    assert code == INTERRUPTED
    assert seconds < 10.0
    assert "error: Interrupted; nothing half done was kept." in said
    assert "Traceback" not in said


def is_gone(group: int) -> bool:
    """Whether nobody of a group of processes is left, soon."""
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a small simulated study, not built."""
    root = tmp_path_factory.mktemp("stopped")
    document(root / "home", "simulate", "--participants", "200", "--out", root, "--json")
    document(root / "home", "ingest", *sorted(root.glob("*.jsonl")), "--json")
    return root / "home"


@pytest.fixture(scope="module")
def undisturbed(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The id of the release that a build makes which nothing interrupts."""
    home = tmp_path_factory.mktemp("undisturbed") / "home"
    shutil.copytree(loaded, home, symlinks=True)
    return str(document(home, "build", "--json")["release"]["release_id"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "step", "arguments"),
    [
        (signal.SIGINT, "Rating every tournament", ()),
        (signal.SIGTERM, "Rating every tournament", ()),
        (signal.SIGTERM, "Rating every tournament", ("--as-of", "6")),
        (signal.SIGHUP, "Building state", ("--as-of", "6")),
    ],
)
def test_a_build_that_is_stopped_leaves_nothing_and_the_next_is_whole(
    loaded: Path,
    undisturbed: str,
    tmp_path: Path,
    number: signal.Signals,
    step: str,
    arguments: tuple[str, ...],
) -> None:
    home = tmp_path / "home"
    shutil.copytree(loaded, home, symlinks=True)
    with subprocess.Popen(
        [*COMMAND, "build", *arguments],
        env=os.environ | {"DEMOSCOPE_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stderr is not None
        assert any(step in line for line in process.stderr)
        time.sleep(0.5)
        process.send_signal(number)
        printed, said = process.communicate(timeout=60)
    assert (process.returncode, printed) == (128 + number, "")
    assert "error: Interrupted; nothing half done was kept." in said
    assert "Traceback" not in said
    assert is_gone(process.pid)
    assert list((home / "cache").glob("build-*")) == []
    assert not (home / "boards" / "current").exists()
    made = document(home, "build", "--json")["release"]["release_id"]
    assert made == undisturbed
