"""An erasure that was killed before any step is finished by the same command."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from ingestion.log import EventLog, erasure, erasure_journal
from ingestion.paths import Home
from ingestion.subjects.key_tree import KeyTree
from ingestion.subjects.links import Identities
from orchestration import erased_content
from tests.attacks.test_refused_rows_of_erased import TOLD, battle, refused, write
from tests.end_to_end.command import demoscope, document
from tests.ingestion.log.erasing import files_that_mention

REPOSITORY = Path(__file__).resolve().parents[2]
COMMAND = ("log", "erase", "anna", "--yes")
MODEL = "only-anna-saw-it"
STEPS: dict[str, tuple[Any, str]] = {
    "intent": (erasure_journal, "begin"),
    "commit": (erasure, "_commit"),
    "keys": (KeyTree, "replace"),
    "copies": (erased_content, "blank_mentions"),
    "link": (Identities, "cut"),
    "done": (erasure_journal, "finish"),
}
"""What is killed before it runs."""


class KilledError(BaseException):
    """Nothing in the program handles it, so nothing is put in order."""


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A warehouse with a database, in which anna has battles, answers and a refused row."""
    directory = tmp_path_factory.mktemp("erasure")
    home = directory / "home"
    enrolled = {"event_type": "participant_enrolled", "source": "study"}
    people = [
        {**enrolled, "native_id": who, "participant_id": who, "country": "UK", "age": 40}
        for who in ("anna", "ben")
    ]
    hers = [battle("anna", 1, model_a=MODEL), battle("anna", 2, outcome=TOLD)]
    others = [battle("ben", number) for number in range(3, 12)]
    document(home, "ingest", write(directory / "a.jsonl", *people, *hers, *others), "--json")
    document(home, "build", "--json")
    return Home(home)


@pytest.fixture
def home(made: Home, tmp_path: Path) -> Home:
    return Home(Path(shutil.copytree(made.root, tmp_path / "home", symlinks=True)))


def require_erased(home: Home, level: int) -> None:
    """Nothing of her is left that level takes, nothing is unfinished, and a load goes through."""
    assert erasure_journal.unfinished(home.vault) == {}
    assert not home.database.exists()
    assert not [row for row in refused(home.root) if row["original"]]
    if level > 1:
        kept = set(files_that_mention(home.root, MODEL))
        assert not {path for path in kept if home.boards not in path.parents}
    again = demoscope(home.root, *COMMAND, "--source", "study")
    assert again.returncode == 3, again.stderr
    report = demoscope(home.root, "log", "verify")
    assert report.returncode == 0, report.stdout
    later = write(home.root.parent / "later.jsonl", battle("anna", 99), battle("ben", 98))
    loaded = document(home.root, "ingest", later, "--max-bad-share", "1", "--json")["loads"][0]
    assert loaded["quarantined_by_reason"] == {"erased_participant": 1}


@pytest.mark.parametrize("level", [1, 2])
@pytest.mark.parametrize("step", STEPS)
def test_killed_before_a_step(home: Home, step: str, level: int) -> None:
    owner, name = STEPS[step]
    command = (*COMMAND, "--level", str(level))
    with patch.object(owner, name, side_effect=KilledError), pytest.raises(KilledError):
        demoscope(home.root, *command)
    if step != "intent":
        doctor = demoscope(home.root, "doctor")
        assert doctor.returncode == 1
        assert "one of study" in doctor.stdout
        assert "log erase" in doctor.stdout
    done = demoscope(home.root, *command)
    assert done.returncode == 0, done.stderr
    require_erased(home, level)


def test_it_is_not_finished_as_less_than_it_was_begun(home: Home) -> None:
    with (
        patch.object(erasure, "_commit", side_effect=KilledError),
        pytest.raises(KilledError),
    ):
        demoscope(home.root, *COMMAND, "--level", "2")
    head = EventLog.open(home.log).head_seq
    less = demoscope(home.root, *COMMAND)
    assert (less.returncode, "--level 2" in less.stderr) == (2, True)
    assert EventLog.open(home.log).head_seq == head
    assert demoscope(home.root, *COMMAND, "--level", "2").returncode == 0


def test_the_journal_names_nobody(home: Home) -> None:
    with (
        patch.object(Identities, "cut", side_effect=KilledError),
        pytest.raises(KilledError),
    ):
        demoscope(home.root, *COMMAND)
    [path] = home.vault.glob(f"{erasure_journal.BEGINNING}*")
    assert path.stat().st_mode & 0o077 == 0
    assert "anna" not in path.name + path.read_text(encoding="utf-8")


KILLED = """
import os, signal, sys
from orchestration.cli.main import run
call, number = sys.argv[1], int(sys.argv[2])
original, seen = getattr(os, call), []
def patched(*arguments, **options):
    seen.append(1)
    if len(seen) == number:
        os.kill(os.getpid(), signal.SIGKILL)
    return original(*arguments, **options)
setattr(os, call, patched)
sys.argv = ["demoscope", *sys.argv[3:]]
run()
"""


@pytest.mark.slow
@pytest.mark.parametrize("call", ["link", "fsync", "rename", "replace", "unlink"])
def test_killed_before_every_call(made: Home, tmp_path: Path, call: str) -> None:
    number = 1
    command = (*COMMAND, "--level", "2")
    while True:
        home = Home(Path(shutil.copytree(made.root, tmp_path / f"{number}" / "home")))
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, call, str(number), *command],
            env=os.environ | {"DEMOSCOPE_HOME": str(home.root)},
            capture_output=True,
            check=False,
            cwd=REPOSITORY,
        )
        if killed.returncode != -signal.SIGKILL:
            assert killed.returncode == 0, killed.stderr
            break
        done = demoscope(home.root, *command, "--source", "study")
        # Killed after the end, only the command's last words were missing.
        assert done.returncode in {0, 3}, done.stderr
        require_erased(home, 2)
        shutil.rmtree(home.root)
        number += 1
    assert number > 1 or call == "rename"
