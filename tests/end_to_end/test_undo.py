"""Random sequences of loads, undos, retractions, corrections and aliases against a plain model.

The model keeps, per native id, the list of what was said and what is about it; it knows nothing of
generations of ids. Every log position is compared, through the SQL that the build runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from ingestion.contracts import CONTRACTS
from ingestion.log import EventLog
from ingestion.log.reader import register
from ingestion.log.retractions import UNDO_SOURCE
from ingestion.vocabulary import EventType
from tests.dbt.models import MODELS, render_model
from tests.dbt.names import Alias, meant

IDS = ("x:overall", "x:helpful", "y:overall", "z:helpful")
OUTCOMES = ("a", "b", "tie")
NAMES = ("ink", "Ink", "oak")
CHAIN = (
    "int_events__revised",
    "int_models__aliased",
    "int_battles__revised",
    "int_battles__current",
)
COLUMNS = ("dimension", "model_a", "model_b", "outcome", "judged_at", "subject_id")
CURRENT = """
select
    position, dimension, model_a, model_b, outcome, occurred_at, participant_key, uncounted_reason
from int_battles__current
order by position
"""
Row = tuple[Any, ...]


@dataclass
class About:
    """A retraction, correction or alias in the model; `retractions` are about itself."""

    event_id: str
    commit: int
    position: int
    changes: dict[str, Any] = field(default_factory=dict)
    is_undo: bool = False
    retractions: list[About] = field(default_factory=list)

    def stands(self) -> bool:
        return not any(one.stands() for one in self.retractions)


@dataclass
class Said:
    """One thing said under a native id."""

    event_id: str
    content: dict[str, Any]
    commit: int
    position: int
    about: list[About] = field(default_factory=list)

    def standing(self) -> list[About]:
        return [one for one in self.about if not one.changes and one.stands()]

    def current(self) -> dict[str, Any] | None:
        """Its columns as corrected, and where each model was named; None where it is retracted."""
        if self.standing():
            return None
        found = {**self.content, "a_place": self.position, "b_place": self.position}
        for one in self.about:
            if one.changes and one.stands():
                found |= one.changes
                for name, place in (("model_a", "a_place"), ("model_b", "b_place")):
                    if name in one.changes:
                        found[place] = one.position
        return found


@dataclass
class Truth:
    """What stands: of each id what was said last, unless it is retracted."""

    said: dict[str, list[Said]] = field(default_factory=dict)
    aliases: list[About] = field(default_factory=list)

    def load(self, name: str, outcome: str, commit: int, position: int) -> bool:
        """Whether the row enters."""
        earlier = self.said.setdefault(name, [])
        if earlier:
            last = earlier[-1]
            standing = last.standing()
            is_undone = any(one.is_undo for one in standing)
            if not standing or (last.content["outcome"] == outcome and not is_undone):
                return False
        key, dimension = name.split(":")
        mark = f"~{len(earlier) + 1}" if earlier else ""
        content: dict[str, Any] = {
            "dimension": dimension,
            "model_a": "ink",
            "model_b": "oak",
            "outcome": outcome,
        }
        content |= {"judged_at": None, "subject_id": "ann"}
        earlier.append(Said(f"{key}{mark}:{dimension}", content, commit, position))
        return True

    def standing(self) -> list[Row]:
        """Rows of int_battles__current."""
        links = [Alias(one.position, **one.changes) for one in self.aliases if one.stands()]
        last = {name: said[-1] for name, said in self.said.items() if said}
        current = {name: now for name, one in last.items() if (now := one.current()) is not None}
        rows = []
        for name, now in current.items():
            models = [
                meant(links, now["model_a"], now["a_place"]),
                meant(links, now["model_b"], now["b_place"]),
            ]
            reason = None
            if self._is_said_twice(name, current, last):
                reason = "said_twice"
            elif now["model_a"] == now["model_b"]:
                reason = "model_against_itself"
            elif models[0] == models[1]:
                reason = "own_alias"
            said = (now["outcome"], now["judged_at"], now["subject_id"], reason)
            rows.append((last[name].position, now["dimension"], *models, *said))
        return sorted(rows, key=lambda row: row[0])

    def _is_said_twice(
        self, name: str, current: dict[str, dict[str, Any]], last: dict[str, Said]
    ) -> bool:
        """Whether a battle was moved to a dimension in which it has a verdict already."""
        key, own = name.split(":")
        if current[name]["dimension"] == own:
            return False
        for other, now in current.items():
            other_key, other_own = other.split(":")
            is_beside = other != name and other_key == key
            if is_beside and now["dimension"] == current[name]["dimension"]:
                return other_own == now["dimension"] or last[other].position < last[name].position
        return False

    def events(self) -> list[Said]:
        return [one for said in self.said.values() for one in said]

    def revisions(self) -> list[About]:
        found: list[About] = []
        waiting = [one for said in self.events() for one in said.about] + self.aliases
        while waiting:
            found.append(waiting.pop())
            waiting += found[-1].retractions
        return sorted(found, key=lambda one: one.event_id)


def row(kind: EventType, event_id: str, **columns: Any) -> dict[str, Any]:
    version = CONTRACTS[kind].version
    envelope = {"event_id": event_id, "event_type": str(kind), "schema_version": version}
    return {**envelope, "source": "test", **columns}


def battle(name: str, outcome: str) -> dict[str, Any]:
    said = {"model_a": "ink", "model_b": "oak", "outcome": outcome, "subject_id": "ann"}
    return row(EventType.BATTLE_JUDGED, name, dimension=name.split(":")[1], **said)


def about(kind: EventType, event_id: str, target: str, **columns: Any) -> dict[str, Any]:
    return row(kind, event_id, target_event_id=target, reason="test", **columns)


@cache
def statements() -> list[str]:
    """What makes the build's tables of `raw`."""
    made = ["create table int_participants__excluded (participant_key varchar)"]
    for path in (MODELS / "staging").glob("*.sql"):
        query, _, rest = path.read_text("utf-8").partition("from {{")
        kind = rest.split("'raw', '")[1].split("'")[0]
        made.append(f"create view {path.stem} as {query} from raw.{kind}")
    for name in CHAIN:
        query = render_model(name, "happened_by", "canonical_model")
        made.append(f"create table {name} as {query}")
    return made


