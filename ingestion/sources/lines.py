"""A text file as blocks of lines: exact line numbers, no copy of the text, bounded memory.

Blank lines are no rows, but they count as lines. A final line needs no line feed; carriage returns
before line feeds and a byte-order mark are tolerated. A line beyond `MAX_LINE_BYTES` is not kept:
its beginning, length and hash stand for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ingestion.sources.batch import Positions
from ingestion.sources.files import UTF8_BOM, LocalFile

BLOCK_BYTES = 32 << 20
MAX_LINE_BYTES = 64 << 20
KEPT_OF_OVERSIZED = 1 << 16
# So many lines go to one DuckDB thread at a time.
LINES_PER_PIECE = 40_000

Bytes = npt.NDArray[np.uint8]
STRIDE = 1 << 17
_LINE_FEED, _SPACE = ord("\n"), ord(" ")


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
        if np.array_equal(self.starts[1:], self.ends[:-1]):
            lines = _text_array(np.append(self.starts, self.ends[-1]), self.buffer)
        else:
            # Line, gap, line, gap, ...: every second one is a line.
            offsets = np.stack([self.starts, self.ends], axis=1).reshape(-1)
            lines = _text_array(offsets, self.buffer).take(pa.array(np.arange(0, 2 * count, 2)))
        pieces = range(0, count, LINES_PER_PIECE)
        return pa.chunked_array([lines.slice(at, LINES_PER_PIECE) for at in pieces])

    def select(self, indexes: Positions) -> LineBlock:
        """Some of the lines, in file order."""
        starts, ends, numbers = self.starts[indexes], self.ends[indexes], self.numbers[indexes]
        return replace(self, starts=starts, ends=ends, numbers=numbers)

    def without_blanks(self) -> LineBlock:
        """The lines that say something."""
        # A line that is blank begins with a blank, or is empty and begins with its own line end.
        doubtful = np.flatnonzero(self.buffer[self.starts] <= _SPACE)
        blank = [index for index in doubtful.tolist() if not self.line(index).strip()]
        return self.select(np.delete(np.arange(len(self)), blank)) if blank else self


def read_lines(
    file: LocalFile, *, block_bytes: int = BLOCK_BYTES, max_line_bytes: int = MAX_LINE_BYTES
) -> Iterator[LineBlock]:
    """Yield the lines of a file in blocks that are not empty, in file order.

    Raises:
        LoadRefusedError: the file cannot be read or decompressed to its end.
    """
    number, is_end = 1, False
    tail = np.empty(0, dtype=np.uint8)
    with file.open() as stream:
        while not is_end:
            buffer = np.empty(max(block_bytes, 2 * len(tail)), dtype=np.uint8)
            buffer[: len(tail)] = tail
            filled, is_end = _fill(stream, buffer, len(tail))
            has_mark = number == 1 and buffer[:3].tobytes() == UTF8_BOM
            start = len(UTF8_BOM) if has_mark else 0
            ends = _line_ends(buffer, start, filled, is_end=is_end)
            if len(ends):
                numbers = np.arange(number, number + len(ends), dtype=np.int64)
                starts = np.concatenate([[start], ends[:-1]])
                block = LineBlock(buffer, starts, ends, numbers).without_blanks()
                if len(block):
                    yield block
                number += len(ends)
                tail = buffer[ends[-1] : filled]
            elif filled < max_line_bytes:
                tail = buffer[:filled]
            else:
                text, tail = _skip_line(stream, buffer[:filled])
                nowhere = np.zeros(1, dtype=np.int64)
                yield LineBlock(buffer, nowhere, nowhere, np.array([number]), oversized=text)
                number += 1


def _text_array(offsets: Positions, text: Bytes) -> pa.Array:
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(text)]
    return pa.Array.from_buffers(pa.large_string(), len(offsets) - 1, buffers)


def _fill(stream: Any, buffer: Bytes, filled: int) -> tuple[int, bool]:
    """Read until the buffer is full; bytes in it now, and whether the file has ended."""
    view = memoryview(buffer.data)
    while filled < len(buffer):
        count = stream.readinto(view[filled:])
        if not count:
            return filled, True
        filled += count
    return filled, False


def strides(start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Stretches of a buffer that stay in the processor's cache while they are looked at."""
    return ((at, min(at + STRIDE, stop)) for at in range(start, stop, STRIDE))


def _line_ends(text: Bytes, start: int, stop: int, *, is_end: bool) -> Positions:
    """Positions after each line feed and, at the end of the file, after the last line."""
    found = [
        np.flatnonzero(text[at:end] == _LINE_FEED) + (at + 1) for at, end in strides(start, stop)
    ]
    ends = np.concatenate([np.empty(0, dtype=np.int64), *found])
    is_unended = is_end and start < stop and (not len(ends) or ends[-1] < stop)
    return np.append(ends, stop) if is_unended else ends


def _skip_line(stream: Any, read: Bytes) -> tuple[str, Bytes]:
    """Read to the end of a line that is too long; what stands for it, and what came after."""
    rest = b""
    digest, length = hashlib.sha256(read.tobytes()), len(read)
    while chunk := stream.read(1 << 20):
        line, feed, after = bytes(chunk).partition(b"\n")
        digest.update(line)
        length += len(line)
        if feed:
            rest = after
            break
    beginning = read[:KEPT_OF_OVERSIZED].tobytes().decode("utf-8", "backslashreplace")
    note = f"... (a line of {length} bytes, SHA-256 {digest.hexdigest()})"
    return beginning + note, np.frombuffer(rest, dtype=np.uint8)
