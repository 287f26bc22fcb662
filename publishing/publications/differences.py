"""What a publication shows that an earlier one of the same home doesn't: of whom that is.

Two publications, before and after somebody's verdicts, tell those verdicts by their difference.
So the rows of a stratum and subject (a dimension, a criterion, or finer, a topic, level, month or
model of it; touched.py), or of one board of it, stay behind if they differ from what an earlier
publication shows, and fewer than `people_min` people are behind the difference. Of the groups of an
axis, of countries, and of subjects that add up, further ones stay behind until what is missing of
the sum's difference is nobody's own; what the earlier publication didn't show of a sum counts as
one there. If so few are behind all of a country's difference, all its groups stay behind: which
ones would say who they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from ingestion.log.held_files import path_literal
from publishing.publications.catalogue import HISTORY, PAIR
from publishing.publications.disclosure import (
    CHANGED,
    EVERYTHING,
    PEOPLE,
    cells,
    figures,
    is_of_boards,
    key_of,
    of_what,
)
from publishing.publications.touched import (
    ADDS_UP,
    EVERY_DIMENSION,
    EVERYBODY,
    MOVED,
    REVISED,
    SEPARATOR,
    TOUCHED,
    finer_subjects,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import duckdb

    from publishing.publications.catalogue import PublicTable

    Key = tuple[str, str]
    # What they are of, weighting and estimator where they are of a board, stratum and subject.
    Rows = tuple[str, str | None, str | None, str, str]

BOARDS, POOLED = "boards", "trueskill_hierarchical"
# Another release has another id, whatever is in it.
RELEASE = "release_id"


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


@dataclass(frozen=True)
class Now:
    """What this publication is of.

    Args:
        people: who judged, by stratum and dimension or criterion.
        parents: of a stratum what it is a part of, and its axis.
        people_min: fewest people whose figures are shown.
    """

    people: Mapping[Key, int]
    parents: Mapping[str, tuple[str, str]]
    people_min: int

    def above(self, stratum: str) -> Iterator[str]:
        """The country of a group, and all."""
        while stratum in self.parents:
            stratum = self.parents[stratum][0]
            yield stratum


@dataclass(frozen=True)
class Compared:
    """Of one table: the rows that differ, what the earlier publication showed, what there is."""

    differing: set[Rows]
    shown: set[Key]
    there: set[Key]


@dataclass(frozen=True)
class Sum:
    """Strata or subjects that add up to a total which is shown as well.

    Args:
        total: the parent of strata; None where the members are subjects, which may have the same
            people in them.
        members: of those that somebody touched.
    """

    total: Key | None
    members: Sequence[Key]

    def people(self, keys: Iterable[Key], touched: Mapping[Key, int]) -> int:
        """How many people are behind what some members change together, at least."""
        counts = [touched[key] for key in keys]
        return sum(counts) if self.total else max(counts, default=0)

    def companions(self, hidden: set[Key], touched: Mapping[Key, int], people_min: int) -> set[Key]:
        """What else stays behind, so that what is missing of the sum is nobody's own."""
        missing = hidden.intersection(self.members)
        if not missing or self.total in hidden:
            return set()
        found: set[Key] = set()
        shown = sorted(set(self.members) - missing, key=lambda key: (touched[key], key))
        behind = self.people(missing, touched)
        if self.total:
            # Somebody who left one group for another is counted with the other alone.
            rest = touched.get(self.total, 0) - self.people(shown, touched)
            behind = max(rest, behind)
        for key in shown:
            # One alone is what the others leave of the sum, and covers nothing.
            is_alone = len(missing | found) == 1 and behind == self.people(missing, touched)
            if behind >= people_min and not is_alone:
                break
            if self.total or touched[key] >= people_min:
                found.add(key)
                behind += touched[key]
        return found


def hide_small_differences(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[PublicTable],
    earlier: Iterable[Earlier],
    people_min: int,
) -> None:
    """Note what differs from an earlier publication by too few people."""
    parents = {
        str(stratum): (str(parent), str(axis))
        for stratum, parent, axis in connection.sql(
            "select stratum_id, case when axis is null then 'all' else country end,"
            f" coalesce(axis, '') from dim_stratum where stratum_id <> '{EVERYBODY}'"
        ).fetchall()
    }
    people = dict(_by_key(connection, f"from {PEOPLE} where people > 0"))
    now = Now(people, parents, people_min)
    hidden: set[Rows] = set()
    for one in earlier:
        compared = [
            found
            for table in tables
            if (found := _compared(connection, table, one.directory, people_min)) is not None
        ]
        touched = _touched(connection, one, tables, now)
        hidden |= _changed_by_few(connection, one, compared, touched, now)
    names = ("of_what", "weighting", "estimator", "stratum_id", "subject")
    schema = pa.schema([(name, pa.string()) for name in names])
    rows = [dict(zip(names, row, strict=True)) for row in sorted(hidden, key=str)]
    connection.register("noted", pa.Table.from_pylist(rows, schema))
    connection.execute(f"insert into {CHANGED} from noted")
    connection.unregister("noted")


