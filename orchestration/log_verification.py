"""What dbt is told of the log itself: how much of it a build read, and whether the log is whole.

The whole log is checked, as `demoscope log verify` does it: every commit, segment and row, from its
bytes up; rows of a segment that was sound before are believed by its hash. A build that looks back
reports nothing, and so checks nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ingestion.errors import UsageError
from ingestion.log import EventLog
from ingestion.log.checkpoint import read_public_key
from ingestion.log.durable import replace_text
from ingestion.paths import Home
from ingestion.tables import TIMESTAMP, Column, Table
from orchestration.database import open_database
from orchestration.own_caches import is_own, vouch
from publishing.boards.program import code_hash

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ingestion.log.verification import Verification

CHECKED_FILE = "checked_segments.json"
SOURCE, VERIFICATION = "log", "verification"
TEXT, COUNT, FLAG = pa.string(), pa.int64(), pa.bool_()
LOG_TABLES = {
    VERIFICATION: Table(
        name=VERIFICATION,
        grain="One row: the log up to the last commit that was read, and what checking it found.",
        columns=tuple(
            Column(name=name, type=kind, description=description)
            for name, kind, description in (
                ("origin", TEXT, "Which log; its checkpoints have the same name."),
                ("log_position", COUNT, "The last commit that was read; from 1."),
                ("log_head_hash", TEXT, "SHA-256 of that commit."),
                ("log_root_hash", TEXT, "RFC 6962 root over these commits, hexadecimal."),
                ("event_count", COUNT, "Events in those commits, erased ones too."),
                ("first_recorded_at", TIMESTAMP, "When the first was recorded."),
                ("last_recorded_at", TIMESTAMP, "When the last was recorded."),
                ("is_verified", FLAG, "Whether all of the log was what its hashes say."),
                ("finding_count", COUNT, "Faults that were found; 0 in a sound log."),
                ("checkpoint_key", TEXT, "Public key that signs its checkpoints; null for none."),
            )
        ),
    )
}


def check(root: Path) -> Verification:
    """Check the whole log of the warehouse in a directory; from any process.

    Rows of a segment are hashed one by one once: then it is believed by its own hash, as long as
    the code is the same. `demoscope log verify` believes nothing.
    """
    home = Home(root)
    kept = home.cache / CHECKED_FILE
    code = f"{code_hash()} pyarrow {pa.__version__}"
    known: set[str] = set()
    if is_own(root, kept, code):
        known = set(json.loads(kept.read_text("utf-8")))
    found = EventLog.open(home.log).verify(known=known)
    if found.sound != known:
        kept.parent.mkdir(parents=True, exist_ok=True)
        replace_text(kept, json.dumps(sorted(found.sound)))
        vouch(root, kept, code)
    return found


def verify(
    database: Path,
    log: EventLog,
    position: int,
    public_key: Path,
    found: Verification | None = None,
) -> dict[str, Any]:
    """Check the whole log, and keep what was found where dbt finds it as a source.

    Args:
        database: the pipeline's.
        log: all of it is checked.
        position: the last commit that the build read, from 1.
        public_key: the file of the key that signs the log's checkpoints; it may be missing.
        found: what `check` found in this build; None where it is to be checked now.

    Returns:
        The row of `log.verification`.
    """
    checkpoint = log.checkpoint(size=position)
    first, last = log.commit(1), log.commit(position)
    if found is None:
        found = log.verify()
    try:
        key = str(read_public_key(public_key))
    except UsageError:  # a build does not depend on it
        key = None
    row = {
        "origin": checkpoint.origin,
        "log_position": position,
        "log_head_hash": log.hash_at(position),
        "log_root_hash": checkpoint.root.hex(),
        "event_count": last.next_position - first.first_position,
        "first_recorded_at": first.recorded_at,
        "last_recorded_at": last.recorded_at,
        "is_verified": found.is_ok,
        "finding_count": len(found.findings),
        "checkpoint_key": key,
    }
    show(database, [row])
    return row


def show(database: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write `log.verification`; without rows until a log was checked."""
    table = pa.Table.from_pylist(list(rows), schema=LOG_TABLES[VERIFICATION].schema)
    with open_database(database) as connection:
        connection.execute(f"create schema if not exists {SOURCE}")
        connection.register("verified", table)
        connection.execute(f"create or replace table {SOURCE}.{VERIFICATION} as from verified")
        connection.unregister("verified")
