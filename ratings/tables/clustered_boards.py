"""The participant-clustered sd beside the model's, on boards of whoever turned up.

What stays out: the sandwich (ratings/sandwich.py), and weighted boards, whose own sd
it is (weighted_boards.py).
"""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa

from ratings.counts import PairCounts
from ratings.participants import ParticipantCounts
from ratings.sandwich import design_effect, sandwich
from ratings.tables.inputs import participant_counts
from ratings.tournaments import TRUESKILL_EP, Rated


def clustered_rows(connection: duckdb.DuckDBPyConnection, rated: list[Rated]) -> pa.Table:
    """One row per stratum, dimension and model of the canonical unweighted boards.

    A board is left out where somebody unknown judged: votes known only as counts, or without a
    participant. What is left would be the spread of other battles than the board's.
    """
    known = {
        (one.tournament_key, one.dimension): one for one in rated if one.estimator == TRUESKILL_EP
    }
    parts = []
    for stratum, dimension, rows in participant_counts(connection):
        one, people = known.get((stratum, dimension)), ParticipantCounts.from_arrow(rows)
        if one is None or not _same(people.counts, one.counts):
            continue
        # How battles move the mean is in closed form for the fit alone.
        fitted = one.posterior.fitted
        clustered = sandwich(fitted, people)
        size = len(one.counts.model_ids)
        parts.append(
            pa.table(
                {
                    "stratum_id": [stratum] * size,
                    "dimension": [dimension] * size,
                    "model_id": list(one.counts.model_ids),
                    "clustered_sd": fitted.with_covariance(clustered.interval_covariance).skill_sd,
                    "design_effect": np.full(size, design_effect(fitted, clustered.covariance)),
                }
            )
        )
    return pa.concat_tables(parts) if parts else _NOTHING


def _same(people: PairCounts, board: PairCounts) -> bool:
    return people.model_ids == board.model_ids and np.array_equal(people.outcomes, board.outcomes)


_NOTHING = pa.schema(
    [
        *(pa.field(name, pa.string()) for name in ("stratum_id", "dimension", "model_id")),
        *(pa.field(name, pa.float64()) for name in ("clustered_sd", "design_effect")),
    ]
).empty_table()
