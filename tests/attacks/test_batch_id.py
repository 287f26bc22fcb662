"""From what the log and publications say of a load, what its file held cannot be guessed."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from expectations.gate import Gate
from ingestion.log import EventLog
from ingestion.paths import Home
from ingestion.sources.registry import open_source
from ingestion.subjects.log_form import Naming
from orchestration.building import Workspace, open_sources
from orchestration.database import open_database
from orchestration.loading import load_file
from publishing.publications.catalogue import declared_marts, public_tables
from tests.attacks.test_refused_rows_of_erased import battle, write

ANSWERS = ("a", "b", "tie", "both_bad")


@pytest.fixture
def paths(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Name loads as earlier versions did."""
    monkeypatch.setattr(Naming, "of_file", lambda _self, _purpose, fingerprint: fingerprint)


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


def test_a_load_of_an_earlier_version_is_recognised(
    paths: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "one.jsonl", battle("anna", 1), battle("anna", 2, outcome="no"))
    with monkeypatch.context() as earlier:
        plainly(earlier)
        first = load_file(paths, str(path), gate=lenient())
    assert first.batch_id == open_source(str(path)).fingerprint
    again = load_file(paths, str(path), gate=lenient())
    assert (again.status, again.duplicate_count, again.quarantined_count) == ("nothing_new", 1, 1)
    assert again.batch_id == first.batch_id
    assert EventLog.open(paths.log).head_seq == 1


def lenient() -> Gate:
    return Gate(max_bad_share=1.0)


def test_the_published_table_has_no_hash_of_the_file(
    paths: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "one.jsonl", battle("anna", 1))
    with monkeypatch.context() as earlier:
        plainly(earlier)
        old = load_file(paths, str(path))
    new = load_file(paths, str(write(tmp_path / "two.jsonl", battle("anna", 2))))
    workspace = Workspace(paths.root)
    open_sources(workspace, EventLog.open(paths.log), 2, loads=paths.loads)
    query = (workspace.project / "models/marts/fct_load.sql").read_text(encoding="utf-8")
    query = query.replace("{{ source('raw', 'load') }}", "raw.load")
    query = re.sub(r"\{\{ time_of_microseconds\('(\w+)'\) \}\}", r"make_timestamptz(\1)", query)
    with open_database(workspace.database) as connection:
        shown = connection.sql(f"select load_id from ({query}) order by load_id").fetchall()
    assert shown == [(old.load_id.partition("-")[0],), (new.load_id,)]
    public = public_tables(declared_marts(workspace.project))
    [table] = [one for one in public if one.name == "fct_load"]
    assert "batch_id" not in [column.name for column in table.columns]