class History:
    """A log and its model, changed together."""

    def __init__(self, directory: Path) -> None:
        self.log = EventLog.open(directory / "log")
        self.truth = Truth()
        self.at: dict[int, list[Row]] = {}
        self._batches = 0

    @property
    def _next(self) -> tuple[int, int]:
        """The next commit and the position of its first event."""
        return self.log.head_seq + 1, self.log.next_position

    def commit(self, kind: EventType, rows: list[dict[str, Any]]) -> list[bool]:
        self._batches += 1
        with self.log.begin(f"batch-{self._batches}", {"name": "test"}) as batch:
            table = pa.Table.from_pylist(rows, CONTRACTS[kind].log_schema)
            accepted = batch.stage(kind, table).is_accepted.tolist()
            seq = batch.commit().seq
        self.at[seq] = self.truth.standing()
        return list(accepted)

    def load(self, rows: dict[str, str]) -> None:
        seq, position = self._next
        expected: list[bool] = []
        for name, outcome in rows.items():
            expected.append(self.truth.load(name, outcome, seq, position + sum(expected)))
        battles = [battle(name, outcome) for name, outcome in rows.items()]
        assert self.commit(EventType.BATTLE_JUDGED, battles) == expected

    def undo(self, seq: int) -> None:
        """Battles, corrections and aliases of a commit."""
        last = [said[-1] for said in self.truth.said.values() if said]
        targets: list[Said | About] = [
            one for one in last if one.commit == seq and not one.standing()
        ]
        targets += [
            one
            for one in self.truth.revisions()
            if one.commit == seq and one.changes and one.stands()
        ]
        retractions = self._retracted(targets, "undo", is_undo=True)
        if retractions:
            assert all(self.commit(EventType.EVENT_RETRACTED, retractions))

    def retract(self, number: int) -> None:
        """Any event: what was said, a retraction, a correction or an alias."""
        targets: list[Said | About] = [*self.truth.events(), *self.truth.revisions()]
        if targets:
            rows = self._retracted([targets[number % len(targets)]], "r")
            assert all(self.commit(EventType.EVENT_RETRACTED, rows))

    def _retracted(
        self, targets: Sequence[Said | About], prefix: str, *, is_undo: bool = False
    ) -> list[dict[str, Any]]:
        seq, position = self._next
        source = UNDO_SOURCE if is_undo else "test"
        rows = []
        for number, target in enumerate(targets):
            event_id = f"{prefix}-{self._batches:03d}-{target.event_id}"
            made = About(event_id, seq, position + number, is_undo=is_undo)
            (target.about if isinstance(target, Said) else target.retractions).append(made)
            retraction = about(EventType.EVENT_RETRACTED, event_id, target.event_id)
            rows.append({**retraction, "source": source})
        return rows

    def correct(self, number: int, changes: dict[str, Any]) -> None:
        targets = self.truth.events()
        if targets:
            target = targets[number % len(targets)]
            made = About(f"c-{self._batches:03d}", *self._next, changes=changes)
            target.about.append(made)
            kind = EventType.EVENT_CORRECTED
            rows = [about(kind, made.event_id, target.event_id, **changes)]
            assert all(self.commit(kind, rows))

    def alias(self, alias: str, model_id: str, *, is_for_later: bool) -> None:
        changes = {"alias": alias, "model_id": model_id, "is_for_later": is_for_later}
        made = About(f"m-{self._batches:03d}", *self._next, changes=changes)
        self.truth.aliases.append(made)
        kind, applies_to = EventType.MODEL_ALIASED, "later" if is_for_later else None
        said = {"alias": alias, "model_id": model_id, "applies_to": applies_to}
        assert all(self.commit(kind, [row(kind, made.event_id, **said)]))

    def folded(self, seq: int) -> list[Row]:
        """What the build's SQL makes of the log as of a commit."""
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            register(connection, self.log, seq)
            for statement in statements():
                connection.execute(statement)
            return connection.sql(CURRENT).fetchall()


