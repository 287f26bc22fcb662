"""A home that lies in a git repository: git takes nothing of it."""

import json
import subprocess
from pathlib import Path

import pytest

from ingestion.paths import Home
from orchestration.leftovers import unknown
from orchestration.loading import load_file

VOTE = {
    "event_type": "battle_judged",
    "source": "panel",
    "native_id": "1",
    "participant_id": "p1",
    "dimension": "overall",
    "model_a": "alpha",
    "model_b": "beta",
    "outcome": "a",
}


@pytest.fixture(name="repository")
def a_repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / "votes.jsonl").write_text(json.dumps(VOTE) + "\n")
    return tmp_path


def seen_by_git(repository: Path) -> list[str]:
    command = ["git", "-C", str(repository), "status", "--short", "--untracked-files=all"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [line[3:] for line in done.stdout.splitlines()]


def test_git_takes_nothing_of_a_home(repository: Path) -> None:
    home = Home(repository / "beyond-battles")
    load_file(home, str(repository / "votes.jsonl"))
    assert (home.vault / "pseudonym.key").exists()
    assert seen_by_git(repository) == ["votes.jsonl"]
    assert unknown(home) == []


def test_what_an_owner_wrote_there_stays(repository: Path) -> None:
    home = Home(repository / "mine")
    home.root.mkdir()
    home.git_ignore.write_text("vault/\n")
    home.keep_from_git()
    assert home.git_ignore.read_text() == "vault/\n"


def test_files_beside_a_home_are_not_taken_from_git(repository: Path) -> None:
    home = Home(repository)
    home.keep_from_git()
    assert not home.git_ignore.exists()
    assert seen_by_git(repository) == ["votes.jsonl"]


def test_an_older_home_is_kept_from_git_too(repository: Path) -> None:
    home = Home(repository / "old")
    for folder in (home.log, home.vault, home.root / "dbt"):
        folder.mkdir(parents=True)
        (folder / "file").touch()
    home.keep_from_git()
    assert seen_by_git(repository) == ["votes.jsonl"]
