"""Leaves of many rows at once: what leaves.py defines, as bytes in memory that lanes.py hashes.

What stays out: columns as text (columns_text.py), hashing (lanes.py), trees (row_tree.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ingestion.log.columns_text import Bytes, Flags, joined, member
from ingestion.log.lanes import WORDS, Integers, Words, compiled, hash_messages
from ingestion.log.leaves import ENVELOPE
from ingestion.log.wide_copy import SLACK, copy_wide

PIECE_ROWS = 1 << 16
CHUNK_ROWS = 1 << 12
"""So many messages at a time stay in the processor's cache."""
_BLOCK = 64
_LEAF = 1
"""RFC 6962's prefix of a leaf is one byte, a zero."""


@dataclass(frozen=True)
class _Lines:
    """Columns of a piece of a table, all in one memory, for one kernel to go through row by row.

    Args:
        data: every column's values.
        offsets: per column and row, where in `data` the value begins; the next is where it ends.
        is_there: per column and row.
        around: what stands before and after each value, of all columns.
        bounds: where in `around` each of these begins: before 0, after 0, before 1, ...
    """

    data: Bytes
    offsets: npt.NDArray[np.int64]
    is_there: Flags
    around: Bytes
    bounds: npt.NDArray[np.int64]

    @classmethod
    def of(cls, table: pa.Table, names: Sequence[str]) -> _Lines:
        members = joined([member(name, table[name]) for name in names])
        ends = np.cumsum([len(column.data) for column in members])
        offsets = np.stack([column.offsets.astype(np.int64) for column in members])
        offsets[1:] += ends[:-1, None]
        slack = np.zeros(SLACK, np.uint8)
        around = [text for column in members for text in (column.before, column.after)]
        return cls(
            np.concatenate([*(column.data for column in members), slack]),
            offsets,
            np.stack([column.is_there for column in members]),
            np.concatenate([*around, slack]),
            np.cumsum([0, *(len(text) for text in around)]),
        )

    def hash(self, prefix: int, lead: Words, start: int, end: int) -> Words:
        """SHA-256 of zero bytes, each row's leading words, and its JSON object.

        Args:
            prefix: how many zero bytes.
            lead: of rows `start` to `end`.
            start: first row.
            end: row after the last.
        """
        offsets = np.ascontiguousarray(self.offsets[:, start : end + 1].T)
        is_there = np.ascontiguousarray(self.is_there[:, start:end].T)
        lengths = _lengths(offsets, is_there, self.bounds)
        lengths += prefix + 4 * lead.shape[1] + 1
        blocks = (lengths + 9 + _BLOCK - 1) // _BLOCK
        ends = np.cumsum(blocks) * _BLOCK
        starts = ends - blocks * _BLOCK
        memory = np.empty(int(ends[-1]) + SLACK, np.uint8)
        _fill(
            memory, starts, ends, prefix, lead,
            self.data, offsets, is_there, self.around, self.bounds,
        )  # fmt: skip
        order = np.argsort(blocks.astype(np.uint16), kind="stable")
        return hash_messages(memory.view(np.uint32), starts // 4, blocks, order)


def hash_leaves(table: pa.Table, salts: Words, erased: dict[int, bytes]) -> Words:
    """Leaf hashes of rows.

    Args:
        table: a segment's rows.
        salts: one row of words per row.
        erased: row number -> commitment, where the payload is not there any more.
    """
    out = np.empty((table.num_rows, WORDS), np.uint32)
    names = sorted(name for name in table.column_names if name not in ENVELOPE)
    for start in range(0, table.num_rows, PIECE_ROWS):
        piece = table.slice(start, PIECE_ROWS)
        payload, shown = _Lines.of(piece, names), _Lines.of(piece, ENVELOPE)
        for chunk in range(0, piece.num_rows, CHUNK_ROWS):
            end = min(chunk + CHUNK_ROWS, piece.num_rows)
            rows = slice(start + chunk, start + end)
            commitments = payload.hash(0, salts[rows], chunk, end)
            for row in erased.keys() & range(rows.start, rows.stop):
                commitments[row - rows.start] = np.frombuffer(erased[row], ">u4")
            out[rows] = shown.hash(_LEAF, commitments, chunk, end)
    return out


@compiled
def _lengths(offsets: Integers, is_there: Flags, bounds: Integers) -> Integers:
    lengths = np.zeros(len(is_there), np.int64)
    for row in range(len(lengths)):
        for k in range(is_there.shape[1]):
            if is_there[row, k]:
                around = bounds[2 * k + 2] - bounds[2 * k]
                lengths[row] += offsets[row + 1, k] - offsets[row, k] + around
    return lengths


@compiled
def _fill(  # noqa: PLR0913, PLR0917 (arrays, as a kernel takes them)
    memory: Bytes,
    starts: Integers,
    ends: Integers,
    prefix: int,
    lead: Words,
    data: Bytes,
    offsets: Integers,
    is_there: Flags,
    around: Bytes,
    bounds: Integers,
) -> None:
    zeros = np.zeros(SLACK, np.uint8)
    for row in range(len(starts)):
        at = starts[row]
        for _ in range(prefix):
            memory[at] = 0
            at += 1
        for k in range(lead.shape[1]):
            word = lead[row, k]
            for shift in range(4):
                memory[at + shift] = (word >> np.uint32(24 - 8 * shift)) & np.uint32(0xFF)
            at += 4
        memory[at] = 0x7B
        at += 1
        for k in range(is_there.shape[1]):
            if is_there[row, k]:
                at = copy_wide(memory, at, around, bounds[2 * k], bounds[2 * k + 1])
                at = copy_wide(memory, at, data, offsets[row, k], offsets[row + 1, k])
                at = copy_wide(memory, at, around, bounds[2 * k + 1], bounds[2 * k + 2])
        # A brace in place of the last comma, then SHA-256's padding.
        memory[at - 1] = 0x7D
        memory[at] = 0x80
        copy_wide(memory, at + 1, zeros, 0, _BLOCK)
        bits = (at - starts[row]) * 8
        for k in range(8):
            memory[ends[row] - 1 - k] = (bits >> (8 * k)) & 0xFF
