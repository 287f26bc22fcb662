"""The account of refused rows in the log: how many a load refused, and a hash over them.

The rows stay in quarantine (quarantine.py). A commit names the hash, so rows that are dropped,
added or edited later are found.

Of a row, load, file, number, event type, reason and `content_hash` are what identifies it: the hash
over the rows is of these, in the file's order. Accounts of earlier versions are without load and
file, and stay so. `content_hash` is of the row's salt and its content. An
erasure takes content and salt and leaves the rest, so the hash over the rows still holds, and
nobody can try what the content was. Which rows are erased so is in the account too, with the
commit of the erasure.

What no commit has an account of yet, of a load that was refused whole say, is in the next one, if
a load's record says that there was such a load.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow.parquet import ParquetFile

from ingestion.contracts import CONTRACTS
from ingestion.log.chain import REFUSED_VERSION, Refused
from ingestion.log.verification import Finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from ingestion.log import EventLog

OLDER_IDENTITY = ("row_number", "event_type", "reason", "content_hash")
IDENTITY = ("load_id", "source_file", *OLDER_IDENTITY)
CONTENT = ("original", "detail", "refused_column")
BLANKED = "its content was erased with a participant"
KNOWN_COLUMNS = {
    "event_type",
    *(name for contract in CONTRACTS.values() for name in contract.native_columns),
}
LATE = "-late"
"""Ends the name of a file with rows that another load took while this one was at work."""
OLDER = "commits have its older account, without load and file: an edit of these is not found"
ELSEWHERE = "not here, where no such load is known: another machine of this log has to have it"
UNRECORDED = (
    "no load's record says that these rows were refused, and no commit has their hash: a load was"
    " killed, its record was deleted, or somebody put the file there"
)
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


def account(path: Path, *, version: int | None = REFUSED_VERSION) -> Refused | None:
    """The account of a file in quarantine; None of one of earlier versions, without hashes.

    Args:
        path: the file.
        version: of the account; None is the first, without load and file.

    Raises:
        OSError, pa.ArrowException: it cannot be read.
    """
    identity = OLDER_IDENTITY if version is None else IDENTITY
    digest, rows, erased = hashlib.sha256(), 0, []
    for row in _rows(path, (*identity, "salt")):
        digest.update(json.dumps([row[name] for name in identity]).encode() + b"\n")
        rows += 1
        if row["salt"] is None:
            erased.append(rows)
    if not rows:
        return None
    return Refused(
        load_id=path.stem,
        rows=rows,
        erased=len(erased),
        rows_sha256=digest.hexdigest(),
        version=version,
        erased_rows=tuple(erased) if erased else None,
    )


def unaccounted(log: EventLog, quarantine: Path, recorded: Collection[str]) -> tuple[Refused, ...]:
    """Accounts of the files that no commit has one of yet; none of those that cannot be read.

    Args:
        log: whose commits.
        quarantine: where the files are.
        recorded: loads that there were. A file of no load is not taken in.
    """
    paths = [path for path in _unsaid(log, quarantine) if _is_recorded(path, recorded)]
    return tuple(one for path in paths if (one := _readable(path)) is not None)


def with_more_erased(
    log: EventLog, quarantine: Path, erasure: int, blanked: Mapping[str, int] | None
) -> tuple[Refused, ...]:
    """New accounts of files of which more rows are erased than the log says.

    Files that are not what their account says otherwise keep it: an erasure hides no edit. So do
    those of which other rows are blank than it has blanked.

    Args:
        log: whose accounts.
        quarantine: where the files are.
        erasure: the commit that says who was erased.
        blanked: rows that it has blanked, by load; None where an erasure was cut off, and nobody
            knows how many it had blanked by then.
    """
    found = []
    for load_id, (_, said) in sorted(log.refused.items()):
        path = quarantine / f"{load_id}.parquet"
        now = _readable(path, said.version) if path.exists() else None
        if now is None or now.erased <= said.erased or _edited(path):
            continue
        is_same = (now.rows, now.rows_sha256) == (said.rows, said.rows_sha256)
        is_same = is_same and set(said.erased_rows or ()) <= set(now.erased_rows or ())
        of_erasure = None if blanked is None else said.erased + blanked.get(load_id, 0)
        if is_same and of_erasure in (None, now.erased):
            found.append(replace(now, erasure=erasure))
    return tuple(found)


def check(
    log: EventLog,
    quarantine: Path,
    loads: Path,
    recorded: Mapping[str, int | None],
    *,
    is_here: bool,
) -> tuple[list[Finding], list[Finding]]:
    """What in quarantine is not what the log says of it, and what the log says nothing of.

    Args:
        log: whose accounts.
        quarantine: where the rows are.
        loads: where the records of loads are.
        recorded: rows that each load's record says it refused; None of one that cannot be read.
        is_here: whether the rows must be; a copy of the log alone has none.
    """
    findings, notes = [], []
    if not is_here and log.refused:
        count = sum(said.rows for _, said in log.refused.values())
        notes.append(Finding(quarantine, f"not here: {count:,} refused rows could not be checked"))
    for load_id, (seq, said) in sorted(log.refused.items() if is_here else ()):
        path = quarantine / f"{load_id}.parquet"
        is_known = path.exists() or _is_recorded(path, recorded)
        if log.layout.store is not None and not is_known:
            notes.append(Finding(path, f"{ELSEWHERE}: {said.rows:,} refused rows"))
            continue
        findings += [Finding(path, fault) for fault in _faults(path, said, seq)]
        if said.version is None:
            notes.append(Finding(path, OLDER))
    for load_id, (seq, said) in sorted(log.refused.items()):
        own, late = recorded.get(load_id), _late_rows(log, quarantine, load_id)
        # A load that was killed before its record has none of the late ones there.
        if own is not None and own not in (said.rows, said.rows + late):
            words = f"says {own:,} refused rows; commit {seq} says {said.rows + late:,}"
            findings.append(Finding(loads / f"{load_id}.json", words))
    notes += [
        Finding(path, _why_unsaid(path, is_recorded=_is_recorded(path, recorded)))
        for path in _unsaid(log, quarantine)
    ]
    return findings, notes


def unrecorded(log: EventLog, quarantine: Path, recorded: Collection[str]) -> list[Path]:
    """Files that no commit has an account of, and that no load says it refused."""
    return [path for path in _unsaid(log, quarantine) if not _is_recorded(path, recorded)]


def _unsaid(log: EventLog, quarantine: Path) -> list[Path]:
    return [path for path in sorted(quarantine.glob("*.parquet")) if path.stem not in log.refused]


def _is_recorded(path: Path, recorded: Collection[str]) -> bool:
    return path.stem.removesuffix(LATE) in recorded


def _late_rows(log: EventLog, quarantine: Path, load_id: str) -> int:
    if (said := log.refused.get(load_id + LATE)) is not None:
        return said[1].rows
    path = quarantine / f"{load_id}{LATE}.parquet"
    late = _readable(path) if path.exists() else None
    return 0 if late is None else late.rows


def _why_unsaid(path: Path, *, is_recorded: bool) -> str:
    if not is_recorded:
        return UNRECORDED
    if _readable(path) is None:
        return "the log has no hash of its rows: an earlier version wrote it, or it is damaged"
    return "the log has no hash of its rows yet: the next load that adds events writes it"


def _faults(path: Path, said: Refused, seq: int) -> Iterator[str]:
    if not path.exists():
        yield f"is missing; refused rows that commit {seq} says it has: {said.rows:,}"
        return
    try:
        edited = _edited(path)
        now = account(path, version=said.version)
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
    elif now is not None and said.erased_rows not in (None, now.erased_rows):
        yield f"other rows of it are erased than commit {seq} says: one was put back"


def _edited(path: Path) -> list[int]:
    """Numbers of the rows whose content isn't what their hash is of, nor what an erasure leaves."""
    return [row["row_number"] for row in _rows(path) if _is_edited(row)]


def _is_edited(row: Mapping[str, Any]) -> bool:
    if row["salt"] is None:  # erased
        column = row["refused_column"]
        is_known = column is None or column in KNOWN_COLUMNS
        return bool(row["original"]) or row["detail"] != BLANKED or not is_known
    return bool(content_hash(row["salt"], row) != row["content_hash"])


def _readable(path: Path, version: int | None = REFUSED_VERSION) -> Refused | None:
    try:
        return account(path, version=version)
    except (OSError, ValueError, pa.ArrowException):
        return None


def _rows(path: Path, columns: tuple[str, ...] = (*IDENTITY, "salt", *CONTENT)) -> Iterator[Any]:
    """The rows of a file; none of one that has no hashes. Memory is bounded by a piece of it."""
    with ParquetFile(path) as file:
        if set(columns) <= set(file.schema_arrow.names):
            for piece in file.iter_batches(columns=list(columns)):
                yield from piece.to_pylist()
