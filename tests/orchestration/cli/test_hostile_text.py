"""Nothing that a file, a mapping or a name says is run by a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestration.cli.output import Format, print_rows, put_file
from tests.end_to_end.command import demoscope
from tests.ingestion.sources.flat import MAPPING, VOTES, csv_text

HOSTILE = "\x1b[31mred\u202e\u2066"
RUN = {"\x1b", "\u202e", "\u2066", "\x07"}


@pytest.mark.parametrize("how", [[], ["--dry-run"], ["--json"]], ids=["load", "dry", "json"])
def test_what_a_load_says_of_a_file(tmp_path: Path, how: list[str]) -> None:
    votes, mapping = tmp_path / f"v{HOSTILE}.csv", tmp_path / f"m{HOSTILE}.yml"
    rows = [*VOTES * 20, {**VOTES[0], "id": 7, "left": HOSTILE}, {**VOTES[0], "winner": HOSTILE}]
    votes.write_text(csv_text(rows))
    mapping.write_text(MAPPING)
    done = demoscope(tmp_path / "home", "ingest", votes, "--mapping", mapping, *how)
    assert done.returncode == 0
    assert not RUN & {*done.stdout, *done.stderr}
    assert "\\x1b[31m" in done.stdout or "\\u001b[31m" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["leaderboard", "--dimension", HOSTILE],
        ["model", HOSTILE],
        [HOSTILE],
        ["leaderboard", f"--{HOSTILE}"],
        ["ingest", HOSTILE, "--mapping", HOSTILE],
        ["mapping", "init", HOSTILE],
        ["--home", HOSTILE, "leaderboard"],
        ["--config", HOSTILE, "leaderboard"],
    ],
)
def test_what_is_said_of_a_command_line(tmp_path: Path, arguments: list[str]) -> None:
    done = demoscope(tmp_path / "home", *arguments)
    assert done.returncode in {2, 3}
    assert not RUN & {*done.stdout, *done.stderr}
    assert "\\x1b" in done.stderr or "home" in done.stderr


def test_what_a_mapping_and_settings_say(tmp_path: Path) -> None:
    mapping, settings = tmp_path / "m.yml", tmp_path / "s.toml"
    mapping.write_text(MAPPING.replace("tie: tie", f'"x": "{json.dumps(HOSTILE)[1:-1]}"'))
    settings.write_text(f'"{json.dumps(HOSTILE)[1:-1]}" = 1')
    votes = tmp_path / "v.csv"
    votes.write_text(csv_text(VOTES))
    for name, path in (("--mapping", mapping), ("--config", settings)):
        done = demoscope(tmp_path / "home", "ingest", votes, name, path)
        assert done.returncode == 2
        assert not RUN & {*done.stdout, *done.stderr}


@pytest.mark.parametrize("output", [*Format])
def test_rows_and_files_on_a_terminal(
    output: Format, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    print_rows("models", [{"model": HOSTILE}], output, {"model": "{model}"}, title=HOSTILE)
    put_file(HOSTILE)
    said = capsys.readouterr().out
    assert not RUN & {*said}


def test_a_file_for_a_program_is_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    put_file(HOSTILE)
    assert capsys.readouterr().out == HOSTILE


@pytest.mark.parametrize(
    "command",
    [
        ["leaderboard"],
        ["model", "m"],
        ["boards", "list"],
        ["log", "show"],
        ["log", "verify"],
        ["queue"],
    ],
)
def test_a_mistyped_home_is_named_and_not_made(tmp_path: Path, command: list[str]) -> None:
    home = tmp_path / "mistyped"
    done = demoscope(tmp_path / "other", *command, "--home", home)
    assert str(home) in done.stderr
    assert "does not exist" in done.stderr
    assert "--home DIR" in done.stderr
    assert not home.exists()
