"""The chain of commits: what a commit says, its bytes, and which of them an "as of" means.

A commit's file is RFC 8785 JSON. Its last field, `sha256`, is the hash of the record without that
field, so a torn or rotten record is known by itself. That nobody replaced it is known by the next
one's `prev_hash`, which covers all its bytes, and by signed checkpoints.

`seq` counts commits from 1. `position` counts events from 1, without a gap: a commit's rows have
the positions `first_position`, `first_position + 1`, ..., segment after segment, row after row.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import rfc8785

from ingestion.errors import DamagedError, IntegrityError, NotFoundError, UsageError
from ingestion.log.layout import Layout, Origin

FIRST_POSITION = 1
REFUSED_VERSION = 2
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_US = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
# Quotation marks inside a JSON text are escaped, so no text of a record passes for this name.
_REDACTED = b'"redacted":['
_REFUSED = b'"refused":['
_SEAL_LENGTH = len(b',"sha256":"' + b"0" * 64 + b'"}')
_MOST_DIGITS = 20
_AS_OF_REMEDY = "Give a commit's number, or a time such as 2026-03-01T12:00:00Z."


class Names(StrEnum):
    """What a hash in a commit is of."""

    COMMIT = "commit"
    FILE = "file"
    ORIGINAL = "original"
    """A file of which rows were erased since: it must not be there any more."""
    REFUSED = "refused"
    """Rows beside the log, in quarantine."""
    ROWS = "rows"
    SCHEMA = "schema"


def _hash_of_a(kind: Names) -> Any:
    return field(metadata={"names": kind})


@dataclass(frozen=True, kw_only=True)
class _File:
    """A Parquet file of one event type that a commit names.

    Args:
        event_type: what its rows are.
        bytes: length of the file.
        sha256: of the file; its name.
        rows: how many; in `Redacted`, how many are erased by now.
    """

    event_type: str
    bytes: int
    sha256: str = _hash_of_a(Names.FILE)
    rows: int


@dataclass(frozen=True, kw_only=True)
class Segment(_File):
    """Events that a commit adds.

    Args:
        first_position: position of its first row; the others follow.
        row_root: root (hex) of the Merkle tree over the rows.
        schema: hash of the schema it was written under.
    """

    first_position: int
    row_root: str = _hash_of_a(Names.ROWS)
    schema: str = _hash_of_a(Names.SCHEMA)

    @property
    def last_position(self) -> int:
        """Position of its last row."""
        return self.first_position + self.rows - 1


@dataclass(frozen=True, kw_only=True)
class Compacted(_File):
    """A file in place of earlier ones of its event type (compaction.py). It adds no event.

    Args:
        first_position: of its first row.
        last_position: of its last row; it has every row of its event type between.
        schema: hash of its schema, which has the columns `position`, `commit_seq`, `recorded_at`.
    """

    first_position: int
    last_position: int
    schema: str = _hash_of_a(Names.SCHEMA)


@dataclass(frozen=True, kw_only=True)
class Redacted(_File):
    """A file in place of one whose rows were erased in part (redaction.py). It adds no event.

    Args:
        original: hash by which a commit names the file, as `Segment` or `Compacted`.
    """

    original: str = _hash_of_a(Names.ORIGINAL)


@dataclass(frozen=True, kw_only=True)
class Refused:
    """The account of rows that a load refused. They are in quarantine; no event is of them.

    Args:
        load_id: the load; names the file in quarantine.
        rows: how many.
        erased: of them, those whose content was erased with a participant.
        rows_sha256: over what identifies them (expectations/accounts.py); holds after an erasure.
        version: of what identifies them; None, in logs of before: without load and file.
        erasure: the commit that says who was erased, where that blanked rows; else None.
        erased_rows: which these are, by their places in the file from 1; None in older accounts.
    """

    load_id: str
    rows: int
    erased: int
    rows_sha256: str = _hash_of_a(Names.REFUSED)
    version: int | None = None
    erasure: int | None = None
    erased_rows: tuple[int, ...] | None = None


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
        redacted: files in place of those of which rows are erased; likewise.
        refused: accounts of rows that loads refused, and that no commit before it has; likewise.
    """

    seq: int
    prev_hash: str = _hash_of_a(Names.COMMIT)
    batch_id: str
    producer: Mapping[str, Any]
    recorded_at: datetime
    first_position: int
    event_count: int
    segments: tuple[Segment, ...] = ()
    compacted: tuple[Compacted, ...] = ()
    redacted: tuple[Redacted, ...] = ()
    refused: tuple[Refused, ...] = ()

    @property
    def files(self) -> tuple[Segment | Compacted, ...]:
        """The files that it adds: segments, and what stands in place of earlier ones."""
        return (*self.segments, *self.compacted)

    @property
    def next_position(self) -> int:
        """Position of the first event after this commit."""
        return self.first_position + self.event_count

    @property
    def recorded_us(self) -> int:
        """Microseconds since 1970 at which it was recorded."""
        return microseconds(self.recorded_at)

    @property
    def recorded_text(self) -> str:
        """When it was recorded, as its bytes say it."""
        return self.recorded_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    @property
    def hash(self) -> str:
        """SHA-256 (hex) of its bytes."""
        return hash_of(self.encode())

    def encode(self) -> bytes:
        """The bytes of its file."""
        said = asdict(self) | {"recorded_at": self.recorded_text}
        for name in ("compacted", "redacted", "refused"):
            if not said[name]:
                del said[name]
        # A record of before these fields has the same bytes as then.
        for one in said.get("refused", ()):
            for name in ("version", "erasure", "erased_rows"):
                if one[name] is None:
                    del one[name]
        # "sha256" sorts last: what it covers is everything before it, and a closing brace.
        body = rfc8785.dumps(said)
        return body[:-1] + _seal(body)

    @classmethod
    def decode(cls, content: bytes, path: Path | str) -> Commit:
        """Read a commit's bytes.

        Raises:
            IntegrityError: they are not a commit; the message names `path`.
        """
        try:
            return cls._decode(content)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DamagedError(f"{path} is damaged: {error}.") from error

    @classmethod
    def _decode(cls, content: bytes) -> Commit:
        if not is_sealed(content):
            raise ValueError("its content does not have its sha256")
        given = json.loads(_body(content))
        said = given.pop("recorded_at")
        if not _MOMENT.fullmatch(said):
            raise ValueError(f"{said!r} is not a time")
        if not isinstance(given["producer"], dict):
            raise TypeError("its producer is not a mapping")
        commit = cls(
            recorded_at=datetime.fromisoformat(said),
            segments=tuple(Segment(**segment) for segment in given.pop("segments")),
            compacted=tuple(Compacted(**file) for file in given.pop("compacted", ())),
            redacted=tuple(Redacted(**file) for file in given.pop("redacted", ())),
            refused=tuple(map(_refused, given.pop("refused", ()))),
            **given,
        )
        position = commit.first_position
        for segment in commit.segments:
            if segment.first_position != position:
                raise ValueError("positions leave a gap")
            position += segment.rows
        if position != commit.next_position:
            raise ValueError("event_count is not the rows of its segments")
        return commit


