"""Where the rows of CSV begin and end in the raw bytes.

Quickly: a line feed ends a row if an even number of quotes precedes it. That is right whenever
quotes stand where they should. Exactly: field by field, as RFC 4180 and pyarrow have it: a quote
opens only at the start of a field, two quotes inside are one, a lone carriage return ends a row.

What stays out: reading blocks and turning rows into columns (csv_rows.py).
"""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np

Spans = list[tuple[int, int]]
Fields = list[list[bytes] | None]
_BLANK = (b"\n", b"\r\n", b"\r")


class RowSplitter:
    """Splits bytes into rows.

    Args:
        delimiter: one character between fields.
    """

    def __init__(self, delimiter: str) -> None:
        self._delimiter = delimiter.encode()
        self._field = _field_pattern(delimiter)

    def quickly(self, raw: bytes, *, is_last: bool) -> tuple[Spans, Fields | None, int]:
        """Row spans, fields if they had to be found, and where the rest begins."""
        data = np.frombuffer(raw, dtype=np.uint8)
        feeds = np.flatnonzero(data == ord("\n"))
        quotes = np.flatnonzero(data == ord('"'))
        ends = feeds[np.searchsorted(quotes, feeds) % 2 == 0] + 1
        is_open = is_last and len(quotes) % 2
        if is_open or raw.count(b"\r") != raw.count(b"\r\n"):
            return self.exactly(raw, 0, is_last=is_last)
        if is_last and len(raw) and (not len(ends) or ends[-1] != len(raw)):
            ends = np.append(ends, len(raw))
        bounds = [0, *ends.tolist()]
        spans = list(pairwise(bounds))
        short = [span for span in spans if span[1] - span[0] <= len(b"\r\n")]
        if any(raw[slice(*span)] in _BLANK for span in short):
            spans = [span for span in spans if raw[slice(*span)] not in _BLANK]
        return spans, None, bounds[-1]

    def exactly(
        self, raw: bytes, begin: int, *, is_last: bool, limit: int | None = None
    ) -> tuple[Spans, Fields, int]:
        """Rows and their fields; None for a row with a quote that is never closed."""
        spans: Spans = []
        rows: Fields = []
        position = begin
        while position < len(raw) and len(spans) != limit:
            fields: list[bytes] = []
            is_closed = True
            at = position
            while True:
                match = self._field.match(raw, at)
                if match is None:  # unclosed: the rest of this line, if no more can come
                    is_closed = False
                    at = raw.find(b"\n", position)
                    at = len(raw) if at < 0 else at
                    break
                inner, after, plain = match.groups()
                fields.append(plain if inner is None else inner.replace(b'""', b'"') + after)
                at = match.end()
                if raw[at : at + 1] != self._delimiter:
                    break
                at += 1
            is_complete = at < len(raw) and not (at == len(raw) - 1 and raw[at] == ord("\r"))
            if not is_last and not (is_closed and is_complete):
                break
            at += 2 if raw[at : at + 2] == b"\r\n" else at < len(raw)
            if raw[position:at] not in _BLANK:
                spans.append((position, at))
                rows.append(fields if is_closed else None)
            position = at
        return spans, rows, position


def _field_pattern(delimiter: str) -> re.Pattern[bytes]:
    """One field: quoted (inner text, and what follows the closing quote), or plain."""
    mark = re.escape(delimiter.encode())
    return re.compile(rb'"((?:[^"]++|"")*+)"([^%b\r\n]*+)|((?!")[^%b\r\n]*+)' % (mark, mark))
