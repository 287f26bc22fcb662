"""Keys that are not the log's own are refused before a row enters, and there is a way back."""

import json
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingestion.log import EventLog
from ingestion.subjects.key_tree import KeyTree
from tests.end_to_end.command import demoscope, document

PEOPLE = ("anna", "ben", "cleo")


def events(directory: Path, people: tuple[str, ...] = PEOPLE, *, name: str = "a") -> Path:
    """A native file in which each person enrols and judges one battle."""
    rows = []
    for person in people:
        said = {"source": "study", "participant_id": person}
        enrolled = {"event_type": "participant_enrolled", "native_id": person}
        rows.append({**said, **enrolled, "country": "UK", "age": 40})
        battle = {"event_type": "battle_judged", "native_id": f"{name}-{person}"}
        sides = {"model_a": "alpha", "model_b": "beta", "outcome": "a", "dimension": "overall"}
        rows.append({**said, **battle, **sides})
    path = directory / f"{name}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with a load, a backup of its vault, then an erasure; and another warehouse."""
    tmp_path = tmp_path_factory.mktemp("made")
    home = tmp_path / "home"
    assert demoscope(home, "ingest", events(tmp_path)).returncode == 0
    assert demoscope(home, "vault", "backup", tmp_path / "old.backup").returncode == 0
    shutil.copytree(home / "vault", tmp_path / "old")
    done = demoscope(home, "log", "erase", "cleo", "--source", "study", "--yes")
    assert done.returncode == 0, done.stderr
    assert demoscope(home, "vault", "backup", tmp_path / "new.backup").returncode == 0
    other = tmp_path / "other"
    assert demoscope(other, "ingest", events(tmp_path, name="other")).returncode == 0
    return tmp_path


