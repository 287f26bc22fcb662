"""The difference of two boards: every rank that changed, and how much of it each cause explains.

The causes are added to board A one at a time. What their effects do not add up to is named
`interaction`: retracting a battle that is itself new, say, does nothing without the new battles.
Where a board was made by other code, or people were erased since, both are made again first, and
what that changes is named `remade`.

What stays out: what the causes are and making worlds with one of them (causes.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ingestion.errors import IntegrityError
from ingestion.log import EventLog
from orchestration.building import scratch
from orchestration.causes import Worlds, active_causes, event_counts
from publishing.boards.checking import check
from publishing.boards.erasures import taken_from
from publishing.boards.identity import KEY
from publishing.boards.inputs import require_same_log
from publishing.boards.statement import code_hash
from ratings.rounding import MICRO

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pyarrow as pa

    from ingestion.paths import Home
    from orchestration.causes import Cause
    from publishing.boards.store import Board

    Key = tuple[str, ...]
    Places = dict[Key, tuple[int, int]]

REMADE, INTERACTION = "remade", "interaction"


@dataclass(frozen=True)
class Change:
    """One model on one leaderboard of A or B.

    Args:
        key: in the order of identity.KEY.
        a: rank and skill in micro-units on A; None where A does not have the model.
        b: the same on B.
        by_cause: per cause, change of rank and of skill in micro-units; for a model that only one
            of the boards has, empty.
        came_by: for such a model, the causes that bring or remove it by themselves.
    """

    key: Key
    a: tuple[int, int] | None
    b: tuple[int, int] | None
    by_cause: dict[str, tuple[int, int]]
    came_by: tuple[str, ...]

    @property
    def is_of_rank(self) -> bool:
        """Whether the rank is not the same, or there is none on one side."""
        return self.a is None or self.b is None or self.a[0] != self.b[0]

    def as_json(self) -> dict[str, Any]:
        """For people and programs: skills in units; a negative change of rank is upwards."""
        row: dict[str, Any] = dict(zip(KEY, self.key, strict=True))
        for name, place in (("a", self.a), ("b", self.b)):
            row[f"rank_{name}"] = place and place[0]
            row[f"skill_{name}"] = place and place[1] / MICRO
        if self.a is None or self.b is None:
            return {**row, "came_by": list(self.came_by)}
        row["rank_change"] = self.b[0] - self.a[0]
        row["skill_change"] = (self.b[1] - self.a[1]) / MICRO
        row["by_cause"] = {
            name: {"rank_change": rank, "skill_change": skill / MICRO}
            for name, (rank, skill) in self.by_cause.items()
        }
        return row


@dataclass(frozen=True)
class Difference:
    """Every change between two boards, and the causes between them."""

    causes: tuple[Cause, ...]
    event_counts: dict[str, int]
    is_other_code: bool
    erased_count: int
    changes: tuple[Change, ...]


def difference(
    home: Home, a: Board, b: Board, step: Callable[[str], None] = lambda _name: None
) -> Difference:
    """Compare two boards of one log, and explain.

    Args:
        home: the warehouse.
        a: the board that is explained from.
        b: the board that is explained.
        step: called with the name of each cause as its world is made.

    Raises:
        IntegrityError: a board was changed since it was kept, or is of another log.
    """
    log = EventLog.open(home.log)
    for board in (a, b):
        require_whole(board)
        require_same_log(log, board.subject)
    causes = active_causes(log, a.subject, b.subject)
    base, end = _places(a.rows()), _places(b.rows())
    is_other_code = [board.predicate["made_by"]["code_sha256"] != code_hash() for board in (a, b)]
    taken = [taken_from(log, board) for board in (a, b)]
    is_old = [bool(gone) or other for gone, other in zip(taken, is_other_code, strict=True)]
    effects: dict[str, Places] = {}
    kept_a, kept_b = base, end
    if len(causes) == 1 and not any(is_old):
        effects[causes[0].name] = end  # A with the one cause is B
    elif causes or any(is_old):
        with scratch(home) as root:
            worlds = Worlds(home, log, root, a.subject, b.subject)
            if any(is_old):
                step(REMADE)
            base = _places(worlds.whole(a.subject)) if is_old[0] else base
            end = _places(worlds.whole(b.subject)) if is_old[1] else end
            for cause in causes:
                step(cause.name)
                effects[cause.name] = _places(worlds.with_one(cause))
    changes = tuple(
        _change(key, (kept_a, kept_b), (base, end), effects, is_remade=any(is_old))
        for key in sorted(kept_a.keys() | kept_b.keys())
        if kept_a.get(key) != kept_b.get(key)
    )
    counted = event_counts(log, a.subject, b.subject)
    erased = {one for gone in taken for one in gone}
    return Difference(tuple(causes), counted, any(is_other_code), len(erased), changes)


def require_whole(board: Board) -> None:
    """Refuse a board whose files are not what they were.

    Raises:
        IntegrityError: names what was changed.
    """
    findings = check(board).findings
    if findings:
        message = f"Board {board.board_id[:12]}: {' '.join(findings)}"
        raise IntegrityError(message, remedy="See: demoscope boards show")


def _places(rows: pa.Table) -> Places:
    columns = [rows.column(name).to_pylist() for name in (*KEY, "rank", "skill_micro")]
    return {tuple(row[:-2]): (row[-2], row[-1]) for row in zip(*columns, strict=True)}


def _change(
    key: Key,
    kept: tuple[Places, Places],
    made: tuple[Places, Places],
    effects: Mapping[str, Places],
    *,
    is_remade: bool,
) -> Change:
    """Explain one model: `kept` is what the boards say, `made` what the present code makes."""
    a, b = (places.get(key) for places in kept)
    base, end = (places.get(key) for places in made)
    if a is None or b is None or base is None or end is None:
        is_there = base is not None
        came_by = [name for name, places in effects.items() if (key in places) != is_there]
        return Change(key, a, b, {}, tuple(came_by))
    by_cause = {name: _less(places[key], base) for name, places in effects.items() if key in places}
    explained = _sum(*by_cause.values())
    if is_remade:
        by_cause[REMADE] = _less(_less(b, a), _less(end, base))
    by_cause[INTERACTION] = _less(_less(end, base), explained)
    return Change(key, a, b, by_cause, ())


def _less(left: tuple[int, int], right: tuple[int, int]) -> tuple[int, int]:
    return left[0] - right[0], left[1] - right[1]


def _sum(*parts: tuple[int, int]) -> tuple[int, int]:
    return sum(part[0] for part in parts), sum(part[1] for part in parts)