def _refused(account: dict[str, Any]) -> Refused:
    erased = account.pop("erased_rows", None)
    return Refused(**account, erased_rows=None if erased is None else tuple(erased))


def hashes_in(record: Any) -> Iterator[tuple[Names, str]]:
    """Every hash that a commit names, and what it is of, from what its fields say of themselves."""
    for one in fields(record):
        value = getattr(record, one.name)
        if "names" in one.metadata:
            yield one.metadata["names"], value
        for part in value if isinstance(value, tuple) else ():
            if is_dataclass(part):
                yield from hashes_in(part)


class Redactions:
    """Which files stand in place of which, because rows of them were erased.

    A redaction holds as of every moment: what is erased now is erased for a reader as of an earlier
    commit too. So all of them up to the head count.
    """

    def __init__(self) -> None:
        self._current: dict[str, Redacted] = {}
        self.superseded: dict[str, int] = {}
        """Hash of each file that must not be there any more -> the commit that says so."""

    def add(self, commit: Commit) -> None:
        """Take note of a commit; they come in order."""
        for redacted in commit.redacted:
            self.superseded[self.file_of(redacted.original)] = commit.seq
            self._current[redacted.original] = redacted

    def of(self, sha256: str) -> Redacted | None:
        """What stands in place of the file that a commit names so; None where the file does."""
        return self._current.get(sha256)

    def file_of(self, sha256: str) -> str:
        """Hash, and name, of the file to read for the one that a commit names so."""
        redacted = self._current.get(sha256)
        return sha256 if redacted is None else redacted.sha256


