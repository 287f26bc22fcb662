"""A text file as blocks of lines: exact line numbers, no copy of the text, bounded memory.

Buffers are used again, because fresh memory costs a page fault every 4 KB; but never while somebody
still looks at one, so a batch's originals stay valid for as long as the batch is kept.

Blank lines are no rows, but they count as lines. A final line needs no line feed; carriage returns
before line feeds and a byte-order mark are tolerated. A line beyond `MAX_LINE_BYTES` is not kept:
its beginning, length and hash stand for it.

What stays out: where the lines are in a buffer (line_blocks.py), what they say (json_rows.py,
native_jsonl.py) and CSV, where a line is no row.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from ingestion.sources.files import UTF8_BOM, LocalFile
from ingestion.sources.line_blocks import Bytes, LineBlock, Stretch

BLOCK_BYTES = 32 << 20
MAX_LINE_BYTES = 64 << 20
KEPT_OF_OVERSIZED = 1 << 16
_STRIDE = 1 << 17


class _Buffers:
    """Buffers to read into; one is handed out again only when nobody refers to it any more."""

    def __init__(self) -> None:
        self._pool: list[Bytes] = []

    def take(self, size: int) -> Bytes:
        for index in range(len(self._pool)):
            # One reference is the pool's, one getrefcount's own: nobody else holds it.
            if sys.getrefcount(self._pool[index]) <= 2 and len(self._pool[index]) == size:  # noqa: PLR2004
                return self._pool[index]
        self._pool = [buffer for buffer in self._pool if len(buffer) == size]
        self._pool.append(np.empty(size, dtype=np.uint8))
        # A buffer the pool forgets lives on for whoever holds it.
        self._pool = self._pool[-3:]
        return self._pool[-1]


def read_lines(file: LocalFile) -> Iterator[LineBlock]:
    """Yield the lines of a file in blocks, in file order.

    Raises:
        LoadRefusedError: the file cannot be read or decompressed to its end.
    """
    for stretch in read_stretches(file):
        block = stretch.block
        del stretch
        yield block


def read_stretches(
    file: LocalFile, *, block_bytes: int = BLOCK_BYTES, max_line_bytes: int = MAX_LINE_BYTES
) -> Iterator[Stretch]:
    """The same, nobody having looked for the lines yet."""
    buffers = _Buffers()
    with file.open() as stream:
        size, filled, line_number = block_bytes, 0, 1
        buffer = buffers.take(size)
        is_first = True
        while True:
            filled, is_end = _fill(stream, buffer, filled)
            start = len(UTF8_BOM) if is_first and buffer[:3].tobytes() == UTF8_BOM else 0
            stop = filled if is_end else _last_line_end(buffer, start, filled)
            if stop > start:
                stretch = Stretch(buffer, start, stop, line_number)
                yield stretch
                line_number += len(stretch.ends)
                # The pool counts who looks at a buffer.
                del stretch
                is_first = False
                start = stop
                size = block_bytes
            elif not is_end and filled == len(buffer):
                if filled >= max_line_bytes:
                    text, rest = _skip_line(stream, buffer, filled)
                    yield Stretch(np.empty(0, dtype=np.uint8), 0, 0, line_number, oversized=text)
                    line_number += 1
                    is_first = False
                    size = max(block_bytes, len(rest))
                    buffer = buffers.take(size)
                    buffer[: len(rest)] = np.frombuffer(rest, dtype=np.uint8)
                    filled = len(rest)
                    continue
                size = min(2 * size, max(max_line_bytes, block_bytes))
            if is_end:
                return
            begin = 0 if is_first else start
            tail = filled - begin
            following = buffers.take(max(size, tail))
            following[:tail] = buffer[begin:filled]
            buffer, filled = following, tail


def _fill(stream: Any, buffer: Bytes, filled: int) -> tuple[int, bool]:
    """Read until the buffer is full; bytes in it now, and whether the file has ended."""
    view = memoryview(buffer.data)
    while filled < len(buffer):
        count = stream.readinto(view[filled:])
        if not count:
            return filled, True
        filled += count
    return filled, False


def _last_line_end(text: Bytes, start: int, stop: int) -> int:
    """The position after the last line feed; `start` if there is none."""
    for end in range(stop, start, -_STRIDE):
        begin = max(end - _STRIDE, start)
        place = text[begin:end].tobytes().rfind(b"\n")
        if place >= 0:
            return begin + place + 1
    return start


def _skip_line(stream: Any, buffer: Bytes, filled: int) -> tuple[str, bytes]:
    """Read to the end of a line that is too long; what stands for it, and what came after."""
    rest = b""
    digest, length = hashlib.sha256(buffer[:filled].tobytes()), filled
    beginning = buffer[:KEPT_OF_OVERSIZED].tobytes()
    while chunk := stream.read(1 << 20):
        line, feed, after = bytes(chunk).partition(b"\n")
        digest.update(line)
        length += len(line)
        if feed:
            rest = after
            break
    note = f"... (a line of {length} bytes, SHA-256 {digest.hexdigest()})"
    return beginning.decode("utf-8", "backslashreplace") + note, rest
