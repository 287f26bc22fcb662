"""What a publication shows that an earlier one of the same home doesn't: of whom that is.

Two publications, before and after somebody's verdicts, tell those verdicts by their difference.
So the rows of a stratum and dimension, or of one board of it, stay behind if they differ from what
an earlier publication shows, and fewer than `people_min` people are behind the difference. Of the
groups of an axis, and of the countries, further ones stay behind until those that do are together
enough people: what the rest leaves of the total's difference is then nobody's own. If so few are
behind all of a country's difference, all its groups stay behind: which ones would say who they are.
Months are no groups of people: the months of a dimension stay behind if one of them differs by few.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingestion.log.held_files import path_literal
from publishing.publications.catalogue import HISTORY, PAIR
from publishing.publications.disclosure import (
    CHANGED,
    CRITERION,
    EVERY_DIMENSION,
    EVERYBODY,
    EVERYTHING,
    PEOPLE,
    cells,
    figures,
    is_of_boards,
    key_of,
    of_what,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import duckdb

    from publishing.publications.catalogue import PublicTable

    Key = tuple[str, str]
    # What they are of, weighting and estimator where they are of a board, stratum and dimension.
    Rows = tuple[str, str | None, str | None, str, str]

BOARDS, POOLED, MONTHS = "boards", "trueskill_hierarchical", "rpt_votes_by_month"


@dataclass(frozen=True)
class Earlier:
    """A publication that readers may still have.

    Args:
        directory: where its files are.
        next_position: position of the first event that it didn't know; None where it knew more,
            or was cut by another date.
        is_alike: whether only people can be why it differs: the same code and design made it, or
            something that it counts was erased since.
    """

    directory: Path
    next_position: int | None
    is_alike: bool


# Ratings that came, went or changed from a position on, on each criterion that they count for.
RATED_ANEW = f"""
with anew as (
    select cell_id, participant_key, event_id, criterion, parent_criterion from fct_rating
    where valid_from_position >= $position
    union all
    select coalesce(assigned.cell_id, unknown.cell_id), ratings.participant_key, ratings.event_id,
        ratings.criterion, criteria.parent_criterion
    from stg_events__experiences_rated as ratings
    inner join int_events__revised as revised using (event_id)
    cross join (select max(cell_id) as cell_id from dim_cell where cell_key = 'unknown') as unknown
    left join int_participants__assigned_to_cells as assigned using (participant_key)
    left join seeds.seed_criteria as criteria using (criterion)
    where revised.retracted_position is not null and revised.revised_position >= $position
)
select cell_id, coalesce(participant_key, event_id) as person,
    unnest([criterion, parent_criterion, '{EVERY_DIMENSION}']) as criterion
