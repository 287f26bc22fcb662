"""Leaves of many rows at once: what leaves.py defines, as bytes in memory that lanes.py hashes.

What stays out: columns as text (columns_text.py), hashing (lanes.py), trees (row_tree.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ingestion.compiled import compiled
from ingestion.log.columns_text import Codes, in_one, joined, member
from ingestion.log.lanes import Integers, Words, hash_messages
from ingestion.log.leaves import ENVELOPE
from ingestion.sha_vectors import WORDS
from ingestion.wide import SLACK, Bytes, copy_wide, put_big_endian

PIECE_ROWS = 122_880
"""A row group: what is coded is coded by row groups."""
CHUNK_ROWS = 1 << 12
CHUNK_BYTES = 1 << 21
"""So much of messages at a time stays in the processor's cache."""
_BLOCK = 64
_LEAF = 1
"""RFC 6962's prefix of a leaf is one byte, a zero."""


@dataclass(frozen=True)
class _Lines:
    """Columns of a piece of a table, all in one memory, for one kernel to go through row by row.

    Args:
        data: every column's texts.
        offsets: where in `data` each text begins, and at each column's end where its last one ends.
        firsts: where in `offsets` each column begins.
        codes: per column and row, which of the column's texts; -1 for null.
        around: what stands before and after each value, of all columns.
        bounds: where in `around` each of these begins: before 0, after 0, before 1, ...
        most: no row has more bytes.
    """

    data: Bytes
    offsets: Integers
    firsts: Integers
    codes: Codes
    around: Bytes
    bounds: Integers
    most: int

    @classmethod
    def of(cls, table: pa.Table, names: Sequence[str]) -> _Lines:
        members = joined([member(name, table[name]) for name in names])
        members = [in_one(column) for column in members]
        begins = np.cumsum([0, *(len(column.data) for column in members)])
        offsets = [
            column.offsets + begin for column, begin in zip(members, begins[:-1], strict=True)
        ]
        slack = np.zeros(SLACK, np.uint8)
        around = [text for column in members for text in (column.before, column.after)]
        longest = sum(int(np.diff(column.offsets).max(initial=0)) for column in members)
        return cls(
            np.concatenate([*(column.data for column in members), slack]),
            np.concatenate(offsets),
            np.cumsum([0, *(len(ends) for ends in offsets[:-1])]),
            np.stack([column.codes for column in members]),
            np.frombuffer(b"".join([*around, bytes(SLACK)]), np.uint8).copy(),
            np.cumsum([0, *(len(text) for text in around)]),
            longest + sum(map(len, around)),
        )

    def hash(self, memory: Bytes, prefix: int, lead: Words, start: int) -> Words:
        """SHA-256 of zero bytes, each row's leading words, and its JSON object.

        Args:
            memory: scratch, with `room` for each row.
            prefix: how many zero bytes.
            lead: of the rows from `start` on.
            start: first row.
        """
        starts, blocks = np.empty((2, len(lead)), np.int64)
        _fill(
            memory, starts, blocks, prefix, lead, start,
            self.data, self.offsets, self.firsts, self.codes, self.around, self.bounds,
        )  # fmt: skip
        order = np.argsort(blocks.astype(np.uint16), kind="stable")
        return hash_messages(memory.view(np.uint32), starts // 4, blocks, order)

    @property
    def room(self) -> int:
        """Bytes that no row's padded message exceeds, whatever leads it."""
        length = _LEAF + 4 * WORDS + 1 + self.most + 9
        return -(-length // _BLOCK) * _BLOCK


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
        room = max(payload.room, shown.room)
        size = min(max(1, CHUNK_BYTES // room), CHUNK_ROWS)
        memory = np.empty(size * room + SLACK, np.uint8)
        for chunk in range(0, piece.num_rows, size):
            rows = slice(start + chunk, start + min(chunk + size, piece.num_rows))
            commitments = payload.hash(memory, 0, salts[rows], chunk)
            for row in erased.keys() & range(rows.start, rows.stop) if erased else ():
                commitments[row - rows.start] = np.frombuffer(erased[row], ">u4")
            out[rows] = shown.hash(memory, _LEAF, commitments, chunk)
    return out


@compiled
def _fill(  # noqa: PLR0913, PLR0917 (arrays, as a kernel takes them)
    memory: Bytes,
    starts: Integers,
    blocks: Integers,
    prefix: int,
    lead: Words,
    first: int,
    data: Bytes,
    offsets: Integers,
    firsts: Integers,
    codes: Codes,
    around: Bytes,
    bounds: Integers,
) -> None:
    """Lay out the messages of rows from `first` on, each padded to whole blocks."""
    zeros = np.zeros(SLACK, np.uint8)
    at = 0
    for row in range(len(starts)):
        begin = at
        for _ in range(prefix):
            memory[np.uint64(at)] = 0
            at += 1
        for k in range(lead.shape[1]):
            put_big_endian(memory, at, lead[row, k])
            at += 4
        memory[np.uint64(at)] = 0x7B
        at += 1
        for k in range(len(firsts)):
            code = codes[k, np.uint64(first + row)]
            if code >= 0:
                text = np.uint64(firsts[k] + code)
                at = copy_wide(memory, at, around, bounds[2 * k], bounds[2 * k + 1])
                at = copy_wide(memory, at, data, offsets[text], offsets[text + np.uint64(1)])
                at = copy_wide(memory, at, around, bounds[2 * k + 1], bounds[2 * k + 2])
        # A brace in place of the last comma, then SHA-256's padding.
        memory[np.uint64(at - 1)] = 0x7D
        memory[np.uint64(at)] = 0x80
        copy_wide(memory, at + 1, zeros, 0, _BLOCK)
        bits = (at - begin) * 8
        count = (at - begin + 9 + _BLOCK - 1) // _BLOCK
        at = begin + count * _BLOCK
        put_big_endian(memory, at - 8, bits)
        starts[row], blocks[row] = begin, count
