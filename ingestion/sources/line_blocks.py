"""Lines of a text file where they lie: as stretches of a buffer, and as blocks with positions.

A stretch is a part of one large buffer that whole lines fill; a block is one with the positions of
its lines, which are looked for only where nobody else has found them.

What stays out: how buffers are filled (lines.py) and what a line says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

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


class Stretch:
    """Whole lines, blank ones too.

    Args:
        buffer: bytes that hold them.
        start: where the first begins.
        stop: where the last ends, with its line feed or, at the end of the file, without.
        line_number: of the first.
        oversized: set instead of all that where it stands for one line beyond the limit.
    """

    def __init__(
        self, buffer: Bytes, start: int, stop: int, line_number: int, oversized: str | None = None
    ) -> None:
        self.buffer, self.start, self.stop = buffer, start, stop
        self.line_number = line_number
        self.oversized = oversized

    @cached_property
    def ends(self) -> Positions:
        """The byte after each line; whoever knows them may set them."""
        if self.oversized is not None:
            return np.zeros(1, dtype=np.int64)
        ends = _line_ends(self.buffer, self.start, self.stop)
        return ends if len(ends) and ends[-1] == self.stop else np.append(ends, self.stop)

    def first_line(self) -> bytes:
        """The first line, or as much of it as a line usually has."""
        beginning = self.buffer[self.start : min(self.stop, self.start + _STRIDE)]
        return beginning.tobytes().partition(b"\n")[0]

    def lines(self) -> LineBlock:
        """Every line, blank ones too."""
        starts = np.empty_like(self.ends)
        starts[0], starts[1:] = self.start, self.ends[:-1]
        return LineBlock(self.buffer, starts, self.ends, self.numbers, self.oversized)

    @property
    def numbers(self) -> Positions:
        """The lines' numbers."""
        first = self.line_number
        return np.arange(first, first + len(self.ends), dtype=np.int64)

    @property
    def block(self) -> LineBlock:
        """The lines that are not blank."""
        block = self.lines()
        if self.oversized is not None:
            return block
        # A line that is blank begins with a blank, or is empty and begins with its own line end.
        doubtful = np.flatnonzero(self.buffer[block.starts] <= _SPACE)
        blank = [index for index in doubtful.tolist() if not block.line(index).strip()]
        return block.select(np.delete(np.arange(len(block)), blank)) if blank else block


def _line_ends(text: Bytes, first: int, stop: int) -> Positions:
    """Positions after each line feed."""
    # Piece by piece, so that the flags stay in the processor's cache.
    is_feed = np.empty(_STRIDE, dtype=bool)
    found = [np.empty(0, dtype=np.int64)]
    for start in range(first, stop, _STRIDE):
        piece = text[start : min(start + _STRIDE, stop)]
        np.equal(piece, _LINE_FEED, out=is_feed[: len(piece)])
        found.append(np.flatnonzero(is_feed[: len(piece)]) + (start + 1))
    return np.concatenate(found)
