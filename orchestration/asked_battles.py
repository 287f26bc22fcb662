"""What was asked before, by the log's head: pairs somebody has met, battles that are still awaited.

What stays out: what to ask next (queueing.py).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow.parquet as pq

from ingestion.log import EventLog
from ingestion.log.reader import register
from ingestion.subjects.links import Identities
from ratings.tables import read_subject
from ratings.tables.next_battles import Awaited

if TYPE_CHECKING:
    from pathlib import Path

    from ingestion.paths import Home

PSEUDONYM = re.compile(r"[0-9a-f]{32}")
MET = """
select distinct model_a, model_b from raw.battle_judged where subject_id = $subject
union
select distinct model_a, model_b from raw.battle_scheduled where subject_id = $subject
"""
# A vote that the ratings know is in them; one that came since is as good as awaited. A proposal
# whose retraction was appealed is rare, and not missed.
AWAITED = """
with latest as (
    select scheduled.*
    from raw.battle_scheduled as scheduled
    anti join raw.event_retracted as retracted on scheduled.event_id = retracted.target_event_id
    where scheduled.dimension = $dimension and scheduled.conversation_id is not null
    order by scheduled.position desc
    limit $latest
)
select latest.stratum_id, latest.model_a, latest.model_b
from latest
anti join raw.battle_judged as judged
    on latest.conversation_id = judged.conversation_id
    and latest.dimension = judged.dimension
    and least(latest.model_a, latest.model_b) = least(judged.model_a, judged.model_b)
    and greatest(latest.model_a, latest.model_b) = greatest(judged.model_a, judged.model_b)
    and judged.commit_seq <= $rated
order by latest.position
"""


def is_pseudonym(participant: str) -> bool:
    """Whether this has the form of a participant's key, as marts and `quality` name it."""
    return PSEUDONYM.fullmatch(participant) is not None


def key_of(home: Home, source: str, participant_id: str) -> str | None:
    """The key of a participant by a source's own id; None where erased, or nothing was loaded."""
    if not home.vault.exists():
        return None
    return Identities.open(home.vault).subject_id(source, participant_id)


def pairs_met(home: Home, participant_key: str) -> frozenset[frozenset[str]]:
    """Pairs of models that a participant has judged or was asked to judge."""
    return frozenset(frozenset(pair) for pair in _rows(home, MET, {"subject": participant_key}))


def battles_awaited(home: Home, dimension: str, latest: int) -> tuple[Awaited, ...]:
    """Of the dimension's latest so many scheduled battles, those whose vote no rating knows.

    By the order of the log, so that the same log gives the same queue whatever the time.
    """
    if not latest:
        return ()
    values = {"dimension": dimension, "latest": latest, "rated": _rated_position(home.ratings)}
    return tuple(Awaited(*row) for row in _rows(home, AWAITED, values))


def _rated_position(ratings: Path) -> int:
    table = pq.read_schema(ratings / "candidate.parquet").empty_table()
    return int(read_subject(table)["log_position"])


def _rows(home: Home, query: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    log = EventLog.open(home.log)
    with duckdb.connect() as connection:
        register(connection, log, log.resolve(None))
        return connection.execute(query, values).fetchall()
