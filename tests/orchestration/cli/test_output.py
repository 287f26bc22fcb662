"""Names of data are printed as text, and no name takes a figure off a table."""

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.cli.build import COLUMNS
from orchestration.cli.output import (
    HOME_TYPED,
    Format,
    print_json,
    print_rows,
    print_table,
    progress,
    put,
    say,
    with_home,
)

FIGURES = re.compile(
    r" +[12] +[12]-2 .* [+-]\d\.\d\d +[+-]\d\.\d\d to [+-]\d\.\d\d +[\d.]+% +50\.0% +1,234$"
)
WIDTH = 90


def row(name: str, rank: int = 1) -> dict[str, Any]:
    return {
        "rank": rank,
        "rank_lo": rank,
        "rank_hi": 2,
        "model_id": name,
        "is_provisional": False,
        "skill": 0.5,
        "skill_lo": -1.0,
        "skill_hi": 1.0,
        "p_best": 0.5,
        "win_share": 0.5,
        "battle_count": 1234,
    }


def table(capsys: pytest.CaptureFixture[str], *names: str) -> list[str]:
    rows = [row(name, rank) for rank, name in enumerate(names, 1)]
    print_table(rows, COLUMNS, title="[b]title[/b]", note="[i]note[/i]")
    lines = capsys.readouterr().out.splitlines()
    assert (lines[0].strip(), lines[-1]) == ("[b]title[/b]", "[i]note[/i]")
    return lines[2:-1]


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(WIDTH))


@pytest.mark.parametrize("name", ["x [beta]", "[/INST]", "[red]", ":smile:", "a\\[b]", "{rank}"])
def test_a_name_is_no_markup(capsys: pytest.CaptureFixture[str], name: str) -> None:
    [line] = table(capsys, name)
    assert f" {name} " in line


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=256))
def test_any_name_leaves_every_figure(capsys: pytest.CaptureFixture[str], name: str) -> None:
    [line] = table(capsys, name)
    assert FIGURES.match(line)


def test_long_names_are_cut_in_the_middle_and_stay_apart(
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = [f"accounts/{middle * 240}/instruct" for middle in "ab"]
    one, other = table(capsys, *names)
    assert len(one) <= WIDTH
    assert "…" in one
    assert FIGURES.match(one)
    assert FIGURES.match(other)
    assert one.split()[2] != other.split()[2]


@pytest.mark.parametrize(
    ("width", "left", "gone"),
    [
        (80, "rank range model skill 95% interval P(best) win share", "battles"),
        (60, "rank range model skill 95% interval", "P(best), win share, battles"),
        (30, "rank range model", "skill, 95% interval, P(best), win share, battles"),
        (12, "rank range", "model, skill, 95% interval, P(best), win share, battles"),
    ],
)
def test_a_narrow_terminal_has_fewer_columns_and_whole_rows(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    width: int,
    left: str,
    gone: str,
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    print_table([row("tidepool-2025-02"), row("m" * 256, 2)], COLUMNS)
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert lines[0].split() == left.split()
    assert len(lines) == 3
    assert max(map(len, lines)) <= width
    assert ("tidepool-2025-02" in lines[1]) == ("model" in left and width >= 30)
    assert printed.err == f"no room for {gone} (--json and --format csv have all)\n"


def test_a_pipe_gets_whole_names(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS")
    name = f"accounts/{'a' * 240}/instruct"
    [line] = table(capsys, name)
    assert f" {name} " in line
    assert FIGURES.match(line)


def test_json_has_the_whole_name(capsys: pytest.CaptureFixture[str]) -> None:
    name = "\x1b\x9b\u202e[/INST]" + "x" * 240
    print_json({"model_id": name})
    printed = capsys.readouterr().out
    assert json.loads(printed)["model_id"] == name
    assert not re.search("[\x1b\x9b\u202e]", printed)


def test_lines_are_shown_and_never_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    put("a\x1b[2J\nb")
    say("caf\udce9 [/INST]")
    printed = capsys.readouterr()
    assert printed.out == "a\\x1b[2J\nb\n"
    assert printed.err == "caf\\xe9 [/INST]\n"


def test_csv_has_no_formula(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows("models", [{"model_id": "=1+1", "skill": -1.5}], Format.CSV, {})
    assert capsys.readouterr().out == "model_id,skill\n'=1+1,-1.5\n"


def test_csv_has_truth_lists_and_objects_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows("models", [{"a": True, "b": None, "c": [1], "d": {"e": 2}}], Format.CSV, {})
    assert capsys.readouterr().out == 'a,b,c,d\ntrue,,[1],"{""e"": 2}"\n'


def test_csv_without_rows_has_its_header(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows("models", [], Format.CSV, {}, fields=lambda: ("model_id", "skill"))
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("model_id,skill\n", "No models.\n")


def test_progress_shows_a_path_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with progress("[/INST] caf\udce9.csv") as show:
        show(5)


def test_commands_of_a_sentence_name_the_home_that_was_typed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sentence = "It says version 3; this demoscope reads 2. Run: demoscope log show"
    assert with_home(sentence) == sentence
    monkeypatch.setenv(HOME_TYPED, "/a b")
    assert with_home(sentence) == sentence.replace("demoscope log", "demoscope --home '/a b' log")