def _changed_by_few(
    connection: duckdb.DuckDBPyConnection,
    one: Earlier,
    compared: Sequence[Compared],
    touched: Mapping[Key, int],
    now: Now,
) -> set[Rows]:
    """What stays behind because of one earlier publication."""
    differing = {rows for found in compared for rows in found.differing}
    shown = {key for found in compared for key in found.shown}
    there = {key for found in compared for key in found.there}
    if _is_revised(connection, one):
        finer = {rows[-2:] for rows in differing if SEPARATOR in rows[-1]}
        touched = {**dict.fromkeys(finer, 1), **touched}
    few = {rows[-2:] for rows in differing if 0 < touched.get(rows[-2:], 0) < now.people_min}
    sums = _sums(connection, there & touched.keys(), now)
    few |= _missing(sums, shown, touched, now)
    together = _together(few, touched, sums, now)
    hidden: set[Rows] = {(EVERYTHING, None, None, *key) for key in together & there}
    is_only_people = one.is_alike or one.next_position is None
    for rows in differing:
        count = _behind(rows, touched, now)
        if rows[-2:] in now.people and count < now.people_min and (count or is_only_people):
            hidden.add(rows)
    return hidden


def _behind(rows: Rows, touched: Mapping[Key, int], now: Now) -> int:
    """People behind a difference of some rows.

    A board that is weighted or pooled, and what is read off it, rests on others as well: if nobody
    of its own is behind the difference, then they are.
    """
    kind, weighting, estimator, stratum, dimension = rows
    own = touched.get((stratum, dimension), 0)
    is_flat = kind == BOARDS and weighting == "none" and estimator != POOLED
    if own or is_flat:
        return own
    parent = now.parents.get(stratum, (EVERYBODY, ""))[0]
    wider = (touched.get((one, EVERY_DIMENSION), 0) for one in (stratum, parent, EVERYBODY))
    return next((count for count in wider if count), 0)


def _touched(
    connection: duckdb.DuckDBPyConnection,
    one: Earlier,
    tables: Sequence[PublicTable],
    now: Now,
) -> dict[Key, int]:
    """People behind the difference, per stratum and subject: at least so many."""
    if one.next_position is not None:
        position = {"position": one.next_position}
        found = connection.execute(TOUCHED, position).fetchall()
        touched = {(stratum, subject): int(count) for stratum, subject, count in found}
        moved = {dimension for (dimension,) in connection.execute(MOVED, position).fetchall()}
        if moved:
            moved.add(EVERY_DIMENSION)
        return {key: 1 for key in now.people if key[1] in moved} | touched
    # Neither counts the other's people: so many more are in one of the two. Theirs are rounded.
    path = one.directory / "rpt_board_summary.parquet"
    if not path.exists():
        return {}
    before = f"read_parquet({path_literal(path)})"
    counts = f"select stratum_id, dimension, max(heard_count) from {before} group by all"
    ours, theirs = dict(now.people), dict(_by_key(connection, counts))
    for table in tables:
        path = one.directory / f"{table.name}.parquet"
        for subject in finer_subjects(table) if path.exists() else ():
            counts = f"select {key_of(table)[0]}, {subject}, max(participant_count) from"
            before = f"read_parquet({path_literal(path)})"
            ours |= _by_key(connection, f"{counts} {table.name} group by all")
            theirs |= _by_key(connection, f"{counts} {before} group by all")
    return {
        key: max(count - theirs[key] - now.people_min + 1, theirs[key] - count, 0)
        for key, count in ours.items()
        if key in theirs
    }


def _is_revised(connection: duckdb.DuckDBPyConnection, one: Earlier) -> bool:
    """Whether a finer row may have changed by somebody who isn't counted there."""
    if one.next_position is None:
        return False
    [(is_revised,)] = connection.execute(REVISED, {"position": one.next_position}).fetchall()
    return bool(is_revised)