@pytest.fixture(autouse=True)
def home(made: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may damage."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path / "home"


def more(home: Path, directory: Path) -> dict[str, Any]:
    """The report of another load, which has rows of a person who was erased."""
    path = events(directory, name="more")
    loads = document(home, "ingest", path, "--max-bad-share", "1", "--json")["loads"]
    report: dict[str, Any] = loads[0]
    return report


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def foreign(name: str) -> Callable[[Path], object]:
    def put(vault: Path) -> None:
        shutil.copy(vault.parent.parent / "other" / "vault" / name, vault / name)

    return put


def old(*names: str) -> Callable[[Path], object]:
    def put(vault: Path) -> None:
        for name in names:
            shutil.copy(vault.parent.parent / "old" / name, vault / name)

    return put


def replant(vault: Path) -> None:
    """A tree that is whole, but of another root."""
    (vault / "links.tree").write_bytes(KeyTree.new().encode())


DAMAGES: dict[str, Callable[[Path], object]] = {
    "vault lost": shutil.rmtree,
    "pseudonym key lost": lambda vault: (vault / "pseudonym.key").unlink(),
    "pseudonym key flipped": lambda vault: flip(vault / "pseudonym.key"),
    "pseudonym key foreign": foreign("pseudonym.key"),
    "pseudonym key cut": lambda vault: (vault / "pseudonym.key").write_bytes(b"short"),
    "links lost": lambda vault: (vault / "links.tree").unlink(),
    "links flipped": lambda vault: flip(vault / "links.tree"),
    "links foreign": foreign("links.tree"),
    "links replanted": replant,
    "links old": old("links.tree"),
    "links empty": lambda vault: (vault / "links.tree").write_bytes(b""),
    "links no tree": lambda vault: (vault / "links.tree").write_bytes(b"\x00\xff" * 50),
    "seals lost": lambda vault: (vault / "seals.tree").unlink(),
    "seals flipped": lambda vault: flip(vault / "seals.tree"),
    "seals foreign": foreign("seals.tree"),
    "seals old": old("seals.tree"),
    "vault old": old("links.tree", "seals.tree"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_keys_that_are_not_the_logs_own_are_refused(
    home: Path, tmp_path: Path, damage: str
) -> None:
    DAMAGES[damage](home / "vault")
    before = EventLog.open(home / "log").head_seq
    left = {path: path.read_bytes() for path in (home / "vault").glob("*")}

    refused = demoscope(home, "ingest", events(tmp_path, name="more"))
    assert refused.returncode == 5, refused.stderr
    assert "vault restore" in refused.stderr
    assert EventLog.open(home / "log").head_seq == before
    kept = {path: path.read_bytes() for path in (home / "vault").glob("*")}
    kept.pop(home / "vault" / "subjects.lock")
    left.pop(home / "vault" / "subjects.lock", None)
    assert kept == left  # nothing was made in place of what is missing

    done = demoscope(home, "doctor", "--json")
    assert done.returncode == 1
    [found] = [one for one in json.loads(done.stdout)["rows"] if one["check"] == "vault"]
    assert not found["is_well"]
    assert "vault restore" in found["message"]

    back = demoscope(home, "vault", "restore", tmp_path / "new.backup", "--replace")
    assert back.returncode == 0, back.stderr
    again = more(home, tmp_path)
    assert again["accepted_count"] == 2  # one battle each; the people were known
    assert again["quarantined_by_reason"] == {"erased_participant": 2}


def test_an_old_backup_brings_nobody_back(home: Path, tmp_path: Path) -> None:
    shutil.rmtree(home / "vault")
    restored = document(home, "vault", "restore", tmp_path / "old.backup", "--json")
    assert restored["linked_again_count"] == 1
    refused = demoscope(home, "ingest", events(tmp_path, name="more"))
    assert refused.returncode == 5
    assert "log erase" in refused.stderr
    erased = demoscope(home, "log", "erase", "cleo", "--source", "study", "--yes")
    assert erased.returncode == 0, erased.stderr
    assert more(home, tmp_path)["quarantined_by_reason"] == {"erased_participant": 2}


def test_erased_again_after_level_2_it_says_that_nothing_is_left(
    home: Path, tmp_path: Path
) -> None:
    named = ("log", "erase", "ben", "--source", "study")
    document(home, *named, "--level", "2", "--yes", "--json")
    head = EventLog.open(home / "log").head_seq
    shutil.rmtree(home / "vault")
    document(home, "vault", "restore", tmp_path / "old.backup", "--json")
    asked = demoscope(home, *named)
    assert asked.returncode == 2
    assert "erased at level 2" in asked.stderr
    done = demoscope(home, *named, "--yes")
    assert done.returncode == 0, done.stderr
    assert "nothing is left to erase" in done.stderr
    assert "0 events" not in done.stderr
    assert "link is cut" in done.stderr
    assert EventLog.open(home / "log").head_seq == head
    assert demoscope(home, *named, "--yes").returncode == 3
    demoscope(home, "log", "erase", "cleo", "--source", "study", "--yes")
    assert more(home, tmp_path)["quarantined_by_reason"] == {"erased_participant": 4}


@pytest.mark.parametrize("name", ["vault lost", "pseudonym key foreign", "links flipped"])
def test_an_erasure_uses_the_logs_own_keys(home: Path, name: str) -> None:
    DAMAGES[name](home / "vault")
    refused = demoscope(home, "log", "erase", "ben", "--source", "study", "--yes")
    assert refused.returncode == 5
    assert "vault restore" in refused.stderr


@pytest.mark.parametrize("name", ["pseudonym key flipped", "links lost"])
def test_a_search_uses_the_logs_own_keys(home: Path, name: str) -> None:
    DAMAGES[name](home / "vault")
    asked = ("log", "events", "--source", "study", "--participant-id", "ben")
    assert demoscope(home, *asked).returncode == 5
    assert (home / "vault" / "links.tree").exists() == (name != "links lost")


@pytest.mark.parametrize("name", ["seals foreign", "seals old", "seals lost"])
def test_a_build_reads_answers_with_the_logs_own_keys(home: Path, name: str) -> None:
    DAMAGES[name](home / "vault")
    refused = demoscope(home, "build")
    assert refused.returncode == 5, refused.stderr
    assert "seals.tree" in refused.stderr


def test_a_backup_is_its_owners_alone_and_of_one_log(home: Path, tmp_path: Path) -> None:
    backup = tmp_path / "new.backup"
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert demoscope(home, "vault", "backup", backup).returncode == 2
    other = tmp_path / "other"
    shutil.rmtree(other / "vault")
    foreign_backup = demoscope(other, "vault", "restore", backup)
    assert foreign_backup.returncode == 5
    assert not [path for path in (other / "vault").glob("*") if path.name != "subjects.lock"]
    flip(backup)
    assert demoscope(home, "vault", "restore", backup).returncode in (2, 5)


def test_keys_are_not_replaced_unasked(home: Path, tmp_path: Path) -> None:
    assert demoscope(home, "vault", "restore", tmp_path / "new.backup").returncode == 2
    DAMAGES["links foreign"](home / "vault")
    before = (home / "vault" / "links.tree").read_bytes()
    refused = demoscope(home, "vault", "restore", tmp_path / "new.backup")
    assert refused.returncode == 2
    assert "--replace" in refused.stderr
    assert (home / "vault" / "links.tree").read_bytes() == before


def test_a_log_from_before_is_bound_by_its_next_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "before"
    with monkeypatch.context() as before:
        before.setattr("orchestration.loading.require_vault", lambda _log, _vault: {})
        assert demoscope(home, "ingest", events(tmp_path)).returncode == 0
    assert "vault" not in EventLog.open(home / "log").commit(1).producer
    assert demoscope(home, "ingest", events(tmp_path, name="more")).returncode == 0
    assert set(EventLog.open(home / "log").commit(2).producer["vault"]) == {
        "pseudonym.key",
        "links.tree",
        "seals.tree",
    }
    flip(home / "vault" / "pseudonym.key")
    assert demoscope(home, "ingest", events(tmp_path, name="third")).returncode == 5


def checkpoint_check(home: Path) -> dict[str, Any]:
    checks = json.loads(demoscope(home, "doctor", "--json").stdout)["rows"]
    [found] = [one for one in checks if one["check"] == "checkpoint"]
    return dict(found)


def test_the_key_of_checkpoints_is_never_replaced_unasked(home: Path, tmp_path: Path) -> None:
    first = demoscope(home, "log", "checkpoint")
    assert "back up the vault again" in first.stderr
    assert "back up the vault" not in demoscope(home, "log", "checkpoint").stderr
    handed_out = (home / "log-public.pub").read_bytes()
    done = document(home, "vault", "backup", tmp_path / "newest.backup", "--json")
    assert "checkpoint.key" in done["keys"]

    shutil.rmtree(home / "vault")
    document(home, "vault", "restore", tmp_path / "new.backup", "--json")  # before the first one
    refused = demoscope(home, "log", "checkpoint")
    assert refused.returncode == 5
    assert "vault restore" in refused.stderr
    assert (home / "log-public.pub").read_bytes() == handed_out
    found = checkpoint_check(home)
    assert not found["is_well"]
    assert "vault restore" in found["message"]

    back = document(home, "vault", "restore", tmp_path / "newest.backup", "--json")
    assert back["keys"] == ["checkpoint.key"]
    assert checkpoint_check(home)["is_well"]
    assert demoscope(home, "log", "checkpoint").returncode == 0
    assert (home / "log-public.pub").read_bytes() == handed_out

    (home / "vault" / "checkpoint.key").unlink()
    (home / "log-public.pub").rename(tmp_path / "old.pub")  # the way on if no backup has it
    assert demoscope(home, "log", "checkpoint").returncode == 0