class Chain:
    """The commits of a log, 1 to `head_seq`, as they were at the last `refresh()`.

    Commits are never rewritten, so what was read stays read. A commit is parsed when it is asked
    for: opening a log of 100,000 commits takes a second.
    """

    def __init__(self, layout: Layout, origin: Origin) -> None:
        self.layout, self.origin = layout, origin
        self.vouching: tuple[Path, ...] = (layout.root.parent / "demoscope.duckdb",)
        """Files whose time of change shows that time has passed since the last commit."""
        self.redactions = Redactions()
        self.refused: dict[str, tuple[int, Refused]] = {}
        """The last account of each load's refused rows, and the commit that has it."""
        self.head_hash = origin.sha256
        """What the next commit's `prev_hash` is."""
        self._contents: list[bytes] = []
        last = layout.last_seq()
        self.refresh()
        # A missing commit must not pass for the end of the log.
        if self.head_seq < last:
            missing = layout.commit(self.head_seq + 1)
            raise DamagedError(f"{missing} is missing, but later commits exist.")
        self.opened_seq = self.head_seq
        """The last commit when it was opened."""

    @property
    def head_seq(self) -> int:
        """The last commit's number; 0 for an empty log."""
        return len(self._contents)

    @property
    def head(self) -> Commit | None:
        """The last commit; None for an empty log."""
        return self.commit(self.head_seq) if self._contents else None

    @property
    def next_position(self) -> int:
        """Position of the next event."""
        return FIRST_POSITION if self.head is None else self.head.next_position

    def continued(
        self,
        batch_id: str,
        producer: Mapping[str, Any],
        *,
        segments: tuple[Segment, ...] = (),
        compacted: tuple[Compacted, ...] = (),
        redacted: tuple[Redacted, ...] = (),
        refused: tuple[Refused, ...] = (),
    ) -> Commit:
        """The record that would continue the chain as it was last read.

        Raises:
            UsageError: the clock is more than a day ahead of all that is known (clock.py).
            IntegrityError: the head was recorded at the end of time.
        """
        from ingestion.log.clock import require_plausible

        head, now = self.head, time.time_ns() // 1000
        if head is not None:
            require_plausible(now, head.recorded_us, self.vouching)
            if head.recorded_us >= _LAST_US:
                raise DamagedError(f"Commit {head.seq} was recorded at the end of time.")
        return Commit(
            seq=self.head_seq + 1,
            prev_hash=self.head_hash,
            batch_id=batch_id,
            producer=dict(producer),
            # The clock may go back; the log's time does not.
            recorded_at=moment_of(now if head is None else max(now, head.recorded_us + 1)),
            first_position=self.next_position,
            event_count=sum(segment.rows for segment in segments),
            segments=segments,
            compacted=compacted,
            redacted=redacted,
            refused=refused,
        )

    def refresh(self) -> None:
        """Read the commits made since; of a log that lies at a store, those made there too.

        Raises:
            IntegrityError: a commit is damaged or does not continue the chain.
            StorageError: the store does not answer.
        """
        self.read_on()
        if self.layout.store is not None:
            from ingestion.log.shared import bring

            bring(self, self.layout.store)

    def read_on(self) -> None:
        """Read the commits that this directory has got since.

        Raises:
            IntegrityError: a commit is damaged or does not continue the chain.
        """
        with contextlib.suppress(FileNotFoundError):
            while True:
                path = self.layout.commit(self.head_seq + 1)
                self._append(path, path.read_bytes())

    def segment_path(self, sha256: str) -> Path:
        """Where the rows of a file that a commit names are."""
        return self.layout.segment(self.redactions.file_of(sha256))

    def commit(self, seq: int) -> Commit:
        """The commit of that number, from 1."""
        return Commit.decode(self._contents[seq - 1], self.layout.commit(seq))

    def hash_at(self, seq: int) -> str:
        """SHA-256 of that commit's bytes."""
        return hash_of(self._contents[seq - 1])

    def commits(self, up_to: int | None = None) -> Iterator[Commit]:
        """Commits 1 to `up_to`, in order."""
        last = self.head_seq if up_to is None else up_to
        return (self.commit(seq) for seq in range(1, last + 1))

    def find_batch(self, batch_id: str) -> Commit | None:
        """The commit that holds a batch."""
        # Keys are sorted in canonical JSON, and batch_id sorts first: no need to parse.
        beginning = b'{"batch_id":' + rfc8785.dumps(batch_id) + b","
        for seq, content in enumerate(self._contents, 1):
            if content.startswith(beginning):
                return self.commit(seq)
        return None

    def first_saying(self, text: str) -> Commit | None:
        """The first commit whose bytes have this piece of JSON."""
        found = (seq for seq, content in enumerate(self._contents, 1) if text.encode() in content)
        seq = next(found, None)
        return None if seq is None else self.commit(seq)

    def has_events_of(self, event_type: str) -> bool:
        """Whether any event of a type was ever committed."""
        return self.first_saying(f'"event_type":"{event_type}"') is not None

    def at_position(self, position: int) -> Commit:
        """The commit that holds an event.

        Raises:
            NotFoundError: no event has that position.
        """
        if not FIRST_POSITION <= position < self.next_position:
            last = self.next_position - 1
            raise NotFoundError(f"No event has position {position}; the log ends at {last}.")
        seqs = range(1, self.head_seq + 1)
        after = bisect_left(seqs, position + 1, key=lambda seq: self.commit(seq).next_position)
        return self.commit(seqs[after])

    def resolve(self, as_of: str | int | None) -> int:
        """The number of the last commit an "as of" includes; 0: none.

        Args:
            as_of: None for the head, a commit's number, or an ISO 8601 time with its offset.

        Raises:
            UsageError: it is neither, or a time without an offset.
            NotFoundError: a number beyond the head.
        """
        asked = self.head_seq if as_of is None else parse_as_of(as_of)
        if isinstance(asked, int):
            if asked > self.head_seq:
                message = f"The log has no commit {asked}: its head is {self.head_seq}."
                raise NotFoundError(message, remedy="`demoscope log show` lists the commits.")
            return asked
        seqs = range(1, self.head_seq + 1)
        return bisect_left(seqs, True, key=lambda seq: self.commit(seq).recorded_at > asked)

    def _append(self, path: Path, content: bytes) -> None:
        seq = self.head_seq + 1
        _require_next(content, path, seq, self.head_hash)
        self._contents.append(content)
        self.head_hash = hash_of(content)
        if _REDACTED in content:
            self.redactions.add(self.commit(seq))
        if _REFUSED in content:
            self.refused |= {one.load_id: (seq, one) for one in self.commit(seq).refused}


