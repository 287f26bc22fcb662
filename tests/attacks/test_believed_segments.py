"""A build believes a segment by its hash where it was sound before; what is not so is checked."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ingestion.log import EventLog, leaf_hashes, verification
from ingestion.paths import Home
from orchestration import log_verification
from orchestration.loading import load_file
from orchestration.log_verification import CHECKED_FILE, check
from tests.attacks.small_votes import write_votes


class Hashed:
    """Counts the segments whose rows are hashed one by one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        whole = leaf_hashes.tree_of

        def counting(*arguments: Any) -> object:
            self.count += 1
            return whole(*arguments)

        monkeypatch.setattr(verification, "tree_of", counting)

    def by(self, home: Home) -> int:
        self.count = 0
        assert check(home.root).is_ok
        return self.count


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> Hashed:
    return Hashed(monkeypatch)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    load_file(home, str(write_votes(tmp_path / "votes.jsonl", 0, 6)))
    return home


def segments(home: Home) -> list[Path]:
    return sorted(home.log.glob("segments/*/*.parquet"))


def test_rows_are_hashed_once_and_those_of_a_new_segment(
    home: Home, hashed: Hashed, tmp_path: Path
) -> None:
    before = len(segments(home))
    assert hashed.by(home) == before
    assert hashed.by(home) == 0
    load_file(home, str(write_votes(tmp_path / "more.jsonl", 6, 9)))
    assert hashed.by(home) == len(segments(home)) - before > 0


def test_an_edited_segment_is_found_though_it_was_sound(home: Home) -> None:
    assert check(home.root).is_ok
    path = segments(home)[0]
    before = path.stat()
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    [finding] = check(home.root).findings
    assert finding.path == path
    assert not check(home.root).is_ok


def test_an_edited_list_is_not_believed(home: Home, hashed: Hashed) -> None:
    every = hashed.by(home)
    kept = home.cache / CHECKED_FILE
    said = kept.read_text("utf-8")
    kept.write_text(json.dumps([*json.loads(said), "forged"]), encoding="utf-8")
    assert hashed.by(home) == every
    assert kept.read_text("utf-8") == said
    assert hashed.by(home) == 0


def test_what_other_code_found_is_not_believed(
    home: Home, hashed: Hashed, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = hashed.by(home)
    monkeypatch.setattr(log_verification, "code_hash", lambda: "other code")
    assert hashed.by(home) == every


def test_a_segment_of_which_commits_say_something_else_is_not_believed(
    home: Home, hashed: Hashed
) -> None:
    log = EventLog.open(home.log)
    sound = log.verify().sound
    for said in sound:
        words = said.split()
        for place in range(len(words)):
            other = " ".join([*words[:place], words[place] + "0", *words[place + 1 :]])
            hashed.count = 0
            assert log.verify(known=(sound - {said}) | {other}).is_ok
            assert hashed.count == 1


def test_log_verify_believes_nothing(home: Home, hashed: Hashed) -> None:
    every = hashed.by(home)
    hashed.count = 0
    assert EventLog.open(home.log).verify().is_ok
    assert hashed.count == every
