"""Which rows are a participant's: what they did, what was said of it, and where it is in the log.

Theirs are the rows with their pseudonym; rows without one about a conversation of theirs, such as a
judge's labels; and corrections and retractions of any of these, and of those in turn. Rows that
were erased are no rows any more. `subject_erased` stays: it says that there is nobody to be found.

What stays out: erasing them (redaction.py).
"""

from __future__ import annotations

import duckdb
import numpy as np

from ingestion.contracts import CONTRACTS
from ingestion.log.event_log import EventLog
from ingestion.log.reader import register
from ingestion.log.redaction import Positions
from ingestion.vocabulary import EventType

_CONVERSATION, _TARGET = "conversation_id", "target_event_id"


def rows_of(log: EventLog, subject_id: str) -> Positions:
    """Positions of a participant's rows, rising.

    Args:
        log: as of its head.
        subject_id: the participant's pseudonym.
    """
    with duckdb.connect() as connection:
        register(connection, log, log.chain.head_seq)
        found = connection.execute(_query(), [subject_id]).fetchall()
    return np.array([position for (position,) in found], np.int64)


def _query() -> str:
    kinds = [kind for kind in CONTRACTS if kind is not EventType.SUBJECT_ERASED]
    own = [f"SELECT event_id, position FROM raw.{kind} WHERE subject_id = $1" for kind in kinds]
    spoken = [
        f"SELECT {_CONVERSATION} FROM raw.{kind} WHERE subject_id = $1"
        for kind in _with_column(_CONVERSATION)
    ]
    nobodys = [
        f"SELECT event_id, position FROM raw.{kind} WHERE subject_id IS NULL"
        f" AND {_CONVERSATION} IN (FROM conversations)"
        for kind in _with_column(_CONVERSATION)
    ]
    about = [
        f"SELECT event_id, position, {_TARGET} FROM raw.{kind}" for kind in _with_column(_TARGET)
    ]
    return (
        f"WITH RECURSIVE conversations AS ({' UNION '.join(spoken)}),"
        f" about AS ({' UNION ALL '.join(about)}),"
        f" theirs AS ({' UNION ALL '.join(own + nobodys)} UNION"
        f" SELECT about.event_id, about.position FROM about"
        f" JOIN theirs ON about.{_TARGET} = theirs.event_id)"
        " SELECT DISTINCT position FROM theirs ORDER BY position"
    )


def _with_column(name: str) -> list[EventType]:
    return [kind for kind, contract in CONTRACTS.items() if name in contract.log_schema.names]
