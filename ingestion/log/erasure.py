"""Erasing a participant: the log says that it happened, then what there is of them is destroyed.

In this order, so that a crash leaves something that the same command finishes: what is meant is
noted (erasure_journal.py); while the link is whole, the pseudonym can be found again, so it is cut
last; then it is noted that all is done. Every hash, root and signature holds.

Level 1 leaves the rows: what the pseudonym did, which nobody can link to the person, and what they
said of themselves, which nobody can read. Level 2 erases the rows as well (redaction.py); of each
its id, type and place are left.

Copies outside the log and the vault, and backups of either, are out of reach (docs/erasure.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from ingestion.contracts import CONTRACTS
from ingestion.errors import NotFoundError, UsageError
from ingestion.log import erasure_journal
from ingestion.log.chain import moment_of
from ingestion.log.event_log import EventLog
from ingestion.log.held_files import Positions
from ingestion.log.reader import register
from ingestion.log.redaction import redact
from ingestion.subjects.links import Identities, vault_lock
from ingestion.subjects.pseudonyms import Pseudonymiser
from ingestion.subjects.seals import SEALS, Seals
from ingestion.vocabulary import EventType

SOURCE = "demoscope.erasure"
REASON = "The participant was erased."
LEVELS = (1, 2)
_CONVERSATION, _TARGET = "conversation_id", "target_event_id"
ABOUT_EVENTS = {EventType.EVENT_RETRACTED, EventType.EVENT_CORRECTED, EventType.SUBJECT_ERASED}
THEIRS = """(
    (subject_id = $1 AND event_id NOT IN (SELECT event_id FROM given WHERE subject_id <> $1))
    OR event_id IN (SELECT event_id FROM given WHERE subject_id = $1)
)"""
"""Events of a participant: said to be theirs, and not given to somebody else by a correction."""
SAID = [kind for kind in CONTRACTS if kind not in ABOUT_EVENTS]
"""What a participant can have done or said, as against what is said of events."""
CORRECTIONS = """
SELECT event_id, target_event_id, subject_id FROM raw.event_corrected
WHERE subject_id IS NOT NULL AND schema_version >= 2 ORDER BY position
"""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A participant of the log who can be erased.

    Args:
        source: whose id it is.
        native_id: the source's own id.
        subject_id: the pseudonym; empty where the link was cut by an erasure that is not done.
        events: how many events the log has of them, by event type.
    """

    source: str
    native_id: str
    subject_id: str
    events: dict[EventType, int]


@dataclass(frozen=True, kw_only=True)
class Erasure:
    """What an erasure did.

    Args:
        seq: its last commit.
        events: events that cannot be linked to the person any more.
        retracted: of them, events that it retracted.
        redacted: rows that it erased: theirs, and what was said of them.
    """

    seq: int
    events: int
    retracted: int
    redacted: int


def find_subject(log: EventLog, vault: Path, native_id: str, source: str | None) -> Subject:
    """Who is meant.

    Args:
        log: where the participant is.
        vault: whose keys link them.
        native_id: the source's own id.
        source: whose id it is; needed where several sources know this id.

    Raises:
        NotFoundError: the log has nothing of them, or they were erased.
        UsageError: several sources know this id.
    """
    identities = Identities.open(vault)
    begun = erasure_journal.unfinished(vault)
    # After level 2 the log may have no event of the source left.
    known = {*_sources(log), *(intent.source for intent in begun.values())}
    sources = [source] if source is not None else sorted(known)
    pseudonyms = {name: identities.subject_id(name, native_id) for name in sources}
    found = [
        Subject(
            source=name,
            native_id=native_id,
            subject_id=subject_id,
            events={kind: counts[kind] for kind in SAID if kind in counts},
        )
        for name, subject_id in pseudonyms.items()
        # Rows may be erased already while the link is not yet cut: there is an end to be made.
        if subject_id is not None and (counts := _counts(log, subject_id))
    ]
    found += [
        Subject(source=name, native_id=native_id, subject_id="", events={})
        for name, subject_id in pseudonyms.items()
        if subject_id is None and identities.name_of(name, native_id) in begun
    ]
    if len(found) > 1:
        names = ", ".join(subject.source for subject in found)
        message = f"Several sources know this participant: {names}."
        raise UsageError(message, remedy="Name one: --source NAME.")
    if not found:
        if None in pseudonyms.values():
            raise NotFoundError("This participant was erased before.")
        raise NotFoundError(
            "The log has no event of this participant.",
            remedy="If an erasure of theirs was cut off, name the source: --source NAME.",
        )
    return found[0]


@dataclass(frozen=True)
class Earlier:
    """An erasure that was finished before: its level, and its commit."""

    level: int
    seq: int


