"""Boards that change when aliases are taken back: no vote is lost, some are another model's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestration.database import mart_rows
from orchestration.model_names import Meaning, meanings, statements

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ingestion.log import Commit, EventLog
    from ingestion.paths import Home

# A battle is found by the names that were said of it, and of a correction of it.
BOARDS = """
with said as (
    select position from raw.battle_judged
    where list_contains($names, model_a) or list_contains($names, model_b)
),
corrected as (
    select target_event_id as event_id from raw.event_corrected
    where list_contains($names, model_a) or list_contains($names, model_b)
),
battles as (
    select cell_id, dimension from fct_battle
    where
        uncounted_reason is distinct from 'excluded'
        and (position in (from said) or event_id in (from corrected))
),
tallies as (
    select distinct dimension from raw.battles_tallied
    where list_contains($names, model_a) or list_contains($names, model_b)
)
select cells.stratum_id, battles.dimension, count(*) as vote_count
from battles
inner join int_cells__assigned_to_strata as cells on battles.cell_id = cells.cell_id
group by cells.stratum_id, battles.dimension
union all by name
select 'all' as stratum_id, tallies.dimension, 0 as vote_count from tallies
order by vote_count desc, stratum_id, dimension
"""


def changed_names(log: EventLog, commit: Commit) -> list[str]:
    """Names that mean another model, somewhere in the log, without the aliases of a commit."""
    said = statements(log)
    places = range(commit.first_position, commit.next_position)
    kept = [one for one in said if one.position not in places]
    if len(kept) == len(said):
        return []
    before, after = _by_name(meanings(said)), _by_name(meanings(kept))
    # A name of which nothing is said means itself.
    return sorted(
        name
        for name in before.keys() | after.keys()
        if before.get(name, [name]) != after.get(name, [name])
    )


def _by_name(found: Iterable[Meaning]) -> dict[str, list[object]]:
    """Per name what it means: one model, or models with the places from which they are meant."""
    meant: dict[str, list[object]] = {}
    for one in found:
        stretches = meant.setdefault(one.alias, [])
        if not stretches or stretches[-1] != one.model_id:
            stretches += [one.from_position, one.model_id] if stretches else [one.model_id]
    return meant


def boards_of(home: Home, names: list[str]) -> list[dict[str, Any]]:
    """Boards of the last build with verdicts under names: stratum_id, dimension, vote_count.

    Raises:
        NotFoundError: there is no build to look at.
        BusyError: a build has the database open.
        IntegrityError: it is damaged.
    """
    return mart_rows(home, BOARDS, {"names": names}) if names else []
