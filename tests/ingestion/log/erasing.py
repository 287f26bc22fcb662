"""A log in which one participant is spread over segments, types and compacted files."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ingestion.contracts import CONTRACTS
from ingestion.log import EventLog, reader
from ingestion.log.checkpoint import sign, verifier_of
from ingestion.log.compaction import compact
from ingestion.log.erasure import rows_of
from ingestion.log.redaction import Redaction, redact
from ingestion.vocabulary import EventType
from tests.ingestion.log.events import commit

BATTLE, LABEL, RATED = (
    EventType.BATTLE_JUDGED,
    EventType.CONVERSATION_LABELLED,
    EventType.EXPERIENCE_RATED,
)
CORRECTED, RETRACTED = EventType.EVENT_CORRECTED, EventType.EVENT_RETRACTED
ANNA, BEN, CLEO = "subject-anna", "subject-ben", "subject-cleo"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ORIGIN = "test.example/log"
VERIFIER = verifier_of(ORIGIN, KEY)

HERS = {"b-0", "b-3", "b-6", "b-9", "l-0", "r-0", "c-0", "x-0", "y-0"}
"""Events of ANNA: battles, a label of her conversation, a rating; a correction of a battle of hers,
its retraction, and the retraction of that."""


def rows(kind: EventType, *events: dict[str, Any]) -> pa.Table:
    """Events in log form; what is left out of the envelope is made up."""
    envelope = {"event_type": str(kind), "schema_version": CONTRACTS[kind].version, "source": "t"}
    return pa.Table.from_pylist(
        [{**envelope, **event} for event in events], CONTRACTS[kind].log_schema
    )


def battle(number: int) -> dict[str, Any]:
    who = (ANNA, BEN, CLEO)[number % 3]
    return {
        "event_id": f"b-{number}",
        "subject_id": who,
        "dimension": "overall",
        "model_a": f"left-of-{who}",
        "model_b": "right",
        "outcome": "a",
        "conversation_id": f"talk-{number}-of-{who}",
    }


def about(event_id: str, target: str, **columns: Any) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "target_event_id": target,
        "reason": f"said of {target}",
        **columns,
    }


def fill(log: EventLog, *, is_compacted: bool = True) -> EventLog:
    """Six commits, two of them compactions where asked; ANNA is in most."""
    commit(log, "one", rows(BATTLE, *map(battle, range(6))))
    label = {"label": "topic", "value": "cooking", "judge": "j", "judge_version": "1"}
    talks = [f"talk-0-of-{ANNA}", f"talk-1-of-{BEN}"]
    labels = [
        {"event_id": f"l-{number}", "conversation_id": talk, **label}
        for number, talk in enumerate(talks)
    ]
    rating = {"model_id": "m", "criterion": "calm", "rating": 3}
    ratings = [
        {"event_id": f"r-{number}", "subject_id": who, **rating}
        for number, who in enumerate((ANNA, BEN))
    ]
    commit(log, "two", rows(LABEL, *labels), rows(BATTLE, *map(battle, (6, 7))))
    if is_compacted:
        compact(log)
    commit(log, "three", rows(RATED, *ratings), rows(BATTLE, *map(battle, range(8, 12))))
    corrections = [about("c-0", "b-3", outcome="b"), about("c-1", "b-4", outcome="b")]
    retractions = [about("x-0", "c-0"), about("x-1", "c-1"), about("y-0", "x-0")]
    commit(log, "four", rows(CORRECTED, *corrections), rows(RETRACTED, *retractions))
    if is_compacted:
        compact(log)
    return log


def erase_rows(log: EventLog, subject: str = ANNA) -> Redaction:
    return redact(log, lambda log: rows_of(log, subject))


def everything(log: EventLog, as_of: int | None = None) -> dict[EventType, pa.Table]:
    kinds = (BATTLE, LABEL, RATED, CORRECTED, RETRACTED)
    return {kind: reader.read(log, kind, as_of) for kind in kinds}


def less(tables: dict[EventType, pa.Table], event_ids: Iterable[str]) -> dict[EventType, pa.Table]:
    """The same tables without some events."""
    gone = set(event_ids)
    return {
        kind: table.filter(
            pa.array([row not in gone for row in table["event_id"].to_pylist()], pa.bool_())
        )
        for kind, table in tables.items()
    }


def note_of(log: EventLog) -> str:
    return sign(log.checkpoint(ORIGIN).encode(), ORIGIN, KEY)


def files_that_mention(root: Path, *words: str) -> list[Path]:
    """Files that hold any of some texts; Parquet files are looked into as tables."""
    found = []
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content += str(pq.read_table(path).to_pylist()).encode()
        if any(word.encode() in content for word in words):
            found.append(path)
    return found
