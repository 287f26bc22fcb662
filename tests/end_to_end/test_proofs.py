"""Proofs at the command line: what an auditor is handed, checks, and finds when it is not true."""

import json
import shutil
from pathlib import Path

import pytest

from ingestion.contracts import CONTRACTS
from ingestion.vocabulary import EventType
from tests.end_to_end.command import demoscope, document

LOAD = {
    "event_type": "battle_judged",
    "source": "test",
    "participant_id": "p1",
    "dimension": "overall",
    "model_a": "alpha",
    "model_b": "beta",
    "occurred_at": "2026-03-01T12:00:00Z",
}


def ingest(home: Path, tmp_path: Path, name: str, *, outcome: str = "a") -> None:
    path = tmp_path / f"{name}.jsonl"
    rows = [LOAD | {"native_id": f"{name}-{n}", "outcome": outcome} for n in range(5)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert demoscope(home, "ingest", path).returncode == 0


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse of three loads, its checkpoint and key, and a backup from after the first."""
    path = tmp_path_factory.mktemp("made")
    home = path / "home"
    ingest(home, path, "one")
    shutil.copytree(home, path / "backup")
    ingest(home, path, "two")
    ingest(home, path, "three")
    arguments = ("--origin", "example.org/votes", "--out", path / "held")
    done = demoscope(home, "log", "checkpoint", *arguments)
    assert done.returncode == 0, done.stderr
    assert "example.org/votes+" in done.stderr
    shutil.copy(home / "log-public.pub", path / "key")
    return path


@pytest.fixture
def held(made: Path, home: Path, tmp_path: Path) -> Path:
    """The checkpoint, kept elsewhere with the key; `home` is a copy of the warehouse."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    assert (home / "log").is_dir()
    return tmp_path / "held"


def verify(home: Path, held: Path, code: int) -> str:
    """What `log verify` finds."""
    key = held.with_name("key")
    done = demoscope(home, "log", "verify", "--checkpoint", held, "--public-key", key, "--json")
    assert done.returncode == code, done.stdout + done.stderr
    printed = json.loads(done.stdout)
    assert printed["is_whole"] == (code == 0)
    return "\n".join(printed["findings"])


def test_a_log_that_grew_is_the_log_of_its_checkpoint(
    home: Path, tmp_path: Path, held: Path
) -> None:
    assert verify(home, held, 0) == ""
    ingest(home, tmp_path, "four")
    assert verify(home, held, 0) == ""
    origin, size, *_ = held.read_text(encoding="utf-8").splitlines()
    assert (origin, size) == ("example.org/votes", "3")
    again = document(home, "log", "checkpoint", "--json")
    assert (again["origin"], again["commit_count"]) == ("example.org/votes", 4)
    assert f"{again['public_key']}\n" == held.with_name("key").read_text(encoding="utf-8")


def test_a_truncated_tail_is_found(home: Path, held: Path) -> None:
    (home / "log" / "commits" / f"{3:020d}.json").unlink()
    # The home's own reports of loads know of it; who has the log alone needs the checkpoint.
    assert demoscope(home, "log", "verify").returncode == 5
    assert "its tail was cut off" in verify(home, held, 5)


def test_a_restored_backup_is_found(home: Path, tmp_path: Path, held: Path) -> None:
    shutil.rmtree(home)
    shutil.copytree(tmp_path / "backup", home)
    assert demoscope(home, "log", "verify").returncode == 0
    assert "an older copy was put back" in verify(home, held, 5)


def test_a_forked_log_is_found(home: Path, tmp_path: Path, held: Path) -> None:
    shutil.rmtree(home)
    shutil.copytree(tmp_path / "backup", home)
    for name in ("two", "three", "four"):
        ingest(home, tmp_path, name, outcome="b")
    assert demoscope(home, "log", "verify").returncode == 0
    assert "another history was put in their place" in verify(home, held, 5)


def test_an_event_is_proven_with_the_public_key_alone(
    home: Path, tmp_path: Path, held: Path
) -> None:
    event = document(home, "log", "events", "--native-id", "two-3", "--json", "--source", "test")
    [found] = event["rows"]
    proof, hidden = tmp_path / "proof", tmp_path / "hidden"
    for path, options in ((proof, ()), (hidden, ("--hide-content", "--checkpoint", held))):
        done = demoscope(home, "log", "prove", found["event_id"], "--out", path, *options)
        assert done.returncode == 0, done.stderr
    shutil.rmtree(home)
    arguments = ("--public-key", tmp_path / "key", "--json")
    proven = document(home, "log", "verify-proof", proof, *arguments)
    assert proven["position"] == found["position"]
    assert proven["commit"]["recorded_at"] == found["recorded_at"]
    assert proven["event"] == {
        name: value for name, value in found.items()
        if name not in {"position", "commit_seq", "recorded_at"}
    } | {"schema_version": CONTRACTS[EventType.BATTLE_JUDGED].version}  # fmt: skip
    alone = document(home, "log", "verify-proof", hidden, *arguments)
    assert set(alone["event"]) == {"event_id", "event_type"}
    assert not home.exists()

    changed = proof.read_text(encoding="utf-8").replace('"outcome":"a"', '"outcome":"b"')
    proof.write_text(changed, encoding="utf-8")
    done = demoscope(home, "log", "verify-proof", proof, *arguments)
    assert (done.returncode, done.stdout) == (5, "")
    assert "not in the segment" in done.stderr


def test_an_unknown_event_has_no_proof(home: Path, held: Path) -> None:
    done = demoscope(home, "log", "prove", "nobody")
    assert (done.returncode, done.stdout) == (3, "")
    assert "No event in the log has the id 'nobody'" in done.stderr


def test_a_checkpoint_under_another_key_is_refused(home: Path, held: Path) -> None:
    other = held.with_name("other")
    other.mkdir()
    assert demoscope(other, "log", "checkpoint").returncode == 0
    key = other / "log-public.pub"
    done = demoscope(home, "log", "verify", "--checkpoint", held, "--public-key", key)
    assert done.returncode == 5
    assert f"{held}: The note is not signed by" in done.stderr
    key.write_text("no key", encoding="utf-8")
    done = demoscope(home, "log", "verify", "--checkpoint", held, "--public-key", key)
    assert done.returncode == 2


def test_a_changed_checkpoint_is_refused_by_name(home: Path, held: Path) -> None:
    held.write_text(held.read_text(encoding="utf-8").replace("\n3\n", "\n2\n"), encoding="utf-8")
    done = demoscope(home, "log", "verify", "--checkpoint", held)
    assert done.returncode == 5
    assert f"{held}: The signature of example.org/votes does not hold" in done.stderr
