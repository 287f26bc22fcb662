"""The difference of two releases: every rank that changed, and how much of it each cause explains.

The causes are added to release A one at a time: a counterfactual is the log as of A in which one
thing is as it is for B (the events of one cause, the design, the cut in valid time, or the
parameters). Its ranks less A's are what that cause does by itself. What the effects do not add up
to is named `interaction`: retracting a battle that is itself new, say, does nothing without the new
battles. Where a release was made by other code, or people were erased since, both are made again
first, and what that changes is named `remade`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ingestion.errors import IntegrityError, NotFoundError
from ingestion.log import EventLog
from ingestion.vocabulary import EventType
from orchestration.building import Workspace, open_sources, run_models, scratch
from orchestration.database import open_database, register_sources
from orchestration.dbt_runs import PROJECT_DIRECTORY
from orchestration.rating_step import reading
from publishing.boards.changes import decisions
from publishing.boards.checking import require_whole, taken_from
from publishing.boards.designs import project_with
from publishing.boards.inputs import cut_of, from_micro, require_same_log
from publishing.boards.own_code import require_own_code
from publishing.boards.program import code_hash
from publishing.boards.store import KEY
from ratings.rounding import MICRO
from ratings.tables.every_board import RATING, rate_all

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from ingestion.paths import Home
    from publishing.boards.changes import Decision
    from publishing.boards.store import Release

    Key = tuple[str, ...]
    Place = tuple[int, int]  # rank, and skill in micro-units
    Places = dict[Key, Place]

REMADE, INTERACTION = "remade", "interaction"
DESIGN, VALID_TIME, PARAMETERS = "design", "valid_time", "parameters"
SUBJECT_NAMES = {DESIGN: "design_hash", VALID_TIME: "valid_until", PARAMETERS: "parameters"}


@dataclass(frozen=True)
class Cause:
    """One reason for two releases to differ: name in JSON, label for people, its events if any."""

    name: str
    label: str
    event_types: frozenset[EventType] = frozenset()


# A newcomer's answers come with the battles they judged: neither does anything without the other.
_BATTLES = frozenset(
    {EventType.BATTLE_JUDGED, EventType.BATTLES_TALLIED, EventType.PARTICIPANT_ENROLLED}
)
_NAMED = (
    Cause("new_battles", "new battles, and who judged them", _BATTLES),
    Cause("retractions", "retractions and appeals", frozenset({EventType.EVENT_RETRACTED})),
    Cause("corrections", "corrected battles", frozenset({EventType.EVENT_CORRECTED})),
    Cause("aliases", "models' aliases", frozenset({EventType.MODEL_ALIASED})),
    Cause("exclusions", "excluded participants", frozenset({EventType.PARTICIPANT_EXCLUDED})),
    Cause(
        "answers",
        "changed weights: participants' answers corrected",
        frozenset({EventType.PARTICIPANT_CORRECTED}),
    ),
)
_REST = frozenset(EventType).difference(*(cause.event_types for cause in _NAMED))
CAUSES = (
    *_NAMED,
    Cause("other_events", "other events", _REST),
    Cause(DESIGN, "changed weights or strata: the study design"),
    Cause(VALID_TIME, "the cut in valid time"),
    Cause(PARAMETERS, "the ratings' parameters"),
)


@dataclass(frozen=True)
class Change:
    """One model on one board of A or B.

    Args:
        key: in the order of store.KEY.
        a: rank and skill in micro-units in A; None where A does not have the model.
        b: the same in B.
        by_cause: per cause, change of rank and of skill in micro-units; empty for a model that only
            one of the releases has.
        came_by: for such a model, the causes that bring or remove it by themselves.
    """

    key: Key
    a: Place | None
    b: Place | None
    by_cause: dict[str, Place]
    came_by: tuple[str, ...]

    @property
    def is_of_rank(self) -> bool:
        """Whether the rank is not the same, or there is none on one side."""
        return self.a is None or self.b is None or self.a[0] != self.b[0]

    def as_json(self) -> dict[str, Any]:
        """Skills in units; a negative change of rank is upwards."""
        row: dict[str, Any] = dict(zip(KEY, self.key, strict=True))
        for name, place in (("a", self.a), ("b", self.b)):
            row[f"rank_{name}"] = place and place[0]
            row[f"skill_{name}"] = place and place[1] / MICRO
        if self.a is None or self.b is None:
            return {**row, "came_by": list(self.came_by)}
        rank, skill = _less(self.b, self.a)
        by_cause = {
            name: {"rank_change": rank, "skill_change": skill / MICRO}
            for name, (rank, skill) in self.by_cause.items()
        }
        return {**row, "rank_change": rank, "skill_change": skill / MICRO, "by_cause": by_cause}


@dataclass(frozen=True)
class Difference:
    """Every change between two releases, and the causes between them."""

    causes: tuple[Cause, ...]
    event_counts: dict[str, int]
    is_other_code: bool
    erased_count: int
    changes: tuple[Change, ...]
    decisions: tuple[Decision, ...] = ()
    not_known: str | None = None

    def moved_by(self, cause: str) -> int:
        """How many ranks, of those that changed, a cause moves, brings or removes by itself."""
        return sum(
            cause in change.came_by or change.by_cause.get(cause, (0, 0))[0] != 0
            for change in self.changes
        )


def difference(
    home: Home, a: Release, b: Release, step: Callable[[str], None] = lambda _name: None
) -> Difference:
    """Compare two releases of one log and explain release B from A, told of each cause in turn.

    Raises:
        IntegrityError: a release was changed since it was kept, is of another log, or has other
            rows than the other one though nothing lies between them; or other code is loaded than
            this program's.
    """
    require_own_code()
    log = EventLog.open(home.log)
    for release in (a, b):
        require_whole(release)
        require_same_log(log, release.subject)
    counted = event_counts(log, a.subject, b.subject)
    changed = {name for name, key in SUBJECT_NAMES.items() if a.subject[key] != b.subject[key]}
    changed |= {name for name, count in counted.items() if count}
    causes = [cause for cause in CAUSES if cause.name in changed]
    kept = base, end = _places(a.rows()), _places(b.rows())
    is_other_code = [one.predicate["made_by"]["code_sha256"] != code_hash() for one in (a, b)]
    taken = [taken_from(log, one) for one in (a, b)]
    if not causes and taken[0] == taken[1]:
        _require_same_rows(a, b)
    is_old = [bool(gone) or other for gone, other in zip(taken, is_other_code, strict=True)]
    effects: dict[str, Places] = {}
    if len(causes) == 1 and not any(is_old):
        effects[causes[0].name] = end  # A with the one cause is B
    elif a.id != b.id and (causes or any(is_old)):
        with scratch(home) as root:
            made = Counterfactuals(home, log, root, a.subject, b.subject)
            if any(is_old):
                step(REMADE)
            base = made.whole(a.subject) if is_old[0] else base
            end = made.whole(b.subject) if is_old[1] else end
            for cause in causes:
                step(cause.name)
                effects[cause.name] = made.with_one(cause)
    changes = tuple(
        _change(key, kept, (base, end), effects, is_remade=any(is_old))
        for key in sorted(kept[0].keys() | kept[1].keys())
        if kept[0].get(key) != kept[1].get(key)
    )
    require_own_code()
    erased = {one for gone in taken for one in gone}
    decided, not_known = _decisions(home, a, b)
    return Difference(
        tuple(causes), counted, any(is_other_code), len(erased), changes, decided, not_known
    )


def _decisions(home: Home, a: Release, b: Release) -> tuple[tuple[Decision, ...], str | None]:
    """What was decided otherwise; and why it cannot be told, where a design was not kept."""
    try:
        return tuple(decisions(home.boards, PROJECT_DIRECTORY, a, b)), None
    except NotFoundError as error:
        return (), error.message


def _require_same_rows(a: Release, b: Release) -> None:
    """Refuse two releases of the same inputs, code and dependencies whose rows differ.

    Raises:
        IntegrityError: names both.
    """
    makers = [
        [one.predicate["made_by"][name] for name in ("code_sha256", "dependency_lock_sha256")]
        for one in (a, b)
    ]
    if makers[0] == makers[1] and not a.rows().equals(b.rows()):
        message = (
            f"Releases {a.id[:12]} and {b.id[:12]} were made from the same inputs by the same code,"
            " but their rows differ: one of them does not follow from the log."
        )
        raise IntegrityError(message, remedy="Run for each: demoscope boards reproduce")


def event_counts(
    log: EventLog, subject_a: Mapping[str, Any], subject_b: Mapping[str, Any]
) -> dict[str, int]:
    """Events of each cause between two releases; negative where B is the earlier one."""
    first, last = sorted((subject_a["log_position"], subject_b["log_position"]))
    sign = 1 if subject_b["log_position"] == last else -1
    counted: Counter[str] = Counter()
    for seq in range(first + 1, last + 1):
        for segment in log.commit(seq).segments:
            counted[segment.event_type] += segment.rows
    return {
        cause.name: sign * sum(counted[str(kind)] for kind in cause.event_types)
        for cause in CAUSES
        if cause.event_types
    }


@dataclass(frozen=True)
class Counterfactuals:
    """Makes A with one thing as it is for B, one after another, in the directory `root`."""

    home: Home
    log: EventLog
    root: Path
    a: Mapping[str, Any]
    b: Mapping[str, Any]

    def with_one(self, cause: Cause) -> Places:
        """Ranks of A with one cause as for B."""
        changed = SUBJECT_NAMES.get(cause.name)
        subject = {**self.a, **({changed: self.b[changed]} if changed else {})}
        return self.whole(subject, sorted(cause.event_types))

    def whole(self, subject: Mapping[str, Any], event_types: Sequence[EventType] = ()) -> Places:
        """Ranks of a subject as the present code makes them, with B's events of some types."""
        # One directory per design: dbt remembers the files of one project.
        design, loads = subject["design_hash"], self.home.loads
        project = project_with(self.home.boards, design, PROJECT_DIRECTORY, self.root)
        workspace, cut = Workspace(self.root / design[:12], project), cut_of(subject)
        with open_database(workspace.database) as connection:
            # Tables, because showing A's sources replaces what is unsealed of B's.
            register_sources(connection, self.log, as_of_seq=self.b["log_position"], loads=loads)
            connection.execute("create schema if not exists raw_b")
            for kind in event_types:
                connection.execute(f"create or replace table raw_b.{kind} as from raw.{kind}")
        open_sources(workspace, self.log, cut.log_position, loads=loads)
        with open_database(workspace.database) as connection:
            for kind in event_types:
                connection.execute(f"create or replace view raw.{kind} as from raw_b.{kind}")
        run_models(workspace, cut, is_tested=False, is_board_alone=True)
        with open_database(workspace.database) as connection:
            parameters = from_micro(subject["parameters"])
            return _places(rate_all(reading(connection), parameters, is_board_alone=True)[RATING])


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
    """Explain one model: `kept` is what the releases say, `made` what the present code makes."""
    a, b = (places.get(key) for places in kept)
    base, end = (places.get(key) for places in made)
    if a is None or b is None or base is None or end is None:
        is_there = base is not None
        came_by = [name for name, places in effects.items() if (key in places) != is_there]
        return Change(key, a, b, {}, tuple(came_by))
    by_cause = {name: _less(places[key], base) for name, places in effects.items() if key in places}
    interaction = _less(end, base)
    for effect in by_cause.values():
        interaction = _less(interaction, effect)
    if is_remade:
        by_cause[REMADE] = _less(_less(b, a), _less(end, base))
    by_cause[INTERACTION] = interaction
    return Change(key, a, b, by_cause, ())


def _less(left: Place, right: Place) -> Place:
    return left[0] - right[0], left[1] - right[1]