def erased_before(log: EventLog, vault: Path, subject: Subject) -> Earlier | None:
    """The erasure after which the log has no event of somebody whom an old vault links again.

    None where events are left, or an erasure of theirs was cut off.
    """
    if subject.events or not subject.subject_id or _is_begun(vault, subject):
        return None
    query = "SELECT level, commit_seq FROM raw.subject_erased WHERE subject_id = ? ORDER BY ALL"
    found = _found(log, query, subject.subject_id)
    return Earlier(*found[-1]) if found else None


def erasure_commit(log: EventLog, subject: Subject) -> int:
    """The last commit that says that somebody was erased; the head where their id is lost."""
    query = "SELECT max(commit_seq) FROM raw.subject_erased WHERE subject_id = ?"
    [(seq,)] = _found(log, query, subject.subject_id)
    return log.head_seq if seq is None else int(seq)


def _is_begun(vault: Path, subject: Subject) -> bool:
    name = Identities.open(vault).name_of(subject.source, subject.native_id)
    return name in erasure_journal.unfinished(vault)


def require_level(level: int, *, is_retracted: bool) -> None:
    """Refuse what cannot be meant.

    Raises:
        UsageError: there is no such level, or nothing for it to retract.
    """
    if level not in LEVELS:
        message = f"There is no erasure level {level}; nothing was changed."
        raise UsageError(message, remedy="1 or 2: docs/erasure.md says what each does.")
    if level > 1 and is_retracted:
        message = "After level 2 there is nothing left to be retracted; nothing was changed."
        raise UsageError(message, remedy="Leave --retract out, or use --level 1.")


