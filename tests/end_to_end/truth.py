"""A simulated study through the whole pipeline, and its truth beside every row of the board.

What stays out: what must be true of it (test_simulated_truth.py), its picture (skewed_sample.py).
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from ingestion.paths import Home
from ingestion.simulation.parameters import Parameters
from ingestion.simulation.study import simulate
from tests.end_to_end.command import document

Row = dict[str, Any]


# Ranks are drawn, skills and their intervals are not.
FEW_DRAWS = ("--parameter", "draws=64")


def board_and_truth(directory: Path, parameters: Parameters) -> list[Row]:
    """Rows of the board, each with its true skill, centred as the board's are."""
    home = directory / f"home-{parameters.seed}"
    summary = simulate(parameters, directory / f"study-{parameters.seed}")
    loads = document(home, "ingest", *summary.files, "--json")["loads"]
    # As a build that looks back: a board and no reports, of all that there is.
    asked = ("build", "--as-of", str(len(loads)), *FEW_DRAWS, "--json")
    release = document(home, *asked)["release"]
    truth = json.loads(summary.truth.read_text(encoding="utf-8"))
    models = [model["model_id"] for model in truth["models"]]
    skills = {
        (stratum["stratum_id"], stratum["dimension"], model): skill - np.mean(stratum["skills"])
        for stratum in truth["strata"]
        for model, skill in zip(models, stratum["skills"], strict=True)
    }
    rows = pq.read_table(
        Home(home).boards / release["release_id"] / "leaderboard.parquet"
    ).to_pylist()
    return [
        row | {"truth": skills[row["stratum_id"], row["dimension"], row["model_id"]]}
        for row in rows
    ]


def covers(row: Row) -> bool:
    """Whether the true skill is inside the 95% interval."""
    return bool(row["skill_lo_micro"] <= row["truth"] * 1e6 <= row["skill_hi_micro"])
