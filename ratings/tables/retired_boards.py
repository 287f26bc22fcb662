"""What the removal of retired models does to everybody's boards (``ratings.retirement``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from ratings.counts import PairCounts, ParticipantCounts
from ratings.dependence import judges_of
from ratings.posterior import Posterior
from ratings.retirement import RemovalEffect, removal_effect
from ratings.tables.bounds import DETAILED_MODELS
from ratings.tables.count_boards import canonical
from ratings.tables.declarations import before_rounding
from ratings.tables.fragile_boards import PEOPLE_MAX
from ratings.tables.inputs import Judged
from ratings.tournaments import TRUESKILL_EP, Rated, RatingParameters, WeightedRated

RETIREMENT_EFFECT = "retirement_effect"
Retired = frozenset[str]


def flat_effects(
    rated: Iterable[Rated], judged: Judged, parameters: RatingParameters, retired: Retired
) -> Iterator[dict[str, Any]]:
    """Rows of everybody's unweighted boards; none without retired models.

    ``rated``: as their boards show them.
    """
    if not retired:
        return
    for (stratum, dimension), one in canonical(rated).items():
        if stratum != parameters.margin_tournament or not retired & set(one.counts.model_ids):
            continue
        judges = judges_of(one.counts, *judged.of(stratum, dimension))
        yield from _rows(one, one.posterior, judges.people, retired, judges.singles)


def weighted_effects(
    one: WeightedRated, parameters: RatingParameters, retired: Retired
) -> Iterator[dict[str, Any]]:
    """Rows of a weighted board if it is everybody's."""
    if one.stratum_id == parameters.margin_tournament and retired & set(one.met.model_ids):
        yield from _rows(one, one.shown, one.people, retired)


def retirement_table(rows: Iterable[dict[str, Any]]) -> pa.Table:
    """The table of that name."""
    return pa.Table.from_pylist(list(rows), schema=before_rounding(RETIREMENT_EFFECT))


def _rows(
    one: Rated | WeightedRated,
    shown: Posterior,
    people: ParticipantCounts,
    retired: Retired,
    singles: PairCounts | None = None,
) -> Iterator[dict[str, Any]]:
    names = people.counts.model_ids
    if len(names) > DETAILED_MODELS or people.participant_count > PEOPLE_MAX:
        return
    gone = np.array([name in retired for name in names])
    if singles is not None and singles.battle_total == 0.0:
        singles = None
    found = removal_effect(shown, people, gone, singles)
    if found is None:
        return
    for place in range(len(found.model_ids)):
        yield _row(one, found, place, int(gone.sum()))


def _row(
    one: Rated | WeightedRated, found: RemovalEffect, place: int, removed: int
) -> dict[str, Any]:
    low, high, p = (values[place] for values in (found.low, found.high, found.p))
    is_known = bool(np.isfinite(p))
    return {
        "weighting": one.weighting,
        "stratum_id": one.stratum_id,
        "dimension": one.dimension,
        "estimator": TRUESKILL_EP,
        "model_id": found.model_ids[place],
        "removed_model_count": removed,
        "removed_battle_share": found.removed_share,
        "rank_among_kept": int(found.rank[place]),
        "rank_without": int(found.rank_without[place]),
        "skill": float(found.skill[place]),
        "skill_without": float(found.skill_without[place]),
        "shift": float(found.skill_without[place] - found.skill[place]),
        "shift_lo": float(low) if is_known else None,
        "shift_hi": float(high) if is_known else None,
        "p_shift": float(p) if is_known else None,
    }
