"""A provider's private variants through the whole path: planted, built, found; and none, silent."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ingestion.paths import Home
from ingestion.simulation.parameters import Parameters
from ingestion.simulation.study import simulate
from orchestration.building import build
from orchestration.database import mart_rows
from orchestration.loading import load_file
from publishing.boards.private_testing import private_testing


def built(root: Path, attack: str | None) -> tuple[Home, dict[str, Any]]:
    made = simulate(Parameters(participants=600, seed=4), root / "study", attack=attack)
    home = Home(root / "home")
    for file in made.files:
        load_file(home, str(file))
    build(home)
    return home, json.loads(made.truth.read_text("utf-8"))


@pytest.mark.slow
def test_a_planted_release_is_found_with_its_inflation(tmp_path: Path) -> None:
    home, truth = built(tmp_path, "private-variants")
    planted = truth["attack"]
    rows = partial(mart_rows, home)
    finding = private_testing(lambda query, values: rows(query, values or None))
    assert finding.is_found
    assert finding.figures["tested_count"] == 27
    tested = rows("select * from rpt_private_testing where dimension = 'overall'")
    [release] = tested
    assert release["model_id"] == planted["published"]
    assert release["rank_among_tested"] == 1
    assert release["battle_count"] == 2_700
    assert release["silently_retired_count"] == 26
    listed = rows("select * from rpt_tested_variant")
    assert {row["model_id"] for row in listed} == {one["model_id"] for one in planted["variants"]}
    assert all(row["reason"] and row["since"] for row in listed)
    for row in rows("select * from rpt_best_of_n where weighting = 'none'"):
        assert row["variant_count"] == 27
        # Variants and their public model are of one skill, so that the fall is the inflation.
        assert row["fall_lo"] < row["expected_inflation_hi"]
        assert row["fall_hi"] > row["expected_inflation_lo"]
        assert row["shrunk_lo"] - 0.5 < row["fresh_score"] < row["shrunk_hi"] + 0.5


@pytest.mark.slow
def test_a_clean_study_has_empty_tables_and_a_silent_probe(tmp_path: Path) -> None:
    home, _ = built(tmp_path, None)
    rows = partial(mart_rows, home)
    for table in ("rpt_private_testing", "rpt_best_of_n", "rpt_tested_variant"):
        assert rows(f"select * from {table}") == []
    finding = private_testing(lambda query, values: rows(query, values or None))
    assert not finding.is_found
