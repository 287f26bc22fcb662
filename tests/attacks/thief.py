"""A thief who has several publications and takes one from another, row by row and sum by sum.

Beside them is what the thief doesn't have: who said what. So it can be counted of how many people
each difference tells, which is either of nobody or of enough.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from publishing.publications.differences import Earlier
from publishing.publications.writing import write_files
from tests.attacks.small_studies import AXES, MONTHS, PUBLIC, Study, tables_of
from tests.publishing.publications.conftest import ABOUT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tests.attacks.small_studies import Person

    Row = tuple[str, ...]
    # By row what each person adds to it.
    Told = dict[Row, dict[Person, Counter[str]]]
    Seen = tuple[Told, dict[Row, dict[str, Any]]]

# Which columns name a row, after its stratum.
KEYS = {
    "rpt_tie_rate": ("dimension",),
    "rpt_topic_tie_rate": ("dimension", "topic"),
    "rpt_votes_by_month": ("dimension", "model_id", "month"),
    "rpt_experience": ("criterion", "model_id"),
    "rpt_weighting_margin": ("variable", "level"),
    "rpt_decisiveness": ("dimension", "kind", "level"),
}
BY_STRATUM = ("rpt_tie_rate", "rpt_topic_tie_rate", "rpt_experience")
THEIRS = [table for table in PUBLIC if table.name in KEYS]


class Home:
    """Where a study is published again and again."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.published: list[tuple[Study, Path]] = []

    def publish(self, study: Study) -> Path:
        """Publish the study beside what was published before."""
        directory = self.root / str(len(self.published))
        directory.mkdir(parents=True)
        earlier = [Earlier(path, one.end, is_alike=True) for one, path in self.published]
        with tables_of(study) as connection:
            write_files(connection, directory, THEIRS, ABOUT, earlier)
        self.published.append((study, directory))
        return directory

    def stolen(self, people_min: int) -> list[tuple[Row, int]]:
        """What two of the publications tell of too few people, and of how many."""
        return [
            found
            for (before, old), (after, new) in combinations(self.published, 2)
            for found in _stolen((told(before), shown(old)), (told(after), shown(new)))
            if 0 < found[1] < people_min
        ]


def shown(directory: Path) -> dict[Row, dict[str, Any]]:
    """The rows of a publication, by what names them."""
    found: dict[Row, dict[str, Any]] = {}
    for name, keys in KEYS.items():
        for row in pq.read_table(directory / f"{name}.parquet").to_pylist():
            stratum = row.get("stratum_id") or row["country"]
            found[name, stratum, *(row[key] for key in keys)] = row
    return found


def told(study: Study) -> Told:
    """Who adds what to which row."""
    found: Told = defaultdict(lambda: defaultdict(Counter))
    row: Row
    for one in study.verdicts:
        said = "tie" if one.outcome == "tie" else "bad" if one.outcome == "both_bad" else "decided"
        for stratum in one.person.strata:
            found["rpt_tie_rate", stratum, one.dimension][one.person][said] += 1
            for topic in (one.topic, "*") if one.topic else ():
                row = ("rpt_topic_tie_rate", stratum, one.dimension, topic)
                found[row][one.person][said] += 1
        if one.topic:
            row = ("rpt_decisiveness", "all", one.dimension, "topic", one.topic)
            found[row][one.person][said] += 1
        for model in one.pair:
            month = MONTHS[study.month_of(one.position)]
            found["rpt_votes_by_month", "all", one.dimension, model, month][one.person][said] += 1
        country, *groups = one.person.cell
        for axis, group in zip(AXES, groups, strict=True):
            if country and group:
                found["rpt_weighting_margin", country, axis, group][one.person] = Counter("1")
    for rated in study.ratings:
        for stratum in rated.person.strata:
            row = ("rpt_experience", stratum, rated.criterion, rated.model)
            found[row][rated.person][str(rated.rating)] += 1
    return found


def behind(before: Told, after: Told, row: Row, less: Iterable[Row] = ()) -> int:
    """People who add something else than they did to a row, less others that are a part of it."""
    said = []
    for one in (before, after):
        own = {person: Counter(added) for person, added in one.get(row, {}).items()}
        for part in less:
            for person, added in one.get(part, {}).items():
                own[person].subtract(added)
        said.append({person: +added for person, added in own.items() if +added})
    return sum(said[0].get(one) != said[1].get(one) for one in said[0].keys() | said[1].keys())


def _stolen(before: Seen, after: Seen) -> Iterator[tuple[Row, int]]:
    told = before[0], after[0]
    both = before[1].keys() & after[1].keys()
    differing = {row for row in both if before[1][row] != after[1][row]}
    for row in differing:
        yield row, behind(*told, row)
    for (_, *total), members in _sums(told[0].keys() | told[1].keys()).items():
        less = both.intersection(members)
        is_told = tuple(total) in both and differing.intersection([tuple(total), *members])
        if is_told and len(less) < len(members):
            yield ("rest of", *total), behind(*told, tuple(total), less)


def _sums(rows: Iterable[Row]) -> dict[Row, list[Row]]:
    """What adds up to a row, by how: its topics, its groups of an axis, its countries."""
    found: dict[Row, list[Row]] = defaultdict(list)
    for row in rows:
        name, stratum, *keys = row
        if name == "rpt_topic_tie_rate" and keys[-1] != "*":
            found["topics", name, stratum, *keys[:-1], "*"].append(row)
        if name in BY_STRATUM and stratum != "all":
            country, *axis = stratum.split("/")
            found[axis[0] if axis else "", name, country if axis else "all", *keys].append(row)
    return found
