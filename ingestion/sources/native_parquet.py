"""Native Parquet: events under the contract's own names, columns typed as the file types them.

Accounting: every row becomes one row. Rows that name no known event type come in a batch whose
`event_type` is None and that has only `row_number`, `refusal`, `refusal_column`. A value in a
column that the event's contract does not know is `unknown_column`; null there is let pass.

What stays out: native JSONL (native_jsonl.py), files by mapping (flat.py), and whether the values
are right (expectations/).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import CONTRACTS
from ingestion.errors import LoadRefusedError
from ingestion.sources.batch import NativeBatch
from ingestion.sources.files import LocalFile, fingerprint
from ingestion.sources.native_doubt import EVENT_TYPE, event_type_of
from ingestion.sources.parquet_rows import ParquetPiece, ParquetRows, open_parquet
from ingestion.sources.rows import columns_of, make_batch, with_source
from ingestion.vocabulary import Refusal


class NativeParquet:
    """A native Parquet file.

    Args:
        file: where it lies.
        source: the source's name for rows that do not say theirs.
    """

    def __init__(self, file: LocalFile, source: str | None = None) -> None:
        self._file = file
        self._source = source

    @property
    def name(self) -> str:
        """The file's path as the user wrote it."""
        return self._file.name

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the file's bytes and the source's name."""
        return fingerprint(self._file, mapping="native", source=self._source)

    def batches(self) -> Iterator[NativeBatch]:
        """Yield the events in batches, one event type each, in file order within a type."""
        with open_parquet(self._file) as rows:
            if EVENT_TYPE not in rows.columns:
                raise LoadRefusedError(
                    f"{self.name}: has no column 'event_type', so it is not a native event file; "
                    f"its columns are {', '.join(rows.columns)}.",
                    remedy="Say with --mapping what the columns mean.",
                )
            for piece in rows.pieces(rows.columns):
                yield from self._by_type(rows, piece)

    def _by_type(self, rows: ParquetRows, piece: ParquetPiece) -> Iterator[NativeBatch]:
        names = pc.cast(piece.table[EVENT_TYPE], pa.string())
        for name in pc.unique(names).to_pylist():
            is_mine = pc.is_null(names) if name is None else pc.equal(names, name)
            chosen = np.flatnonzero(is_mine.to_numpy())
            whole = len(chosen) == len(piece.table)
            table = piece.table if whole else piece.table.take(pa.array(chosen))
            yield self._batch(rows, piece, chosen, table, name)

    def _batch(
        self,
        rows: ParquetRows,
        piece: ParquetPiece,
        chosen: np.ndarray[tuple[int], np.dtype[np.int64]],
        table: pa.Table,
        name: str | None,
    ) -> NativeBatch:
        offsets = chosen + piece.offset
        originals = partial(_originals, rows, piece.group, offsets)
        numbers = piece.numbers[chosen]
        event_type = event_type_of(name)
        refusals: list[str | None] = [None] * len(table)
        about: list[str | None] = [None] * len(table)
        if event_type is None:
            reason = Refusal.UNKNOWN_EVENT_TYPE if name else Refusal.MISSING_VALUE
            objections = ([reason] * len(table), [EVENT_TYPE] * len(table))
            return make_batch(None, {}, numbers, originals, objections)
        known = CONTRACTS[event_type].native_columns
        for column in table.column_names:
            if column not in known:
                for row in np.flatnonzero(pc.is_valid(table[column]).to_numpy()).tolist():
                    refusals[row], about[row] = Refusal.UNKNOWN_COLUMN, about[row] or column
        if piece.not_utf8 is not None:
            for row, position in enumerate(chosen.tolist()):
                if piece.not_utf8[position] is not None:
                    refusals[row], about[row] = Refusal.NOT_UTF8, piece.not_utf8[position]
        kept = table.select([column for column in table.column_names if column in known])
        columns = columns_of(with_source(kept, self._source))
        has_objections = any(refusal is not None for refusal in refusals)
        return make_batch(
            event_type, columns, numbers, originals, (refusals, about) if has_objections else None
        )


def _originals(
    rows: ParquetRows,
    group: int,
    offsets: np.ndarray[tuple[int], np.dtype[np.int64]],
    positions: list[int],
) -> list[str]:
    return rows.originals(group, [int(offsets[position]) for position in positions])
