"""A load by a wrong mapping, taken back and loaded again."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from orchestration.cli.ingest import ingest as _ingest
from orchestration.cli.log import app as log_app

HEADER = "id,who,left,right,best\n"
MAPPING = """
source: shop
event: battle_judged
columns:
  native_id: id
  participant_id: who
  model_a: left
  model_b: right
  outcome: best
  dimension: {constant: overall}
outcome: {1: FIRST, 2: SECOND}
"""


def run(app: object, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))  # type: ignore[arg-type]
    return result.exit_code, result.output


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DEMOSCOPE_HOME", str(tmp_path / "home"))
    rows = "".join(f"{n},w{n % 3},ink,oak,{1 + n % 2}\n" for n in range(10))
    (tmp_path / "votes.csv").write_text(HEADER + rows)
    changed = rows.replace("4,w1,ink,oak,1", "4,w1,ink,oak,2")
    (tmp_path / "changed.csv").write_text(HEADER + changed)
    for name, first, second in (("wrong", "b", "a"), ("right", "a", "b")):
        text = MAPPING.replace("FIRST", first).replace("SECOND", second)
        (tmp_path / f"{name}.yml").write_text(text)
    return tmp_path


def load(directory: Path, file: str, mapping: str, *options: str) -> tuple[int, str]:

    app = typer.Typer()
    app.command()(_ingest)
    paths = (str(directory / file), "--mapping", str(directory / f"{mapping}.yml"))
    return run(app, *paths, *options)


def test_a_load_is_undone_and_the_corrected_one_enters(directory: Path) -> None:
    assert load(directory, "votes.csv", "wrong")[0] == 0
    code, refused = load(directory, "votes.csv", "right", "--max-bad-share", "1")
    assert code == 1
    assert "10 of 10 rows" in refused
    assert "log undo" in refused
    code, shown = run(log_app, "undo", "1")
    assert code != 0
    code, shown = run(log_app, "undo", "1", "--yes")
    assert code == 0
    assert "models: ink, oak" in shown
    assert "10 events retracted, log position 2" in shown
    assert "nothing to undo" in run(log_app, "undo", "1", "--yes")[1]
    assert "log position 3" in load(directory, "votes.csv", "right")[1]
    # The first mapping again: another load now, which contradicts what stands.
    assert load(directory, "votes.csv", "wrong")[0] == 1
    run(log_app, "undo", "3", "--yes")
    assert "log position 5" in load(directory, "votes.csv", "wrong")[1]
    assert "whole" in run(log_app, "verify")[1]


def test_a_changed_export_shows_the_files_row_and_what_differs(directory: Path) -> None:
    load(directory, "votes.csv", "right")
    code, shown = load(directory, "changed.csv", "right")
    assert code == 0
    assert "row 5: conflicting_duplicate in native_id: 4,w1,ink,oak,2" in shown
    assert "position 5 of the log has this id: outcome is b here and a there" in shown
    assert "event_corrected" in shown
