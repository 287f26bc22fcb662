"""The population as the weighting seeds have it: strata, axes and census shares, read by path.

A seed is a CSV file like any other; it is the one place where these figures and names are kept.

What stays out: citing the figures (beside them, in the seeds) and weighting by them (dbt).
"""

from __future__ import annotations

from pathlib import Path

from ingestion.simulation.population import Population

SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds"


def read_population(directory: Path = SEEDS) -> Population:
    raise NotImplementedError
