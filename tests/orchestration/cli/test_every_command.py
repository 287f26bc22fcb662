"""What every command has: help with examples and exit codes, JSON, one form of errors."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from orchestration.cli.help import EXAMPLES, ONE
from orchestration.cli.main import app
from tests.end_to_end.command import demoscope
from tests.test_docs import fault, lacking

# They print a file, a key or a page, or serve until they are interrupted.
WITHOUT_JSON = {
    *("log prove", "log prove-consistency", "replicates", "site serve", "study"),
    *("witness key", "witness serve", "witness sign"),
}


def leaves(command: Any = None, name: str = "") -> Iterator[tuple[str, Any]]:
    command = command or get_command(app)
    if not hasattr(command, "list_commands"):
        yield name, command
        return
    for own in command.list_commands(None):
        yield from leaves(command.get_command(None, own), f"{name} {own}".strip())


COMMANDS = dict(leaves())


def test_examples_are_of_commands_there_are() -> None:
    assert EXAMPLES.keys() == COMMANDS.keys()
    assert ONE.keys() <= COMMANDS.keys()


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_examples_that_are_right_and_exit_codes(name: str, tmp_path: Path) -> None:
    done = demoscope(tmp_path / "home", *name.split(), "--help")
    assert done.returncode == 0
    said = " ".join(re.sub(r"[│╭╮╰╯─]", " ", done.stdout).split())
    for line in EXAMPLES[name]:
        assert f"$ {line}" in said
        words = shlex.split(line)
        assert words[0] == "demoscope"
        assert line.startswith(f"demoscope {name}")
        assert fault(words[1:]) is None
        assert lacking(words[1:]) == []
    assert "Exit codes: 0 done, 1 " in said
    # What Typer calls a value tells nothing.
    assert not re.search("<[a-z]", done.stdout)
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("name", COMMANDS)
def test_what_prints_rows_prints_json_and_csv(name: str) -> None:
    options = {option for it in COMMANDS[name].params for option in it.opts}
    assert ("--json" in options) == (name not in WITHOUT_JSON)


@pytest.mark.parametrize("name", COMMANDS)
def test_an_unknown_option_is_refused_in_the_form_of_every_error(name: str, tmp_path: Path) -> None:
    done = demoscope(tmp_path / "home", *name.split(), "--nosuchoption")
    assert done.returncode == 2
    assert done.stdout == ""
    expected = (
        f"error: demoscope {name}: There is no option '--nosuchoption'. See: demoscope {name}"
    )
    assert done.stderr.startswith(expected)
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["leaderboard", "--formt", "json"], "no option '--formt'. Did you mean '--format'? See:"),
        (["ingest", "f", "--maping", "m"], "Did you mean '--mapping'?"),
        (["log", "show", "--hom", "d"], "Did you mean '--home'?"),
        (["leaderbord"], "There is no command 'leaderbord'. Did you mean 'leaderboard'?"),
        (["log", "shwo"], "No such command 'shwo'. Did you mean 'show'?"),
        (["ingest"], "Missing argument 'PATH...'."),
        (["leaderboard", "--format", "xml"], "--format: 'xml' is none of table, json, csv."),
        (["leaderboard", "--format", "jsn"], "is none of table, json, csv. Did you mean 'json'?"),
        (["leaderboard", "--limit", "x"], "--limit / --top: 'x' is no whole number from 1."),
        (["leaderboard", "--limit", "0"], "--limit / --top: '0' is no whole number from 1."),
        (
            ["site", "serve", "--port", "99999"],
            "--port: '99999' is no whole number from 0 to 65535.",
        ),
        (["ingest", "f", "--max-bad-share", "2"], "--max-bad-share: '2' is no number from 0 to 1."),
        (
            ["experience", "rating"],
            "SHOW: 'rating' is none of ratings, gaps, profiles. Did you mean",
        ),
        (["log", "verify", "--checkpoint", "no"], "--checkpoint: file 'no' does not exist."),
        (["quality", "appeal"], "Missing argument 'EVENT'."),
        (["leaderboard", "--json", "--format", "csv"], "--json contradicts --format csv."),
        (["log", "show", "--format", "table", "--json"], "--json contradicts --format table."),
    ],
)
def test_what_was_meant(arguments: list[str], said: str, tmp_path: Path) -> None:
    done = demoscope(tmp_path / "home", *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("error: demoscope")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("asked", "code", "meant"),
    [
        ("study simulate", 2, "simulated"),
        ("log events --event-type battle_judge", 2, "battle_judged"),
        ("log export detla d", 2, "delta"),
        ("build --engine duckb", 2, "duckdb"),
        ("build --parameter prior_dt=2", 2, "prior_sd"),
        ("simulate --attack samplin", 2, "sampling"),
        ("simulate --adaptive --target widht", 3, "width"),
        ("label run sycofancy --conversations c --model m --source s", 3, "sycophancy"),
        ("ingest votes.csv --mapping humane", 2, "humaine"),
        ("mapping init votes.csv --timezone Europe/Berln", 2, "Europe/Berlin"),
    ],
)
def test_a_mistyped_value_of_a_closed_list(
    asked: str, code: int, meant: str, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    done = demoscope(home, *asked.split())
    assert (done.returncode, done.stdout) == (code, "")
    assert f"Did you mean {meant!r}?" in done.stderr


@pytest.mark.parametrize(
    ("asked", "remedy"),
    [
        ("leaderboard", "Ingest something, then run: demoscope --home {home} build"),
        ("log show", "Nothing was loaded: demoscope --home {home} ingest PATH"),
        ("boards list", "Build one: demoscope --home {home} build."),
        ("publish --list", "Run: demoscope --home {home} publish"),
        (
            "model m",
            "Load a file: demoscope --home {home} ingest PATH. Then build: demoscope --home",
        ),
        ("doctor", "demoscope --home {home} build"),
    ],
)
def test_a_remedy_names_the_home_that_was_typed(
    asked: str, remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "a home"
    home.mkdir()
    monkeypatch.delenv("DEMOSCOPE_HOME_TYPED", raising=False)
    done = demoscope(tmp_path / "other", *asked.split(), "--home", home)
    assert remedy.format(home=f"'{home}'") in done.stdout + done.stderr
    monkeypatch.delenv("DEMOSCOPE_HOME_TYPED", raising=False)
    assert "--home /" not in demoscope(home, *asked.split()).stderr


def test_json_is_short_for_its_format(tmp_path: Path) -> None:
    home = tmp_path / "home"
    short, whole = (
        demoscope(home, "label", "rubrics", *how).stdout
        for how in (["--json"], ["--format", "json"])
    )
    assert short == whole
    rows = json.loads(short)["rows"]
    table = demoscope(home, "label", "rubrics", "--format", "csv").stdout.splitlines()
    assert table[0] == "rubric,version,title,about"
    assert len(table) == len(rows) + 1
    home.mkdir()
    header = demoscope(home, "log", "show", "--format", "csv").stdout
    assert header.startswith("seq,recorded_at,")
    assert header.count("\n") == 1
    assert json.loads(demoscope(home, "log", "show", "--json").stdout)["rows"] == []
