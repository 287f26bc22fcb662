"""Two machines with one log at a store: what is loaded, built, refused and erased on either."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ingestion.log import EventLog
from tests.attacks.small_votes import write_votes
from tests.end_to_end.command import demoscope, document
from tests.ingestion.log.buckets import Machines
from tests.ingestion.log.erasing import files_that_mention

BAD = '{"event_type": "battle_judged", "source": "panel", "native_id": "bad", "outcome": "maybe"}\n'


class Pair:
    """Machines a and b, and the commands given there."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.machines = Machines(directory / "machines", f"file://{directory}/bucket", {})

    def run(self, name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        with self.machines.at(name) as home:
            return demoscope(home, *arguments)

    def ask(self, name: str, *arguments: str | Path) -> dict[str, Any]:
        with self.machines.at(name) as home:
            return document(home, *arguments, "--json")

    def check_whole(self) -> None:
        for name in ("a", "b"):
            found = self.ask(name, "log", "verify")
            assert found["is_whole"], found
            done = self.run(name, "doctor", "--json")
            checks = {one["check"]: one for one in json.loads(done.stdout)["rows"]}
            for check in ("log", "store", "quarantine", "loads", "vault", "leftovers"):
                assert checks[check]["is_well"], checks[check]
            assert "has all of the log" in checks["store"]["message"]


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    """Machine a has loaded 16 people, b the vault and 16 others; each has refused a row."""
    pair = Pair(tmp_path)
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    for path, start in ((first, 0), (second, 16)):
        write_votes(path, start, start + 16)
        path.write_text(path.read_text("utf-8") + BAD.replace("bad", f"bad-{start}"), "utf-8")
    assert pair.ask("a", "ingest", first)["loads"][0]["quarantined_count"] == 1
    refused = pair.run("b", "ingest", second)
    assert refused.returncode == 5
    assert "pseudonym.key is missing" in refused.stderr
    assert pair.run("a", "vault", "backup", tmp_path / "vault").returncode == 0
    assert pair.run("b", "vault", "restore", tmp_path / "vault").returncode == 0
    assert pair.ask("b", "ingest", second)["loads"][0]["quarantined_count"] == 1
    assert pair.ask("b", "ingest", first, "--dry-run")["loads"][0]["accepted_count"] == 0
    assert pair.ask("b", "ingest", first)["loads"][0]["accepted_count"] == 0
    return pair


def test_each_has_all_of_it_and_nothing_twice(pair: Pair) -> None:
    pair.check_whole()
    shown = [pair.ask(name, "log", "show")["rows"] for name in ("a", "b", "c")]
    assert shown[0] == shown[1] == shown[2]
    assert sum(commit["event_count"] for commit in shown[0]) == 32 * 3


@pytest.mark.slow
def test_both_build_the_same_board(pair: Pair) -> None:
    first, second = (pair.ask(name, "build")["release"] for name in ("a", "b"))
    assert first == second


def test_an_erasure_on_one_reaches_the_store_and_the_other(pair: Pair, tmp_path: Path) -> None:
    asked = ("log", "events", "--source", "panel", "--participant-id", "person-3")
    pseudonym = str(pair.ask("a", *asked)["rows"][0]["subject_id"])
    bucket = tmp_path / "bucket"
    erase = ("log", "erase", "person-3", "--source", "panel", "--level", "2", "--yes")
    assert pair.ask("a", *erase)["redacted_count"] == 3
    with pair.machines.at("b") as home:
        EventLog.open(home / "log")
    # What is left is that somebody was erased.
    for directory in (bucket, pair.machines.home("b") / "log", pair.machines.home("a") / "log"):
        [only] = files_that_mention(directory, pseudonym)
        assert "subject_erased" in str(only.read_bytes())
    more = write_votes(tmp_path / "more.jsonl", 40, 42)
    refused = pair.run("b", "ingest", more)
    assert refused.returncode == 5
    assert "whom the log says were erased" in refused.stderr
    assert pair.run("b", *erase).returncode == 0
    assert pair.ask("b", "ingest", more)["loads"][0]["accepted_count"] == 6
    pair.check_whole()


def test_a_store_that_lost_a_file_is_named_and_repaired(pair: Pair, tmp_path: Path) -> None:
    # One that a has, which is behind b.
    own = next((pair.machines.home("a") / "log" / "segments").rglob("*.parquet"))
    [lost] = (tmp_path / "bucket" / "segments").rglob(own.name)
    content = lost.read_bytes()
    lost.unlink()
    done = pair.run("b", "log", "verify")
    assert done.returncode == 5
    assert f"{lost.name}: is missing" in done.stdout
    done = pair.run("b", "doctor")
    assert done.returncode == 1
    assert "WRONG store" in done.stdout
    repaired = pair.ask("a", "log", "push")
    assert [Path(name).name for name in repaired["files"]] == [lost.name]
    assert lost.read_bytes() == content
    mine = next((pair.machines.home("b") / "log" / "segments").rglob("*.parquet"))
    mine.unlink()
    assert pair.run("b", "log", "verify").returncode == 5
    assert len(pair.ask("b", "log", "pull")["files"]) == 1
    pair.check_whole()
