"""The fast reader's inner loop: flat JSON objects to codes, one pass over the bytes.

Each line is an object of known keys, whose values are text without escapes, whole numbers or null.
Every value becomes the number of its first occurrence in the block, so that all that follows looks
at distinct values. The keys are expected in the order of the line before; any order will do. A line
that is anything else stops the scan: it is never guessed at.

Compiled by numba, whose import and cached machine code cost a third of a second: import lazily.

What stays out: making Arrow of it (plain_objects.py) and reading other lines (json_rows.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

_P = ParamSpec("_P")
_R = TypeVar("_R")

_SPACE, _QUOTE, _BACKSLASH, _COLON, _COMMA = 32, 34, 92, 58, 44
_OPEN, _CLOSE, _MINUS, _ZERO, _NINE = 123, 125, 45, 48, 57
_TAB, _FEED, _RETURN = 9, 10, 13
_NULL = np.frombuffer(b"null", np.uint8)
# FNV-1a, 64 bits.
_BASIS, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
_HALF = np.uint64(32)
# More digits may not fit 64 bits, and then the careful reader decides.
_MOST_DIGITS = 18
# Values made to collide would cost quadratic time; so long a search ends the scan instead.
_MOST_PROBES = 256


def _compiled(function: Callable[_P, _R]) -> Callable[_P, _R]:
    return cast("Callable[_P, _R]", numba.njit(cache=True, nogil=True)(function))


@_compiled
def _skip_spaces(buffer: Bytes, at: int, end: int) -> int:
    while at < end and buffer[at] == _SPACE:
        at += 1
    return at


@_compiled
def _is_here(buffer: Bytes, at: int, end: int, text: Bytes, first: int, length: int) -> bool:
    if at + length > end:
        return False
    for i in range(length):  # noqa: SIM110  # compiled: a generator would not be
        if buffer[at + i] != text[first + i]:
            return False
    return True


@_compiled
def _end_of_text(buffer: Bytes, at: int, end: int) -> int:
    """Where the closing quote is; -1 for an escape, a control character or no quote at all."""
    while at < end and buffer[at] != _QUOTE:
        if buffer[at] == _BACKSLASH or buffer[at] < _SPACE:
            return -1
        at += 1
    return at if at < end else -1


@_compiled
def _end_of_number(buffer: Bytes, at: int, end: int) -> int:
    """Where a whole number ends; -1 where it is not one, or written in a way others are not."""
    first = at + 1 if buffer[at] == _MINUS else at
    stop = first
    while stop < end and _ZERO <= buffer[stop] <= _NINE:
        stop += 1
    digits = stop - first
    if digits == 0 or digits > _MOST_DIGITS:
        return -1
    if buffer[first] == _ZERO and (digits > 1 or first > at):
        return -1
    return stop


@_compiled
def _code(
    buffer: Bytes,
    at: int,
    length: int,
    slots: Int32s,
    firsts: Int64s,
    lengths: Int64s,
    count: int,
) -> int:
    """The code of a value; `count` if it is new, entered as such; -1 if the search was too long."""
    state = _BASIS
    for i in range(length):
        state = (state ^ np.uint64(buffer[at + i])) * _PRIME
    mask = np.uint64(len(slots) - 1)
    slot = (state ^ (state >> _HALF)) & mask
    for _ in range(_MOST_PROBES):
        code = slots[slot]
        if code < 0:
            slots[slot] = count
            firsts[count], lengths[count] = at, length
            return count
        if lengths[code] == length and _is_here(
            buffer, at, at + length, buffer, firsts[code], length
        ):
            return int(code)
        slot = (slot + np.uint64(1)) & mask
    return -1


@_compiled
def scan(
    buffer: Bytes,
    starts: Int64s,
    ends: Int64s,
    keys: Bytes,
    key_starts: Int64s,
    codes: Int32s,
    slots: Int32s,
    firsts: Int64s,
    lengths: Int64s,
    counts: Int64s,
) -> int:
    """Read lines until one is not plain.

    Args:
        buffer: bytes that hold the lines.
        starts: first byte of each line.
        ends: byte after each line.
        keys: the known keys, each with its closing quote, one after the other; at most 63.
        key_starts: where each begins, and where the last ends.
        codes: out, (keys, lines), -1 before: code of the value, -1 for null and absent.
        slots: scratch, (keys, a power of two greater than the number of lines), -1 before.
        firsts: out, (keys, lines): first byte of the value of each code.
        lengths: out, (keys, lines): its bytes.
        counts: out, (keys), 0 before: distinct values.

    Returns:
        The number of lines read; fewer than there are where one is not plain.
    """
    size = len(key_starts) - 1
    following = np.zeros(size + 1, np.int64)
    latest = np.full(size, -1, np.int64)
    for row in range(len(starts)):
        end = ends[row]
        at = _skip_spaces(buffer, starts[row], end)
        if at >= end or buffer[at] != _OPEN:
            return row
        seen, previous = 0, 0
        while True:
            at = _skip_spaces(buffer, at + 1, end)
            if at >= end or buffer[at] != _QUOTE:
                return row
            at += 1
            key = following[previous]
            width = key_starts[key + 1] - key_starts[key]
            if not _is_here(buffer, at, end, keys, key_starts[key], width):
                key = 0
                while key < size:
                    width = key_starts[key + 1] - key_starts[key]
                    if _is_here(buffer, at, end, keys, key_starts[key], width):
                        break
                    key += 1
                if key == size:
                    return row
                following[previous] = key
            if (seen >> key) & 1:
                return row
            seen |= 1 << key
            previous = key + 1
            at = _skip_spaces(buffer, at + width, end)
            if at >= end or buffer[at] != _COLON:
                return row
            at = _skip_spaces(buffer, at + 1, end)
            if at >= end:
                return row
            if buffer[at] == _QUOTE:
                at += 1
                code = latest[key]
                # Neighbours are often alike, and a value found again needs no search.
                stop = at + lengths[key, code] if code >= 0 else end
                if (
                    stop >= end
                    or buffer[stop] != _QUOTE
                    or not _is_here(buffer, at, stop, buffer, firsts[key, code], stop - at)
                ):
                    stop = _end_of_text(buffer, at, end)
                    code = -1
                after = stop + 1
            elif buffer[at] == _NULL[0]:
                if not _is_here(buffer, at, end, _NULL, 0, len(_NULL)):
                    return row
                at = _skip_spaces(buffer, at + len(_NULL), end)
                stop, after, code = at, at, -2
            else:
                stop = after = _end_of_number(buffer, at, end)
                code = -1
            if stop < 0:
                return row
            if code == -1:
                code = _code(
                    buffer, at, stop - at, slots[key], firsts[key], lengths[key], counts[key]
                )
                if code < 0:
                    return row
                counts[key] = max(counts[key], code + 1)
                latest[key] = code
            if code >= 0:
                codes[key, row] = code
            at = _skip_spaces(buffer, after, end)
            if at >= end or (buffer[at] != _COMMA and buffer[at] != _CLOSE):
                return row
            if buffer[at] == _CLOSE:
                break
        for rest in range(at + 1, end):
            blank = buffer[rest]
            if blank not in (_SPACE, _FEED, _RETURN, _TAB):
                return row
    return len(starts)


@_compiled
def gather(buffer: Bytes, firsts: Int64s, lengths: Int64s, out: Bytes) -> None:
    """Copy stretches of the buffer one after the other."""
    at = 0
    for index in range(len(firsts)):
        for offset in range(lengths[index]):
            out[at + offset] = buffer[firsts[index] + offset]
        at += lengths[index]
