"""Reads the marts of a publication that the page is made of, and no others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.parquet import ParquetFile

from ingestion.errors import IntegrityError

Rows = list[dict[str, Any]]

# Mart -> columns and the one value each must have, so that a large mart is not read whole.
READ: dict[str, dict[str, Any]] = {
    "dim_dimension": {},
    "dim_model": {},
    "dim_stratum": {},
    "fct_stratum_coverage": {},
    "publication": {},
    "rpt_board_summary": {},
    "rpt_demographic_consistency": {"model_id": None},
    "rpt_leaderboard": {},
    "rpt_log_integrity": {},
    "rpt_pairwise": {"stratum_id": "all", "weighting": "none", "estimator": "trueskill_ep"},
    "rpt_rank_comparison": {},
    "rpt_tie_rate": {},
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
    return {name: read_mart(directory, name) for name in READ}


def read_mart(directory: Path, name: str) -> Rows:
    """One mart of READ; errors as of `read_marts`."""
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
    rows: Rows = table.to_pylist()
    return rows
