"""How far work is: a line that moves where somebody looks, a line a minute elsewhere."""

from __future__ import annotations

import gzip
import re
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration import progress_told
from orchestration.cli import progress
from orchestration.cli.progress import CLEAR, Line, counting, expected_rows, progress_words, steps
from orchestration.progress_told import telling


def test_rows_rate_and_time_left() -> None:
    assert progress_words(500, 1.0, 10_000) == "500 rows"
    assert progress_words(5_000, 10.0, None) == "5,000 rows, 500 a second"
    assert progress_words(5_000, 10.0, 50_000) == "5,000 rows, 500 a second, about 1:30 left"
    # A row of a wide file is several events: then nobody knows how many are left.
    assert progress_words(60_000, 10.0, 50_000) == "60,000 rows, 6,000 a second"


def test_a_file_says_about_how_many_rows_it_has(tmp_path: Path) -> None:
    rows = "".join(f"{number},x\n" for number in range(10_000, 30_000))
    (tmp_path / "v.csv").write_text(rows)
    assert expected_rows(str(tmp_path / "v.csv")) == pytest.approx(20_000, rel=0.01)
    pq.write_table(pa.table({"a": range(7)}), tmp_path / "v.parquet")
    assert expected_rows(str(tmp_path / "v.parquet")) == 7
    (tmp_path / "v.csv.gz").write_bytes(gzip.compress(rows.encode()))
    assert expected_rows(str(tmp_path / "v.csv.gz")) is None
    assert expected_rows(str(tmp_path / "missing")) is None


def test_a_line_moves_where_somebody_looks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr(progress, "TICK", 0.01)
    with counting("caf\x1b\u202e.csv") as show:
        show(1_234)
        time.sleep(0.1)
    said = capsys.readouterr().err
    assert f"{CLEAR}caf\\x1b\\u202e.csv: 1,234 rows" in said
    assert said.endswith(CLEAR)
    assert "\n" not in said
    assert not re.search(r"\x1b\[[0-9;]*m", said)


def test_elsewhere_it_is_a_line_a_minute(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert progress.EVERY == 60
    with counting("v.csv") as show:
        show(5)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(progress, "EVERY", 0.05)
    line = Line(lambda _seconds: "still at it", is_watched=False)
    time.sleep(0.2)
    line.end()
    assert set(capsys.readouterr().err.splitlines()) == {"still at it"}


def test_a_build_names_its_steps_and_their_tables(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.05)
    with steps({"transform": "Building state"}) as begin:
        begin("transform")
        progress_told.tell("fct_battle", 34, 105)
        time.sleep(0.2)
        begin("rate")
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "Building state ..."
    assert "Building state: 34 of 105, fct_battle ... 0 s" in said
    assert said[-1] == "rate ..."
    assert progress_told._listeners == []


def test_rating_tells_of_each_stratum() -> None:
    tables = {"weighted_strata": pa.table({"stratum": ["US", "UK"]})}
    told: list[tuple[str, int, int]] = []
    read = telling(lambda name, **_: tables.get(name, pa.table({"a": [1]})))
    with progress_told.listening(lambda *what: told.append(what)):
        assert read("cell_counts").num_rows == 1
        assert read("weighted_strata").num_rows == 2
        for stratum in ("US", "UK"):
            read("stratum_weights", weighting="census", stratum=stratum)
    assert told == [("boards of US by census", 1, 2), ("boards of UK by census", 2, 2)]
