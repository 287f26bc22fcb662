"""Random sequences of loads, undos, retractions and corrections against a model of what stands.

The model keeps, per native id, the list of what was said and what is about it; it knows nothing of
generations of ids. Every log position is compared, through the SQL that the build runs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.contracts import CONTRACTS
from ingestion.log import EventLog
from ingestion.log.reader import register
from ingestion.log.retractions import UNDO_SOURCE
from ingestion.vocabulary import EventType
from tests.dbt.models import MODELS, render_model

IDS = ("x:overall", "y:overall", "z:helpful")
OUTCOMES = ("a", "b", "tie")
CHAIN = ("int_events__revised", "int_battles__revised")
STANDING = """
select split_part(split_part(battles.event_id, ':', 1), '~', 1)
    || ':' || battles.dimension as name,
    coalesce(revised.corrected_outcome, battles.outcome) as outcome
from stg_events__battles_judged as battles
left join int_battles__revised as revised on battles.position = revised.position
where not coalesce(revised.is_retracted, false)
"""


@dataclass
class About:
    """A retraction or correction in the model; `retractions` are about itself."""

    event_id: str
    outcome: str | None = None
    is_undo: bool = False
    retractions: list[About] = field(default_factory=list)

    def stands(self) -> bool:
        return not any(one.stands() for one in self.retractions)


@dataclass
class Said:
    """One thing said under a native id."""

    event_id: str
    outcome: str
    commit: int
    about: list[About] = field(default_factory=list)

    def standing(self) -> list[About]:
        return [one for one in self.about if one.outcome is None and one.stands()]

    def current(self) -> str | None:
        if self.standing():
            return None
        corrected = [one.outcome for one in self.about if one.outcome and one.stands()]
        return corrected[-1] if corrected else self.outcome


@dataclass
class Truth:
    """What stands: of each id what was said last, unless it is retracted."""

    said: dict[str, list[Said]] = field(default_factory=dict)

    def load(self, name: str, outcome: str, commit: int) -> bool:
        """Whether the row enters."""
        earlier = self.said.setdefault(name, [])
        if earlier:
            last = earlier[-1]
            standing = last.standing()
            is_undone = any(one.is_undo for one in standing)
            if not standing or (last.outcome == outcome and not is_undone):
                return False
        key, dimension = name.split(":")
        mark = f"~{len(earlier) + 1}" if earlier else ""
        earlier.append(Said(f"{key}{mark}:{dimension}", outcome, commit))
        return True

    def standing(self) -> dict[str, str]:
        last = {name: said[-1].current() for name, said in self.said.items() if said}
        return {name: outcome for name, outcome in last.items() if outcome is not None}

    def events(self) -> list[Said]:
        return [one for said in self.said.values() for one in said]

    def revisions(self) -> list[About]:
        found, waiting = [], [one for said in self.events() for one in said.about]
        while waiting:
            found.append(waiting.pop())
            waiting += found[-1].retractions
        return sorted(found, key=lambda one: one.event_id)


def row(kind: EventType, event_id: str, **columns: Any) -> dict[str, Any]:
    version = CONTRACTS[kind].version
    envelope = {"event_id": event_id, "event_type": str(kind), "schema_version": version}
    return {**envelope, "source": "test", **columns}


def battle(name: str, outcome: str) -> dict[str, Any]:
    said = {"model_a": "left", "model_b": "right", "outcome": outcome}
    return row(EventType.BATTLE_JUDGED, name, dimension=name.split(":")[1], **said)


def about(kind: EventType, event_id: str, target: str, **columns: Any) -> dict[str, Any]:
    return row(kind, event_id, target_event_id=target, reason="test", **columns)


class History:
    """A log and its model, changed together."""

    def __init__(self, directory: Path) -> None:
        self.log = EventLog.open(directory / "log")
        self.truth = Truth()
        self.at: dict[int, dict[str, str]] = {}
        self._batches = 0

    def commit(self, kind: EventType, rows: list[dict[str, Any]]) -> list[bool]:
        self._batches += 1
        with self.log.begin(f"batch-{self._batches}", {"name": "test"}) as batch:
            table = pa.Table.from_pylist(rows, CONTRACTS[kind].log_schema)
            accepted = batch.stage(kind, table).is_accepted.tolist()
            seq = batch.commit().seq
        self.at[seq] = self.truth.standing()
        return list(accepted)

    def load(self, rows: dict[str, str]) -> None:
        seq = self.log.head_seq + 1
        expected = [self.truth.load(name, outcome, seq) for name, outcome in rows.items()]
        battles = [battle(name, outcome) for name, outcome in rows.items()]
        assert self.commit(EventType.BATTLE_JUDGED, battles) == expected

    def undo(self, seq: int) -> None:
        targets = [
            said[-1]
            for said in self.truth.said.values()
            if said and said[-1].commit == seq and not said[-1].standing()
        ]
        rows = []
        for target in targets:
            made = About(f"undo-{self._batches:03d}-{target.event_id}", is_undo=True)
            target.about.append(made)
            retraction = about(EventType.EVENT_RETRACTED, made.event_id, target.event_id)
            rows.append({**retraction, "source": UNDO_SOURCE})
        if rows:
            assert all(self.commit(EventType.EVENT_RETRACTED, rows))

    def retract(self, number: int) -> None:
        """Any event: what was said, or a retraction or correction."""
        targets: list[Said | About] = [*self.truth.events(), *self.truth.revisions()]
        if targets:
            target = targets[number % len(targets)]
            made = About(f"r-{self._batches:03d}")
            (target.about if isinstance(target, Said) else target.retractions).append(made)
            rows = [about(EventType.EVENT_RETRACTED, made.event_id, target.event_id)]
            assert all(self.commit(EventType.EVENT_RETRACTED, rows))

    def correct(self, number: int, outcome: str) -> None:
        targets = self.truth.events()
        if targets:
            target = targets[number % len(targets)]
            made = About(f"c-{self._batches:03d}", outcome=outcome)
            target.about.append(made)
            kind = EventType.EVENT_CORRECTED
            rows = [about(kind, made.event_id, target.event_id, outcome=outcome)]
            assert all(self.commit(kind, rows))

    def folded(self, seq: int) -> list[tuple[str, str]]:
        """What the build's SQL makes of the log as of a commit."""
        with duckdb.connect() as connection:
            register(connection, self.log, seq)
            for path in (MODELS / "staging").glob("*.sql"):
                text = path.read_text("utf-8")
                kind = text.split("'raw', '")[1].split("'")[0]
                connection.execute(f"create view {path.stem} as from raw.{kind}")
            for name in CHAIN:
                connection.execute(f"create table {name} as {render_model(name)}")
            return sorted(connection.sql(STANDING).fetchall())


steps = st.one_of(
    st.tuples(
        st.just("load"),
        st.dictionaries(st.sampled_from(IDS), st.sampled_from(OUTCOMES), min_size=1),
    ),
    st.tuples(st.just("undo"), st.integers(1, 12)),
    st.tuples(st.just("retract"), st.integers(0, 30)),
    st.tuples(st.just("correct"), st.integers(0, 30), st.sampled_from(OUTCOMES)),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(steps, min_size=2, max_size=12))
def test_what_stands_is_what_a_plain_model_says_as_of_every_position(
    sequence: list[tuple[Any, ...]],
) -> None:
    with TemporaryDirectory() as directory:
        history = History(Path(directory))
        for name, *values in sequence:
            getattr(history, name)(*values)
        assert history.log.verify().is_ok
        for seq, standing in history.at.items():
            assert history.folded(seq) == sorted(standing.items())
