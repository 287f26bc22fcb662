"""Ctrl-C, once and twice: the command ends soon, says little, and the log is whole."""

import json
import os
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
