"""Boards and histories of `trueskill_online`, from battles in their canonical order.

Out: what that order is, and every estimator that needs counts alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from orchestration.ratings.counts import InvalidCountsError, PairCounts
from orchestration.ratings.online import OnlineRatings, replay
from orchestration.ratings.posterior import Posterior, reference_weights
from orchestration.ratings.tournaments import (
    RATING_SCHEMA,
    Rated,
    RatingParameters,
    board,
    tournament_masks,
)

TRUESKILL_ONLINE = "trueskill_online"

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


def replay_each(
    battles: pa.Table, parameters: RatingParameters, *, tau: float = 0.0, every: int = 0
) -> Iterator[Replayed]:
    """Replay every (tournament_key, dimension), in sorted order of those.

    ``battles``: tournament_key, dimension, model_a, model_b, outcome (a, b, tie or both_bad, the
    last a tie), rows in canonical order. ``tau``: drift per battle, skill units. ``every`` > 0
    keeps ratings after each that many battles. The draw probability is the tournament's tie share.
    Raises InvalidCountsError for an unknown outcome, ValueError for a model against itself.
    """
    codes = _outcome_codes(battles)
    for key, dimension, here in tournament_masks(battles):
        sides = [battles.column(n).cast(pa.string()).filter(here) for n in ("model_a", "model_b")]
        names = sorted(pa.chunked_array([*sides[0].chunks, *sides[1].chunks]).unique().to_pylist())
        lookup = pa.array(names, pa.string())
        a, b = (pc.index_in(s, value_set=lookup).to_numpy().astype(np.int64) for s in sides)
        code = codes[here]
        ratings = replay(
            len(names), a, b, code, beta=parameters.beta, tau=tau, every=every,
            prior_mean=parameters.prior_mean, prior_sd=parameters.prior_sd,
        )  # fmt: skip
        one = [(code == outcome).astype(np.float64) for outcome in range(3)]
        counts = PairCounts.from_indices(tuple(names), a, b, *one)
        yield Replayed(key, dimension, counts, ratings)


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


def rate_online(
    battles: pa.Table, parameters: RatingParameters, seed: int, *, tau: float = 0.0
) -> pa.Table:
    """One row per (tournament_key, dimension, model_id), estimator trueskill_online; RATING_SCHEMA.

    See ``replay_each``. Rows depend on the order of battles.
    """
    boards = [
        board(
            Rated(
                one.tournament_key, one.dimension, TRUESKILL_ONLINE, one.counts,
                as_posterior(one, parameters),
            ),
            parameters,
            seed,
        )
        for one in replay_each(battles, parameters, tau=tau)
    ]  # fmt: skip
    return pa.concat_tables(boards) if boards else RATING_SCHEMA.empty_table()


def online_history(
    battles: pa.Table, parameters: RatingParameters, every: int, *, tau: float = 0.0
) -> pa.Table:
    """One row per (tournament_key, dimension, battle_number, model_id); HISTORY_SCHEMA.

    battle_number: battles of the tournament rated so far, every ``every``-th.
    """
    if every < 1:
        raise ValueError(f"every must be at least 1, got {every}")
    parts = []
    for one in replay_each(battles, parameters, tau=tau, every=every):
        history: NDArray[np.float64] = one.ratings.history
        steps, size, _ = history.shape
        parts.append(
            pa.table(
                [
                    pa.array([one.tournament_key] * (steps * size), pa.string()),
                    pa.array([one.dimension] * (steps * size), pa.string()),
                    np.repeat(np.arange(1, steps + 1) * every, size),
                    pa.array(list(one.counts.model_ids) * steps, pa.string()),
                    history[:, :, 0].ravel(),
                    history[:, :, 1].ravel(),
                ],
                schema=HISTORY_SCHEMA,
            )
        )
    return pa.concat_tables(parts) if parts else HISTORY_SCHEMA.empty_table()


def _outcome_codes(battles: pa.Table) -> NDArray[np.int64]:
    column = battles.column("outcome").cast(pa.string())
    found = pc.index_in(column, value_set=pa.array(list(OUTCOMES)))
    if found.null_count:
        row = int(np.flatnonzero(found.is_null().to_numpy())[0])
        raise InvalidCountsError(f"row {row}: outcome is {column[row].as_py()!r}")
    values = np.array(list(OUTCOMES.values()), dtype=np.int64)
    codes: NDArray[np.int64] = values[found.to_numpy()]
    return codes
