"""Boards and histories of `trueskill_online`, from battles in their canonical order.

Out: what that order is, and every estimator that needs counts alone.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ratings.counts import InvalidCountsError, PairCounts, model_indices
from ratings.online import OnlineRatings, replay
from ratings.posterior import Posterior, reference_weights
from ratings.tournaments import (
    Rated,
    RatingParameters,
    board,
)

TRUESKILL_ONLINE = "trueskill_online"

HISTORY_POINTS = 100

OUTCOMES = {"a": 0, "b": 1, "tie": 2, "both_bad": 2}

HISTORY_SCHEMA = pa.schema(
    [
        pa.field("tournament_key", pa.string(), nullable=False),
        pa.field("dimension", pa.string(), nullable=False),
        pa.field("battle_number", pa.int64(), nullable=False),
        pa.field("model_id", pa.string(), nullable=False),
        pa.field("mu", pa.float64(), nullable=False),
        pa.field("sigma", pa.float64(), nullable=False),
    ]
)


@dataclass(frozen=True, eq=False)
class Replayed:
    """One tournament replayed; ``counts`` are its battles whatever their order."""

    tournament_key: str
    dimension: str
    counts: PairCounts
    ratings: OnlineRatings


def replay_tournament(
    tournament_key: str,
    dimension: str,
    battles: pa.Table,
    parameters: RatingParameters,
    *,
    points: int = HISTORY_POINTS,
) -> Replayed:
    """Replay one tournament.

    ``battles``: model_a, model_b, outcome (a, b, tie or both_bad, the last a tie), rows in
    canonical order. The draw probability is the tournament's tie share, the drift per battle is
    ``parameters.online_tau``. Ratings are kept at ``points`` evenly spaced battles, fewer where
    there are fewer, the last among them. Raises InvalidCountsError for an unknown outcome or a
    model against itself.
    """
    names, a, b = model_indices(battles)
    code = _outcome_codes(battles)
    ratings = replay(
        len(names), a, b, code, beta=parameters.beta, tau=parameters.online_tau,
        prior_mean=parameters.prior_mean, prior_sd=parameters.prior_sd,
        every=max(-(-code.size // points), 1),
    )  # fmt: skip
    one = [(code == outcome).astype(np.float64) for outcome in range(3)]
    counts = PairCounts.from_indices(names, a, b, *one)
    return Replayed(tournament_key, dimension, counts, ratings)


def as_posterior(replayed: Replayed, parameters: RatingParameters) -> Posterior:
    """The ratings as independent Gaussians: an online update keeps no covariance."""
    ratings = replayed.ratings
    return Posterior(
        model_ids=replayed.counts.model_ids,
        mean=ratings.mean,
        covariance=np.diag(ratings.sd**2),
        reference=reference_weights(replayed.counts.battles_per_model),
        iterations=1,
        converged=True,
        draw_margin=ratings.draw_margin,
        beta=parameters.beta,
        prior_mean=parameters.prior_mean,
        prior_sd=parameters.prior_sd,
    )


def online_board(replayed: Replayed, parameters: RatingParameters, seed: int) -> pa.Table:
    """One row per model, estimator trueskill_online; RATING_SCHEMA."""
    rated = Rated(
        replayed.tournament_key, replayed.dimension, TRUESKILL_ONLINE, replayed.counts,
        as_posterior(replayed, parameters),
    )  # fmt: skip
    return board(rated, parameters, seed)


def online_history(replayed: Replayed) -> pa.Table:
    """One row per (battle_number, model_id); HISTORY_SCHEMA.

    battle_number: battles of the tournament rated by then; mu and sigma: skill units, not centred.
    """
    ratings = replayed.ratings
    steps, size, _ = ratings.history.shape
    rows = steps * size
    return pa.table(
        [
            pa.array([replayed.tournament_key] * rows, pa.string()),
            pa.array([replayed.dimension] * rows, pa.string()),
            np.repeat(ratings.battle_numbers, size),
            pa.array(list(replayed.counts.model_ids) * steps, pa.string()),
            ratings.history[:, :, 0].ravel(),
            ratings.history[:, :, 1].ravel(),
        ],
        schema=HISTORY_SCHEMA,
    )


def _outcome_codes(battles: pa.Table) -> NDArray[np.int64]:
    column = battles.column("outcome").cast(pa.string())
    found = pc.index_in(column, value_set=pa.array(list(OUTCOMES)))
    if found.null_count:
        row = int(np.flatnonzero(found.is_null().to_numpy())[0])
        raise InvalidCountsError(f"row {row}: outcome is {column[row].as_py()!r}")
    values = np.array(list(OUTCOMES.values()), dtype=np.int64)
    codes: NDArray[np.int64] = values[found.to_numpy()]
    return codes
