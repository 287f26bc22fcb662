"""Which files stand in place of which, because rows of them were erased.

A redaction holds whatever moment is asked about: what is erased now is erased as of every commit.
So all of them up to the head count, also for a reader as of an earlier one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ingestion.log.record import Commit, Redacted


class Redactions:
    """Of the commits added so far."""

    def __init__(self) -> None:
        self._current: dict[str, Redacted] = {}
        self._superseded: dict[str, int] = {}

    def __iter__(self) -> Iterator[Redacted]:
        return iter(self._current.values())

    @property
    def superseded(self) -> Mapping[str, int]:
        """Hash of each file that must not be there any more -> the commit that says so."""
        return self._superseded

    def add(self, commit: Commit) -> None:
        """Take note of a commit; they come in order."""
        for redacted in commit.redacted:
            self._superseded[self.file_of(redacted.original)] = commit.seq
            self._current[redacted.original] = redacted

    def of(self, sha256: str) -> Redacted | None:
        """What stands in place of the file that a commit names so; None where the file does."""
        return self._current.get(sha256)

    def file_of(self, sha256: str) -> str:
        """Hash, and name, of the file to read for the one that a commit names so."""
        redacted = self._current.get(sha256)
        return sha256 if redacted is None else redacted.sha256
