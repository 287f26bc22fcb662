"""Events for the tests of the log: small, valid, told apart by a number."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa

from ingestion.contracts import CONTRACTS
from ingestion.log import EventLog, Receipt, reader
from ingestion.vocabulary import EventType

PRODUCER = {"name": "test"}


def battles(ids: Iterable[str | int], outcome: str = "a") -> pa.Table:
    """Battles with these event ids."""
    names = [f"battle-{key}" if isinstance(key, int) else key for key in ids]
    rows = [
        {
            "event_id": name,
            "event_type": "battle_judged",
            "schema_version": 1,
            "source": "test",
            "subject_id": f"subject-{sum(name.encode()) % 7}" if len(name) % 5 else None,
            "dimension": "overall",
            "model_a": "left",
            "model_b": "right",
            "outcome": outcome,
        }
        for name in names
    ]
    return pa.Table.from_pylist(rows, CONTRACTS[EventType.BATTLE_JUDGED].log_schema)


def models(ids: Sequence[str]) -> pa.Table:
    """Registrations with these event ids."""
    rows = [
        {
            "event_id": key,
            "event_type": "model_registered",
            "schema_version": 1,
            "source": "test",
            "model_id": key,
        }
        for key in ids
    ]
    return pa.Table.from_pylist(rows, CONTRACTS[EventType.MODEL_REGISTERED].log_schema)


def commit(log: EventLog, batch_id: str, *tables: pa.Table) -> Receipt:
    """One batch of these tables."""
    with log.begin(batch_id, PRODUCER) as batch:
        for table in tables:
            batch.stage(EventType(table["event_type"][0].as_py()), table)
        return batch.commit()


def check_once(log: EventLog, rows: int) -> None:
    """Every event is there once, and the log is sound."""
    ids = reader.read(log, EventType.BATTLE_JUDGED)["event_id"].to_pylist()
    assert len(ids) == len(set(ids)) == rows
    assert log.verify().findings == []


def compacted_paths(log: EventLog) -> list[Path]:
    return [log.layout.segment(file.sha256) for one in log.commits() for file in one.compacted]


def segment_paths(log: EventLog) -> list[Path]:
    return [log.layout.segment(file.sha256) for one in log.commits() for file in one.segments]
