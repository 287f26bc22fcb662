"""How decided each tournament is, and how far estimators and weightings agree on its order.

What stays out: the measures themselves (ratings/consistency.py).
"""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa

from ratings.consistency import kendall_tau, separation
from ratings.tournaments import TRUESKILL_EP, Rated

UNWEIGHTED = "none"
SKILL = "skill_micro"
KEY = ("stratum_id", "dimension", "weighting", "estimator")
BoardKey = tuple[str, str, str, str]


def tournament_rows(rated: list[Rated]) -> pa.Table:
    """One row per stratum and dimension: battles, ties, and how decided the board is."""
    canonical = [one for one in rated if one.estimator == TRUESKILL_EP]
    return pa.table(
        {
            "stratum_id": [one.tournament_key for one in canonical],
            "dimension": [one.dimension for one in canonical],
            "battle_count": [round(one.counts.battle_total) for one in canonical],
            "tie_share": [one.counts.tie_share for one in canonical],
            "decisiveness": [1 - one.counts.tie_share for one in canonical],
            "separation": [separation(one.posterior) for one in canonical],
        }
    )


def agreement_rows(ratings: pa.Table) -> pa.Table:
    """Kendall's tau of every board with the canonical unweighted one, over the models of both.

    Args:
        ratings: the rating table in integers; equal micro-units are ties.

    Returns:
        One row per stratum, dimension, weighting and estimator; tau is null where a board has
        fewer than two models in common with the canonical one, or no order at all.
    """
    boards: dict[BoardKey, dict[str, int]] = {}
    columns = [ratings.column(name).to_pylist() for name in (*KEY, "model_id", SKILL)]
    for stratum, dimension, weighting, estimator, model, skill in zip(*columns, strict=True):
        boards.setdefault((stratum, dimension, weighting, estimator), {})[model] = skill
    rows = []
    for key in sorted(boards):
        canonical = boards.get((key[0], key[1], UNWEIGHTED, TRUESKILL_EP))
        if canonical is not None and canonical is not boards[key]:
            tau = _tau(canonical, boards[key])
            rows.append({**dict(zip(KEY, key, strict=True)), "kendall_tau": tau})
    return pa.Table.from_pylist(rows, schema=_AGREEMENT)


_AGREEMENT = pa.schema(
    [
        *(pa.field(name, pa.string()) for name in KEY),
        pa.field("kendall_tau", pa.float64()),
    ]
)


def _tau(one: dict[str, int], other: dict[str, int]) -> float | None:
    shared = sorted(one.keys() & other.keys())
    if len(shared) <= 1:
        return None
    skills = (np.array([board[model] for model in shared], dtype=float) for board in (one, other))
    tau = kendall_tau(*skills)
    return None if math.isnan(tau) else tau
