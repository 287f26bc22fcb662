"""Which erasures there were, and which commits held something that they took away.

What is as of a commit before an erasure reads otherwise since, if something was taken from there:
of level 1 the participant's sealed answers; of level 2 whole rows, told by the commits that name
the files they were in.

What stays out: erasing (erasure.py), and what was made of the log (publishing/boards).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from ingestion.contracts import CONTRACTS
from ingestion.log.chain import moment_of
from ingestion.log.event_log import EventLog
from ingestion.log.reader import register
from ingestion.vocabulary import EventType


@dataclass(frozen=True, kw_only=True)
class ErasedSince:
    """One erasure.

    Args:
        first_seq: the first commit that held something of what is gone.
        seq: the commit since which it is gone.
        recorded_at: when that was.
    """

    first_seq: int
    seq: int
    recorded_at: datetime


def erasures(log: EventLog) -> list[ErasedSince]:
    """Every erasure that took something away, in the order of their commits."""
    kinds: set[str] = set()
    named: dict[str, int] = {}
    found: list[ErasedSince] = []
    for commit in log.commits():
        for segment in commit.segments:
            kinds.add(segment.event_type)
            named[segment.sha256] = commit.seq
        since = [named[file.original] for file in commit.redacted if file.original in named]
        if since:
            found.append(
                ErasedSince(first_seq=min(since), seq=commit.seq, recorded_at=commit.recorded_at)
            )
    if EventType.SUBJECT_ERASED in kinds:
        found += _of_answers(log)
    return sorted(found, key=lambda one: one.seq)


def _of_answers(log: EventLog) -> list[ErasedSince]:
    """Erasures that destroyed the key of sealed rows which are there."""
    sealed = " UNION ALL ".join(
        f"SELECT subject_id, commit_seq FROM raw.{kind}"
        for kind, contract in CONTRACTS.items()
        if contract.sealed_columns
    )
    query = (
        f"WITH sealed AS ({sealed})"
        " SELECT min(sealed.commit_seq), erased.commit_seq, epoch_us(any_value(erased.recorded_at))"
        " FROM raw.subject_erased AS erased JOIN sealed USING (subject_id)"
        " GROUP BY erased.subject_id, erased.commit_seq ORDER BY ALL"
    )
    with duckdb.connect() as connection:
        register(connection, log, log.chain.head_seq)
        rows = connection.sql(query).fetchall()
    return [
        ErasedSince(first_seq=first, seq=seq, recorded_at=moment_of(us)) for first, seq, us in rows
    ]