def next_commit(content: bytes, path: str, seq: int, previous: str) -> Commit:
    """The commit that continues a chain.

    Args:
        content: its bytes.
        path: where they are from.
        seq: the number that it must have.
        previous: the hash of the commit before it.

    Raises:
        IntegrityError: it is damaged, or does not continue the chain.
    """
    _require_next(content, path, seq, previous)
    commit = Commit.decode(content, path)
    if commit.encode() != content:
        raise DamagedError(f"{path} is not canonical JSON.")
    return commit


def _require_next(content: bytes, path: Path | str, seq: int, previous: str) -> None:
    if not is_sealed(content):
        Commit.decode(content, path)  # raises, and says why
    if (
        not content[:-_SEAL_LENGTH].endswith(f'"seq":{seq}'.encode())
        or f'"prev_hash":"{previous}"'.encode() not in content
    ):
        message = f"{path} does not continue the chain: commit {seq - 1} is not what it was."
        raise IntegrityError(message, remedy="Run `demoscope log verify`.")


def parse_as_of(as_of: str | int) -> int | datetime:
    """A commit's number (0 or more), or a time in UTC.

    Raises:
        UsageError: it is neither; or a time that does not say in which zone it is.
    """
    text = str(as_of).strip()
    if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS:
        return int(text)
    try:
        return moment_in_utc(text)
    except ValueError as error:
        message = f"{as_of!r} is neither a commit's number nor a time."
        raise UsageError(message, remedy=_AS_OF_REMEDY) from error


def moment_in_utc(text: str) -> datetime:
    """An ISO 8601 time in UTC.

    Raises:
        ValueError: it is none, or none of the years 1 to 9999 in UTC.
        UsageError: it does not say in which zone it is.
    """
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        raise UsageError(f"{text!r} does not say in which time zone it is.", remedy=_AS_OF_REMEDY)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(text) from error


def digest_of(files: Sequence[Compacted] | Sequence[Redacted] | Sequence[Refused]) -> str:
    """SHA-256 in hexadecimal of what a commit says of files, or of refused rows."""
    return hash_of(rfc8785.dumps([asdict(file) for file in files]))


def hash_of(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def microseconds(moment: datetime) -> int:
    """Whole microseconds since 1970, exactly (a float would lose them)."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment_of(us: int) -> datetime:
    """The UTC time that many microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=us)


def _seal(body: bytes) -> bytes:
    return b',"sha256":"' + hash_of(body).encode() + b'"}'


def _body(content: bytes) -> bytes:
    return content[:-_SEAL_LENGTH] + b"}"


def is_sealed(content: bytes) -> bool:
    """Whether bytes are those of a whole record."""
    return content.endswith(_seal(_body(content)))
