"""The chain of commits: its head, its records, and which of them an "as of" means.

Commits are never rewritten, so what was read stays read: `refresh()` looks for new ones only. A
snapshot in the cache holds the records one per line; it is believed because each line hashes to
the next one's `prev_hash` and the last line is, byte for byte, the commit file of its number. So
opening a log of 100,000 commits reads one file, not 100,000.

What stays out: writing a commit (append.py), what a record says (record.py).
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import rfc8785

from ingestion.errors import IntegrityError, NotFoundError
from ingestion.log.as_of import parse_as_of
from ingestion.log.layout import SEQ_DIGITS, Layout
from ingestion.log.origin import Origin
from ingestion.log.record import (
    FIRST_POSITION,
    Commit,
    Compacted,
    Redacted,
    Segment,
    hash_of,
    moment_of,
)
from ingestion.log.redactions import Redactions

SNAPSHOT = "chain.jsonl"
SNAPSHOT_LEAST = 64
# Quotation marks inside a JSON text are escaped, so no text of a record passes for this name.
_REDACTED = b'"redacted":['


class Chain:
    """Commits 1 to `head_seq` as they were at the last `refresh()`.

    `redactions` are those of all of them.
    """

    def __init__(self, layout: Layout, origin: Origin, cache: Path) -> None:
        self._layout = layout
        self._origin = origin
        self._snapshot = cache / SNAPSHOT
        self._lines: list[bytes] = []
        self.redactions = Redactions()
        self._head_hash = origin.sha256
        self._saved = 0
        self._load_snapshot()
        self._refuse_gaps()
        self.refresh()
        self._save_snapshot()

    @property
    def head_seq(self) -> int:
        """The last commit's number; 0 for an empty log."""
        return len(self._lines)

    @property
    def head_hash(self) -> str:
        """What the next commit's `prev_hash` is."""
        return self._head_hash

    @property
    def head(self) -> Commit | None:
        """The last commit."""
        return self.commit(self.head_seq) if self._lines else None

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
    ) -> Commit:
        """The record that would continue the chain as it was last read."""
        head, now = self.head, time.time_ns() // 1000
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
        )

    def refresh(self) -> None:
        """Read the commits made since.

        Raises:
            IntegrityError: a commit is damaged or does not continue the chain.
        """
        while True:
            seq = self.head_seq + 1
            path = self._layout.commit(seq)
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                return
            commit = Commit.decode(content, path)
            if commit.seq != seq or commit.prev_hash != self._head_hash:
                message = (
                    f"{path} does not continue the chain: commit {seq - 1} is not what it was."
                )
                raise IntegrityError(message, remedy="Run `demoscope log verify`.")
            self._append(content)
            self._head_hash = hash_of(content)

    def segment_path(self, sha256: str) -> Path:
        """Where the rows of a file that a commit names are."""
        return self._layout.segment(self.redactions.file_of(sha256))

    def commit(self, seq: int) -> Commit:
        """The commit of that number, from 1."""
        return Commit.decode(self._lines[seq - 1], self._layout.commit(seq))

    def hash_at(self, seq: int) -> str:
        """SHA-256 of that commit's bytes."""
        return hash_of(self._lines[seq - 1])

    def commits(self, up_to: int | None = None) -> Iterator[Commit]:
        """Commits 1 to `up_to`, in order."""
        last = self.head_seq if up_to is None else up_to
        return (self.commit(seq) for seq in range(1, last + 1))

    def find_batch(self, batch_id: str) -> Commit | None:
        """The commit that holds a batch."""
        # Keys are sorted in canonical JSON, and batch_id sorts first: no need to parse.
        beginning = b'{"batch_id":' + rfc8785.dumps(batch_id) + b","
        for seq, line in enumerate(self._lines, 1):
            if line.startswith(beginning):
                return self.commit(seq)
        return None

    def at_position(self, position: int) -> Commit:
        """The commit that holds an event.

        Raises:
            NotFoundError: no event has that position.
        """
        if not FIRST_POSITION <= position < self.next_position:
            message = f"No event has position {position}; the log ends at {self.next_position - 1}."
            raise NotFoundError(message)
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
        if as_of is None:
            return self.head_seq
        asked = parse_as_of(as_of)
        if isinstance(asked, int):
            if asked > self.head_seq:
                message = f"The log has no commit {asked}: its head is {self.head_seq}."
                raise NotFoundError(message, remedy="`demoscope log show` lists the commits.")
            return asked
        seqs = range(1, self.head_seq + 1)
        return bisect_left(seqs, True, key=lambda seq: self.commit(seq).recorded_at > asked)

    def _refuse_gaps(self) -> None:
        """A missing commit must not pass for the end of the log."""
        with contextlib.suppress(FileNotFoundError):
            names = [name for name in os.listdir(self._layout.commits) if is_commit_name(name)]  # noqa: PTH208
            last = max(names, default=None)
            # A name the listing missed because it was being made is there when asked for.
            if last is not None and len(names) < int(last[:SEQ_DIGITS]):
                for seq in range(1, int(last[:SEQ_DIGITS]) + 1):
                    if not self._layout.commit(seq).exists():
                        message = f"{self._layout.commit(seq)} is missing, but later commits exist."
                        raise IntegrityError(message, remedy="Restore it from a backup.")

    def _load_snapshot(self) -> None:
        try:
            lines = self._snapshot.read_bytes().splitlines()
            last = self._layout.commit(len(lines)).read_bytes() if lines else b""
        except OSError:
            return
        expected = self._origin.sha256
        for line in lines:
            if f'"prev_hash":"{expected}"'.encode() not in line:
                return
            expected = hash_of(line)
        if lines and lines[-1] == last:
            for line in lines:
                self._append(line)
            self._head_hash, self._saved = expected, len(lines)

    def _append(self, line: bytes) -> None:
        self._lines.append(line)
        if _REDACTED in line:
            self.redactions.add(self.commit(len(self._lines)))

    def _save_snapshot(self) -> None:
        """Rewritten when it has grown by a tenth, so the cost of writing stays in proportion."""
        if self.head_seq - self._saved < max(SNAPSHOT_LEAST, self._saved // 10):
            return
        temporary = self._snapshot.with_name(f"{SNAPSHOT}.{secrets.token_hex(8)}")
        # A cache that cannot be written is slow, not wrong.
        with contextlib.suppress(OSError):
            self._snapshot.parent.mkdir(parents=True, exist_ok=True)
            try:
                temporary.write_bytes(b"\n".join(self._lines) + b"\n")
                temporary.replace(self._snapshot)
                self._saved = self.head_seq
            finally:
                temporary.unlink(missing_ok=True)


def is_commit_name(name: str) -> bool:
    """Whether a file in commits/ is called what a commit is called."""
    stem, dot, suffix = name.partition(".")
    return f"{dot}{suffix}" == ".json" and len(stem) == SEQ_DIGITS and stem.isdecimal()
