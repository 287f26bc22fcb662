"""Whether a kept release is still what it was: every file of it against its id.

A release whose files agree with its id holds the very numbers that were published under that id.
That those numbers follow from the log is another question (orchestration/reproduction.py).

A release that used something erased since is attested by its signature and cannot be recomputed:
what it was made from is gone. A release made after an erasure is like any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from ingestion.errors import IntegrityError
from ingestion.json_object import parse_object
from publishing.boards.aapor import OF_RELEASE
from publishing.boards.statement import (
    ABOUT,
    PREDICATE_TYPE,
    STATEMENT_TYPE,
    Opened,
    open_envelope,
)
from publishing.boards.store import (
    CANONICAL_FILE,
    ENVELOPE_FILE,
    KEY,
    ROWS_FILE,
    STATEMENT_FILE,
    identity,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from ingestion.log import EventLog
    from ingestion.log.erasure import ErasedSince
    from publishing.boards.statement import Signer
    from publishing.boards.store import Release

    Row = dict[str, Any]

ATTESTED = "attested, not recomputable"


class Signature(StrEnum):
    """What is known of a release's signature."""

    CHECKED = "checked"
    """A trusted key has signed the statement that is there."""
    NOT_CHECKED = "not checked"
    """There is one, of a key that isn't here: it may be anything."""
    BROKEN = "does not hold"
    NONE = "none"


@dataclass(frozen=True)
class Checked:
    """What was found.

    Args:
        document: board.json, parsed; None where it cannot be.
        findings: what is not what it was, one sentence each.
        opened: the signed statement; None where there is none.
    """

    document: dict[str, Any] | None
    findings: tuple[str, ...]
    opened: Opened | None


def check(release: Release, trusted: Sequence[Ed25519PublicKey] = ()) -> Checked:
    """Check every file of a release; signatures of trusted keys are judged, others are named."""
    path = release.directory / CANONICAL_FILE
    content = path.read_bytes() if path.exists() else b""
    document = _parsed(content)
    findings = []
    if not content:
        findings.append(f"{CANONICAL_FILE} is missing.")
    elif identity(content) != release.id:
        findings.append(f"{CANONICAL_FILE} was changed: its SHA-256 is not the release's id.")
    if document is not None:
        findings += _of_rows(release, document)
    elif content:
        findings.append(f"{CANONICAL_FILE} cannot be read.")
    findings += _of_statement(release, document)
    opened = None
    if release.has_signature:
        try:
            opened = open_envelope((release.directory / ENVELOPE_FILE).read_bytes(), trusted)
            findings += _of_envelope(release, opened)
        except IntegrityError as error:
            findings.append(f"{ENVELOPE_FILE}: {error}")
    return Checked(document, tuple(findings), opened)


def signature(release: Release, trusted: Sequence[Ed25519PublicKey]) -> Signature:
    """Whether a trusted key has signed this release's statement; its other files are not read."""
    if not release.has_signature:
        return Signature.NONE
    try:
        opened = open_envelope((release.directory / ENVELOPE_FILE).read_bytes(), trusted)
    except IntegrityError:
        return Signature.BROKEN
    # A statement that was copied here is signed, and says nothing of this release.
    if any(_of_envelope(release, opened)) or any(_of_statement(release, None)):
        return Signature.BROKEN
    if opened.verified:
        return Signature.CHECKED
    return Signature.NOT_CHECKED if opened.key_ids else Signature.NONE


def require_whole(release: Release, signer: Signer | None = None) -> None:
    """Refuse a release whose files are not what they were, or that `signer` has not signed.

    Raises:
        IntegrityError: names what was changed.
    """
    checked = check(release, [] if signer is None else [signer.public])
    findings = [*checked.findings]
    if signer is not None and not findings and not (checked.opened and checked.opened.verified):
        findings.append("It is not signed by the key that releases are signed with here.")
    if findings:
        message = f"Release {release.id[:12]}: {' '.join(findings)}"
        raise IntegrityError(message, remedy="See: demoscope boards show. Then: demoscope build")


