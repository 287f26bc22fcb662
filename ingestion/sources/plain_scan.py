"""The fast reader's inner loop: flat JSON objects to codes, one pass over the bytes.

Each line is an object of known keys, whose values are text without escapes, whole numbers or null.
Every value becomes the number of its first occurrence, so that all that follows looks at distinct
values. The keys are expected in the order of the line before; any order will do. A line
that is anything else stops the scan: it is never guessed at.

Compiled by numba, whose import and cached machine code cost a third of a second: import lazily.

What stays out: where the codes go (plain_tables.py), making Arrow of them (plain_objects.py) and
reading other lines (json_rows.py).
"""

from __future__ import annotations

import numpy as np

from ingestion.compiled import compiled, inlined
from ingestion.sources.plain_tables import Keys, Tables
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
    is_here,
    skip_spaces,
)
from ingestion.wide import SLACK, copy_wide, count_alike, find_stop, word_of

_NULL_TEXT = np.frombuffer(b"null", np.uint8)
NOT_PLAIN, TOO_MANY = -1, -2
_WORD_BYTES = 8
# 2**64 divided by the golden ratio: odd, and its bits are mixed (Knuth).
_PRIME = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)
# Values made to collide would cost quadratic time; so long a search ends the scan instead.
_MOST_PROBES = 256


@inlined
def _hash(buffer: Bytes, at: int, length: int) -> np.uint64:
    state = np.uint64(length) * _PRIME
    for k in range(0, length, _WORD_BYTES):
        # The last word overlaps the one before, unless there is only one.
        start = max(min(k, length - _WORD_BYTES), 0)
        state = (state ^ word_of(buffer, at + start, length)) * _PRIME
        state ^= state >> _HALF
    return state


@inlined
def _copy(to: Bytes, at: int, buffer: Bytes, start: int, end: int) -> int:
    if end + SLACK <= len(buffer):
        return copy_wide(to, at, buffer, start, end)
    for place in range(start, end):
        to[np.uint64(at)] = buffer[np.uint64(place)]
        at += 1
    return at