from anew
"""
# People of whom something was recorded from a position on: verdicts, ratings, and labels of their
# conversations. What nobody signed counts as somebody's.
TOUCHED = f"""
with unknown as (select max(cell_id) as cell_id from dim_cell where cell_key = 'unknown'),
retracted as (
    select battles.participant_key, battles.battle_key, battles.dimension
    from stg_events__battles_judged as battles
    inner join int_battles__revised as revised using (position)
    where revised.is_retracted and revised.revised_position >= $position
),
touched as (
    select cell_id, dimension, coalesce(participant_key, battle_key) as person from fct_battle
    where valid_from_position >= $position
    union
    select coalesce(assigned.cell_id, unknown.cell_id), retracted.dimension,
        coalesce(retracted.participant_key, retracted.battle_key)
    from retracted
    cross join unknown
    left join int_participants__assigned_to_cells as assigned using (participant_key)
    union
    select cell_id, '{CRITERION}' || criterion, person from ({RATED_ANEW})
    where criterion is not null
    union
    select coalesce(assigned.cell_id, unknown.cell_id), '{EVERY_DIMENSION}',
        coalesce(labels.participant_key, labels.event_id)
    from int_labels__current as labels
    cross join unknown
    left join int_participants__assigned_to_cells as assigned using (participant_key)
    where labels.position >= $position
),
people as (
    select cell_id, dimension, count(*) as people from touched
    where dimension <> '{EVERY_DIMENSION}' group by all
    union all
    select cell_id, '{EVERY_DIMENSION}', count(distinct person) from touched group by all
)
select strata.stratum_id, people.dimension, sum(people.people)
from people
inner join int_cells__assigned_to_strata as strata using (cell_id)
group by all
"""

# On what people judged before, whose answers were corrected since: a group that they were in may
# have lost them. Which one isn't kept.
MOVED = f"""
with moved as (
    select participant_key from dim_participant where valid_from_position >= $position
)
select battles.dimension from fct_battle as battles
inner join moved using (participant_key)
where battles.position < $position
union
select '{CRITERION}' || ratings.criterion from fct_rating as ratings
inner join moved using (participant_key)
where ratings.position < $position
union
select '{CRITERION}' || ratings.parent_criterion from fct_rating as ratings
inner join moved using (participant_key)
where ratings.position < $position and ratings.parent_criterion is not null
"""
# The fewest people behind what came to a month, or changed in some earlier one, by dimension.
MONTHS_TOUCHED = """
with touched as (
    select dimension, coalesce(participant_key, battle_key) as person,
        case when position >= $position
            then substring(cast(cast(occurred_at as date) as varchar), 1, 7) else '' end as month
    from fct_battle
    where valid_from_position >= $position
        and (occurred_at is not null or position < $position)
    union all
    select battles.dimension, coalesce(battles.participant_key, battles.battle_key), ''
    from stg_events__battles_judged as battles
    inner join int_battles__revised as revised using (position)
    where revised.is_retracted and revised.revised_position >= $position
        and battles.position < $position
),
months as (
    select dimension, month, count(distinct person) as people from touched group by dimension, month
)
select dimension, min(people) from months group by dimension
"""


def hide_small_differences(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[PublicTable],
    earlier: Iterable[Earlier],
    people_min: int,
) -> None:
    """Note the strata and dimensions that differ from an earlier publication by too few people."""
    people = dict(_by_key(connection, f"from {PEOPLE} where people > 0"))
    parents = {
        str(stratum): (str(parent), str(axis))
        for stratum, parent, axis in connection.sql(
            "select stratum_id, case when axis is null then 'all' else country end,"
            f" coalesce(axis, '') from dim_stratum where stratum_id <> '{EVERYBODY}'"
        ).fetchall()
    }
    hidden: set[Rows] = set()
    for one in earlier:
        touched = _touched(connection, one, people, people_min)
        months = _touched_months(connection, one)
        counts = (*(touched.get(key, 0) for key in people), *months.values())
        if all(count >= people_min for count in counts):
            continue
        differing = _differing(connection, tables, one.directory, people_min)
        few = {key for key in people if 0 < touched.get(key, 0) < people_min}
        few &= {rows[-2:] for rows in differing}
        few |= _whole_families(few, people, touched, parents, people_min)
        for key in _with_companions(few, touched, parents, people_min):
            hidden.add((EVERYTHING, None, None, *key))
        is_only_people = one.is_alike or one.next_position is None
        for rows in differing:
            count = _behind(rows, touched, parents)
            if rows[0] == MONTHS:
                count = months.get(rows[-1], count)
            if rows[-2:] in people and count < people_min and (count or is_only_people):
                hidden.add(rows)
    if hidden:
        connection.executemany(f"insert into {CHANGED} values (?, ?, ?, ?, ?)", list(hidden))


def _behind(rows: Rows, touched: Mapping[Key, int], parents: Mapping[str, tuple[str, str]]) -> int:
    """People behind a difference of some rows.

    A board that is weighted or pooled, and what is read off it, rests on others as well: if nobody
    of its own is behind the difference, then they are.
    """
    kind, weighting, estimator, stratum, dimension = rows
    own = touched.get((stratum, dimension), 0)
    is_flat = kind == BOARDS and weighting == "none" and estimator != POOLED
    if own or is_flat:
        return own
    parent = parents.get(stratum, (EVERYBODY, ""))[0]
    wider = (touched.get((one, EVERY_DIMENSION), 0) for one in (stratum, parent, EVERYBODY))
    return next((count for count in wider if count), 0)


def _touched(
    connection: duckdb.DuckDBPyConnection,
    one: Earlier,
    people: Mapping[Key, int],
    people_min: int,
) -> dict[Key, int]:
    """People behind the difference, per stratum and dimension: at least so many."""
    if one.next_position is not None:
        position = {"position": one.next_position}
        found = connection.execute(TOUCHED, position).fetchall()
        touched = {(stratum, dimension): int(count) for stratum, dimension, count in found}
        moved = {dimension for (dimension,) in connection.execute(MOVED, position).fetchall()}
        if moved:
            moved.add(EVERY_DIMENSION)
        left = {key: 1 for key in people if key[1] in moved and key not in touched}
        return touched | left
    # Neither counts the other's people: so many more are in one of the two. Theirs are rounded.
    path = one.directory / "rpt_board_summary.parquet"
    if not path.exists():
        return {}
    before = f"read_parquet({path_literal(path)})"
    theirs = dict(
        _by_key(
            connection,
            f"select stratum_id, dimension, max(heard_count) from {before} group by all",
        )
    )
    return {
        key: max(count - theirs[key] - people_min + 1, theirs[key] - count, 0)
        for key, count in people.items()
        if key in theirs
    }


def _touched_months(connection: duckdb.DuckDBPyConnection, one: Earlier) -> dict[str, int]:
    """The fewest people behind the difference of a month, per dimension."""
    if one.next_position is None:
        return {}
    found = connection.execute(MONTHS_TOUCHED, {"position": one.next_position}).fetchall()
    return {dimension: int(count) for dimension, count in found}


def _differing(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[PublicTable],
    directory: Path,
    people_min: int,
) -> set[Rows]:
    """The rows that are shown otherwise in that publication than they would be in this one."""
    found: set[Rows] = set()
    for table in tables:
        path = directory / f"{table.name}.parquet"
        # The history's rows of this release are those of rpt_leaderboard, the others were shown.
        if table.disclosed_by is None or table.name == HISTORY or not path.exists():
            continue
        theirs = f"read_parquet({path_literal(path)})"
        known = {row[0] for row in connection.sql(f"describe from {theirs}").fetchall()}
        names = [column.name for column in table.columns if column.name in known]
        shown = cells(table, people_min)
        types = {column.name: column.sql_type for column in table.columns}
        ours = ", ".join(f"cast({shown[name]} as {types[name]}) as {name}" for name in names)
        # A pair's count is the same on every board of its stratum; its figures are the models'.
        only = " where weighting = 'none'" if table.models == PAIR else ""
        columns, keys = ", ".join(names), ", ".join(key_of(table))
        of_board = "weighting, estimator" if is_of_boards(table) else "null, null"
        keys = f"{of_board}, {keys}"
        differing = connection.sql(
            f"""
            with ours as (select * from (select {ours} from {figures(table)}){only}),
            theirs as (select {columns} from {theirs}{only}),
            differing as (
                (from ours except from theirs) union all (from theirs except from ours)
            )
            select distinct {keys} from differing intersect select distinct {keys} from theirs
            """
        ).fetchall()
        found |= {(of_what(table), *key) for key in differing}
    return found


def _whole_families(
    few: set[Key],
    people: Iterable[Key],
    touched: Mapping[Key, int],
    parents: Mapping[str, tuple[str, str]],
    people_min: int,
) -> set[Key]:
    """All strata of a country, or of all, of which few people are behind the difference.

    If only the groups of these few stayed behind, what is missing would say who they are: of one
    newcomer, each answer.
    """
    tops = set()
    for stratum, dimension in few:
        top = stratum
        for above in _above(stratum, parents):
            if 0 < touched.get((above, dimension), 0) < people_min:
                top = above
        tops.add((top, dimension))
    return {
        (stratum, dimension)
        for stratum, dimension in people
        if any((one, dimension) in tops for one in (stratum, *_above(stratum, parents)))
    }


def _above(stratum: str, parents: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    """The country of a group, and all."""
    while stratum in parents:
        stratum = parents[stratum][0]
        yield stratum


def _with_companions(
    hidden: set[Key],
    touched: Mapping[Key, int],
    parents: Mapping[str, tuple[str, str]],
    people_min: int,
) -> set[Key]:
    """Those that stay behind, and of their families enough others; the fewest people first."""
    found = set(hidden)
    families: dict[tuple[str, str, str], list[Key]] = {}
    for stratum, dimension in sorted(touched):
        if stratum in parents:
            families.setdefault((*parents[stratum], dimension), []).append((stratum, dimension))
    for (parent, _, dimension), members in sorted(families.items()):
        if not found.intersection(members) or (parent, dimension) in found:
            continue
        shown = sorted(set(members) - found, key=lambda key: (touched[key], key))
        # Somebody who left one group for another is counted with the other alone.
        behind = sum(touched[key] for key in set(members) & found)
        rest = touched.get((parent, dimension), 0) - sum(touched[key] for key in shown)
        rest = max(rest, behind)
        for key in shown:
            if not 0 < rest < people_min:
                break
            found.add(key)
            rest += touched[key]
    return found


def _by_key(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Key, int]]:
    rows = connection.sql(query).fetchall()
    return [((str(stratum), str(dimension)), int(count)) for stratum, dimension, count in rows]
