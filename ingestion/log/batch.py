"""A batch: stage tables, then commit them together or not at all.

Before the commit nothing is visible, and leaving the batch in any other way leaves nothing behind.
The same `batch_id` is committed once, and the same event_id enters once, whoever else is writing:
after losing a race the batch looks at what the winner added before it tries again.

What stays out: the steps on the disk (append.py), where rows wait (stream.py), how repeats are
judged (matching.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa

from ingestion.contracts import CONTRACTS
from ingestion.log.append import append_record, publish_segments, withdraw_segments
from ingestion.log.chain import Chain, Commit, Segment
from ingestion.log.durable import StorageError, explained, fsync_directory
from ingestion.log.id_cache import IdCache
from ingestion.log.id_hash import hash_ids
from ingestion.log.late import LateRows
from ingestion.log.layout import Layout, conform, describe_schema, keep_schema
from ingestion.log.matching import settle, settle_repeats
from ingestion.log.pending import Pending
from ingestion.log.receipt import Receipt, StageResult
from ingestion.log.runs import Stream
from ingestion.log.segments import row_pieces
from ingestion.log.stored import rows_at
from ingestion.log.workspace import Workspace
from ingestion.vocabulary import EventType

STAGE_ROWS = 1 << 20


class Batch:
    """Use as a context manager. Not for several threads."""

    def __init__(
        self,
        layout: Layout,
        chain: Chain,
        ids: IdCache,
        batch_id: str,
        producer: Mapping[str, Any],
    ) -> None:
        self.batch_id = batch_id
        self._producer = dict(producer)
        self._layout, self._chain, self._ids = layout, chain, ids
        # Staged rows have been compared with commits 1 to `_base`.
        self._base = chain.head_seq
        self._workspace = Workspace(layout)
        self._pending = Pending(self._workspace.path)
        self._late = LateRows()
        self._is_open = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.abort()

    def abort(self) -> None:
        """Forget everything staged; after a commit, only tidy up."""
        self._is_open = False
        self._workspace.close()

    def stage(self, event_type: EventType, table: pa.Table) -> StageResult:
        """Add rows.

        Args:
            event_type: what they are.
            table: in the contract's log schema.

        Returns:
            Per row, whether it is a duplicate or a conflict; the others are accepted.

        Raises:
            ValueError: the table does not have the contract's schema.
            StorageError: the disk refused.
            IntegrityError: a segment that must be compared with is damaged.
        """
        self._require_open()
        pieces = [
            self._stage_piece(event_type, piece)
            for piece in row_pieces(conform(CONTRACTS[event_type], table), STAGE_ROWS)
        ]
        result = StageResult(
            np.concatenate([np.empty(0, np.bool_), *(piece.is_duplicate for piece in pieces)]),
            np.concatenate([np.empty(0, np.bool_), *(piece.is_conflict for piece in pieces)]),
        )
        self._late.remember(event_type, result.is_accepted)
        return result

    def commit(self) -> Receipt:
        """Make the batch part of the log, durably, or find that it is part of it already.

        Raises:
            StorageError: the disk refused; the batch is not acknowledged.
        """
        self._require_open()
        self._pending.seal()
        while True:
            self._chain.refresh()
            earlier = self._chain.find_batch(self.batch_id)
            if earlier is not None:
                return self._already(earlier)
            if self._chain.head_seq > self._base:
                self._drop_late()
            if not self._pending.count:
                return self._finish(seq=self._chain.head_seq, is_new=False)
            commit = self._record()
            if append_record(self._layout, commit, self._workspace.path):
                self._chain.refresh()
                # Acknowledged now: an unwritable cache must not take that back.
                with contextlib.suppress(StorageError):
                    self._ids.add(commit.seq, Stream(commit.event_count, self._pending.positions))
                return self._finish(seq=commit.seq, is_new=True)

    def _stage_piece(self, event_type: EventType, table: pa.Table) -> StageResult:
        contract = CONTRACTS[event_type]
        result = StageResult.of(len(table))
        hashes = hash_ids(table["event_id"])
        order = np.argsort(hashes)
        hashes = hashes[order]
        index, positions = self._ids.find(hashes, self._base)
        rows = order[index]
        in_log = rows_at(self._chain, positions)
        settle(contract, table, ((rows[which], known) for which, known in in_log), result)
        index, places = self._pending.find(hashes)
        rows = order[index]
        in_batch = self._pending.rows_at(places)
        settle(contract, table, ((rows[which], known) for _, which, known in in_batch), result)
        settle_repeats(contract, table, order, hashes, result)
        self._pending.append(contract, table, order, hashes, result.is_accepted)
        return result

    def _drop_late(self) -> None:
        """Compare what is staged with commits made since it was, and drop what they hold."""
        added = self._ids.build(self._base + 1, self._chain.head_seq)
        places, positions = self._pending.matches(added)
        superfluous = [np.empty(0, np.uint64)]
        for which, known in rows_at(self._chain, positions):
            for contract, index, staged in self._pending.rows_at(places[which]):
                result = StageResult.of(len(staged))
                beside = known.take(pa.array(index))
                settle(contract, staged, [(np.arange(len(staged)), beside)], result)
                superfluous.append(self._late.add(places[which][index], staged, result))
        self._pending.drop(np.concatenate(superfluous))
        self._base = self._chain.head_seq

    def _record(self) -> Commit:
        """The record that would continue the chain as it was last read."""
        position = self._chain.next_position
        segments = []
        publish_segments(self._layout, (file for _, _, file in self._pending.sealed()))
        self._pending.moved_to(self._layout.segment)
        for contract, sealed, file in self._pending.sealed():
            sealed.first_position = position
            schema = keep_schema(self._layout, describe_schema(contract))
            segment = Segment(
                event_type=str(contract.event_type),
                first_position=position,
                rows=file.rows,
                row_root=file.row_root,
                bytes=file.bytes,
                sha256=file.sha256,
                schema=schema,
            )
            segments.append(segment)
            position += segment.rows
        return self._chain.continued(self.batch_id, self._producer, segments=tuple(segments))

    def _already(self, earlier: Commit) -> Receipt:
        """The batch is in the chain, perhaps by a writer that died before it could say so."""
        with explained("Writing to", self._layout.commits):
            fsync_directory(self._layout.commits)
        withdraw_segments(self._layout, (file for _, _, file in self._pending.sealed()), earlier)
        self.abort()
        return Receipt(seq=earlier.seq, is_new=False, late_duplicates=self._pending.counts())

    def _finish(self, *, seq: int, is_new: bool) -> Receipt:
        accepted = self._pending.counts() if is_new else {}
        self.abort()
        return Receipt(
            seq=seq,
            is_new=is_new,
            accepted={event_type: count for event_type, count in accepted.items() if count},
            late_duplicates=self._late.counts(is_conflict=False),
            late_conflicts=self._late.counts(is_conflict=True),
            late=self._late.table(),
        )

    def _require_open(self) -> None:
        if not self._is_open:
            message = f"batch {self.batch_id} is finished"
            raise ValueError(message)
