"""The probe of separation: whether a board tells its models apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from publishing.boards.everybodys import NOBODYS, board_name, everybodys, shown
from publishing.boards.finding import Finding
from publishing.counted import counted
from ratings.interval_basis import INDEPENDENT

if TYPE_CHECKING:
    from publishing.boards.finding import Read, Row

PROBE = "separation"
MODELS_MIN = 2
# Where fewer of all pairs are told apart, hardly any two ranks say who is better.
APART_MIN = 0.05
NEIGHBOURS = """
select
    weighting,
    count(*) as neighbour_count,
    count(*) filter (is_apart) as neighbour_apart_count,
    min_by(battles_needed, rank) as battles_needed
from rpt_neighbour
where stratum_id = 'all' and estimator = 'trueskill_ep' and dimension = $dimension
group by weighting
order by weighting
"""
TOO_FEW = "fewer than two of {} are more than provisional: too few battles to compare them"


def separation(read: Read, dimension: str | None = None) -> Finding:
    """Whether ranks are more than chance.

    Found where fewer than 5% of a board's pairs of models can be told apart, or where some models
    were never compared with others, not even through third ones.

    Args:
        read: gives rows of the marts.
        dimension: `overall` unless given, and the first by name where there is none.
    """
    dimension, boards = everybodys(read, dimension)
    neighbours = {
        row["weighting"]: row for row in shown(read(NEIGHBOURS, {"dimension": dimension}))
    }
    with_neighbours = [{**row, **neighbours.get(row["weighting"], {})} for row in boards]
    figures = {"dimension": dimension, "boards": with_neighbours}
    if not boards:
        return Finding(PROBE, None, NOBODYS.format(dimension=dimension), figures)
    said = [_about(row) for row in with_neighbours]
    sentence = " ".join(
        f"{board_name(row)}: {words}." for row, (_, words) in zip(boards, said, strict=True)
    )
    if any(row["interval_basis"] == INDEPENDENT for row in boards):
        sentence += (
            " Who judged isn't known, so verdicts count as independent: that draws too many lines."
        )
    told = [is_found for is_found, _ in said if is_found is not None]
    return Finding(PROBE, any(told) if told else None, sentence, figures)


def _about(row: Row) -> tuple[bool | None, str]:
    models = counted(row["model_count"], "model")
    if row["component_count"] > 1:
        return True, (
            f"{models} fall into {row['component_count']} groups that were never compared with each"
            " other, and ranks across them rest on no verdict; compare models of one group only"
        )
    if row["tier_count"] is None or row["model_count"] - row["provisional_count"] < MODELS_MIN:
        return None, TOO_FEW.format(models)
    ranked = row["model_count"] - row["provisional_count"]
    pairs = ranked * (ranked - 1) // 2
    apart = (
        f"{row['apart_count']:,} of {counted(pairs, 'pair')} can be told apart, and"
        f" {row['neighbour_apart_count']:,} of {row['neighbour_count']:,} next to each other in"
        " rank"
    )
    best = f"{counted(row['leader_count'], 'model')} may be the best"
    if row["apart_count"] >= APART_MIN * pairs:
        return False, f"{models} in {counted(row['tier_count'], 'tier')}; {apart}; {best}"
    needed = row["battles_needed"]
    more = (
        "" if needed is None else f", which takes about {needed:,} more battles for the first two"
    )
    return True, (
        f"{models}; {apart}; {best}. Ranks on it may be chance: quote none before"
        f" more people judge{more}"
    )