corrections = st.fixed_dictionaries(
    {},
    optional={
        "outcome": st.sampled_from(OUTCOMES),
        "model_a": st.sampled_from(NAMES),
        "model_b": st.sampled_from(NAMES),
        "dimension": st.sampled_from(("overall", "helpful")),
        "judged_at": st.sampled_from([datetime(2026, 3, day, tzinfo=UTC) for day in (1, 2)]),
        "subject_id": st.sampled_from(("ann", "ben")),
    },
).filter(bool)


class Histories(RuleBasedStateMachine):
    """Every position of a history, after its last step, is as the model had it then."""

    def __init__(self) -> None:
        super().__init__()
        self._directory = TemporaryDirectory()
        self.history = History(Path(self._directory.name))

    @rule(rows=st.dictionaries(st.sampled_from(IDS), st.sampled_from(OUTCOMES), min_size=1))
    def load(self, rows: dict[str, str]) -> None:
        self.history.load(rows)

    @rule(seq=st.integers(1, 12))
    def undo(self, seq: int) -> None:
        self.history.undo(seq)

    @rule(number=st.integers(0, 30))
    def retract(self, number: int) -> None:
        self.history.retract(number)

    @rule(number=st.integers(0, 30), changes=corrections)
    def correct(self, number: int, changes: dict[str, Any]) -> None:
        self.history.correct(number, changes)

    @rule(alias=st.sampled_from(NAMES), model_id=st.sampled_from(NAMES), is_later=st.booleans())
    def alias(self, alias: str, model_id: str, *, is_later: bool) -> None:
        self.history.alias(alias, model_id, is_for_later=is_later)

    def teardown(self) -> None:
        try:
            assert self.history.log.verify().is_ok
            for seq, standing in self.history.at.items():
                assert self.history.folded(seq) == standing
        finally:
            self._directory.cleanup()


TestWhatStands = Histories.TestCase
TestWhatStands.settings = settings(max_examples=25, stateful_step_count=12, deadline=None)
