"""Boards weighted to a population, with the participant as the unit of sampling.

Likelihoods are raised to each battle's weight; intervals, ranks and P(best) come from the clustered
sandwich, and the model's own sd stands beside it.
Out: where weights come from, and the hierarchical model.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from orchestration.ratings.counts import COUNT_COLUMNS, PairCounts
from orchestration.ratings.participants import ParticipantCounts
from orchestration.ratings.posterior import Posterior
from orchestration.ratings.sandwich import design_effect, sandwich
from orchestration.ratings.tournaments import (
    RATING_SCHEMA,
    MissingTournamentError,
    Rated,
    RatingParameters,
    board,
    fit_anchor,
    fit_like,
    tournament_masks,
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
    """One tournament under weights: ``posterior`` is the model's, ``clustered`` its sandwich."""

    tournament_key: str
    dimension: str
    people: ParticipantCounts
    battles: PairCounts
    posterior: Posterior
    clustered: FloatArray


def rate_weighted_each(
    judgements: pa.Table,
    parameters: RatingParameters,
    anchors: Mapping[str, Posterior] | None = None,
) -> Iterator[WeightedRated]:
    """Rate every (tournament_key, dimension), in sorted order of those.

    ``judgements``: tournament_key, dimension, participant_id, model_a, model_b, weights in
    win_a_count, win_b_count and tie_count, and battle_count, the unweighted battles behind a row.
    ``anchors``: per dimension the posterior whose margin and prior hold; for dimensions that have
    none they are fitted here as in ``tournaments.rate_each``, with the same errors.
    """
    columns = ["model_a", "model_b", *COUNT_COLUMNS]
    masks = list(tournament_masks(judgements))
    anchors = dict(anchors or {})
    for key, dimension, here in masks:
        if key == parameters.margin_tournament and dimension not in anchors:
            pairs = PairCounts.from_arrow(judgements.select(columns).filter(pa.array(here)))
            anchors[dimension] = fit_anchor(pairs, parameters)
    for key, dimension, here in masks:
        if dimension not in anchors:
            raise MissingTournamentError(
                f"dimension {dimension!r} has no tournament {parameters.margin_tournament!r} "
                "to fit its draw margin on"
            )
        rows = judgements.filter(pa.array(here))
        people = ParticipantCounts.from_arrow(rows)
        posterior = fit_like(anchors[dimension], people.counts)
        yield WeightedRated(
            key, dimension, people, _unweighted(rows, people), posterior,
            sandwich(posterior, people),
        )  # fmt: skip


def rate_weighted(
    judgements: pa.Table,
    parameters: RatingParameters,
    seed: int,
    anchors: Mapping[str, Posterior] | None = None,
) -> pa.Table:
    """One row per (tournament_key, dimension, model_id), trueskill_ep_weighted; WEIGHTED_SCHEMA.

    skill_sd, intervals, ranks and p_best are the sandwich's; model_sd is the posterior's own;
    design_effect is the mean ratio of their variances. See ``rate_weighted_each``.
    """
    parts = []
    for one in rate_weighted_each(judgements, parameters, anchors):
        clustered = one.posterior.with_covariance(one.clustered)
        rated = Rated(
            one.tournament_key, one.dimension, TRUESKILL_EP_WEIGHTED, one.people.counts, clustered
        )
        rows = board(rated, parameters, seed, battles=one.battles.battles_per_model)
        size = rows.num_rows
        extra = (
            one.posterior.skill_sd,
            np.full(size, one.people.participant_count),
            np.full(size, one.people.effective_participant_count),
            np.full(size, design_effect(one.posterior, one.clustered)),
        )
        arrays = [*rows.columns, *(pa.array(column) for column in extra)]
        parts.append(pa.table(arrays, schema=WEIGHTED_SCHEMA))
    return pa.concat_tables(parts) if parts else WEIGHTED_SCHEMA.empty_table()


def _unweighted(rows: pa.Table, people: ParticipantCounts) -> PairCounts:
    # How often models met, whatever the weights: all battles entered as ties.
    models = pa.array(people.counts.model_ids, pa.string())
    a, b = (
        pc.index_in(rows.column(name).cast(pa.string()), value_set=models).to_numpy()
        for name in ("model_a", "model_b")
    )
    battles = rows.column("battle_count").cast(pa.float64()).to_numpy()
    none = np.zeros(rows.num_rows)
    return PairCounts.from_indices(
        people.counts.model_ids, a.astype(np.int64), b.astype(np.int64), none, none, battles
    )
