"""A batch: stage tables, then commit them together or not at all.

Before the commit nothing is visible, and leaving the batch in any other way leaves nothing behind.
The same `batch_id` is committed once, and the same event_id enters once, whoever else is writing:
after losing a race the batch looks at what the winner added before it tries again.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa

from ingestion.contracts import CONTRACTS, Contract
from ingestion.errors import BusyError, IntegrityError
from ingestion.log.append import append_record, publish_segments, withdraw_segments
from ingestion.log.chain import Chain, Commit, Refused, Segment
from ingestion.log.durable import explained, fsync_directory
from ingestion.log.held_files import rows_at
from ingestion.log.layout import Layout, conform, describe_schema, keep_schema
from ingestion.log.matching import IntArray, KnownIds, LoggedIds, settle, settle_repeats
from ingestion.log.receipt import LATE_SCHEMA, Receipt, StageResult
from ingestion.log.retractions import Retractions
from ingestion.log.staged_rows import StagedRows
from ingestion.log.workspace import Workspace
from ingestion.vocabulary import EventType


class Batch:
    """Use as a context manager, in one thread at a time."""

    def __init__(
        self,
        layout: Layout,
        chain: Chain,
        logged: LoggedIds,
        retractions: Retractions,
        batch_id: str,
        producer: Mapping[str, Any],
    ) -> None:
        self.batch_id = batch_id
        self._producer = dict(producer)
        self._layout, self._chain, self._logged = layout, chain, logged
        self._retractions = retractions
        # Staged rows have been compared with commits 1 to `_base`.
        self._base = chain.head_seq
        self._workspace = Workspace(layout)
        self._ids: KnownIds | None = None
        self._staged = StagedRows(self._workspace.path)
        self._stage_count = 0
        self._refused: tuple[Refused, ...] = ()
        self._late = [LATE_SCHEMA.empty_table()]
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
        if self._ids is not None:
            self._ids.close()
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
        contract = CONTRACTS[event_type]
        table, stays_retracted = self._as_said_again(contract, conform(contract, table))
        ids = self._known_ids()
        result = self._compared_with_log(contract, table)
        result.is_retracted[stays_retracted] = True
        rows, places, stages, stage_rows = ids.in_batch()
        in_batch = ((rows[which], known) for _, which, known in self._staged.rows_at(places))
        came_with = zip(stages.tolist(), stage_rows.tolist(), strict=True)
        earlier = dict(zip(rows.tolist(), came_with, strict=True))
        settle(contract, table, in_batch, result, earlier=earlier)
        settle_repeats(contract, table, ids.repeats(), result, self._stage_count)
        accepted = np.flatnonzero(result.is_accepted)
        if len(accepted):
            taken = table if len(accepted) == len(table) else table.take(pa.array(accepted))
            ids.stage(accepted, self._staged.append(contract, taken), self._stage_count)
        self._stage_count += 1
        return result

    def commit(self, refused: tuple[Refused, ...] = ()) -> Receipt:
        """Make the batch part of the log, durably, or find that it is part of it already.

        Args:
            refused: accounts of refused rows, which the commit has beside its events.

        Raises:
            StorageError: the disk refused, or the store; the batch is not acknowledged.
            IntegrityError: another machine has begun the log with another vault.
            BusyError: another machine has erased somebody since the log was opened.
        """
        self._require_open()
        self._refused = refused
        self._staged.seal()
        while True:
            self._chain.refresh()
            earlier = self._chain.find_batch(self.batch_id)
            if earlier is not None:
                return self._already(earlier)
            self._require_same_people()
            if self._chain.head_seq > self._base:
                self._drop_late()
            if not self._staged.counts():
                return self._finish(seq=self._chain.head_seq, is_new=False)
            commit = self._record()
            if append_record(self._layout, commit, self._workspace.path):
                self._chain.refresh()
                return self._finish(seq=commit.seq, is_new=True)

    def _known_ids(self) -> KnownIds:
        if self._ids is None:
            self._logged.cover(self._base)
            self._ids = KnownIds(self._logged)
        return self._ids

    def _compared_with_log(self, contract: Contract, table: pa.Table) -> StageResult:
        ids, result = self._known_ids(), StageResult.of(len(table))
        ids.ask(table["event_id"])
        rows, positions = ids.in_log()
        in_log = rows_at(self._chain, positions)
        at = dict(zip(rows.tolist(), positions.tolist(), strict=True))
        settle(contract, table, ((rows[which], known) for which, known in in_log), result, at)
        return result

    def _as_said_again(self, contract: Contract, table: pa.Table) -> tuple[pa.Table, IntArray]:
        """Rows under the generation of their id that they are to be compared with.

        Returns:
            The table, and the rows that repeat a retracted event, which stays retracted.
        """
        said = self._retractions.of(table["event_id"], self._base)
        if said is None or not len(said.rows):
            return table, np.empty(0, np.int64)
        last = table.take(pa.array(said.rows))
        last = last.set_column(0, contract.log_schema.field("event_id"), said.last_id)
        known = self._compared_with_log(contract, last)
        is_again = known.is_conflict | (known.is_duplicate & said.is_undo)
        is_new = said.is_retracted & is_again
        ids = table["event_id"].combine_chunks().to_numpy(zero_copy_only=False).copy()
        ids[said.rows] = np.where(
            is_new,
            said.next_id.to_numpy(zero_copy_only=False),
            said.last_id.to_numpy(zero_copy_only=False),
        )
        table = table.set_column(
            0, contract.log_schema.field("event_id"), pa.array(ids, pa.string())
        )
        return table, said.rows[said.is_retracted & known.is_duplicate & ~said.is_undo]

    def _require_same_people(self) -> None:
        """Refuse what another machine's vault, or an erasure there, has made wrong meanwhile.

        The keys are checked after the log is opened. On one machine the vault's lock sees to it.
        """
        mine = self._producer.get("vault")
        first = self._chain.first_saying('"vault":{') if mine else None
        if first is not None and first.producer.get("vault") not in (None, mine):
            message = "Another machine has begun this log with a vault of its own."
            remedy = "Move vault/ away and restore that one's: demoscope vault restore FILE"
            raise IntegrityError(message, remedy=remedy)
        since = range(self._chain.opened_seq + 1, self._chain.head_seq + 1)
        if self._layout.store is not None and any(
            segment.event_type == EventType.SUBJECT_ERASED
            for seq in since
            for segment in self._chain.commit(seq).segments
        ):
            message = "Another machine has erased a participant meanwhile; nothing was committed."
            raise BusyError(message, remedy="Give the command again.")

    def _drop_late(self) -> None:
        """Compare what is staged with commits made since it was, and drop what they hold."""
        ids = self._known_ids()
        self._logged.cover(self._chain.head_seq)
        first_position = self._chain.commit(self._base + 1).first_position
        places, positions, stages, stage_rows = ids.late(first_position)
        superfluous = [np.empty(0, np.int64)]
        for which, known in rows_at(self._chain, positions):
            for contract, index, staged in self._staged.rows_at(places[which]):
                result = StageResult.of(len(staged))
                beside = known.take(pa.array(index))
                settle(contract, staged, [(np.arange(len(staged)), beside)], result)
                is_late = ~result.is_accepted
                late = which[index][is_late]
                columns = {
                    "stage": stages[late],
                    "row": stage_rows[late],
                    "event_type": [str(contract.event_type)] * len(late),
                    "event_id": staged["event_id"].filter(pa.array(is_late)),
                    "is_conflict": result.is_conflict[is_late],
                }
                self._late.append(pa.table(columns, LATE_SCHEMA))
                superfluous.append(places[late])
        dropped = np.unique(np.concatenate(superfluous))
        self._staged.drop(dropped)
        ids.forget(dropped)
        self._base = self._chain.head_seq

    def _record(self) -> Commit:
        """The record that would continue the chain as it was last read."""
        position = self._chain.next_position
        segments = []
        publish_segments(self._layout, (file for _, file in self._staged.sealed()))
        self._staged.moved_to(self._layout.segment)
        for contract, file in self._staged.sealed():
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
        added, refused = tuple(segments), self._refused
        return self._chain.continued(self.batch_id, self._producer, segments=added, refused=refused)

    def _already(self, earlier: Commit) -> Receipt:
        """The batch is in the chain, perhaps by a writer that died before it could say so."""
        with explained("Writing to", self._layout.commits):
            fsync_directory(self._layout.commits)
        withdraw_segments(self._layout, (file for _, file in self._staged.sealed()), earlier)
        self.abort()
        return Receipt(seq=earlier.seq, is_new=False)

    def _finish(self, *, seq: int, is_new: bool) -> Receipt:
        self.abort()
        accepted = self._staged.counts() if is_new else {}
        late = pa.concat_tables(self._late)
        return Receipt(seq=seq, is_new=is_new, accepted=accepted, late=late)

    def _require_open(self) -> None:
        if not self._is_open:
            message = f"batch {self.batch_id} is finished"
            raise ValueError(message)