def _compared(
    connection: duckdb.DuckDBPyConnection, table: PublicTable, directory: Path, people_min: int
) -> Compared | None:
    """A table beside what an earlier publication has of it; None where there is nothing."""
    path = directory / f"{table.name}.parquet"
    # The history's rows of this release are those of rpt_leaderboard, the others were shown.
    if table.disclosed_by is None or table.name == HISTORY or not path.exists():
        return None
    theirs = f"read_parquet({path_literal(path)})"
    known = {row[0] for row in connection.sql(f"describe from {theirs}").fetchall()}
    names = [one.name for one in table.columns if one.name in known and one.name != RELEASE]
    shown = cells(table, people_min)
    types = {column.name: column.sql_type for column in table.columns}
    ours = ", ".join(f"cast({shown[name]} as {types[name]}) as {name}" for name in names)
    # A pair's count is the same on every board of its stratum; its figures are the models'.
    only = " where weighting = 'none'" if table.models == PAIR else ""
    columns = ", ".join(names)
    connection.execute(
        f"""
        create or replace temp table differing as
        with ours as (select * from (select {ours} from {figures(table)}){only}),
        theirs as (select {columns} from {theirs}{only})
        (from ours except from theirs) union all (from theirs except from ours)
        """
    )
    of_board = "weighting, estimator" if is_of_boards(table) else "null, null"
    stratum, *subjects = (*key_of(table), *finer_subjects(table))
    found = Compared(set(), set(), set())
    for subject in subjects:
        keys = f"distinct {of_board}, {stratum}, {subject}"
        differing = connection.sql(
            f"select {keys} from differing intersect select {keys} from {theirs}{only}"
        ).fetchall()
        found.differing.update((of_what(table), *key) for key in differing)
        for known_keys, relation in ((found.shown, theirs), (found.there, table.name)):
            rows = connection.sql(
                f"select distinct {stratum}, {subject} from {relation}"
            ).fetchall()
            known_keys.update((str(one), str(other)) for one, other in rows)
    return found


def _sums(
    connection: duckdb.DuckDBPyConnection,
    keys: Iterable[Key],
    now: Now,
) -> list[Sum]:
    """What adds up to something that is shown too: groups, countries, topics, levels, models."""
    topics = "select topic from seeds.seed_topics where is_sensitive"
    sensitive = {topic for (topic,) in connection.sql(topics).fetchall()}
    groups: dict[tuple[str, ...], list[Key]] = {}
    parts: dict[tuple[str, ...], list[Key]] = {}
    for stratum, subject in sorted(keys):
        if stratum in now.parents:
            groups.setdefault((*now.parents[stratum], subject), []).append((stratum, subject))
        kind, *names = said = subject.split(SEPARATOR)
        for place in ADDS_UP.get(kind, ()) if names else ():
            if said[place].startswith("*"):
                continue
            rest = (stratum, *said[:place], *said[place + 1 :])
            parts.setdefault((str(place), *rest), []).append((stratum, subject))
            if kind == "topic" and said[place] in sensitive:
                parts.setdefault(("sensitive", *rest), []).append((stratum, subject))
    return [
        *(Sum((parent, subject), members) for (parent, _, subject), members in groups.items()),
        *(Sum(None, members) for members in parts.values()),
    ]


def _missing(
    sums: Iterable[Sum], shown: set[Key], touched: Mapping[Key, int], now: Now
) -> set[Key]:
    """What the earlier publication didn't show of a sum, where few are behind what changed of it.

    It had these together as what the others leave of the sum, and so would this one.
    """
    found: set[Key] = set()
    for one in sums:
        if one.total and one.total not in shown:
            continue
        missing = set(one.members) - shown
        if missing and one.people(missing, touched) < now.people_min:
            found |= missing
    return found


def _together(
    few: set[Key],
    touched: Mapping[Key, int],
    sums: Sequence[Sum],
    now: Now,
) -> set[Key]:
    """Those that few people are behind, and what would give them away."""
    below: dict[str, list[str]] = {}
    for stratum in now.parents:
        for above in now.above(stratum):
            below.setdefault(above, []).append(stratum)
    found: set[Key] = set()
    while found != few:
        found = few
        few = found | _whole_families(found, touched, below, now)
        for one in sums:
            few |= one.companions(few, touched, now.people_min)
    return found


def _whole_families(
    few: set[Key],
    touched: Mapping[Key, int],
    below: Mapping[str, Sequence[str]],
    now: Now,
) -> set[Key]:
    """All strata of a country, or of all, of which few people are behind the difference.

    If only the groups of these few stayed behind, what is missing would say who they are: of one
    newcomer, each answer.
    """
    found = set()
    for stratum, subject in few:
        top = stratum
        for above in now.above(stratum):
            if 0 < touched.get((above, subject), 0) < now.people_min:
                top = above
        found |= {(one, subject) for one in (top, *below.get(top, ()))}
    return found


def _by_key(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Key, int]]:
    rows = connection.sql(query).fetchall()
    return [((str(stratum), str(dimension)), int(count)) for stratum, dimension, count in rows]
