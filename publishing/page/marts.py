"""Reads the marts of a publication that the page is made of, and no others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.parquet import ParquetFile

from ingestion.errors import IntegrityError
from publishing.boards.labels import UNWEIGHTED
from publishing.boards.view import (
    DEFAULT_ESTIMATOR,
    DEFAULT_STRATUM,
    default_weighting,
)

Rows = list[dict[str, Any]]
PAIRS = "rpt_pairwise"
# The page has room for so many pairs of models: boards of everybody and of countries come first,
# with their best models, and groups have what is left.
PAIRS_MOST, PAIRS_MOST_WHOLE = 48_000, 30_000

# Mart -> columns and the one value each must have, so that a large mart is not read whole.
READ: dict[str, dict[str, Any]] = {
    "dim_board": {},
    "dim_dimension": {},
    "dim_criterion": {},
    "dim_model": {},
    "dim_stratum": {},
    "dim_study": {},
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
    PAIRS: {"estimator": DEFAULT_ESTIMATOR},
    "rpt_rank_comparison": {},
    "rpt_rank_history": {"estimator": DEFAULT_ESTIMATOR, "is_default": True},
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
    "rpt_votes_by_month": {"stratum_id": DEFAULT_STRATUM},
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
    table = _table(directory, PAIRS)
    wanted = [
        dict(zip(BOARD, board, strict=True)) | {"model": model}
        for board, models in paired_models(leaderboard).items()
        for model in models
    ]
    if not wanted:
        return []
    for column in PAIR:
        kept = pa.Table.from_pylist(wanted).rename_columns([*BOARD, column])
        table = table.join(kept, keys=[*BOARD, column], join_type="left semi")
    rows: Rows = table.sort_by([(name, "ascending") for name in (*BOARD, *PAIR)]).to_pylist()
    return rows


BOARD, PAIR = ("stratum_id", "dimension", "weighting"), ("model_a", "model_b")


def paired_models(leaderboard: Rows) -> dict[tuple[str, str, str], list[str]]:
    """The models that head to head has room for, by board: the best of each default board."""
    boards: dict[tuple[str, str], dict[str, Rows]] = {}
    for row in leaderboard:
        if row["estimator"] == DEFAULT_ESTIMATOR:
            of_both = boards.setdefault((row["stratum_id"], row["dimension"]), {})
            of_both.setdefault(row["weighting"], []).append(row)
    default = {
        (*key, weighting): sorted(found[weighting], key=lambda row: int(row["rank"]))
        for key, found in sorted(boards.items())
        for weighting in (default_weighting(sorted(found)),)
        if weighting in found
    }
    is_group = {board: "/" in board[0] for board in default}
    sizes, left = {}, PAIRS_MOST
    for kind, most in ((False, PAIRS_MOST_WHOLE), (True, PAIRS_MOST)):
        own = [rows for board, rows in default.items() if is_group[board] == kind]
        sizes[kind] = _room([len(rows) for rows in own], min(most, left))
        left -= sum(_pair_count(min(len(rows), sizes[kind])) for rows in own)
    return {
        board: [row["model_id"] for row in rows[: sizes[is_group[board]]]]
        for board, rows in default.items()
    }


def _pair_count(models: int) -> int:
    return models * (models - 1) // 2


def _room(counts: list[int], pairs: int) -> int:
    """How many models each of some boards may pair, so that all have so many pairs together."""
    size = 1
    while size < max(counts, default=0) and (
        sum(_pair_count(min(count, size + 1)) for count in counts) <= pairs
    ):
        size += 1
    return size


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
