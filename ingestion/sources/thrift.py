"""How long Parquet's pages are, read from their headers (Thrift's compact protocol).

A page header begins with its type, its size unpacked and its size as it lies there:
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

HEADER_BYTES = 1 << 16
_MAX_DEPTH = 8
_STOP, _TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 0, 1, 2, 3, 7, 8, 9, 10, 12
_INTEGERS = (4, 5, 6)
_UNPACKED, _PACKED = 2, 3


class _Reader:
    """Compact Thrift in memory. Running off its end raises IndexError."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.at = 0

    def byte(self) -> int:
        self.at += 1
        return self._content[self.at - 1]

    def number(self) -> int:
        """A varint, as it stands."""
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:  # noqa: PLR2004  # the last byte of a varint
                return value

    def integer(self) -> int:
        """A zigzag varint."""
        value = self.number()
        return (value >> 1) ^ -(value & 1)

    def fields(self, depth: int = 0) -> dict[int, int]:
        """The integers of a struct by field; all else is passed over."""
        found: dict[int, int] = {}
        field = 0
        while (head := self.byte()) & 15 != _STOP:
            delta = head >> 4
            field = field + delta if delta else self.integer()
            kind = head & 15
            if kind in _INTEGERS:
                found[field] = self.integer()
            elif kind not in (_TRUE, _FALSE):
                self._skip(kind, depth)
        return found

    def _skip(self, kind: int, depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise ValueError("a page header is nested too deeply")
        if kind in (*_INTEGERS, _TRUE, _FALSE, _BYTE):
            self.number() if kind in _INTEGERS else self.byte()
        elif kind == _DOUBLE:
            self.at += 8
        elif kind == _BINARY:
            length = self.number()
            self.at += length
        elif kind in (_LIST, _SET):
            head = self.byte()
            many = 15
            count = head >> 4 if head >> 4 != many else self.number()
            for _ in range(min(count, HEADER_BYTES)):
                self._skip(head & 15, depth + 1)
        elif kind == _STRUCT:
            self.fields(depth + 1)
        else:
            raise ValueError(f"a page header has a field of the unknown type {kind}")


def page_sizes(raw: IO[bytes], start: int, length: int) -> Iterator[int]:
    """The unpacked bytes of each page of a column chunk.

    Args:
        raw: the file.
        start: where the chunk's first page lies.
        length: the chunk's bytes as it lies there.

    Raises:
        ValueError: a header can't be read.
    """
    at, end = start, start + length
    while at < end:
        raw.seek(at)
        reader = _Reader(raw.read(HEADER_BYTES))
        try:
            sizes = reader.fields()
            unpacked, packed = sizes[_UNPACKED], sizes[_PACKED]
        except (IndexError, KeyError) as error:
            raise ValueError("a page header cannot be read") from error
        if unpacked < 0 or packed < 0:
            raise ValueError("a page header gives a negative size")
        yield unpacked
        at += reader.at + packed
