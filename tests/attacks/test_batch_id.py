"""From what the log and publications say of a load, what its file held cannot be guessed."""

import hashlib
import json
from pathlib import Path

import pytest

from ingestion.log import EventLog
from ingestion.paths import Home
from ingestion.sources.registry import open_source
from orchestration.dbt_runs import PROJECT_DIRECTORY
from orchestration.loading import load_file
from publishing.publications.catalogue import declared_marts, public_tables
from tests.attacks.test_refused_rows_of_erased import battle, write

ANSWERS = ("a", "b", "tie", "both_bad")


@pytest.fixture
def paths(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def guesses(path: Path) -> list[str]:
    """What the load of each possible file would be called, by who has no key."""
    found = []
    for answer in ANSWERS:
        write(path, battle("anna", 1, outcome=answer))
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        found += [open_source(str(path)).fingerprint, content]
    return found


def test_the_answer_of_a_file_of_one_row_cannot_be_guessed(paths: Home, tmp_path: Path) -> None:
    path = write(tmp_path / "one.jsonl", battle("anna", 1, outcome="tie"))
    report = load_file(paths, str(path))
    [commit] = EventLog.open(paths.log).commits()
    said = json.dumps(
        [report.as_json(), commit.batch_id, [one.name for one in paths.loads.iterdir()]]
    )
    assert not [one for one in guesses(path) if one[:8] in said]


def test_the_same_file_again_commits_nothing(paths: Home, tmp_path: Path) -> None:
    path = write(tmp_path / "one.jsonl", battle("anna", 1))
    load_file(paths, str(path))
    again = load_file(paths, str(path))
    assert (again.status, again.duplicate_count) == ("nothing_new", 1)
    assert EventLog.open(paths.log).head_seq == 1


def test_the_published_table_has_no_hash_of_the_file() -> None:
    public = public_tables(declared_marts(PROJECT_DIRECTORY))
    [table] = [one for one in public if one.name == "fct_load"]
    assert "batch_id" not in [column.name for column in table.columns]