def first_difference(
    document: Mapping[str, Any], rows: pa.Table
) -> tuple[tuple[str, ...], Row | None, Row | None] | None:
    """The first row, by key, in which a parsed board.json and other rows of its columns differ.

    Returns:
        Its key, the row of the document and the other row; None where all are equal.
    """
    named = (dict(zip(document["columns"], row, strict=True)) for row in document["rows"])
    kept, other = ({_key(row): row for row in found} for found in (named, rows.to_pylist()))
    for key in sorted(kept.keys() | other.keys()):
        if kept.get(key) != other.get(key):
            return key, kept.get(key), other.get(key)
    return None


def _key(row: Row) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in KEY)


def taken_from(log: EventLog, release: Release) -> list[ErasedSince]:
    """The erasures, up to the log's head, of something that a release may have used.

    Raises:
        IntegrityError: its statement cannot be read.
    """
    from ingestion.log.erasure import erasures  # imports pyarrow and duckdb

    position = release.subject["log_position"]
    made_at = datetime.fromisoformat(release.predicate["made_at"])
    return [
        one
        for one in erasures(log)
        if one.first_seq <= position < one.seq and made_at < one.recorded_at
    ]


def _parsed(content: bytes) -> dict[str, Any] | None:
    try:
        document = parse_object(content)
        width = len(document["columns"])
        is_whole = isinstance(document["subject"], dict) and set(KEY) <= set(document["columns"])
        is_whole = is_whole and all(len(row) == width for row in document["rows"])
    except (ValueError, KeyError, TypeError):
        return None
    return document if is_whole else None


def _of_rows(release: Release, document: dict[str, Any]) -> Iterator[str]:
    changed, count = f"{ROWS_FILE} was changed", len(document["rows"])
    try:
        rows = release.rows()
    except (OSError, ValueError, KeyError) as error:
        yield f"{ROWS_FILE} cannot be read: {str(error).splitlines()[0]}"
        return
    if rows.column_names != document["columns"]:
        yield f"{changed}: its columns are not those of {CANONICAL_FILE}."
    elif rows.num_rows != count:
        yield f"{changed}: it has {rows.num_rows:,} rows, {CANONICAL_FILE} {count:,}."
    elif found := first_difference(document, rows):
        key, kept, other = found
        if kept is None or other is None:
            yield f"{changed}: only one of it and {CANONICAL_FILE} has {'/'.join(key)}."
            return
        name = next(name for name in kept if kept[name] != other[name])
        yield (
            f"{changed}: {name} of {'/'.join(key)} is {other[name]},"
            f" in {CANONICAL_FILE} {kept[name]}."
        )


def _of_statement(release: Release, document: dict[str, Any] | None) -> Iterator[str]:
    path = release.directory / STATEMENT_FILE
    try:
        said = parse_object(path.read_bytes())
        is_known = said["_type"] == STATEMENT_TYPE and said["predicateType"] == PREDICATE_TYPE
        named = [one["digest"]["sha256"] for one in said["subject"]]
        subject, about = said["predicate"]["board"], said["predicate"].get(ABOUT)
        others = [] if about is None else [one for one in OF_RELEASE if about[one] != subject[one]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        yield f"{STATEMENT_FILE} cannot be read: {error!r}."
        return
    if not is_known:
        yield f"{STATEMENT_FILE} is not a statement about a release."
    if named != [release.id]:
        yield f"{STATEMENT_FILE} is about another release."
    if document is not None and subject != document["subject"]:
        yield f"{STATEMENT_FILE} was changed: its inputs are not those in {CANONICAL_FILE}."
    if others:
        names = ", ".join(others)
        yield f"{STATEMENT_FILE} was changed: `{ABOUT}` has another {names} than the release."


def _of_envelope(release: Release, opened: Opened) -> Iterator[str]:
    path = release.directory / STATEMENT_FILE
    if not path.exists() or opened.payload != path.read_bytes():
        yield f"{STATEMENT_FILE} is not the statement that was signed."
    for name in opened.broken:
        yield f"The signature of key {name[:16]} does not hold: {ENVELOPE_FILE} was changed."
