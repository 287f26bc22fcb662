"""Reads the marts of a publication that the page is made of, and no others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.parquet import ParquetFile

from ingestion.errors import IntegrityError
from publishing.boards.view import (
    DEFAULT_ESTIMATOR,
    DEFAULT_STRATUM,
    UNWEIGHTED,
    default_weighting,
)

Rows = list[dict[str, Any]]
PAIRS = "rpt_pairwise"
# Head to head has a row and a column per model; of more models it shows the best.
MATRIX_MODELS = 100

# Mart -> columns and the one value each must have, so that a large mart is not read whole.
READ: dict[str, dict[str, Any]] = {
    "dim_dimension": {},
    "dim_criterion": {},
    "dim_model": {},
    "dim_stratum": {},
    "fct_stratum_coverage": {},
    "publication": {},
    "rpt_about_study": {},
    "rpt_benchmark_gap": {"stratum_id": DEFAULT_STRATUM, "estimator": DEFAULT_ESTIMATOR},
    "rpt_benchmark_residual": {"stratum_id": DEFAULT_STRATUM, "estimator": DEFAULT_ESTIMATOR},
    "rpt_board_summary": {},
    "rpt_criterion_gap": {},
    "rpt_data_collection": {},
    "rpt_demographic_consistency": {"model_id": None},
    "rpt_disagreement": {"weighting": UNWEIGHTED},
    "rpt_experience": {},
    "rpt_leaderboard": {},
    "rpt_log_integrity": {},
    "rpt_model_profile": {},
    PAIRS: {"stratum_id": DEFAULT_STRATUM, "estimator": DEFAULT_ESTIMATOR},
    "rpt_rank_comparison": {},
    "rpt_safety": {"stratum_id": DEFAULT_STRATUM},
    "rpt_safety_incident": {
        "stratum_id": DEFAULT_STRATUM,
        "hazard": "*",
        "topic": "*",
        "severity": "*",
    },
    "rpt_sycophancy": {"stratum_id": DEFAULT_STRATUM, "label": "sycophancy"},
    "rpt_sycophancy_effect": {"stratum_id": DEFAULT_STRATUM},
    "rpt_tie_rate": {},
    "rpt_topic_tie_rate": {"stratum_id": DEFAULT_STRATUM},
    "rpt_weighting_diagnostics": {"is_default": True},
    "rpt_weighting_margin": {"is_raked": True},
}


def read_marts(directory: Path) -> dict[str, Rows]:
    """Every mart of READ, rows as dicts, in the publication's order.

    Args:
        directory: of one publication.

    Raises:
        IntegrityError: a mart is missing or cannot be read.
    """
    marts: dict[str, Rows] = {}
    for name in READ:
        # What the page has no room for is not made a Python object first.
        marts[name] = (
            _pairs(directory, marts["rpt_leaderboard"])
            if name == PAIRS
            else read_mart(directory, name)
        )
    return marts


def _pairs(directory: Path, leaderboard: Rows) -> Rows:
    table, rows = _table(directory, PAIRS), []
    for (dimension, weighting), models in best_models(leaderboard).items():
        rows += _among(table, dimension, weighting, models).to_pylist()
    return rows


def best_models(leaderboard: Rows) -> dict[tuple[str, str], list[str]]:
    """The models that head to head has room for: the best of everybody's default board.

    Per dimension and the weighting of that board.
    """
    boards: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for row in leaderboard:
        if all(row[column] == value for column, value in READ[PAIRS].items()):
            ranked = boards.setdefault((row["dimension"], row["weighting"]), [])
            if row["rank"] <= MATRIX_MODELS:
                ranked.append((row["rank"], row["model_id"]))
    best = {}
    for dimension in sorted({dimension for dimension, _ in boards}):
        weighting = default_weighting([kind for own, kind in boards if own == dimension])
        if (dimension, weighting) in boards:
            models = [model for _, model in sorted(boards[dimension, weighting])]
            best[dimension, weighting] = models
    return best


def _among(table: pa.Table, dimension: str, weighting: str, models: list[str]) -> pa.Table:
    wanted = pc.and_(
        pc.equal(table.column("dimension"), dimension),
        pc.equal(table.column("weighting"), weighting),
    )
    for column in ("model_a", "model_b"):
        here = pc.is_in(table.column(column), value_set=pa.array(models, pa.string()))
        wanted = pc.and_(wanted, here)
    return table.filter(wanted)


def read_mart(directory: Path, name: str) -> Rows:
    """One mart of READ; errors as of `read_marts`."""
    rows: Rows = _table(directory, name).to_pylist()
    return rows


def _table(directory: Path, name: str) -> pa.Table:
    path = directory / f"{name}.parquet"
    try:
        with ParquetFile(path) as file:
            table = file.read()
        for column, value in READ[name].items():
            cells = table.column(column)
            table = table.filter(pc.is_null(cells) if value is None else pc.equal(cells, value))
    except (OSError, KeyError, pa.ArrowException) as error:
        message = f"{path} cannot be read: {error}."
        raise IntegrityError(
            message, remedy="Publish again with this version: demoscope publish"
        ) from error
    return table
