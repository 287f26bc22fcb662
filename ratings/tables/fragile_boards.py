"""What must go before another model leads everybody's boards (``ratings.fragility``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from ratings.board_order import BoardOrder
from ratings.counts import ParticipantCounts
from ratings.dependence import judges_of
from ratings.fragility import Fragility, Removal, fragility
from ratings.tables.bounds import DETAILED_MODELS
from ratings.tables.count_boards import canonical
from ratings.tables.declarations import before_rounding
from ratings.tables.inputs import Judged
from ratings.tournaments import (
    TRUESKILL_EP,
    Rated,
    RatingParameters,
    WeightedRated,
    few_or_wide,
)

# Of more people a few never matter, and trying would cost as much as the board.
PEOPLE_MAX = 200_000


def flat_rows(
    rated: Iterable[Rated], judged: Judged, parameters: RatingParameters
) -> Iterator[dict[str, Any]]:
    """A row for everybody's unweighted board of each dimension, within bounds.

    ``rated``: as their boards show them.
    """
    for (stratum, dimension), one in canonical(rated).items():
        if stratum != parameters.margin_tournament:
            continue
        judges = judges_of(one.counts, *judged.of(stratum, dimension))
        if is_tried(judges.people):
            few, wide = few_or_wide(one.posterior, one.counts.battles_per_model, parameters)
            order = BoardOrder(one.posterior, few | wide, parameters.provisional_battle_count)
            items = judges.items.each if judges.items else None
            found = fragility(order, judges.people, has_votes=True, items=items)
            yield from _rows(one, found, judges.item_count)


def weighted_rows(one: WeightedRated, parameters: RatingParameters) -> Iterator[dict[str, Any]]:
    """A row for a weighted board if it is everybody's, within bounds."""
    if one.stratum_id == parameters.margin_tournament and is_tried(one.people):
        few, wide = few_or_wide(one.shown, one.battles, parameters)
        order = BoardOrder(one.shown, few | wide)
        found = fragility(order, one.people, has_votes=False, items=one.items)
        yield from _rows(one, found, one.dependence.item_count)


def is_tried(people: ParticipantCounts) -> bool:
    """Whether there are people, and not too many or too many models."""
    models = len(people.counts.model_ids)
    return 2 <= models <= DETAILED_MODELS and 0 < people.participant_count <= PEOPLE_MAX


def fragility_table(rows: Iterable[dict[str, Any]]) -> pa.Table:
    """The table of that name."""
    return pa.Table.from_pylist(list(rows), schema=before_rounding("fragility"))


def _rows(
    one: Rated | WeightedRated, found: Fragility | None, items: int | None
) -> Iterator[dict[str, Any]]:
    if found is None:
        return
    yield {
        "weighting": one.weighting,
        "stratum_id": one.stratum_id,
        "dimension": one.dimension,
        "estimator": TRUESKILL_EP,
        "leader_model_id": found.leader,
        "second_model_id": found.second,
        "lead": found.lead,
        "is_tie": found.is_tie,
        "largest_influence": found.largest_influence,
        "largest_item_influence": found.largest_item_influence,
        "item_count": items,
        **_removal("participant", found.participants),
        **_removal("vote", found.votes or Removal(None, None, None)),
    }


def _removal(unit: str, removal: Removal) -> dict[str, Any]:
    return {
        f"{unit}s_removed": removal.removed,
        f"{unit}_count": removal.of,
        f"leader_without_{unit}s": removal.leader,
    }
