"""Blocks of plain JSON lines as Arrow columns of codes: six times as fast as parsing each value.

Nothing is lost by it: a block with one line that is not plain is not read here at all, and what is
read is the same text that json_rows.py would give.

What stays out: the loop (plain_scan.py), and blocks of other lines (native_jsonl.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from ingestion.sources.lines import LineBlock
from ingestion.sources.plain_scan import Int64s, gather, scan

# Beyond so many lines a block holds next to nothing per line, and the tables would be large.
MOST_LINES = 1 << 18
_MOST_KEYS = 63


def read_plain(block: LineBlock, names: Sequence[str]) -> pa.Table | None:
    """The block's values under `names`, as dictionary-encoded text; keys no line has are left out.

    Returns:
        None where a line is not plain: other keys, a key twice, escapes, fractions, nesting, text
        that is not UTF-8.
    """
    count, size = len(block), len(names)
    if not count or count > MOST_LINES or size > _MOST_KEYS:
        return None
    keys = [f'{name}"'.encode() for name in names]
    codes = np.full((size, count), -1, np.int32)
    firsts, lengths = np.empty((size, count), np.int64), np.empty((size, count), np.int64)
    counts = np.zeros(size, np.int64)
    taken = scan(
        block.buffer,
        block.starts,
        block.ends,
        np.frombuffer(b"".join(keys), np.uint8),
        np.cumsum([0, *map(len, keys)]),
        codes,
        np.full((size, 2 << count.bit_length()), -1, np.int32),
        firsts,
        lengths,
        counts,
    )
    if taken < count:
        return None
    columns = {}
    for index in np.flatnonzero(counts):
        own = slice(0, counts[index])
        values = _texts(block, firsts[index, own], lengths[index, own])
        try:
            values.validate(full=True)
        except pa.ArrowInvalid:  # not UTF-8
            return None
        column = codes[index]
        present = pa.array(column, mask=column < 0) if column.min() < 0 else pa.array(column)
        columns[names[index]] = pa.DictionaryArray.from_arrays(present, values)
    return pa.table(columns)


def _texts(block: LineBlock, firsts: Int64s, lengths: Int64s) -> pa.Array:
    offsets = np.zeros(len(firsts) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    content = np.empty(offsets[-1], np.uint8)
    gather(block.buffer, firsts, lengths, content)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(content)]
    return pa.Array.from_buffers(pa.string(), len(firsts), buffers)
