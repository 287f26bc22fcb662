"""A text file as blocks of lines: exact line numbers, no copy of the text, bounded memory.

A block is a stretch of one large buffer with the positions of its lines. Buffers are used again,
because fresh memory costs a page fault every 4 KB; but never while somebody still looks at one,
so a batch's originals stay valid for as long as the batch is kept.

Blank lines are no rows, but they count as lines. A final line needs no line feed; carriage returns
before line feeds and a byte-order mark are tolerated. A line beyond `MAX_LINE_BYTES` is not kept:
its beginning, length and hash stand for it.

What stays out: what a line says (json_rows.py, native_jsonl.py) and CSV, where a line is no row.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ingestion.sources.files import UTF8_BOM, LocalFile

BLOCK_BYTES = 32 << 20
MAX_LINE_BYTES = 64 << 20
KEPT_OF_OVERSIZED = 1 << 16
# So many lines go to one DuckDB thread at a time.
LINES_PER_PIECE = 40_000

Bytes = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.int64]
_LINE_FEED = 10
_SPACE = 32
_STRIDE = 1 << 17


@dataclass(frozen=True)
class LineBlock:
    """Some lines of a file.

    Args:
        buffer: bytes that hold them.
        starts: first byte of each line.
        ends: byte after each line, its line feed included.
        numbers: line numbers, from 1.
        oversized: set instead of all that where the block stands for one line beyond the limit.
    """

    buffer: Bytes
    starts: Positions
    ends: Positions
    numbers: Positions
    oversized: str | None = None

    def __len__(self) -> int:
        return len(self.starts)

    def line(self, index: int) -> bytes:
        """One line without its line end."""
        return self.buffer[self.starts[index] : self.ends[index]].tobytes().rstrip(b"\r\n")

    def originals(self, indexes: Sequence[int]) -> list[str]:
        r"""Lines as text; bytes that are not UTF-8 written as \\xNN."""
        if self.oversized is not None:
            return [self.oversized for _ in indexes]
        return [self.line(int(index)).decode("utf-8", "backslashreplace") for index in indexes]

    def array(self) -> pa.ChunkedArray:
        """The lines as Arrow text, line ends included, without a copy where they adjoin.

        Nothing says that the bytes are UTF-8: give it only to what checks that itself.
        """
        count = len(self)
        text = pa.py_buffer(self.buffer)
        if count and np.array_equal(self.starts[1:], self.ends[:-1]):
            offsets = np.append(self.starts, self.ends[-1])
            lines = _text_array(offsets, text)
        else:
            # Line, gap, line, gap, ...: then only the lines.
            offsets = np.empty(2 * count, dtype=np.int64)
            offsets[0::2], offsets[1::2] = self.starts, self.ends
            lines = _text_array(offsets, text).take(pa.array(np.arange(0, 2 * count, 2)))
        pieces = range(0, max(count, 1), LINES_PER_PIECE)
        return pa.chunked_array([lines.slice(at, LINES_PER_PIECE) for at in pieces])

    def select(self, indexes: Positions) -> LineBlock:
        """Some of the lines, in file order."""
        return LineBlock(
            self.buffer, self.starts[indexes], self.ends[indexes], self.numbers[indexes]
        )


def _text_array(offsets: Positions, text: pa.Buffer) -> pa.Array:
    count = max(len(offsets) - 1, 0)
    return pa.Array.from_buffers(pa.large_string(), count, [None, pa.py_buffer(offsets), text])


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


def read_lines(
    file: LocalFile, *, block_bytes: int = BLOCK_BYTES, max_line_bytes: int = MAX_LINE_BYTES
) -> Iterator[LineBlock]:
    """Yield the lines of a file in blocks, in file order.

    Raises:
        LoadRefusedError: the file cannot be read or decompressed to its end.
    """
    buffers = _Buffers()
    with file.open() as stream:
        size, filled, line_number = block_bytes, 0, 1
        buffer = buffers.take(size)
        is_first = True
        while True:
            filled, is_end = _fill(stream, buffer, filled)
            start = len(UTF8_BOM) if is_first and buffer[:3].tobytes() == UTF8_BOM else 0
            ends = _line_ends(buffer[:filled])
            if is_end and filled > start and (not len(ends) or ends[-1] != filled):
                ends = np.append(ends, filled)
            if len(ends):
                yield _block(buffer, start, ends, line_number)
                line_number += len(ends)
                is_first = False
                start = int(ends[-1])
                size = block_bytes
            elif not is_end and filled == len(buffer):
                if filled >= max_line_bytes:
                    text, rest = _skip_line(stream, buffer, filled)
                    yield _oversized(text, line_number)
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
            tail = filled - start if len(ends) else filled
            begin = start if len(ends) else 0
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


def _line_ends(text: Bytes) -> Positions:
    """Positions after each line feed."""
    # Piece by piece, so that the flags stay in the processor's cache.
    is_feed = np.empty(_STRIDE, dtype=bool)
    found = []
    for start in range(0, len(text), _STRIDE):
        piece = text[start : start + _STRIDE]
        np.equal(piece, _LINE_FEED, out=is_feed[: len(piece)])
        found.append(np.flatnonzero(is_feed[: len(piece)]) + (start + 1))
    return np.concatenate(found) if found else np.empty(0, dtype=np.int64)


def _block(buffer: Bytes, start: int, ends: Positions, line_number: int) -> LineBlock:
    starts = np.empty_like(ends)
    starts[0], starts[1:] = start, ends[:-1]
    numbers = np.arange(line_number, line_number + len(ends), dtype=np.int64)
    block = LineBlock(buffer, starts, ends, numbers)
    # A line that is blank begins with a blank, or is empty and begins with its own line end.
    doubtful = np.flatnonzero(buffer[starts] <= _SPACE)
    blank = [index for index in doubtful.tolist() if not block.line(index).strip()]
    return block.select(np.delete(np.arange(len(ends)), blank)) if blank else block


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


def _oversized(text: str, line_number: int) -> LineBlock:
    nowhere = np.zeros(1, dtype=np.int64)
    number = np.array([line_number], dtype=np.int64)
    return LineBlock(np.empty(0, dtype=np.uint8), nowhere, nowhere, number, oversized=text)
