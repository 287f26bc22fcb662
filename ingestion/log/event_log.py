"""The event log as the rest of Demoscope sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import rfc8785

from ingestion.errors import NotFoundError, UsageError
from ingestion.log.batch import Batch
from ingestion.log.chain import Chain, Commit
from ingestion.log.checkpoint import Checkpoint, checkpoint_of, compare, default_origin
from ingestion.log.durable import check_exclusive_creation
from ingestion.log.layout import Layout, open_origin
from ingestion.log.matching import LoggedIds, find_position
from ingestion.log.retractions import Retractions
from ingestion.log.verification import Verification, verify

MOST_BATCH_ID = 256


class EventLog:
    """One log. What others commit is seen after `refresh()`, and by every commit of one's own."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.origin = open_origin(layout)
        self.chain = Chain(layout, self.origin)
        spilled = layout.root.parent / "cache" / "ids"
        self._ids = LoggedIds(self.chain, spilled)
        self.retractions = Retractions(self.chain, spilled)
        self._is_store_checked = False

    @classmethod
    def open(cls, root: Path) -> Self:
        """Open a log, making it on first use.

        Args:
            root: its directory.

        Raises:
            UsageError: it was written by a version this one does not know.
            IntegrityError: FORMAT or the chain is damaged, or a commit is missing.
            StorageError: the store cannot hold a log.
        """
        return cls(Layout(root))

    def refresh(self) -> None:
        """See what has been committed since."""
        self.chain.refresh()

    def head(self) -> Commit | None:
        """The last commit; None for an empty log."""
        return self.chain.head

    def commits(self, up_to: int | None = None) -> Iterator[Commit]:
        """Commits 1 to `up_to` (the head), in order."""
        return self.chain.commits(up_to)

    def find_batch(self, batch_id: str) -> Commit | None:
        """The commit that holds a batch."""
        return self.chain.find_batch(batch_id)

    def resolve(self, as_of: str | int | None) -> int:
        """The last commit an "as of" includes: `Chain.resolve`."""
        return self.chain.resolve(as_of)

    def begin(self, batch_id: str, producer: Mapping[str, Any]) -> Batch:
        """Start a batch.

        Args:
            batch_id: names the content; it is committed once, ever.
            producer: who writes it, as JSON; goes into the commit.

        Raises:
            UsageError: the batch id is empty or too long, or the producer is not JSON.
            StorageError: the store cannot hold a log, or refuses to be written.
        """
        if not 0 < len(batch_id) <= MOST_BATCH_ID:
            message = f"A batch id has 1 to {MOST_BATCH_ID} characters, not {len(batch_id)}."
            raise UsageError(message)
        try:
            rfc8785.dumps(dict(producer))
        except rfc8785.CanonicalizationError as error:
            message = f"The producer cannot be written as JSON: {error}."
            raise UsageError(message) from error
        if not self._is_store_checked:
            check_exclusive_creation(self.layout.tmp)
            self._is_store_checked = True
        self.chain.refresh()
        return Batch(self.layout, self.chain, self._ids, self.retractions, batch_id, producer)

    def find_event(self, event_id: str) -> int:
        """The position of an event.

        Raises:
            NotFoundError: no event has this id.
        """
        position = find_position(self.chain, event_id)
        if position is None:
            message = f"No event in the log has the id {event_id!r}."
            raise NotFoundError(message, remedy="`demoscope log events` finds ids.")
        return position

    def checkpoint(self, origin: str | None = None) -> Checkpoint:
        """The log's size and root; signed and kept elsewhere, it pins the history.

        Args:
            origin: what the log is called there; derived from FORMAT unless given.
        """
        return checkpoint_of(self.chain, origin or default_origin(self.origin.name))

    def verify(self, held: Checkpoint | None = None) -> Verification:
        """Check everything the log consists of, from the bytes up; nothing is changed.

        Args:
            held: a checkpoint kept elsewhere, which the log must continue.
        """
        report = verify(self.layout)
        fault = None if held is None else compare(self.chain, held)
        if fault is not None:
            report.add(*fault)
        return report
