"""Boards of the weighted sample, with the participant as the unit of sampling.

What stays out: making weights (dbt_project/models/*/weighting).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import duckdb
import pyarrow as pa

from orchestration.rating_tables.inputs import weighted_judgments
from orchestration.ratings.posterior import Posterior
from orchestration.ratings.tournaments import TRUESKILL_EP, RatingParameters, derive_seed
from orchestration.ratings.weighted_tournaments import rate_weighted


def weighted_boards(
    connection: duckdb.DuckDBPyConnection,
    parameters: RatingParameters,
    anchors: Mapping[str, Posterior],
    seed: int,
) -> Iterator[tuple[str, pa.Table]]:
    """Weighting and rows of every weighted tournament; the weighting says what is special."""
    for weighting, key, dimension, judgments in weighted_judgments(connection):
        rows = rate_weighted(
            [(key, dimension, judgments)], parameters, derive_seed(seed, weighting), anchors
        )
        place = rows.column_names.index("estimator")
        canonical = pa.array([TRUESKILL_EP] * rows.num_rows)
        yield weighting, rows.set_column(place, "estimator", canonical)
