"""Everybody's boards of one dimension, which several probes look at: unweighted, and as shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from publishing.boards.finding import dimension_of
from publishing.boards.labels import UNWEIGHTED
from publishing.boards.view import default_weighting

if TYPE_CHECKING:
    from publishing.boards.finding import Read, Row

DIMENSIONS = """
select distinct dimension from rpt_leaderboard
where stratum_id = 'all' and estimator = 'trueskill_ep'
order by dimension
"""
BOARDS = """
select
    weighting,
    count(*) as model_count,
    count(*) filter (is_provisional) as provisional_count,
    max(tier) as tier_count,
    cast(sum(better_than_count) as bigint) as apart_count,
    count(*) filter (rank_lo = 1 and not is_provisional) as leader_count,
    max(component_count) as component_count,
    max(interval_basis) as interval_basis,
    max(participant_count) as participant_count
from rpt_leaderboard
where stratum_id = 'all' and estimator = 'trueskill_ep' and dimension = $dimension
group by weighting
order by weighting
"""
NOBODYS = "There is no board of everybody's on {dimension}: nobody compared two models by it."


def everybodys(read: Read, dimension: str | None) -> tuple[str, list[Row]]:
    """The dimension that is looked at, and its boards: unweighted, and the one shown first.

    Args:
        read: gives rows of the marts.
        dimension: `overall` unless given, and the first by name where there is none.
    """
    dimension = dimension_of([row["dimension"] for row in read(DIMENSIONS, {})], dimension)
    boards = read(BOARDS, {"dimension": dimension})
    return dimension, shown(boards)


def shown(rows: Any) -> list[Row]:
    """Of rows of several weightings, those of the unweighted board and of the one shown first."""
    wanted = {UNWEIGHTED, default_weighting([row["weighting"] for row in rows])}
    return [row for row in rows if row["weighting"] in wanted]


def board_name(row: Row) -> str:
    """What a sentence about a board begins with."""
    return "Unweighted" if row["weighting"] == UNWEIGHTED else "Weighted"