def erase(
    log: EventLog,
    vault: Path,
    subject: Subject,
    *,
    level: int = 1,
    is_retracted: bool = False,
    cleanup: Callable[[], object] = lambda: None,
) -> Erasure:
    """Write `subject_erased`, with retractions where asked, then destroy rows and secrets.

    Args:
        log: where the participant is.
        vault: whose keys link them.
        subject: whom `find_subject` found.
        level: 1: the secrets; 2: their rows as well.
        is_retracted: retract every event of theirs; for level 1, as level 2 leaves none.
        cleanup: deletes what was made from the log. It is called once nothing new can be made of
            their answers and before the link is cut, so that the same command finds them again.

    Raises:
        UsageError: there is no such level, or nothing for it to retract, or it was begun as more.
        BusyError: a load is running, which could bring the participant back.
        IntegrityError: a file to be rewritten is not what it was.
        StorageError: the disk refused; the same call again finishes what was begun.
    """
    require_level(level, is_retracted=is_retracted)
    with vault_lock(vault, is_exclusive=True):
        identities = Identities.open(vault)
        name = identities.name_of(subject.source, subject.native_id)
        intent = erasure_journal.Intent(
            source=subject.source,
            level=level,
            is_retracted=is_retracted,
            begun_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        erasure_journal.begin(vault, name, intent)
        log.refresh()
        if subject.subject_id:
            done = _destroy(log, vault, identities, subject, intent, cleanup)
        else:
            # Only the note that all is done was missing.
            cleanup()
            done = Erasure(seq=log.head_seq, events=0, retracted=0, redacted=0)
        erasure_journal.finish(vault, name)
    return done


def _destroy(
    log: EventLog,
    vault: Path,
    identities: Identities,
    subject: Subject,
    intent: erasure_journal.Intent,
    cleanup: Callable[[], object],
) -> Erasure:
    """Everything from the commit to cutting the link."""
    seals = Seals.open(vault, is_made=True)
    targets = _targets(log, subject) if intent.is_retracted else []
    seq = _commit(log, identities.pseudonyms, subject, intent.level, targets)
    redacted = 0
    if intent.level > 1:
        done = redact(log, lambda log: rows_of(log, subject.subject_id))
        seq, redacted = max(seq, done.seq), done.rows
    seals.tree.destroy(subject.subject_id)
    seals.tree.replace(vault / SEALS)
    cleanup()
    identities.cut(vault, subject.source, subject.native_id)
    events = sum(subject.events.values())
    return Erasure(seq=seq, events=events, retracted=len(targets), redacted=redacted)


def _sources(log: EventLog) -> list[str]:
    kinds = [*SAID, EventType.EVENT_CORRECTED]
    named = _each(kinds, "source", "subject_id IS NOT NULL")
    return [name for (name,) in _found(log, f"SELECT DISTINCT source FROM ({named}) ORDER BY ALL")]


def _counts(log: EventLog, subject_id: str) -> dict[str, int]:
    """A participant's events by type; the erasure itself counts, so that it can be finished."""
    kinds = [*SAID, EventType.SUBJECT_ERASED]
    query = _each(kinds, "event_type, count(*)", f"{THEIRS} GROUP BY event_type")
    return dict(_found(log, query, subject_id))


def _each(kinds: Iterable[str], columns: str, condition: str = "true") -> str:
    """A query for the same of several event types."""
    return " UNION ALL ".join(
        f"SELECT {columns} FROM raw.{kind} WHERE {condition}" for kind in kinds
    )


def _found(log: EventLog, query: str, *parameters: str) -> list[tuple[Any, ...]]:
    """What a query finds in the log as of its head, and in `given`: whose a corrected battle is."""
    with duckdb.connect() as connection:
        register(connection, log, log.head_seq)
        _register_given(connection, log)
        return connection.execute(query, list(parameters)).fetchall()


def _register_given(connection: duckdb.DuckDBPyConnection, log: EventLog) -> None:
    """Make the table `given`: the participant that the last correction which stands names."""
    rows = log.retractions.standing(connection.sql(CORRECTIONS).to_arrow_table())
    targets, subjects = (rows[name].to_pylist() for name in ("target_event_id", "subject_id"))
    last = dict(zip(targets, subjects, strict=True))
    columns = (pa.array(list(texts), pa.string()) for texts in (last, last.values()))
    connection.register("given", pa.table(list(columns), ["event_id", "subject_id"]))


def _targets(log: EventLog, subject: Subject) -> list[str]:
    """Every event of the participant, in position order."""
    theirs = _each(SAID, "event_id, position", THEIRS)
    query = f"SELECT event_id FROM ({theirs}) ORDER BY position"
    return [event_id for (event_id,) in _found(log, query, subject.subject_id)]


def _commit(
    log: EventLog,
    pseudonyms: Pseudonymiser,
    subject: Subject,
    level: int,
    targets: Sequence[str],
) -> int:
    # Level 2 after a level 1 that was cut off is another event.
    scope = () if level == 1 else (f"level {level}",)
    erased, retracted = EventType.SUBJECT_ERASED, EventType.EVENT_RETRACTED
    event_id = pseudonyms.text("event_id", SOURCE, erased, *scope, subject.subject_id)
    erasure = {"event_id": event_id, "subject_id": subject.subject_id, "level": level}
    retractions = [
        {
            "event_id": pseudonyms.text("event_id", SOURCE, retracted, target),
            "target_event_id": target,
            "reason": REASON,
        }
        for target in targets
    ]
    suffix = "-retracted" if targets else ""
    with log.begin(f"erasure-{event_id}{suffix}", {"name": "demoscope log erase"}) as batch:
        for event_type, rows in ((erased, [erasure]), (retracted, retractions)):
            contract = CONTRACTS[event_type]
            same = {"event_type": event_type, "schema_version": contract.version, "source": SOURCE}
            table = pa.Table.from_pylist([same | row for row in rows], contract.log_schema)
            batch.stage(event_type, table)
        return batch.commit().seq


def rows_of(log: EventLog, subject_id: str) -> Positions:
    """Positions of a participant's rows, rising.

    Theirs are the rows with their pseudonym, less battles that a correction gives to somebody else,
    and battles that one gives to them; rows without a pseudonym about a conversation of theirs,
    such as a judge's labels; and corrections and retractions of any of these, and of those in turn.
    Rows that were erased are no rows any more. `subject_erased` stays: it says that there is
    nobody to be found.

    Args:
        log: as of its head.
        subject_id: the participant's pseudonym.
    """
    kinds = [kind for kind in CONTRACTS if kind is not EventType.SUBJECT_ERASED]
    spoken, about = (
        [kind for kind in CONTRACTS if column in CONTRACTS[kind].log_schema.names]
        for column in (_CONVERSATION, _TARGET)
    )
    nobodys = f"subject_id IS NULL AND {_CONVERSATION} IN (FROM conversations)"
    query = (
        "WITH RECURSIVE conversations AS"
        f" ({_each(spoken, _CONVERSATION, THEIRS)}),"
        f" about AS ({_each(about, f'event_id, position, {_TARGET}')}),"
        f" theirs AS ({_each(kinds, 'event_id, position', THEIRS)} UNION ALL"
        f" {_each(spoken, 'event_id, position', nobodys)} UNION"
        f" SELECT about.event_id, about.position FROM about"
        f" JOIN theirs ON about.{_TARGET} = theirs.event_id)"
        " SELECT DISTINCT position FROM theirs ORDER BY position"
    )
    return np.array([position for (position,) in _found(log, query, subject_id)], np.int64)


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
    """Every erasure that took something away, in the order of their commits.

    What is as of an earlier commit reads otherwise since: of level 1 the participant's sealed
    answers are gone; of level 2 whole rows, told by the commits that name the files they were in.
    """
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
    kinds = [kind for kind, contract in CONTRACTS.items() if contract.sealed_columns]
    sealed = _each(kinds, "subject_id, commit_seq")
    query = (
        f"WITH sealed AS ({sealed})"
        " SELECT min(sealed.commit_seq), erased.commit_seq, epoch_us(any_value(erased.recorded_at))"
        " FROM raw.subject_erased AS erased JOIN sealed USING (subject_id)"
        " GROUP BY erased.subject_id, erased.commit_seq ORDER BY ALL"
    )
    return [
        ErasedSince(first_seq=first, seq=seq, recorded_at=moment_of(us))
        for first, seq, us in _found(log, query)
    ]
