"""The account of refused rows in the log: how many a load refused, and a hash over them.

The rows stay in quarantine (quarantine.py). A commit names the hash, so rows that are dropped,
added or edited later are found.

Of a row, number, event type, reason and `content_hash` are what identifies it: the hash over the
rows is of these, in the file's order. `content_hash` is of the row's salt and its content. An
erasure takes content and salt and leaves the rest, so the hash over the rows still holds, and
nobody can try what the content was. How many rows are erased so is in the account too.

What no commit has an account of yet, of a load that was refused whole say, is in the next one.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow.parquet import ParquetFile

from ingestion.log.chain import Refused
from ingestion.log.verification import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ingestion.log import EventLog

IDENTITY = ("row_number", "event_type", "reason", "content_hash")
CONTENT = ("original", "detail", "refused_column")
SALT_BYTES = 16
NAMED_MAX = 5


def sealed(row: Mapping[str, Any]) -> dict[str, Any]:
    """A refused row with its salt and the hash of its content."""
    salt = secrets.token_hex(SALT_BYTES)
    return {**row, "salt": salt, "content_hash": content_hash(salt, row)}


def content_hash(salt: str, row: Mapping[str, Any]) -> str:
    """SHA-256 over a row's salt and content."""
    said = json.dumps([salt, *(row[name] for name in CONTENT)])
    return hashlib.sha256(said.encode()).hexdigest()


def account(path: Path) -> Refused | None:
    """The account of a file in quarantine; None of one of earlier versions, without hashes.

    Raises:
        OSError, pa.ArrowException: it cannot be read.
    """
    digest, rows, erased = hashlib.sha256(), 0, 0
    for row in _rows(path, (*IDENTITY, "salt")):
        digest.update(json.dumps([row[name] for name in IDENTITY]).encode() + b"\n")
        rows += 1
        erased += row["salt"] is None
    if not rows:
        return None
    return Refused(load_id=path.stem, rows=rows, erased=erased, rows_sha256=digest.hexdigest())


def unaccounted(log: EventLog, quarantine: Path) -> tuple[Refused, ...]:
    """Accounts of the files that no commit has one of yet; none of those that cannot be read."""
    paths = [path for path in sorted(quarantine.glob("*.parquet")) if path.stem not in log.refused]
    return tuple(one for path in paths if (one := _readable(path)) is not None)


def with_more_erased(log: EventLog, quarantine: Path) -> tuple[Refused, ...]:
    """New accounts of files of which more rows are erased than the log says.

    Files that are not what their account says otherwise keep it: an erasure hides no edit.
    """
    files = (quarantine / f"{load_id}.parquet" for load_id in sorted(log.refused))
    changed = (now for path in files if path.exists() and (now := _readable(path)) is not None)
    return tuple(now for now in changed if _has_less_content(now, log.refused[now.load_id][1]))


def _has_less_content(now: Refused, said: Refused) -> bool:
    is_same = (now.rows, now.rows_sha256) == (said.rows, said.rows_sha256)
    return is_same and now.erased > said.erased


def check(log: EventLog, quarantine: Path, *, is_here: bool) -> tuple[list[Finding], list[Finding]]:
    """What in quarantine is not what the log says of it, and what the log says nothing of.

    Args:
        log: whose accounts.
        quarantine: where the rows are.
        is_here: whether they must be; a copy of the log alone has none.
    """
    findings, notes = [], []
    if not is_here and log.refused:
        count = sum(said.rows for _, said in log.refused.values())
        notes.append(Finding(quarantine, f"not here: {count:,} refused rows could not be checked"))
    for load_id, (seq, said) in sorted(log.refused.items() if is_here else ()):
        path = quarantine / f"{load_id}.parquet"
        findings += [Finding(path, fault) for fault in _faults(path, said, seq)]
    files = sorted(quarantine.glob("*.parquet"))
    notes += [Finding(path, _unsaid(path)) for path in files if path.stem not in log.refused]
    return findings, notes


def _unsaid(path: Path) -> str:
    if _readable(path) is None:
        return "the log has no hash of its rows: an earlier version wrote it, or it is damaged"
    return "the log has no hash of its rows yet: the next load that adds events writes it"


def _faults(path: Path, said: Refused, seq: int) -> Iterator[str]:
    if not path.exists():
        yield f"is missing; refused rows that commit {seq} says it has: {said.rows:,}"
        return
    try:
        edited = [row["row_number"] for row in _rows(path) if _is_edited(row)]
        now = account(path)
    except (OSError, ValueError, pa.ArrowException) as error:
        yield f"cannot be read ({error})"
        return
    if edited:
        numbers = ", ".join(map(str, edited[:NAMED_MAX]))
        more = f" and {len(edited) - NAMED_MAX:,} more" if len(edited) > NAMED_MAX else ""
        yield f"the content of row {numbers}{more} was changed: it does not have its hash"
    rows = 0 if now is None else now.rows
    if rows != said.rows:
        what = "removed" if rows < said.rows else "added"
        changed = f"{abs(rows - said.rows):,} {what} since"
        yield f"has {rows:,} rows; commit {seq} says {said.rows:,} ({changed})"
    elif now is not None and now.rows_sha256 != said.rows_sha256:
        yield f"its rows are not those that commit {seq} has the hash of"
    elif now is not None and now.erased != said.erased:
        yield f"{now.erased:,} of its rows are erased; commit {seq} says {said.erased:,}"


def _is_edited(row: Mapping[str, Any]) -> bool:
    if row["salt"] is None:  # erased
        return bool(row["original"])
    return bool(content_hash(row["salt"], row) != row["content_hash"])


def _readable(path: Path) -> Refused | None:
    try:
        return account(path)
    except (OSError, ValueError, pa.ArrowException):
        return None


def _rows(path: Path, columns: tuple[str, ...] = (*IDENTITY, "salt", *CONTENT)) -> Iterator[Any]:
    """The rows of a file; none of one that has no hashes. Memory is bounded by a piece of it."""
    with ParquetFile(path) as file:
        if set(columns) <= set(file.schema_arrow.names):
            for piece in file.iter_batches(columns=list(columns)):
                yield from piece.to_pylist()
