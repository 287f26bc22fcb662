"""What must go before another model leads everybody's boards (``ratings.fragility``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from ratings.counts import ParticipantCounts
from ratings.dependence import judges_of
from ratings.fragility import Fragility, Removal, fragility
from ratings.tables.bounds import DETAILED_MODELS
from ratings.tables.count_boards import canonical
from ratings.tables.declarations import before_rounding
from ratings.tables.inputs import Judged
from ratings.tournaments import TRUESKILL_EP, Rated, WeightedRated

# Of more people a few never matter, and trying would cost as much as the board.
PEOPLE_MAX = 200_000


def flat_rows(rated: Iterable[Rated], judged: Judged, everybody: str) -> Iterator[dict[str, Any]]:
    """A row for everybody's unweighted board of each dimension, within bounds."""
    for (stratum, dimension), one in canonical(rated).items():
        if stratum != everybody:
            continue
        people = judges_of(one.counts, *judged.of(stratum, dimension)).people
        if is_tried(people):
            found = fragility(one.posterior.fitted, people, has_votes=True)
            yield _row(one, found)


def weighted_rows(one: WeightedRated, everybody: str) -> Iterator[dict[str, Any]]:
    """A row for a weighted board if it is everybody's, within bounds."""
    if one.stratum_id == everybody and is_tried(one.people):
        yield _row(one, fragility(one.posterior, one.people, has_votes=False))


def is_tried(people: ParticipantCounts) -> bool:
    """Whether there are people, and not too many or too many models."""
    models = len(people.counts.model_ids)
    return 2 <= models <= DETAILED_MODELS and 0 < people.participant_count <= PEOPLE_MAX


def fragility_table(rows: Iterable[dict[str, Any]]) -> pa.Table:
    """The table of that name."""
    return pa.Table.from_pylist(list(rows), schema=before_rounding("fragility"))


def _row(one: Rated | WeightedRated, found: Fragility) -> dict[str, Any]:
    return {
        "weighting": one.weighting,
        "stratum_id": one.stratum_id,
        "dimension": one.dimension,
        "estimator": TRUESKILL_EP,
        "leader_model_id": found.leader,
        "second_model_id": found.second,
        "lead": found.lead,
        "largest_influence": found.largest_influence,
        **_removal("participant", found.participants),
        **_removal("vote", found.votes or Removal(None, None, None)),
    }


def _removal(unit: str, removal: Removal) -> dict[str, Any]:
    return {
        f"{unit}s_removed": removal.removed,
        f"{unit}_count": removal.of,
        f"leader_without_{unit}s": removal.leader,
    }
