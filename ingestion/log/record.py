"""A commit: what its bytes say, and the bytes. RFC 8785 JSON, hashed with SHA-256.

Its last field, `sha256`, is the hash of the record without that field, so a torn or rotten record
is known by itself; that nobody replaced it is known by the next one's `prev_hash`, which covers all
its bytes, and by signed checkpoints.

`seq` counts from 1. `position` counts events from 1, without a gap: a commit's rows have the
positions `first_position`, `first_position + 1`, ..., segment after segment, row after row.

What stays out: where the file lies and how it gets there (append.py), and following the chain
(chain.py).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import rfc8785

from ingestion.errors import IntegrityError

FIRST_POSITION = 1
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Segment:
    """One Parquet file of one event type.

    Args:
        event_type: what its rows are.
        first_position: position of its first row; the others follow.
        rows: how many.
        row_root: root (hex) of the Merkle tree over them.
        bytes: length of the file.
        sha256: of the file; its name.
        schema: hash of the schema it was written under.
    """

    event_type: str
    first_position: int
    rows: int
    row_root: str
    bytes: int
    sha256: str
    schema: str


@dataclass(frozen=True, kw_only=True)
class Compacted:
    """A file in place of earlier ones of its event type (compaction.py). It adds no event.

    Args:
        event_type: what its rows are.
        first_position: of its first row.
        last_position: of its last row; it has every row of its event type between.
        rows: how many.
        bytes: length of the file.
        sha256: of the file; its name.
        schema: hash of its schema, which has the columns `position`, `commit_seq`, `recorded_at`.
    """

    event_type: str
    first_position: int
    last_position: int
    rows: int
    bytes: int
    sha256: str
    schema: str


@dataclass(frozen=True, kw_only=True)
class Redacted:
    """A file in place of one whose rows were erased in part (redaction.py). It adds no event.

    Args:
        event_type: what its rows are.
        original: hash by which a commit names the file, as `Segment` or `Compacted`.
        bytes: length of the file in its place.
        sha256: of the file in its place; its name.
        rows: how many of its rows are erased by now.
    """

    event_type: str
    original: str
    bytes: int
    sha256: str
    rows: int


@dataclass(frozen=True, kw_only=True)
class Commit:
    """One addition to the log.

    Args:
        seq: its place in the chain, from 1.
        prev_hash: SHA-256 of the previous commit's bytes; of FORMAT's for the first.
        batch_id: what it adds; no two commits have the same.
        producer: who says so.
        recorded_at: when it was recorded (UTC, microseconds); rises strictly along the chain.
        first_position: position of its first event.
        event_count: how many events it adds.
        segments: where they are, in position order.
        compacted: files in place of earlier ones; not in the bytes where there are none.
        redacted: files in place of such that had erased rows in them; likewise.
    """

    seq: int
    prev_hash: str
    batch_id: str
    producer: Mapping[str, Any]
    recorded_at: datetime
    first_position: int
    event_count: int
    segments: tuple[Segment, ...] = field(default_factory=tuple)
    compacted: tuple[Compacted, ...] = field(default_factory=tuple)
    redacted: tuple[Redacted, ...] = field(default_factory=tuple)

    @property
    def next_position(self) -> int:
        """Position of the first event after this commit."""
        return self.first_position + self.event_count

    @property
    def recorded_us(self) -> int:
        """Microseconds since 1970 at which it was recorded."""
        return microseconds(self.recorded_at)

    @property
    def hash(self) -> str:
        """SHA-256 (hex) of its bytes."""
        return hash_of(self.encode())

    def encode(self) -> bytes:
        """The bytes of its file."""
        fields: dict[str, Any] = {
            "batch_id": self.batch_id,
            "event_count": self.event_count,
            "first_position": self.first_position,
            "prev_hash": self.prev_hash,
            "producer": dict(self.producer),
            "recorded_at": self.recorded_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "segments": [asdict(segment) for segment in self.segments],
            "seq": self.seq,
        }
        if self.compacted:
            fields["compacted"] = [asdict(file) for file in self.compacted]
        if self.redacted:
            fields["redacted"] = [asdict(file) for file in self.redacted]
        # "sha256" sorts last: what it covers is everything before it, and a closing brace.
        body = rfc8785.dumps(fields)
        return body[:-1] + _seal(body)

    @classmethod
    def decode(cls, content: bytes, path: Path) -> Commit:
        """Read a commit's bytes.

        Raises:
            IntegrityError: they are not a commit; the message names `path`.
        """
        try:
            body = content[:-_SEAL_LENGTH] + b"}"
            _require(content[-_SEAL_LENGTH:] == _seal(body), "its content does not have its sha256")
            fields = json.loads(body)
            said = fields.pop("recorded_at")
            _require(_MOMENT.fullmatch(said) is not None, f"{said!r} is not a time")
            recorded_at = datetime.fromisoformat(said)
            segments = tuple(Segment(**segment) for segment in fields.pop("segments"))
            compacted = tuple(Compacted(**file) for file in fields.pop("compacted", ()))
            redacted = tuple(Redacted(**file) for file in fields.pop("redacted", ()))
            commit = cls(
                recorded_at=recorded_at,
                segments=segments,
                compacted=compacted,
                redacted=redacted,
                **fields,
            )
            expected = commit.first_position
            for segment in segments:
                _require(segment.first_position == expected, "positions leave a gap")
                expected += segment.rows
            _require(
                expected == commit.next_position, "event_count is not the rows of its segments"
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            message = f"{path} is damaged: {error}."
            raise IntegrityError(message, remedy="Restore it from a backup.") from error
        return commit


def _require(holds: bool, otherwise: str) -> None:  # noqa: FBT001
    if not holds:
        raise ValueError(otherwise)


def _seal(body: bytes) -> bytes:
    return b',"sha256":"' + hash_of(body).encode() + b'"}'


def hash_of(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


_SEAL_LENGTH = len(_seal(b""))


def microseconds(moment: datetime) -> int:
    """Whole microseconds since 1970, exactly (a float would lose them)."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment_of(us: int) -> datetime:
    """The UTC time that many microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=us)
