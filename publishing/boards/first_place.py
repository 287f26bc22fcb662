"""The probes of the first place: how few people it hangs on, and whether one outweighs all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from publishing.boards.everybodys import NOBODYS, board_name, everybodys, shown
from publishing.boards.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from publishing.boards.finding import Read, Row

FRAGILITY, INFLUENCE = "fragility", "influence"
# So many people know each other, or are one person with as many accounts.
FEW_PEOPLE, FEW_OF_ALL, FEW_SHARE = 10, 0.1, 0.001
# One's own part of the lead's variance: as much as that of all others together.
VARIANCE_SHARE = 0.5
# Among fewer, equal ones reach that by chance in more than 5% of studies.
UNITS_MIN = 20
MODELS_MIN = 2

FRAGILE = """
select
    fragile.*,
    pair.skill_difference_sd as lead_sd
from rpt_fragility as fragile
left join rpt_pairwise as pair
    on
        fragile.weighting = pair.weighting
        and fragile.stratum_id = pair.stratum_id
        and fragile.dimension = pair.dimension
        and fragile.estimator = pair.estimator
        and fragile.leader_model_id = pair.model_a
        and fragile.second_model_id = pair.model_b
where fragile.stratum_id = 'all' and fragile.dimension = $dimension
order by fragile.weighting
"""


def fragility(read: Read, dimension: str | None = None) -> Finding:
    """Whether another model would lead without a handful of people.

    Found where at most 10 people, who are at most a tenth of all, or at most one person in a
    thousand must go; and where two models share the first place.

    Args:
        read: gives rows of the marts.
        dimension: `overall` unless given, and the first by name where there is none.
    """
    dimension, boards, rows = _read(read, dimension)
    figures = {"dimension": dimension, "boards": [dict(row) for row in rows]}
    if not rows:
        return Finding(FRAGILITY, None, _why_not(dimension, boards), figures)
    is_found = any(_is_fragile(row) for row in rows)
    sentences = [f"{board_name(row)}: {removal(row)}." for row in rows]
    if is_found:
        sentences.append("So few decide who leads: don't report a winner on this alone.")
    return Finding(FRAGILITY, is_found, " ".join(sentences), figures)


def influence(read: Read, dimension: str | None = None) -> Finding:
    """Whether one person, or one prompt, weighs as much as all others together.

    Found where the lead of the first model over the second moves, without one of them, by so much
    that this is half of the lead's variance.

    Args:
        read: gives rows of the marts.
        dimension: `overall` unless given, and the first by name where there is none.
    """
    dimension, boards, rows = _read(read, dimension)
    figures = {"dimension": dimension, "boards": [dict(row) for row in rows]}
    if not rows:
        return Finding(INFLUENCE, None, _why_not(dimension, boards), figures)
    said = [_weight(row, *unit) for row in rows for unit in _units(row)]
    told = [is_found for is_found, _ in said if is_found is not None]
    is_found = any(told) if told else None
    # Where something is found, only that is said.
    sentences = [words for found, words in said if found or not is_found]
    if is_found:
        sentences.append("Look at who or what that is before quoting the lead.")
    return Finding(INFLUENCE, is_found, " ".join(sentences), figures)


def removal(row: Row) -> str:
    """What must go before another model leads, of a row of `rpt_fragility`."""
    first, second = row["leader_model_id"], row["second_model_id"]
    if row["is_tie"]:
        return f"{first} and {second} are first with the same skill: nobody has to go to change it"
    lead = f"{first} leads {second} by {row['lead']:.2f} in skill; "
    people = _without(row, "participant", "participants", "person", "people")
    if row["vote_count"] is None:
        return lead + people
    return f"{lead}{people}; {_without(row, 'vote', 'votes', 'vote', 'votes')}"


def _read(read: Read, dimension: str | None) -> tuple[str, list[Row], list[Row]]:
    dimension, boards = everybodys(read, dimension)
    return dimension, boards, shown(read(FRAGILE, {"dimension": dimension}))


def _why_not(dimension: str, boards: Sequence[Row]) -> str:
    if not boards:
        return NOBODYS.format(dimension=dimension)
    if not any(row["participant_count"] for row in boards):
        return (
            "Who judged isn't known, so nobody can be left out to try: load verdicts with judges."
        )
    if all(row["model_count"] - row["provisional_count"] < MODELS_MIN for row in boards):
        return "Fewer than two models are more than provisional: load more verdicts."
    return "Of so many people or models none are left out to try: that would cost too much."


def _is_fragile(row: Row) -> bool:
    removed, total = row["participants_removed"], row["participant_count"]
    if row["is_tie"]:
        return True
    if removed is None:
        return False
    is_handful = removed <= FEW_PEOPLE and removed <= FEW_OF_ALL * total
    return bool(is_handful or removed <= FEW_SHARE * total)


def _without(row: Row, unit: str, units: str, one: str, many: str) -> str:
    removed, total = row[f"{units}_removed"], row[f"{unit}_count"]
    if removed is None:
        return f"no number of {many} that was tried, of {total:,}, makes another model lead"
    leader = row[f"leader_without_{units}"]
    gone = f"{removed:,} {one if removed == 1 else many}"
    return f"without {gone} of {total:,} ({removed / total:.1%}), {leader} leads"


def _units(row: Row) -> list[tuple[str, int, float]]:
    """What is left out one by one: what it is called, how many there are, what one moves."""
    found: list[tuple[str, Any, Any]] = [
        ("person", row["participant_count"], row["largest_influence"]),
        ("prompt", row["item_count"], row["largest_item_influence"]),
    ]
    return [unit for unit in found if unit[1] is not None and unit[2] is not None]


def _weight(row: Row, unit: str, count: int, moved: float) -> tuple[bool | None, str]:
    sd = row["lead_sd"]
    of_all = f"{board_name(row)}: one {unit} of {count:,} moves the lead by at most {moved:.2f}"
    if not sd:
        return None, f"{of_all}, and how sure the lead is isn't known."
    share = min((moved / sd) ** 2, 1.0)
    if count < UNITS_MIN:
        return None, f"{of_all}; with fewer than {UNITS_MIN} each weighs much."
    return share >= VARIANCE_SHARE, f"{of_all}, which is {share:.1%} of its variance."
