"""Boards of the weighted sample, with the participant as the unit of sampling.

What stays out: making weights (dbt_project/models/*/weighting).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import duckdb
import pyarrow as pa

from ratings.posterior import Posterior
from ratings.tables.inputs import weighted_judgments
from ratings.tournaments import TRUESKILL_EP, RatingParameters, derive_seed
from ratings.weighted_tournaments import (
    WeightedRated,
    rate_weighted_each,
    weighted_board,
)


def weighted_boards(
    connection: duckdb.DuckDBPyConnection,
    parameters: RatingParameters,
    anchors: Mapping[str, Posterior],
    seed: int,
) -> Iterator[tuple[str, WeightedRated, pa.Table]]:
    """Weighting, ratings and rows of every weighted tournament; the weighting is what's special."""
    for weighting, key, dimension, judgments in weighted_judgments(connection):
        for one in rate_weighted_each([(key, dimension, judgments)], anchors):
            rows = weighted_board(one, parameters, derive_seed(seed, weighting))
            place = rows.column_names.index("estimator")
            canonical = pa.array([TRUESKILL_EP] * rows.num_rows)
            yield weighting, one, rows.set_column(place, "estimator", canonical)
