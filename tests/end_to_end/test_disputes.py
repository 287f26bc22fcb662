"""Is this the board that was published, and does it follow from the log?"""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.end_to_end.command import demoscope, document
from tests.end_to_end.history import KEYS, places


def test_what_came_later_leaves_the_board_as_it_was(built: Path, published: str) -> None:
    second = document(built, "log", "show", "--json")["rows"][1]["recorded_at"]
    again = document(built, "build", "--as-of", second, "--json")["release"]
    assert again["release_id"] == published
    assert again["log_position"] == 2
    for as_of in ("2", second, published[:16]):
        done = demoscope(built, "leaderboard", "--as-of", as_of, "--format", "json")
        assert "building" not in done.stderr
        assert json.loads(done.stdout)["board"]["release_id"] == published
    shown = document(built, "boards", "show", "current", "--json")["release"]
    assert shown["release_id"] == published
    assert shown["is_whole"]
    assert len(shown["signature"]["verified_by"]) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("build", "--as-of", "0"), 3, "no battles or ratings in the log as of position 0"),
        (("build", "--as-of", "2000-01-01T00:00:00Z"), 3, "no battles"),
        (("build", "--as-of", "6"), 3, "head is 5"),
        (("build", "--as-of", "2999-01-01T00:00:00Z"), 3, "in the future"),
        (("leaderboard", "--as-of", "2999-01-01T00:00:00Z"), 3, "in the future"),
        (("leaderboard", "--as-of", "6"), 3, "head is 5"),
        (("leaderboard", "--as-of", "0123456789abcdef"), 3, "No release"),
        (("leaderboard", "--valid-until", "2025-03-01"), 2, "time zone"),
        (("build", "--valid-until", "soon"), 2, "not a time"),
        (("build", "--parameter", "draws=none"), 2, "not a value of draws"),
        (("boards", "show", "xyz"), 2, "not a release's id"),
        (("boards", "reproduce", "0" * 64), 3, "boards list"),
    ],
)
def test_a_moment_that_is_not_there_is_an_error_never_the_latest(
    built: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = demoscope(built, *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr


def edit_board(directory: Path) -> None:
    """The number two becomes number one, in both forms, so that they agree."""
    path = directory / "board.json"
    board = json.loads(path.read_text())
    place = {name: number for number, name in enumerate(board["columns"])}
    ranked = [row for row in board["rows"] if row[place["rank"]] < 3]
    for row in ranked:
        row[place["rank"]] = 3 - row[place["rank"]]
    text = json.dumps(board, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    path.write_text(text, encoding="utf-8")
    table = pq.read_table(directory / "leaderboard.parquet")
    columns = list(map(list, zip(*board["rows"], strict=True)))
    edited = [dict(zip(board["columns"], row, strict=True)) for row in zip(*columns, strict=True)]
    pq.write_table(table.from_pylist(edited, table.schema), directory / "leaderboard.parquet")


def test_an_edited_board_is_noticed(copy: Path, published: str) -> None:
    edit_board(copy / "boards" / published)
    done = demoscope(copy, "boards", "show", published)
    assert done.returncode == 5
    assert "board.json was changed" in done.stdout
    assert demoscope(copy, "boards", "diff", published, "current").returncode == 5


def forge(home: Path, release_id: str) -> str:
    """An edited board under the id its edited content has; nothing beside it says otherwise."""
    directory = home / "boards" / release_id
    edit_board(directory)
    forged = hashlib.sha256((directory / "board.json").read_bytes()).hexdigest()
    statement = (directory / "statement.json").read_text().replace(release_id, forged)
    (directory / "statement.json").write_text(statement)
    (directory / "statement.dsse.json").unlink()
    directory.rename(directory.with_name(forged))
    return forged


def test_a_forged_board_that_agrees_with_itself_does_not_follow_from_the_log(
    built: Path, copy: Path, published: str
) -> None:
    forged = forge(copy, published)
    assert document(copy, "boards", "show", forged, "--json")["release"]["is_whole"]
    done = demoscope(copy, "boards", "reproduce", forged, "--json")
    assert done.returncode == 5
    made = json.loads(done.stdout)
    assert (made["release_id"], made["rebuilt_id"]) == (forged, published)
    true, false = places(built, published), places(copy, forged)
    key = min(key for key in true if true[key] != false[key])
    [first] = made["differences"]
    assert (
        f"{', '.join(f'{name} {value}' for name, value in zip(KEYS, key, strict=True))}:" in first
    )
    assert f"rank {false[key][0]} in the release, {true[key][0]} rebuilt" in first


def test_whoever_names_a_key_wants_its_signature(copy: Path, published: str) -> None:
    public = copy / "public.pem"
    private = copy / "vault" / "board-signing.key"
    subprocess.run(
        ["openssl", "pkey", "-in", str(private), "-pubout", "-out", str(public)], check=True
    )
    assert demoscope(copy, "boards", "show", published, "--key", public).returncode == 0
    forged = forge(copy, published)
    done = demoscope(copy, "boards", "show", forged, "--key", public)
    assert done.returncode == 5
    assert "No key that was named has signed it" in done.stdout


@pytest.mark.slow
def test_a_published_board_is_reproduced(built: Path, published: str) -> None:
    made = document(built, "boards", "reproduce", published, "--json")
    assert made["is_reproduced"]
    assert made["rebuilt_id"] == published
    assert made["findings"] == made["differences"] == []


@pytest.mark.slow
def test_a_log_that_is_not_the_one_is_noticed(copy: Path, published: str) -> None:
    shutil.rmtree(copy / "cache")
    for commit in sorted((copy / "log" / "commits").iterdir())[1:]:
        commit.unlink()
    done = demoscope(copy, "boards", "reproduce", published)
    assert done.returncode == 5
    assert "the log ends at 1" in done.stderr
