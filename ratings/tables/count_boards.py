"""Boards from counts alone: whoever turned up, in every stratum, and the groups of an axis merged.

What stays out: weights (weighted_boards.py) and effects of groups (hierarchical_boards.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ratings.consistency import rank_shifts
from ratings.counts import PairCounts
from ratings.merging import merge_by_census, sd_ratio
from ratings.posterior import Posterior
from ratings.predictions import pairwise
from ratings.skewness import corrected
from ratings.tables.inputs import Study
from ratings.tournaments import (
    TRUESKILL_EP,
    Rated,
    RatingParameters,
    board,
    derive_seed,
    fit_like,
    rate_each,
)

UNWEIGHTED = "none"


@dataclass(frozen=True)
class Groups:
    """The posteriors of an axis' groups in a country, over the country's models."""

    country: str
    axis: str
    dimension: str
    counts: PairCounts
    posteriors: dict[str, Posterior]
    shares: dict[str, float]


def rate_counts(counts: pa.Table, parameters: RatingParameters) -> list[Rated]:
    """Every tournament by every estimator that needs counts alone."""
    return list(rate_each(counts, parameters))


def anchors(rated: list[Rated], parameters: RatingParameters) -> dict[str, Posterior]:
    """Per dimension the posterior of all battles, whose draw margin and prior hold everywhere."""
    return {
        one.dimension: one.posterior
        for one in rated
        if one.tournament_key == parameters.margin_tournament and one.estimator == TRUESKILL_EP
    }


def pair_rows(rated: list[Rated]) -> Iterator[pa.Table]:
    """P(a beats b) of every board of the canonical estimator."""
    for one in rated:
        if one.estimator == TRUESKILL_EP:
            rows = pairwise(one.posterior, one.counts)
            names = (UNWEIGHTED, one.tournament_key, one.dimension, one.estimator)
            for place, name in enumerate(("weighting", "stratum_id", "dimension", "estimator")):
                rows = rows.add_column(place, name, pa.array([names[place]] * rows.num_rows))
            yield rows


def groups_of_axes(rated: list[Rated], study: Study) -> Iterator[Groups]:
    """Each country's axes whose groups all have battles, rated over the country's models."""
    known = {
        (one.tournament_key, one.dimension): one for one in rated if one.estimator == TRUESKILL_EP
    }
    for (country, dimension), whole in sorted(known.items()):
        models = whole.counts.model_ids
        for axis, shares in study.groups.get(country, {}).items():
            strata = {group: f"{country}/{axis}/{group}" for group in shares}
            if not all((stratum, dimension) in known for stratum in strata.values()):
                continue
            posteriors = {
                group: _over_models(known[stratum, dimension], models)
                for group, stratum in strata.items()
            }
            yield Groups(country, axis, dimension, whole.counts, posteriors, shares)


def merged_board(groups: Groups, parameters: RatingParameters, seed: int) -> tuple[pa.Table, float]:
    """The groups merged by census share: board rows, and merged sd over a typical group's."""
    parts = list(groups.posteriors.values())
    merged = merge_by_census(parts, [groups.shares[group] for group in groups.posteriors])
    rated = Rated(groups.country, groups.dimension, TRUESKILL_EP, groups.counts, merged)
    return board(rated, parameters, derive_seed(seed, groups.axis)), sd_ratio(merged, parts)


def shifts(
    every: list[Groups], parameters: RatingParameters, seed: int
) -> Iterator[tuple[str, str, pa.Table, pa.Table]]:
    """Per country and dimension: rank shifts per axis and model, and per axis."""
    for country, dimension in sorted({(one.country, one.dimension) for one in every}):
        axes = {
            one.axis: one.posteriors
            for one in every
            if (one.country, one.dimension) == (country, dimension)
        }
        own = derive_seed(seed, country, dimension, "rank_shift")
        yield country, dimension, *rank_shifts(axes, own, parameters.draws)


def _over_models(one: Rated, models: tuple[str, ...]) -> Posterior:
    """The same tournament with models that only others of the country have battled."""
    if one.counts.model_ids == models:
        return one.posterior
    own = one.counts
    place = np.array([models.index(model) for model in own.model_ids], dtype=np.int64)
    counts = PairCounts.from_indices(
        models, place[own.first], place[own.second], own.win_first, own.win_second, own.tie
    )
    return corrected(fit_like(one.posterior, counts), counts)
