"""Blocks of plain JSON lines as Arrow columns of codes: three times as fast as parsing each value.

Nothing is lost by it: a block with one line that is not plain is not read here at all, and what is
read is the same text that json_rows.py would give.

What stays out: the loop (plain_scan.py), and blocks of other lines (native_jsonl.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from ingestion.sources.line_blocks import Stretch
from ingestion.sources.plain_scan import NOT_PLAIN, scan
from ingestion.sources.plain_tables import Int64s, Keys, Tables, clear, gather
from ingestion.sources.plain_tokens import Bytes
from ingestion.wide import SLACK

# Beyond so many lines a block holds next to nothing per line, and the tables would be large.
MOST_LINES = 1 << 18
_MOST_KEYS = 63


class PlainReader:
    """Reads blocks; its tables are used again, because fresh memory costs page faults."""

    def __init__(self) -> None:
        self._tables = _tables(0, 0, 0)

    def read(self, lines: Stretch, names: Sequence[str]) -> pa.Table | None:
        """The values under `names`, as dictionary-encoded text; keys no line has are left out.

        Returns:
            None where a line is not plain: other keys, a key twice, escapes, fractions, nesting,
            text that is not UTF-8, nothing. Otherwise where lines end is known from here on.
        """
        length, size = lines.stop - lines.start, len(names)
        if not length or size > _MOST_KEYS:
            return None
        # A few more than lines like the first would be, because others may be shorter.
        likely = length // (len(lines.first_line()) + 1) * 5 // 4 + 8
        for most in dict.fromkeys((min(likely, MOST_LINES), MOST_LINES)):
            tables = self._ready(size, most, len(lines.buffer))
            try:
                count = scan(lines.buffer, lines.start, lines.stop, _keys(names), tables)
                if count >= 0:
                    lines.ends = tables.ends[:count].copy()
                    columns = (_column(tables, key, count) for key in range(size))
                    found = zip(names, columns, strict=True)
                    return pa.table({name: column for name, column in found if column is not None})
                if count == NOT_PLAIN:
                    return None
            except pa.ArrowInvalid:  # not UTF-8
                return None
            finally:
                clear(tables)
        return None

    def _ready(self, size: int, count: int, length: int) -> Tables:
        rows, columns = self._tables.firsts.shape
        if rows < size or columns < count or len(self._tables.texts) < length + SLACK:
            self._tables = _tables(max(size, rows), max(count, columns), length)
        # The columns will be views of it, so it is not used again.
        return self._tables._replace(codes=np.empty((size, count), np.int32))


def _keys(names: Sequence[str]) -> Keys:
    texts = [f'{name}"'.encode() for name in names]
    starts = np.cumsum([0, *map(len, texts)])
    following = np.zeros(len(names) + 1, np.int64)
    return Keys(np.frombuffer(b"".join(texts), np.uint8), starts, following)


def _tables(size: int, count: int, length: int) -> Tables:
    firsts, lengths, places = np.empty((3, size, count), np.int64)
    return Tables(
        codes=np.empty((0, 0), np.int32),
        slots=np.full((size, 2 << count.bit_length()), -1, np.int32),
        firsts=firsts,
        lengths=lengths,
        places=places,
        counts=np.zeros(size, np.int64),
        texts=np.empty(length + SLACK, np.uint8),
        ends=np.empty(count, np.int64),
    )


def _column(tables: Tables, key: int, rows: int) -> pa.DictionaryArray | None:
    count = tables.counts[key]
    if not count:
        return None
    texts = _texts(tables.texts, tables.firsts[key, :count], tables.lengths[key, :count])
    texts.validate(full=True)
    codes = tables.codes[key, :rows]
    present = pa.array(codes, mask=codes < 0 if codes.min() < 0 else None)
    return pa.DictionaryArray.from_arrays(present, texts)


def _texts(values: Bytes, firsts: Int64s, lengths: Int64s) -> pa.Array:
    offsets = np.zeros(len(firsts) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    content = np.empty(offsets[-1] + SLACK, np.uint8)
    gather(values, firsts, lengths, content)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(content)]
    return pa.Array.from_buffers(pa.string(), len(firsts), buffers)
