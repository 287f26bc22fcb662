"""The tokens of plain JSON, as the fast reader's loop meets them: compiled, a position at a time.

Every function takes the bytes, a position in them and the end of the line; none looks beyond it.

What stays out: what a line is made of (plain_scan.py).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ingestion.compiled import compiled

Bytes = npt.NDArray[np.uint8]

# Indexes are unsigned where it counts: a signed one costs a test for counting from the end.
SPACE, QUOTE, COLON, COMMA, OPEN, CLOSE = map(ord, ' ":,{}')
TAB, FEED, RETURN = map(ord, "\t\n\r")
_BACKSLASH, _MINUS, _ZERO, _NINE = map(ord, "\\-09")
# More digits may not fit 64 bits, and then the careful reader decides.
_MOST_DIGITS = 18


@compiled
def skip_spaces(buffer: Bytes, at: int, end: int) -> int:
    """Where the next character that is no space is, or the end."""
    while at < end and buffer[np.uint64(at)] == SPACE:
        at += 1
    return at


@compiled
def is_here(buffer: Bytes, at: int, end: int, text: Bytes, first: int, length: int) -> bool:
    """Whether `length` bytes of `text` from `first` on stand at `at`."""
    if at + length > end:
        return False
    # Every byte, though the first may tell: so the loop becomes a few vector instructions.
    difference = np.uint8(0)
    for i in range(length):
        difference |= buffer[np.uint64(at + i)] ^ text[np.uint64(first + i)]
    return bool(difference == 0)


@compiled
def end_of_text(buffer: Bytes, at: int, end: int) -> int:
    """Where the closing quote is; -1 for an escape, a control character or no quote at all."""
    while at < end and buffer[np.uint64(at)] != QUOTE:
        if buffer[np.uint64(at)] == _BACKSLASH or buffer[np.uint64(at)] < SPACE:
            return -1
        at += 1
    return at if at < end else -1


@compiled
def end_of_number(buffer: Bytes, at: int, end: int) -> int:
    """Where a whole number ends; -1 where it is not one, or written in a way others are not."""
    first = at + 1 if buffer[np.uint64(at)] == _MINUS else at
    stop = first
    while stop < end and _ZERO <= buffer[np.uint64(stop)] <= _NINE:
        stop += 1
    digits = stop - first
    if digits == 0 or digits > _MOST_DIGITS:
        return -1
    if buffer[np.uint64(first)] == _ZERO and (digits > 1 or first > at):
        return -1
    return stop
