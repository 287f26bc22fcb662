"""The fast reader's inner loop: flat JSON objects to codes, one pass over the bytes.

Each line is an object of known keys, whose values are text without escapes, whole numbers or null.
Every value becomes the number of its first occurrence in the block, so that all that follows looks
at distinct values. The keys are expected in the order of the line before; any order will do. A line
that is anything else stops the scan: it is never guessed at.

Compiled by numba, whose import and cached machine code cost a third of a second: import lazily.

What stays out: making Arrow of it (plain_objects.py) and reading other lines (json_rows.py).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ingestion.compiled import compiled
from ingestion.sources.plain_tokens import (
    CLOSE,
    COLON,
    COMMA,
    FEED,
    OPEN,
    QUOTE,
    RETURN,
    SPACE,
    TAB,
    Bytes,
    end_of_number,
    end_of_text,
    is_here,
    skip_spaces,
)

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

_NULL_TEXT = np.frombuffer(b"null", np.uint8)
# FNV-1a, 64 bits.
_BASIS, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
_HALF = np.uint64(32)
# Values made to collide would cost quadratic time; so long a search ends the scan instead.
_MOST_PROBES = 256


class Keys(NamedTuple):
    """Known keys, at most 63.

    Args:
        texts: each with its closing quote, one after the other.
        starts: where each begins, and where the last ends.
        following: which key was last seen after each; at 0, which came first.
    """

    texts: Bytes
    starts: Int64s
    following: Int64s


class Tables(NamedTuple):
    """Values of a block, a row per key.

    Args:
        codes: per line, the code of its value; -1 for null and absent, and before.
        slots: a power of two greater than the number of lines; the codes by hash, -1 before.
        firsts: per code, where its value begins.
        lengths: per code, how many bytes it has.
        places: per code, its slot.
        counts: distinct values; 0 before.
        latest: the last value's code.
    """

    codes: Int32s
    slots: Int32s
    firsts: Int64s
    lengths: Int64s
    places: Int64s
    counts: Int64s
    latest: Int64s


@compiled
def _code(  # noqa: PLR0913, PLR0917 (arrays, as a kernel takes them)
    buffer: Bytes,
    at: int,
    length: int,
    key: int,
    slots: Int32s,
    firsts: Int64s,
    lengths: Int64s,
    places: Int64s,
    count: int,
) -> int:
    """The code of a value; `count` if it is new, entered as such; -1 if the search was too long."""
    state = _BASIS
    for i in range(length):
        state = (state ^ np.uint64(buffer[np.uint64(at + i)])) * _PRIME
    mask = np.uint64(slots.shape[1] - 1)
    slot = (state ^ (state >> _HALF)) & mask
    for _ in range(_MOST_PROBES):
        code = slots[key, slot]
        if code < 0:
            slots[key, slot], places[key, count] = count, slot
            firsts[key, count], lengths[key, count] = at, length
            return count
        if lengths[key, code] == length and is_here(
            buffer, at, at + length, buffer, firsts[key, code], length
        ):
            return int(code)
        slot = (slot + np.uint64(1)) & mask
    return -1


@compiled
def scan(  # noqa: C901, PLR0911, PLR0912, PLR0915 (a call that passes arrays costs more than a key)
    buffer: Bytes, line_starts: Int64s, line_ends: Int64s, keys: Keys, tables: Tables
) -> int:
    """Read lines until one is not plain; returns how many were read.

    Args:
        buffer: bytes that hold the lines.
        line_starts: first byte of each line.
        line_ends: byte after each line.
        keys: which are known.
        tables: where the values go; `clear` makes them ready for the next block.
    """
    texts, starts, following = keys
    codes, slots, firsts, lengths, places, counts, latest = tables
    latest[:] = -1
    size = len(starts) - 1
    for row in range(len(line_starts)):
        end = line_ends[row]
        at = skip_spaces(buffer, line_starts[row], end)
        if at >= end or buffer[np.uint64(at)] != OPEN:
            return row
        seen, previous = 0, 0
        while True:
            at = skip_spaces(buffer, at + 1, end)
            if at >= end or buffer[np.uint64(at)] != QUOTE:
                return row
            at += 1
            key = following[previous]
            width = starts[key + 1] - starts[key]
            if not is_here(buffer, at, end, texts, starts[key], width):
                key = 0
                while key < size:
                    width = starts[key + 1] - starts[key]
                    if is_here(buffer, at, end, texts, starts[key], width):
                        break
                    key += 1
                if key == size:
                    return row
                following[previous] = key
            if (seen >> key) & 1:
                return row
            seen |= 1 << key
            previous = key + 1
            at = skip_spaces(buffer, at + width, end)
            if at >= end or buffer[np.uint64(at)] != COLON:
                return row
            at = skip_spaces(buffer, at + 1, end)
            if at >= end:
                return row
            if buffer[np.uint64(at)] == QUOTE:
                at += 1
                code = latest[key]
                # Neighbours are often alike, and a value found again needs no search.
                stop = at + lengths[key, code] if code >= 0 else end
                if (
                    stop >= end
                    or buffer[np.uint64(stop)] != QUOTE
                    or not is_here(buffer, at, stop, buffer, firsts[key, code], stop - at)
                ):
                    stop = end_of_text(buffer, at, end)
                    code = -1
                after = stop + 1
            elif buffer[np.uint64(at)] == _NULL_TEXT[0]:
                if not is_here(buffer, at, end, _NULL_TEXT, 0, len(_NULL_TEXT)):
                    return row
                at = skip_spaces(buffer, at + len(_NULL_TEXT), end)
                stop, after, code = at, at, -2
            else:
                stop = after = end_of_number(buffer, at, end)
                code = -1
            if stop < 0:
                return row
            if code == -1:
                code = _code(
                    buffer, at, stop - at, key, slots, firsts, lengths, places, counts[key]
                )
                if code < 0:
                    return row
                counts[key] = max(counts[key], code + 1)
                latest[key] = code
            if code >= 0:
                codes[key, row] = code
            at = skip_spaces(buffer, after, end)
            if at >= end or (buffer[np.uint64(at)] != COMMA and buffer[np.uint64(at)] != CLOSE):
                return row
            if buffer[np.uint64(at)] == CLOSE:
                break
        for rest in range(at + 1, end):
            blank = buffer[np.uint64(rest)]
            if blank not in (SPACE, FEED, RETURN, TAB):
                return row
    return len(line_starts)


@compiled
def clear(tables: Tables) -> None:
    """Empty the slots that are taken: most columns took few."""
    for key in range(len(tables.counts)):
        for code in range(tables.counts[key]):
            tables.slots[key, tables.places[key, code]] = -1
        tables.counts[key] = 0


@compiled
def gather(buffer: Bytes, firsts: Int64s, lengths: Int64s, out: Bytes) -> None:
    """Copy stretches of the buffer one after the other."""
    at = 0
    for index in range(len(firsts)):
        first = firsts[index]
        for offset in range(lengths[index]):
            out[np.uint64(at + offset)] = buffer[np.uint64(first + offset)]
        at += lengths[index]
