"""What the removal of retired models does to everybody's boards (``ratings.retirement``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from ratings.dependence import Judges, judges_of
from ratings.retirement import RemovalEffect, removal_effect
from ratings.tables.bounds import DETAILED_MODELS
from ratings.tables.count_boards import canonical
from ratings.tables.declarations import before_rounding
from ratings.tables.fragile_boards import PEOPLE_MAX
from ratings.tables.inputs import Judged
from ratings.tournaments import TRUESKILL_EP, Rated, RatingParameters

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
        yield from _rows(one, judges, retired)


def retirement_table(rows: Iterable[dict[str, Any]]) -> pa.Table:
    """The table of that name."""
    return pa.Table.from_pylist(list(rows), schema=before_rounding(RETIREMENT_EFFECT))


def _rows(one: Rated, judges: Judges, retired: Retired) -> Iterator[dict[str, Any]]:
    people, singles = judges.people, judges.singles
    names = people.counts.model_ids
    if len(names) > DETAILED_MODELS or people.participant_count > PEOPLE_MAX:
        return
    gone = np.array([name in retired for name in names])
    has_singles = singles.battle_total > 0.0
    found = removal_effect(one.posterior, people, gone, singles if has_singles else None)
    if found is None:
        return
    for place in range(len(found.model_ids)):
        yield _row(one, found, place, int(gone.sum()))


def _row(one: Rated, found: RemovalEffect, place: int, removed: int) -> dict[str, Any]:
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
