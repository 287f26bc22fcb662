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
from ingestion.subjects.links import Identities
from ingestion.subjects.pseudonyms import KEY_FILE
from ingestion.vocabulary import EventType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingestion.paths import Home

TARGET = "target_event_id"
MODELS = ("model_a", "model_b", "model_id")


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
    """The events, in position order, each with its position, commit and time of recording.

    Args:
        home: the warehouse.
        search: what is asked for.
        limit: at most so many; what is about them comes on top.

    Raises:
        UsageError: a native id without its source.
        NotFoundError: a native id is given, but the vault has no key to hash it with.
    """
    if (search.native_id or search.participant_id) and search.source is None:
        message = "A source's own id says nothing without the source."
        raise UsageError(message, remedy="Add --source NAME.")
    log = EventLog.open(home.log)
    known = _known(home, search)
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        register(connection, log, log.resolve(None))
        found: list[dict[str, Any]] = []
        for event_type in CONTRACTS:
            if search.event_type in {None, event_type}:
                conditions = _conditions(event_type, search, known)
                if conditions is not None:
                    found += _rows(connection, event_type, conditions, limit)
        found = sorted(found, key=lambda row: int(row["position"]))[:limit]
        return _with_revisions(connection, found)


def unmatched_targets(log: EventLog, position: int) -> int:
    """How many events are corrected or retracted that are not in the log as of a position."""
    targets = " union ".join(f"select {TARGET} as event_id from raw.{kind}" for kind in _revising())
    known = " union all ".join(f"select event_id from raw.{kind}" for kind in CONTRACTS)
    with duckdb.connect() as connection:
        register(connection, log, position)
        if not connection.sql(f"from ({targets}) limit 1").fetchall():
            return 0
        query = f"select count(*) from ({targets}) anti join ({known}) using (event_id)"
        return int(connection.sql(query).fetchall()[0][0])


def _known(home: Home, search: Search) -> Identities | None:
    """What makes the log's ids of a source's own; None where nobody asks by those."""
    if not search.native_id and search.participant_id is None:
        return None
    if not (home.vault / KEY_FILE).exists():
        message = f"{home.vault / KEY_FILE} is missing: without it no native id can be found."
        raise NotFoundError(message, remedy="Search by --event-id, --model or --dimension.")
    return Identities.open(home.vault)


def _conditions(
    event_type: EventType, search: Search, known: Identities | None
) -> list[tuple[str, Any]] | None:
    """Conditions in SQL, each with its value; None where events of this type cannot be meant."""
    names = CONTRACTS[event_type].log_schema.names
    models = [name for name in MODELS if name in names]
    is_judged = "dimension" in names
    if (search.dimension is not None and not is_judged) or (search.models and not models):
        return None
    conditions: list[tuple[str, Any]] = [
        ("source = ?", search.source),
        ("starts_with(event_id, ?)", search.event_id),
        ("dimension = ?", search.dimension),
        *((f"? in ({', '.join(models)})", model) for model in search.models),
    ]
    if known is not None and search.source is not None:
        if search.native_id:
            hashes = known.event_ids(search.source, event_type, _native_id(search.native_id))
            conditions.append(("list_bool_or([starts_with(event_id, hash) for hash in ?])", hashes))
        if search.participant_id is not None:
            subject = known.subject_id(search.source, search.participant_id)
            conditions.append(("subject_id = ?", subject or ""))
    return [(condition, value) for condition, value in conditions if value is not None]


def _native_id(parts: Sequence[str]) -> str:
    """One value as it is; several as a mapping joins them (ingestion/sources/projection.py)."""
    if len(parts) == 1:
        return parts[0]
    return json.dumps(list(parts), ensure_ascii=False, separators=(",", ":"))


def _rows(
    connection: duckdb.DuckDBPyConnection,
    event_type: EventType,
    conditions: Sequence[tuple[str, Any]],
    limit: int | None,
) -> list[dict[str, Any]]:
    most = "" if limit is None else f" limit {limit:d}"
    where = " and ".join(["true", *(condition for condition, _ in conditions)])
    query = f"from raw.{event_type} where {where} order by position{most}"
    found = connection.sql(query, params=[value for _, value in conditions])
    rows: list[dict[str, Any]] = found.to_arrow_table().to_pylist()
    return rows


def _with_revisions(
    connection: duckdb.DuckDBPyConnection, found: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The events, what is about them, and what is about that."""
    by_id = {row["event_id"]: row for row in found}
    new = list(by_id)
    while new:
        about = [(f"list_contains(?, {TARGET})", new)]
        rows = [row for kind in _revising() for row in _rows(connection, kind, about, None)]
        new = [row["event_id"] for row in rows if row["event_id"] not in by_id]
        by_id |= {row["event_id"]: row for row in rows}
    return sorted(by_id.values(), key=lambda row: int(row["position"]))


def _revising() -> list[EventType]:
    """Types of events that are about another event."""
    return [kind for kind, contract in CONTRACTS.items() if TARGET in contract.log_schema.names]
