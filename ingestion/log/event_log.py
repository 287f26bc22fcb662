"""The event log as the rest of Demoscope sees it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Self

import rfc8785

from ingestion.errors import NotFoundError, UsageError
from ingestion.log.batch import Batch
from ingestion.log.chain import Chain
from ingestion.log.checkpoint import ORIGIN, Checkpoint, commit_tree
from ingestion.log.durable import check_exclusive_creation
from ingestion.log.layout import Layout, open_origin
from ingestion.log.matching import LoggedIds, find_position
from ingestion.log.retractions import Retractions
from ingestion.log.shared import attached, require_end
from ingestion.log.verification import Verification, verify

MOST_BATCH_ID = 256


class EventLog(Chain):
    """One log. What others commit is seen after `refresh()`, and by every commit of one's own."""

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout, open_origin(layout))
        spilled = layout.root.parent / "cache" / "ids"
        self._ids = LoggedIds(self, spilled)
        self.retractions = Retractions(self, spilled)
        self._is_store_checked = False
        if layout.store is not None:
            require_end(self, layout.store)

    @classmethod
    def open(cls, root: Path) -> Self:
        """Open a log, making it on first use; of one at an object store, bring the copy up to date.

        Args:
            root: its directory.

        Raises:
            UsageError: it was written by a version this one does not know, or the store that is
                named is not the log's.
            IntegrityError: FORMAT or the chain is damaged, or a commit is missing.
            StorageError: the store cannot hold a log, or does not answer.
        """
        return cls(attached(root))

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
            raise UsageError(f"The producer cannot be written as JSON: {error}.") from error
        if not self._is_store_checked:
            check_exclusive_creation(self.layout.tmp)
            if self.layout.store is not None:
                self.layout.store.probe()
            self._is_store_checked = True
        self.refresh()
        return Batch(self.layout, self, self._ids, self.retractions, batch_id, producer)

    def find_event(self, event_id: str) -> int:
        """The position of an event.

        Raises:
            NotFoundError: no event has this id.
        """
        position = find_position(self, event_id)
        if position is None:
            message = f"No event in the log has the id {event_id!r}."
            raise NotFoundError(message, remedy="`demoscope log events` finds ids.")
        return position

    def checkpoint(self, origin: str | None = None, size: int | None = None) -> Checkpoint:
        """The log's size and root; signed and kept elsewhere, it pins the history.

        Args:
            origin: what the log is called there; derived from FORMAT unless given.
            size: how many commits it covers, from the first; all of them unless given.

        Raises:
            NotFoundError: the log has fewer commits.
        """
        size = self.head_seq if size is None else size
        origin = origin or f"{ORIGIN}{self.origin.name}"
        return Checkpoint(origin, size, commit_tree(self, size).root)

    def verify(self, held: Checkpoint | None = None, known: Collection[str] = ()) -> Verification:
        """Check everything the log consists of, from the bytes up; nothing is changed.

        Args:
            held: a checkpoint kept elsewhere, which the log must continue.
            known: segments that this code found sound before; as of `verification.verify`.
        """
        report = verify(self.layout, known)
        if held is None:
            return report
        if held.size > self.head_seq:
            report.add(
                self.layout.commit(self.head_seq + 1),
                f"the checkpoint has {held.size} commits, the log {self.head_seq}: "
                "its tail was cut off, or an older copy was put back",
            )
        elif commit_tree(self, held.size).root != held.root:
            report.add(
                self.layout.commits,
                f"its first {held.size} commits are not those of the checkpoint: "
                "another history was put in their place",
            )
        return report
