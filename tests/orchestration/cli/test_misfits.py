"""What a build and a leaderboard say of boards whose model does not fit."""

from pathlib import Path
from typing import Any

import pytest

from ingestion.paths import Home
from orchestration.cli import build

HEAD = {"stratum": "US", "dimension": "overall"}


@pytest.fixture(name="rows")
def found_rows(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    monkeypatch.setattr("orchestration.database.mart_rows", lambda *_: rows)
    return rows


def test_a_board_says_what_does_not_fit(rows: list[dict[str, Any]]) -> None:
    assert build._misfits(HEAD) == []
    rows += [
        {"check_name": "pairs", "statistic": 27.8, "expected": 1.31, "both_ways_share": None},
        {"check_name": "sides", "statistic": None, "expected": 0.0, "both_ways_share": 0.02},
    ]
    pairs, sides = build._misfits(HEAD)
    assert "pairs of models differ" in pairs
    assert "28 where 1.3 is expected" in pairs
    assert "shown first can't be told from skill" in sides
    assert "2.0% of battles" in sides


def test_a_build_counts_them(
    rows: list[dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build._say_misfits(Home(tmp_path))
    assert capsys.readouterr().err == ""
    rows += [
        {"check_name": "drift", "board_count": 2},
        {"check_name": "sides", "board_count": 1},
    ]
    build._say_misfits(Home(tmp_path))
    said = capsys.readouterr().err
    assert "warning: 1 board can't tell" in said
    assert "drift of 2 strata and dimensions" in said
