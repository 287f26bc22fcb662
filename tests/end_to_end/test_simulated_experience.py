"""What is planted in a simulated study's ratings is what its tables say, through the whole path."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingestion.paths import Home
from ingestion.simulation.parameters import Parameters
from ingestion.simulation.study import simulate
from orchestration.building import build
from orchestration.database import mart_rows
from orchestration.loading import load_file

CENSUS = "plus_politics_population_proportional"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, dict[str, Any]]:
    root: Path = tmp_path_factory.mktemp("simulated")
    made = simulate(Parameters(participants=3000), root / "study")
    home = Home(root / "home")
    for file in made.files:
        load_file(home, str(file))
    build(home)
    truth: dict[str, Any] = json.loads(made.truth.read_text("utf-8"))["experience"]
    return home, truth


def expected(truth: dict[str, Any], stratum: str) -> dict[tuple[str, str], float]:
    """Mean ratings by model and criterion."""
    return {
        (model, row["criterion"]): rating
        for row in truth["strata"]
        if row["stratum_id"] == stratum
        for model, rating in zip(truth["models"], row["ratings"], strict=True)
    }


@pytest.mark.slow
@pytest.mark.parametrize("estimate", ["rating", "probit_rating"])
def test_weighted_intervals_hold_the_populations_ratings(
    built: tuple[Home, dict[str, Any]], estimate: str
) -> None:
    home, truth = built
    rows = mart_rows(
        home,
        "select * from rpt_experience where weighting = $weighting and stratum_id = 'all'",
        {"weighting": CENSUS},
    )
    wanted = expected(truth, "all")
    assert len(rows) == len(wanted)
    held = [
        row[f"{estimate}_lo"] <= wanted[row["model_id"], row["criterion"]] <= row[f"{estimate}_hi"]
        for row in rows
    ]
    assert np.mean(held) >= 0.85


@pytest.mark.slow
def test_gaps_are_those_that_were_planted(built: tuple[Home, dict[str, Any]]) -> None:
    home, truth = built
    rows = mart_rows(
        home,
        "select * from rpt_criterion_gap where weighting = $weighting and stratum_id = 'all'"
        " and model_id = '*' and criterion <> '*'",
        {"weighting": CENSUS},
    )
    wanted = expected(truth, "all")

    def mean(criterion: str) -> float:
        return float(np.mean([wanted[model, criterion] for model in truth["models"]]))

    held = []
    for row in rows:
        gap = mean(row["criterion"]) - mean(row["against_criterion"])
        held.append(row["gap_together_lo"] <= gap <= row["gap_together_hi"])
        if row["criterion"] in {"personality", "background_and_culture"}:
            assert row["is_different"]
            assert row["gap"] < 0.0
    assert len(held) == 12
    assert np.mean(held) >= 0.9


@pytest.mark.slow
def test_the_weak_spot_is_a_sentence(built: tuple[Home, dict[str, Any]]) -> None:
    home, truth = built
    rows = mart_rows(home, "select * from rpt_model_profile where compared_with = 'other_groups'")
    weak = truth["weak"]
    found = {(row["stratum_id"], row["model_id"], row["criterion"]) for row in rows}
    assert (weak["stratum_id"], weak["model_id"], weak["criterion"]) in found
    # Other groups of the axis are rated higher than the rest, which the weak one is in.
    assert {row["model_id"] for row in rows} == {weak["model_id"]}
    assert all(" is rated " in row["sentence"] for row in rows)
