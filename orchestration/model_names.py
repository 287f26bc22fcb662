"""What names mean by the aliases of a log, where dbt's table of it (int_models__aliased) is not.

A load warns of what it says of names, and a queue needs the names of what was said since the last
build. dbt's table is what boards are made of; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingestion.log.reader import read
from ingestion.vocabulary import AliasReach, EventType

if TYPE_CHECKING:
    import duckdb

    from ingestion.log import EventLog

END = 2**63 - 1
TABLE = (
    "create or replace temp table model_name (alias varchar, first bigint, last bigint, id varchar)"
)
MACRO = """
create or replace temp macro model_of(name, place) as coalesce(
    (
        select model_name.id from model_name
        where model_name.alias = name and place between model_name.first and model_name.last
    ),
    name
)
"""


@dataclass(frozen=True)
class Statement:
    """That a name means a model, at a position of the log; about later names only, or about all."""

    position: int
    alias: str
    model_id: str
    is_for_later: bool = False


@dataclass(frozen=True)
class Meaning:
    """What a name means from a position up to another; whether its last statement is left out."""

    alias: str
    from_position: int
    until_position: int
    model_id: str
    is_left_out: bool


def statements(log: EventLog) -> list[Statement]:
    """The statements of a log that stand, in the order of the log."""
    return [
        Statement(
            row["position"], row["alias"], row["model_id"], row["applies_to"] == AliasReach.LATER
        )
        for row in log.retractions.standing(read(log, EventType.MODEL_ALIASED)).to_pylist()
    ]


def meanings(said: Iterable[Statement]) -> list[Meaning]:
    """What each name means over stretches of the log; names without a statement are left out."""
    standing = sorted(said, key=lambda one: one.position)
    starts = [0, *sorted({one.position + 1 for one in standing if one.is_for_later})]
    found = []
    for start, until in zip(starts, [*starts[1:], END], strict=True):
        last = {one.alias: one for one in standing if not one.is_for_later or one.position < start}
        links = {name: one for name, one in last.items() if one.model_id != name}
        left_out = _oldest_of_circles(links)
        kept = {name: one.model_id for name, one in links.items() if name not in left_out}
        found += [
            Meaning(name, start, until, followed(name, kept), name in left_out)
            for name in sorted(last)
        ]
    return found


def current(said: Iterable[Statement]) -> dict[str, str]:
    """What each name means at the end of the log."""
    return {one.alias: one.model_id for one in meanings(said) if one.until_position == END}


def register_names(connection: duckdb.DuckDBPyConnection, log: EventLog) -> None:
    """Make the macro `model_of(name, position)`: the model that a name means where it was said."""
    connection.execute(TABLE)
    rows = [
        (one.alias, one.from_position, one.until_position - 1, one.model_id)
        for one in meanings(statements(log))
    ]
    if rows:
        connection.executemany("insert into model_name values (?, ?, ?, ?)", rows)
    connection.execute(MACRO)


def followed(name: str, meant: Mapping[str, str]) -> str:
    """The end of a chain that does not go in a circle."""
    while name in meant:
        name = meant[name]
    return name


def _oldest_of_circles(last: Mapping[str, Statement]) -> set[str]:
    """Names whose statement is the oldest of a circle of them."""
    oldest: set[str] = set()
    for start in last:
        path = [start]
        while path[-1] in last and last[path[-1]].model_id not in path:
            path.append(last[path[-1]].model_id)
        if path[-1] in last and last[path[-1]].model_id == start:
            oldest.add(min(path, key=lambda name: last[name].position))
    return oldest
