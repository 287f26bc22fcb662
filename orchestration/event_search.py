"""Finding events in the log by what a person knows of them: source, native id, participant, models.

Ids in the log are keyed hashes; with the vault at hand the hash of a native id can be made again.
What is about the events found (corrections, retractions, appeals) is found with them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb

from ingestion.contracts import CONTRACTS
from ingestion.errors import NotFoundError, UsageError
from ingestion.log import EventLog
from ingestion.log.reader import register
from ingestion.log.vault_binding import require_vault
from ingestion.subjects.links import Identities
from ingestion.subjects.pseudonyms import KEY_FILE
from ingestion.vocabulary import EventType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingestion.paths import Home

TARGET = "target_event_id"
REVISING = [kind for kind, contract in CONTRACTS.items() if TARGET in contract.log_schema.names]
"""Types of events that are about another event."""
EVENTS = " union all by name ".join(f"select * from raw.{kind}" for kind in CONTRACTS)
FOUND = f"""
with recursive
known as (
    from events
    where
        ($source is null or source = $source)
        and ($event_type is null or event_type = $event_type)
        and ($event_id is null or starts_with(event_id, $event_id))
        and ($dimension is null or dimension = $dimension)
        and ($subject_id is null or subject_id = $subject_id)
        and list_has_all([model_a, model_b, model_id], cast($models as varchar[]))
        and (
            $event_ids is null
            or list_bool_or([starts_with(event_id, one) for one in cast($event_ids as varchar[])])
        )
    order by position
    limit $limit
),
found as (
    from known
    union
    select events.*
    from events
    inner join found on events.{TARGET} = found.event_id
    where events.{TARGET} is not null
)
from found order by position
"""


@dataclass(frozen=True, kw_only=True)
class Search:
    """What is known of the events that are looked for; what is not given is not asked.

    Args:
        source: where they come from; needed for ids of the source's own.
        native_id: the source's id; several values are the parts of a mapping's composite id.
        participant_id: the source's id of the participant.
        event_id: the id in the log, or its beginning.
        event_type: what happened.
        dimension: what was judged.
        models: every one of these takes part.
    """

    source: str | None = None
    native_id: Sequence[str] = ()
    participant_id: str | None = None
    event_id: str | None = None
    event_type: EventType | None = None
    dimension: str | None = None
    models: Sequence[str] = ()


def find_events(home: Home, search: Search, *, limit: int) -> list[dict[str, Any]]:
    """The events in position order, at most `limit`, and besides what is about them.

    Each row has its position, commit and time of recording, and the columns of every event type;
    those of other types are None.

    Raises:
        UsageError: a native id without its source.
        NotFoundError: a native id is given, but the vault has no key to hash it with.
    """
    if (search.native_id or search.participant_id) and search.source is None:
        message = "A source's own id says nothing without the source."
        raise UsageError(message, remedy="Add --source NAME.")
    given = vars(search)
    values = {
        **{name: given[name] for name in ("source", "event_id", "event_type", "dimension")},
        **_log_ids(home, search),
        "models": list(search.models),
        "limit": limit,
    }
    log = EventLog.open(home.log)
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        register(connection, log, log.resolve(None))
        connection.execute(f"create view events as {EVENTS}")
        rows: list[dict[str, Any]] = (
            connection.sql(FOUND, params=values).to_arrow_table().to_pylist()
        )
    return rows


def unmatched_targets(log: EventLog, position: int) -> int:
    """How many events are retracted that a log does not have, or corrected and no battle of it.

    The log is as of a position.
    """
    targets = " union ".join(f"select {TARGET} as event_id from raw.{kind}" for kind in REVISING)
    known = " union all ".join(f"select event_id from raw.{kind}" for kind in CONTRACTS)
    corrected = f"select distinct {TARGET} as event_id from raw.{EventType.EVENT_CORRECTED}"
    retracted = f"select distinct {TARGET} as event_id from raw.{EventType.EVENT_RETRACTED}"
    with duckdb.connect() as connection:
        register(connection, log, position)
        if not connection.sql(f"from ({targets}) limit 1").fetchall():
            return 0
        query = (
            f"from ({retracted}) anti join ({known}) using (event_id) union"
            f" from ({corrected}) anti join raw.{EventType.BATTLE_JUDGED} using (event_id)"
        )
        return len(connection.sql(query).fetchall())


def _log_ids(home: Home, search: Search) -> dict[str, Any]:
    """The log's ids of a source's own; None where these are not asked for."""
    ids: dict[str, Any] = {"event_ids": None, "subject_id": None}
    if search.source is None or not (search.native_id or search.participant_id is not None):
        return ids
    if not (home.vault / KEY_FILE).exists():
        message = f"{home.vault / KEY_FILE} is missing: without it no native id can be found."
        raise NotFoundError(message, remedy="Search by --event-id, --model or --dimension.")
    require_vault(EventLog.open(home.log), home.vault, may_be_unfinished=True)
    known = Identities.open(home.vault)
    if search.native_id:
        # Several values are joined as a mapping joins them (ingestion/sources/projection.py).
        joined = json.dumps(list(search.native_id), ensure_ascii=False, separators=(",", ":"))
        native_id = search.native_id[0] if len(search.native_id) == 1 else joined
        kinds = CONTRACTS if search.event_type is None else [search.event_type]
        ids["event_ids"] = [
            one for kind in kinds for one in known.event_ids(search.source, kind, native_id)
        ]
    if search.participant_id is not None:
        ids["subject_id"] = known.subject_id(search.source, search.participant_id) or ""
    return ids
