"""Blocks of plain JSON lines as Arrow columns of codes: three times as fast as parsing each value.

Nothing is lost by it: a block with one line that is not plain is not read here at all, and what is
read is the same text that json_rows.py would give.

What stays out: the loop (plain_scan.py), and blocks of other lines (native_jsonl.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from ingestion.sources.lines import LineBlock
from ingestion.sources.plain_scan import Int64s, Keys, Tables, clear, gather, scan

# Beyond so many lines a block holds next to nothing per line, and the tables would be large.
MOST_LINES = 1 << 18
_MOST_KEYS = 63


class PlainReader:
    """Reads blocks; its tables are used again, because fresh memory costs page faults."""

    def __init__(self) -> None:
        self._tables = _tables(0, 0)

    def read(self, block: LineBlock, names: Sequence[str]) -> pa.Table | None:
        """The values under `names`, as dictionary-encoded text; keys no line has are left out.

        Returns:
            None where a line is not plain: other keys, a key twice, escapes, fractions, nesting,
            text that is not UTF-8.
        """
        count, size = len(block), len(names)
        if not count or count > MOST_LINES or size > _MOST_KEYS:
            return None
        rows, columns = self._tables.firsts.shape
        if rows < size or columns < count:
            # A little more, because the next block may have a few lines more.
            self._tables = _tables(size, count + count // 4)
        # The columns will be views of it, so it is not used again.
        codes = np.full((size, count), -1, np.int32)
        tables = self._tables._replace(codes=codes)
        try:
            if scan(block.buffer, block.starts, block.ends, _keys(names), tables) < count:
                return None
            columns_of = (_column(block, tables, key) for key in range(size))
            found = zip(names, columns_of, strict=True)
            return pa.table({name: column for name, column in found if column is not None})
        except pa.ArrowInvalid:  # not UTF-8
            return None
        finally:
            clear(tables)


def _keys(names: Sequence[str]) -> Keys:
    texts = [f'{name}"'.encode() for name in names]
    starts = np.cumsum([0, *map(len, texts)])
    following = np.zeros(len(names) + 1, np.int64)
    return Keys(np.frombuffer(b"".join(texts), np.uint8), starts, following)


def _tables(size: int, count: int) -> Tables:
    return Tables(
        np.empty((0, 0), np.int32),
        np.full((size, 2 << count.bit_length()), -1, np.int32),
        *np.empty((3, size, count), np.int64),
        *np.zeros((2, size), np.int64),
    )


def _column(block: LineBlock, tables: Tables, key: int) -> pa.DictionaryArray | None:
    count = tables.counts[key]
    if not count:
        return None
    texts = _texts(block, tables.firsts[key, :count], tables.lengths[key, :count])
    texts.validate(full=True)
    codes = tables.codes[key]
    present = pa.array(codes, mask=codes < 0 if codes.min() < 0 else None)
    return pa.DictionaryArray.from_arrays(present, texts)


def _texts(block: LineBlock, firsts: Int64s, lengths: Int64s) -> pa.Array:
    offsets = np.zeros(len(firsts) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    content = np.empty(offsets[-1], np.uint8)
    gather(block.buffer, firsts, lengths, content)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(content)]
    return pa.Array.from_buffers(pa.string(), len(firsts), buffers)