@compiled
def scan(  # noqa: C901, PLR0911, PLR0912, PLR0915 (a call that passes arrays costs more than a key)
    buffer: Bytes, start: int, stop: int, keys: Keys, tables: Tables
) -> int:
    """Read lines; returns how many there are, NOT_PLAIN if one is not, or TOO_MANY for `codes`.

    Args:
        buffer: bytes that hold the lines.
        start: where the first begins.
        stop: where the last ends, with its line feed or without.
        keys: which are known.
        tables: where the values go; `clear` makes them ready for what comes next.
    """
    key_texts, starts, following = keys
    codes, slots, firsts, lengths, places, counts, texts, ends = tables
    size = len(starts) - 1
    mask = np.uint64(slots.shape[1] - 1)
    # The members of the line before: their keys, the codes of their values, how many bytes lead to
    # the value, and how many it has, the comma or brace after it included.
    key_of, code_of, leads, spans = np.zeros((4, size + 1), np.int64)
    before, members, used = start, 0, 0
    at, row = start, 0
    while at < stop:
        if row == codes.shape[1]:
            return TOO_MANY
        line = at
        # Where this line and the one before are at the same member, and how far they are alike.
        other, known = before, members
        alike = at + count_alike(buffer, at, buffer, other, stop - at) if known else at
        member, seen, previous = 0, 0, 0
        while True:
            begin = at
            token = at + leads[np.uint64(member)]
            if member < known and token <= alike:
                key = key_of[np.uint64(member)]
                after = token + spans[np.uint64(member)]
                other += leads[np.uint64(member)] + spans[np.uint64(member)]
                if after <= alike:
                    codes[np.uint64(key), np.uint64(row)] = code_of[np.uint64(member)]
                    seen |= 1 << key
                    previous = key + 1
                    at = after
                    member += 1
                    if member == known:
                        break
                    continue
            else:
                known = 0
                if member == 0:
                    at = skip_spaces(buffer, at, stop)
                    if at >= stop or buffer[np.uint64(at)] != OPEN:
                        return NOT_PLAIN
                    at += 1
                at = skip_spaces(buffer, at, stop)
                if member == size or at >= stop or buffer[np.uint64(at)] != QUOTE:
                    return NOT_PLAIN
                at += 1
                key = following[previous]
                width = starts[key + 1] - starts[key]
                if not is_here(buffer, at, stop, key_texts, starts[key], width):
                    key = 0
                    while key < size:
                        width = starts[key + 1] - starts[key]
                        if is_here(buffer, at, stop, key_texts, starts[key], width):
                            break
                        key += 1
                    if key == size:
                        return NOT_PLAIN
                    following[previous] = key
                if (seen >> key) & 1:
                    return NOT_PLAIN
                at = skip_spaces(buffer, at + width, stop)
                if at >= stop or buffer[np.uint64(at)] != COLON:
                    return NOT_PLAIN
                token = at + 1
            token = skip_spaces(buffer, token, stop)
            if token >= stop:
                return NOT_PLAIN
            seen |= 1 << key
            previous = key + 1
            at = token
            if buffer[np.uint64(at)] == QUOTE:
                at += 1
                end = find_stop(buffer, at, stop)
                if end >= stop or buffer[np.uint64(end)] != QUOTE:
                    return NOT_PLAIN
                after = end + 1
            elif buffer[np.uint64(at)] == _NULL_TEXT[0]:
                if not is_here(buffer, at, stop, _NULL_TEXT, 0, len(_NULL_TEXT)):
                    return NOT_PLAIN
                end, after = -1, at + len(_NULL_TEXT)
            else:
                end = after = end_of_number(buffer, at, stop)
                if end < 0:
                    return NOT_PLAIN
            code = -1
            if end >= 0:
                length = end - at
                slot = _hash(buffer, at, length) & mask
                for _ in range(_MOST_PROBES):
                    code = slots[np.uint64(key), slot]
                    if code < 0:
                        code = counts[np.uint64(key)]
                        counts[np.uint64(key)] = code + 1
                        slots[np.uint64(key), slot] = code
                        places[np.uint64(key), np.uint64(code)] = slot
                        firsts[np.uint64(key), np.uint64(code)] = used
                        lengths[np.uint64(key), np.uint64(code)] = length
                        used = _copy(texts, used, buffer, at, end)
                        break
                    if lengths[np.uint64(key), np.uint64(code)] == length:
                        first = firsts[np.uint64(key), np.uint64(code)]
                        if count_alike(buffer, at, texts, first, length) == length:
                            break
                    code = -1
                    slot = (slot + np.uint64(1)) & mask
                if code < 0:
                    return NOT_PLAIN
            codes[np.uint64(key), np.uint64(row)] = code
            at = skip_spaces(buffer, after, stop)
            if at >= stop or (buffer[np.uint64(at)] != COMMA and buffer[np.uint64(at)] != CLOSE):
                return NOT_PLAIN
            is_last = buffer[np.uint64(at)] == CLOSE
            at += 1
            key_of[np.uint64(member)], code_of[np.uint64(member)] = key, code
            leads[np.uint64(member)], spans[np.uint64(member)] = token - begin, at - token
            member += 1
            if is_last:
                break
            if member < known:
                alike = at + count_alike(buffer, at, buffer, other, stop - at)
            else:
                known = 0
        for key in range(size):
            if not (seen >> key) & 1:
                codes[key, row] = -1
        while at < stop and buffer[np.uint64(at)] != FEED:
            blank = buffer[np.uint64(at)]
            if blank not in (SPACE, RETURN, TAB):
                return NOT_PLAIN
            at += 1
        at = min(at + 1, stop)
        ends[np.uint64(row)] = at
        before, members = line, member
        row += 1
    return row
