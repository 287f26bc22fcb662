"""What a newcomer is told: of a wrong home, of a slip in a name, of votes that are simulated."""

import json
from pathlib import Path

import pytest

from tests.end_to_end.command import demoscope


@pytest.mark.parametrize(
    "arguments",
    [
        *(("leaderboard",), ("build",), ("publish",), ("boards", "audit"), ("experience",)),
        *(("sycophancy",), ("benchmarks", "gap"), ("queue",), ("recruit",)),
    ],
)
def test_who_is_in_a_wrong_home_is_told_which(home: Path, arguments: tuple[str, ...]) -> None:
    done = demoscope(home, *arguments)
    assert done.returncode == 3, done.stderr
    assert f"The home is {home}, named by --home or DEMOSCOPE_HOME" in done.stderr
    assert "If another is meant: --home DIR" in done.stderr


@pytest.mark.parametrize("arguments", [("boards", "list"), ("log", "show"), ("log", "verify")])
def test_a_list_of_a_home_without_anything_says_which_home(
    home: Path, arguments: tuple[str, ...]
) -> None:
    missing = demoscope(home, *arguments)
    assert f"The home is {home}" in missing.stderr
    # Of a log that is not there, nothing can be said: it is not whole.
    assert missing.returncode == (3 if arguments[0] == "log" else 0)
    assert not home.exists()
    home.mkdir()
    empty = demoscope(home, *arguments)
    assert empty.returncode == 0, empty.stderr
    assert f"The home is {home}" in empty.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("ingest", "missing.csv"),
        ("ingest", "missing.csv", "--mapping", "llmfao"),
        ("ingest", "{votes}", "--mapping", "no-such-preset"),
        ("ingest", "{votes}", "--mapping", "llmfao"),
        ("build",),
        ("log", "pull"),
    ],
    ids=" ".join,
)
def test_a_command_that_fails_before_it_writes_makes_no_home(
    home: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    votes = tmp_path / "votes.csv"
    votes.write_text("who,left,right,best\nann,x,y,left\n")
    done = demoscope(home, *(one.format(votes=votes) for one in arguments))
    assert done.returncode, done.stdout
    assert not home.exists()
    assert "new warehouse" not in done.stderr


def test_a_new_warehouse_is_said_once_where_it_is_made(home: Path, tmp_path: Path) -> None:
    models = tmp_path / "models.jsonl"
    event = {"event_type": "model_registered", "source": "s", "native_id": "m", "model_id": "m"}
    models.write_text(json.dumps(event) + "\n")
    said = demoscope(home, "ingest", "missing.jsonl", models, models).stderr
    assert said.count(f"new warehouse in {home}") == 1
    assert said.index("missing.jsonl") < said.index("new warehouse")
    assert "new warehouse" not in demoscope(home, "ingest", models).stderr


def test_a_table_in_a_pipe_has_one_line_of_title_and_no_blanks_at_ends(built: Path) -> None:
    printed = demoscope(built, "leaderboard").stdout.splitlines()
    assert printed[0].startswith("Overall winner; everybody; weighted: age, every adult")
    assert printed[1].startswith("rank  range  model")
    assert [line for line in printed if line != line.rstrip()] == []


def test_a_slip_in_a_stratum_is_answered(built: Path) -> None:
    done = demoscope(built, "leaderboard", "--stratum", "Uk")
    assert done.returncode == 3
    assert "no stratum 'Uk'. Did you mean 'UK'? It has: " in done.stderr
    # Not a wrong home: something was built in it.
    assert "DEMOSCOPE_HOME" not in done.stderr


def test_an_audit_of_real_votes_says_nothing_of_simulation(built: Path) -> None:
    """What it says of simulated ones: test_labels.py, which has a home of them."""
    said = demoscope(built, "boards", "audit")
    # A study of twelve.
    assert said.returncode == 1, said.stderr
    assert said.stdout.startswith("release ")
    printed = json.loads(demoscope(built, "boards", "audit", "--json").stdout)
    assert printed["is_simulated"] is False
