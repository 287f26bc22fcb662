"""What shells are offered for values: names of the home, of seeds and of closed lists, at once."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ingestion.rubrics.reading import own_rubrics
from ingestion.simulation.attacks import ATTACKS
from ingestion.sources.mapping import mapping_names
from orchestration.building import ENGINES, STAGES
from orchestration.cli import completion
from orchestration.studies import STUDIES

SCRIPT = Path(sys.executable).with_name("demoscope")
ID = "0123456789ab" + "c" * 52
SLOW_TO_IMPORT = ("pyarrow", "numpy", "numba", "dbt", "duckdb", "great_expectations", "dagster")


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """One with a release of two boards."""
    boards = tmp_path / "kept" / "boards"
    (boards / ID).mkdir(parents=True)
    (boards / "current").symlink_to(ID)
    columns = ["weighting", "stratum_id", "dimension", "estimator", "model_id"]
    rows = [
        ["none", "all", "overall", "trueskill_ep", "quill-9"],
        ["census", "UK/politics/Liberal Democrat", "trust", "bradley_terry", "quill-8"],
    ]
    (boards / ID / "board.json").write_text(json.dumps({"columns": columns, "rows": rows}))
    return boards.parent


def offered(home: Path, line: str, shell: str = "bash") -> list[str]:
    words = line.split(" ")
    asked = os.environ | {
        "DEMOSCOPE_HOME": str(home),
        "_DEMOSCOPE_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    if shell != "bash":
        del asked["COMP_WORDS"]
    done = subprocess.run([SCRIPT], env=asked, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return [name for name in done.stdout.split("\n") if name]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("demoscope leaderboard --stratum a", ["all"]),
        ("demoscope leaderboard --stratum uk", ["UK/politics/Liberal\\ Democrat"]),
        ("demoscope leaderboard --dimension ", ["overall", "trust"]),
        ("demoscope leaderboard --estimator b", ["bradley_terry"]),
        ("demoscope leaderboard --weighting ", ["census", "none"]),
        ("demoscope leaderboard --as-of 0", ["0123456789ab"]),
        ("demoscope model qu", ["quill-8", "quill-9"]),
        ("demoscope compare quill-9 quill-8", ["quill-8"]),
        ("demoscope boards show ", ["0123456789ab", "current"]),
        ("demoscope boards diff current c", ["current"]),
        ("demoscope build --engine s", ["spark"]),
        ("demoscope log events --event-type strike", ["strike_issued"]),
        ("demoscope queue --policy match", ["match_quality"]),
        ("demoscope experience --criterion help", ["helpfulness"]),
        ("demoscope label run syc", ["sycophancy"]),
    ],
)
def test_names_are_offered(kept: Path, line: str, names: list[str]) -> None:
    assert offered(kept, line) == names


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_quote_names_themselves(kept: Path, shell: str) -> None:
    said = "\n".join(offered(kept, "demoscope leaderboard --stratum UK", shell))
    assert "UK/politics/Liberal Democrat" in said


def test_the_home_is_the_one_that_the_line_names(kept: Path, tmp_path: Path) -> None:
    for line in (
        f"demoscope --home {kept} model quill-9",
        f"demoscope model --home={kept} quill-9",
    ):
        assert offered(tmp_path / "none", line) == ["quill-9"]


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"columns": []}'])
def test_without_a_warehouse_it_is_silent(tmp_path: Path, content: str | None) -> None:
    home = tmp_path / "empty"
    if content is not None:
        (home / "boards" / "current").mkdir(parents=True)
        (home / "boards" / "current" / "board.json").write_text(content)
    assert offered(home, "demoscope leaderboard --stratum ") == []
    assert home.exists() == (content is not None)


def test_it_imports_nothing_that_takes_long(kept: Path) -> None:
    line = "demoscope leaderboard --stratum a"
    asked = os.environ | {
        "DEMOSCOPE_HOME": str(kept), "_DEMOSCOPE_COMPLETE": "complete_bash",
        "COMP_WORDS": line, "COMP_CWORD": "3",
    }  # fmt: skip
    command = [sys.executable, "-X", "importtime", str(SCRIPT)]
    done = subprocess.run(command, env=asked, capture_output=True, text=True, check=False)
    imported = {row.rpartition("|")[2].strip() for row in done.stderr.splitlines()}
    assert "orchestration.cli.completion" in imported
    assert not imported & set(SLOW_TO_IMPORT)


def test_closed_lists_are_those_of_the_commands() -> None:
    assert completion.ENGINES == ENGINES
    assert completion.STAGES == STAGES
    assert completion.STUDIES == STUDIES
    assert set(completion.ATTACKS) == set(ATTACKS)
    assert set(completion.BY_NAME["rubric"]()) == {one.rubric for one in own_rubrics()}
    assert set(completion.BY_NAME["mapping"]()) == set(mapping_names())
