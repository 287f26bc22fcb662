"""One model, and two of them, on the boards of a study; and what every command takes."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from ingestion.paths import Home
from orchestration.cli.main import own_options_first
from orchestration.database import mart_rows
from tests.end_to_end.command import demoscope, document

SCRIPT = Path(sys.executable).with_name("demoscope")


@pytest.fixture(scope="module")
def board(built: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = document(built, "leaderboard", "--format", "json")["rows"]
    assert len(rows) >= 3
    return rows


def test_a_model_is_as_on_the_leaderboard(built: Path, board: list[dict[str, Any]]) -> None:
    for row in board:
        shown = document(
            built, "model", row["model_id"], "--stratum", "all", "--dimension", "overall",
            "--format", "json",
        )  # fmt: skip
        [own] = shown["rows"]
        assert shown["model"]["model_id"] == row["model_id"]
        same = ("rank", "rank_lo", "rank_hi", "p_best", "battle_count")
        assert {name: own[name] for name in same} == {name: row[name] for name in same}
        assert own["win_share"] == row["win_share"]


def test_a_model_has_one_row_per_stratum_and_question(
    built: Path, board: list[dict[str, Any]]
) -> None:
    rows = document(built, "model", board[0]["model_id"], "--format", "json")["rows"]
    places = [(row["stratum_id"], row["dimension"]) for row in rows]
    assert len(places) == len(set(places)) > 1
    assert places[0] == ("all", "overall")


def test_a_model_is_shown_to_people_too(built: Path, board: list[dict[str, Any]]) -> None:
    row = board[0]
    done = demoscope(built, "model", row["model_id"], "--stratum", "all")
    assert done.returncode == 0, done.stderr
    assert f"{row['win_share']:.1%}" in done.stdout
    assert f"{row['win_share_lo']:.1%} to {row['win_share_hi']:.1%}" in done.stdout


def test_two_models_are_compared_either_way_round(built: Path, board: list[dict[str, Any]]) -> None:
    first, second = board[0]["model_id"], board[-1]["model_id"]
    asked = ("--stratum", "all", "--dimension", "overall", "--format", "json")
    [one] = document(built, "compare", first, second.upper(), *asked)["rows"]
    [other] = document(built, "compare", second, first, *asked)["rows"]
    assert one["p_better"] > 0.5
    assert one["p_win"] + one["p_tie"] + other["p_win"] == pytest.approx(1.0, abs=1e-5)
    assert one["battle_count"] == other["battle_count"]


def test_a_pairs_share_is_the_marts_and_what_the_tables_print(
    built: Path, board: list[dict[str, Any]]
) -> None:
    first, second = board[0]["model_id"], board[-1]["model_id"]
    asked = ("--stratum", "all", "--dimension", "overall")
    query = """
        select * from rpt_pairwise
        where is_default and estimator = 'trueskill_ep' and stratum_id = 'all'
            and dimension = 'overall' and model_a = $first and model_b = $second
    """
    [mart] = mart_rows(Home(built), query, {"first": first, "second": second})
    figures = ("win_share", "win_share_lo", "win_share_hi")
    [one] = document(built, "compare", first, second, *asked, "--format", "json")["rows"]
    assert {name: one[name] for name in figures} == {name: mart[name] for name in figures}
    printed = demoscope(built, "compare", first, second, *asked)
    assert printed.returncode == 0, printed.stderr
    assert f"{mart['win_share']:.1%}  {mart['win_share_lo']:.1%} to" in printed.stdout
    printed = demoscope(built, "model", first, *asked)
    assert printed.returncode == 0, printed.stderr
    assert f"{board[0]['win_share']:.1%}" in printed.stdout


def test_a_mistyped_model_is_refused_with_the_one_that_was_meant(
    built: Path, board: list[dict[str, Any]]
) -> None:
    name = board[0]["model_id"]
    done = demoscope(built, "model", f"{name}x")
    assert done.returncode != 0
    assert f"Did you mean {name!r}?" in done.stderr
    same = demoscope(built, "compare", name, name.upper())
    assert same.returncode == 2
    assert "are one model" in same.stderr


def test_the_first_models_of_a_board_are_shown_with_how_many_there_are(
    built: Path, board: list[dict[str, Any]]
) -> None:
    shown = document(built, "leaderboard", "--top", "2", "--format", "json")
    assert shown["rows"] == board[:2]
    table = demoscope(built, "leaderboard", "--top", "2").stdout
    assert f"the first 2 of {len(board)} models" in table


def test_a_mistyped_command_is_refused_with_the_one_that_was_meant(built: Path) -> None:
    done = demoscope(built, "leaderbord")
    assert done.returncode == 2
    assert "Did you mean 'leaderboard'?" in done.stderr


def test_the_version_is_shown(built: Path) -> None:
    assert demoscope(built, "--version").stdout == f"demoscope {version('demoscope')}\n"


@pytest.mark.parametrize("command", [(), ("leaderboard",), ("boards",), ("boards", "diff")])
def test_help_has_a_short_form_and_no_completion_below_the_top(
    built: Path, command: tuple[str, ...]
) -> None:
    said = demoscope(built, *command, "-h").stdout
    assert said == demoscope(built, *command, "--help").stdout
    assert "Usage: demoscope" in said
    assert ("--install-completion" in said) == (not command)


def test_the_home_may_be_named_anywhere(built: Path, tmp_path: Path) -> None:
    there = demoscope(built, "leaderboard", "--format", "json").stdout
    for arguments in (
        ("--home", str(built), "leaderboard", "--format", "json"),
        ("leaderboard", "--format", "json", f"--home={built}"),
        ("leaderboard", "--home", str(built), "--format", "json"),
    ):
        assert demoscope(tmp_path / "elsewhere", *arguments).stdout == there
    assert not (tmp_path / "elsewhere").exists()


def test_what_stands_after_two_dashes_is_no_option() -> None:
    assert own_options_first(["model", "--", "--home"]) == ["model", "--", "--home"]
    assert own_options_first(["model", "m", "--home", "d"]) == ["--home", "d", "model", "m"]
    both = ["ingest", "--config=c", "f", "--home", "d", "--json"]
    assert own_options_first(both) == ["--config=c", "--home", "d", "ingest", "f", "--json"]
    assert own_options_first(["model", "--home"]) == ["--home", "model"]


def test_help_is_a_command_too() -> None:
    assert own_options_first(["help", "boards", "list"]) == ["boards", "list", "--help"]
    assert own_options_first(["help", "--home", "d"]) == ["--home", "d", "--help"]
    assert own_options_first(["model", "help"]) == ["model", "help"]


def test_bash_completes_commands(tmp_path: Path) -> None:
    script = (
        f'eval "$(_DEMOSCOPE_COMPLETE=source_bash {SCRIPT})"; '
        "COMP_WORDS=(demoscope leader); COMP_CWORD=1; "
        f"PATH={SCRIPT.parent}:$PATH; "
        '"$(complete -p demoscope | sed -E "s/.*-F ([^ ]+) .*/\\1/")" demoscope; '
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.split() == ["leaderboard"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_are_told_what_completes(shell: str, tmp_path: Path) -> None:
    asked = {
        "_DEMOSCOPE_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_ARGS": "demoscope leader",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    done = subprocess.run(
        [SCRIPT], env=os.environ | asked, capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert "leaderboard" in done.stdout
