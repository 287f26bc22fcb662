"""A participant is erased after a board was published: what the log, the board and auditors say."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.command import demoscope, document
from tests.end_to_end.history import PEOPLE
from tests.ingestion.log.erasing import files_that_mention


def pseudonym_of(home: Path, name: str) -> str:
    arguments = ("log", "events", "--source", "panel", "--participant-id", name, "--json")
    return str(document(home, *arguments)["rows"][0]["subject_id"])


def erase(home: Path, level: int) -> dict[str, object]:
    arguments = ("log", "erase", PEOPLE[1], "--level", str(level), "--yes", "--json")
    return dict(document(home, *arguments))


def public_key(home: Path) -> Path:
    private, public = home / "vault" / "board-signing.key", home / "public.pem"
    command = ["openssl", "pkey", "-in", str(private), "-pubout", "-out", str(public)]
    subprocess.run(command, check=True)
    return public


def test_level_2_at_the_command_line(copy: Path, published: str, tmp_path: Path) -> None:
    held = tmp_path / "held"
    assert demoscope(copy, "log", "checkpoint", "--out", held).returncode == 0
    assert demoscope(copy, "publish").returncode == 0
    pseudonym = pseudonym_of(copy, PEOPLE[1])
    done = demoscope(copy, "log", "erase", PEOPLE[1], "--level", "2")
    assert (done.returncode, done.stdout) == (2, "")
    assert "This would erase" in done.stderr
    assert "--yes" in done.stderr
    for arguments in (("--level", "3"), ("--level", "2", "--retract")):
        done = demoscope(copy, "log", "erase", PEOPLE[1], *arguments, "--yes")
        assert done.returncode == 2
        assert "nothing was changed" in done.stderr
    assert not document(copy, "log", "verify", "--json")["erased_event_count"]

    erased = erase(copy, 2)
    assert erased["level"] == 2
    assert erased["redacted_count"] == erased["event_count"] == 9
    assert erased["deleted"] == ["demoscope.duckdb", "ratings"]
    verified = document(copy, "log", "verify", "--checkpoint", held, "--json")
    assert verified["is_whole"]
    assert verified["erased_event_count"] == 9
    assert verified["notes"] == []
    # That somebody was erased is what is left of them: what was published never held them.
    assert (copy / "marts" / "current" / "manifest.json").exists()
    [only] = files_that_mention(copy, pseudonym)
    assert only.is_relative_to(copy / "log" / "segments")
    done = demoscope(copy, "log", "erase", PEOPLE[1], "--level", "2", "--yes")
    assert done.returncode == 3
    assert "erased before" in done.stderr

    shown = document(copy, "boards", "show", published, "--json")["release"]
    assert (shown["is_whole"], shown["erasures_since"]) == (True, 1)
    done = demoscope(copy, "boards", "show", published, "--key", public_key(copy))
    assert done.returncode == 0
    assert "attested, not recomputable" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("level", [1, 2])
def test_a_board_that_used_it_is_attested_and_later_ones_are_reproduced(
    copy: Path, published: str, level: int
) -> None:
    erase(copy, level)
    done = demoscope(copy, "boards", "reproduce", published, "--json")
    made = json.loads(done.stdout)
    if level == 1:
        # The age of one participant in twelve changes no board that is not weighted by it.
        assert made["is_reproduced"] or made["is_attested"]
    else:
        assert (done.returncode, made["is_reproduced"], made["is_attested"]) == (1, False, True)
        done = demoscope(copy, "boards", "reproduce", published)
        assert "attested, not recomputable" in done.stdout
    assert made["erasures_since"] == 1
    for arguments in (("--as-of", "2"), ()):
        later = document(copy, "build", *arguments, "--json")["release"]["release_id"]
        shown = document(copy, "boards", "show", later, "--json")["release"]
        assert shown["erasures_since"] == 0 or later == published
        assert document(copy, "boards", "reproduce", later, "--json")["is_reproduced"]

    (copy / "boards" / published / "statement.dsse.json").unlink()
    if level > 1:
        done = demoscope(copy, "boards", "reproduce", published)
        assert done.returncode == 5
        assert "NOT reproduced" in done.stdout
