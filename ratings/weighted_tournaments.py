"""Boards weighted to a population, with the participant as the unit of sampling.

Likelihoods are raised to each battle's weight; intervals, ranks and P(best) come from the clustered
sandwich, and the model's own sd stands beside it.
Out: where weights come from, and the hierarchical model.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ratings.counts import amounts, model_indices
from ratings.participants import ParticipantCounts
from ratings.posterior import Posterior
from ratings.sandwich import Sandwich, design_effect, sandwich
from ratings.tournaments import (
    RATING_SCHEMA,
    MissingTournamentError,
    Rated,
    RatingParameters,
    board,
    fit_like,
)

FloatArray = NDArray[np.float64]

TRUESKILL_EP_WEIGHTED = "trueskill_ep_weighted"

WEIGHTED_SCHEMA = pa.schema(
    [
        *RATING_SCHEMA,
        pa.field("model_sd", pa.float64(), nullable=False),
        pa.field("participant_count", pa.int64(), nullable=False),
        pa.field("effective_participant_count", pa.float64(), nullable=False),
        pa.field("design_effect", pa.float64(), nullable=False),
    ]
)


@dataclass(frozen=True, eq=False)
class WeightedRated:
    """One tournament under weights: ``posterior`` is the model's, ``clustered`` its sandwich.

    ``battles`` (M): how often each model met others, whatever the weights.
    """

    tournament_key: str
    dimension: str
    people: ParticipantCounts
    battles: FloatArray
    posterior: Posterior
    clustered: Sandwich


def rate_weighted_each(
    judgements: Iterable[tuple[str, str, pa.Table]], anchors: Mapping[str, Posterior]
) -> Iterator[WeightedRated]:
    """Rate every tournament in turn.

    ``judgements``: tournament_key, dimension and their table: participant_id, model_a, model_b,
    weights in win_a_count, win_b_count and tie_count, and battle_count, the unweighted battles
    behind a row. ``anchors``: per dimension the posterior whose margin and prior hold.

    Weights are scaled to a mean of one per battle. Spread over a participant's battles (w_i / m_i)
    they sum to participants; a likelihood of that power would leave sixty verdicts of one person as
    much to the prior as a single one. Raises MissingTournamentError for a dimension without an
    anchor and InvalidCountsError for weights that cannot be used.
    """
    for key, dimension, rows in judgements:
        if dimension not in anchors:
            raise MissingTournamentError(
                f"dimension {dimension!r} has no posterior whose draw margin could hold for {key!r}"
            )
        people = ParticipantCounts.from_arrow(rows)
        battles = _battles(rows, people.counts.model_ids)
        if people.counts.battle_total > 0.0:
            people = people.scaled(0.5 * float(battles.sum()) / people.counts.battle_total)
        posterior = fit_like(anchors[dimension], people.counts)
        yield WeightedRated(key, dimension, people, battles, posterior, sandwich(posterior, people))


def rate_weighted(
    judgements: Iterable[tuple[str, str, pa.Table]],
    parameters: RatingParameters,
    seed: int,
    anchors: Mapping[str, Posterior],
) -> pa.Table:
    """The ``weighted_board`` of every tournament; WEIGHTED_SCHEMA. See ``rate_weighted_each``."""
    each = rate_weighted_each(judgements, anchors)
    parts = [weighted_board(one, parameters, seed) for one in each]
    return pa.concat_tables(parts) if parts else WEIGHTED_SCHEMA.empty_table()


def weighted_board(one: WeightedRated, parameters: RatingParameters, seed: int) -> pa.Table:
    """One row per model, trueskill_ep_weighted; WEIGHTED_SCHEMA.

    skill_sd, intervals, ranks and p_best are the sandwich's; model_sd is the posterior's own;
    design_effect is the mean ratio of their variances.
    """
    clustered = one.posterior.with_covariance(one.clustered.interval_covariance)
    rated = Rated(
        one.tournament_key, one.dimension, TRUESKILL_EP_WEIGHTED, one.people.counts, clustered
    )
    rows = board(rated, parameters, seed, battles=one.battles)
    size = rows.num_rows
    extra = (
        one.posterior.skill_sd,
        np.full(size, one.people.participant_count),
        np.full(size, one.people.effective_participant_count),
        np.full(size, design_effect(one.posterior, one.clustered.covariance)),
    )
    arrays = [*rows.columns, *(pa.array(column) for column in extra)]
    return pa.table(arrays, schema=WEIGHTED_SCHEMA)


def _battles(rows: pa.Table, model_ids: tuple[str, ...]) -> FloatArray:
    _, a, b = model_indices(rows, model_ids)
    met = amounts(rows, "battle_count")
    total = np.bincount(a, weights=met, minlength=len(model_ids))
    total += np.bincount(b, weights=met, minlength=len(model_ids))
    return total.astype(np.float64)
