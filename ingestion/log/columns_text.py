"""Columns as the text that canonical JSON has of them, without a look at every value in Python.

Values are looked at one by one only where JSON escapes something, and numbers that need care once
per distinct value.

What stays out: what a payload is (leaves.py), putting rows together (messages.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import rfc8785

from ingestion.log.lanes import Integers, compiled
from ingestion.log.leaves import AFTER_LAST_TIME, FIRST_TIME, MOST_EXACT, plain, plain_time

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

_TIME_LENGTH = len("2026-03-01T12:00:00.000000Z")
_FIRST_PRINTABLE, _QUOTE, _BACKSLASH = 0x20, 0x22, 0x5C
_DAY = 86_400_000_000


@dataclass(frozen=True)
class Member:
    """One column: what stands before a value, the values, what stands after.

    Args:
        before: `"name":`, and a quotation mark before text.
        data: the values, one after the other.
        offsets: where each begins, and where the last one ends.
        is_there: which are not null.
        after: what closes a value, and a comma.
        is_always_there: none is null.
        is_constant: and they are all the same.
    """

    before: Bytes
    data: Bytes
    offsets: Offsets
    is_there: Flags
    after: Bytes
    is_always_there: bool = False
    is_constant: bool = False


def joined(members: list[Member]) -> list[Member]:
    """The same text in fewer copies: what is the same in every row moves to its neighbours."""
    out: list[Member] = []
    waiting = b""
    for column in members:
        if not column.is_there.any():
            continue
        if column.is_constant:
            value = column.data[column.offsets[0] : column.offsets[1]]
            waiting += bytes(column.before) + bytes(value) + bytes(column.after)
        elif column.is_always_there:
            before, after = _bytes(waiting + bytes(column.before)), _bytes(b"")
            waiting = bytes(column.after)
            out.append(replace(column, before=before, after=after))
        else:
            out += _constant(waiting, len(column.is_there))
            waiting = b""
            out.append(column)
    return out + _constant(waiting, len(members[0].is_there))


def _constant(text: bytes, rows: int) -> list[Member]:
    if not text:
        return []
    empty, nothing = np.zeros(rows + 1, np.int32), _bytes(b"")
    return [Member(_bytes(text), nothing, empty, np.ones(rows, np.bool_), nothing)]


def member(name: str, column: pa.ChunkedArray) -> Member:
    """A column of any type a contract may have."""
    values = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    is_always_there = len(values) > 0 and not values.null_count
    is_constant = is_always_there and _is_constant(values)
    shown = values.slice(0, 1) if is_constant else values
    key, quote = rfc8785.dumps(name) + b":", b'"'
    if pa.types.is_string(values.type):
        offsets, data = _buffers(_escaped(shown))
    elif pa.types.is_timestamp(values.type):
        offsets, data = _times(shown)
    elif pa.types.is_floating(values.type) or pa.types.is_int64(values.type):
        quote = b""
        offsets, data = _buffers(_by_value(shown))
    else:
        quote = b""
        offsets, data = _buffers(shown.cast(pa.string()))
    return Member(
        _bytes(key + quote),
        data,
        offsets,
        values.is_valid().to_numpy(zero_copy_only=False),
        _bytes(quote + b","),
        is_always_there,
        is_constant,
    )


def _is_constant(values: pa.Array) -> bool:
    first, middle = values[0], values[len(values) // 2]
    return bool(first == middle and first == values[-1] and pc.all(pc.equal(values, first)).as_py())


def _bytes(content: bytes) -> Bytes:
    return np.frombuffer(content, np.uint8)


def _buffers(text: pa.StringArray) -> tuple[Offsets, Bytes]:
    _, offsets, data = text.buffers()
    if offsets is None or not len(text):
        return np.zeros(len(text) + 1, np.int32), _bytes(b"")
    ends = np.frombuffer(offsets, np.int32)[text.offset : text.offset + len(text) + 1]
    content = _bytes(b"") if data is None else np.frombuffer(data, np.uint8)
    return ends - ends[0], content[ends[0] : ends[-1]]


def _by_value(values: pa.Array) -> pa.StringArray:
    if pa.types.is_int64(values.type):
        least, most = pc.min(values).as_py() or 0, pc.max(values).as_py() or 0
        if least >= -MOST_EXACT and most <= MOST_EXACT:
            return values.cast(pa.string())
    encoded = values.dictionary_encode()
    texts = [rfc8785.dumps(plain(value)).decode() for value in encoded.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(encoded.indices)


def _escaped(values: pa.StringArray) -> pa.StringArray:
    if not _needs_escape(_buffers(values)[1]):
        return values
    encoded = values.dictionary_encode()
    texts = [rfc8785.dumps(value)[1:-1].decode() for value in encoded.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(encoded.indices)


def _times(values: pa.Array) -> tuple[Offsets, Bytes]:
    moments = values.cast(pa.int64())
    us = moments.fill_null(0).to_numpy(zero_copy_only=False)
    if us.min(initial=0) < FIRST_TIME or us.max(initial=0) >= AFTER_LAST_TIME:
        texts = [None if moment is None else plain_time(moment) for moment in moments.to_pylist()]
        return _buffers(pa.array(texts, pa.string()))
    ends = _TIME_LENGTH * np.arange(len(us) + 1, dtype=np.int32)
    return ends, _written_times(us).reshape(-1)


@compiled
def _needs_escape(data: Bytes) -> bool:
    found = 0
    for byte in data:
        found |= (byte < _FIRST_PRINTABLE) | (byte == _QUOTE) | (byte == _BACKSLASH)
    return found != 0


@compiled
def _two_digits(out: Bytes, at: int, value: np.uint32) -> None:
    tens = np.uint32(value // np.uint32(10))
    out[at] = 0x30 + tens
    out[at + 1] = 0x30 + np.uint32(value - tens * np.uint32(10))


@compiled
def _split(value: np.uint32, by: int) -> tuple[np.uint32, np.uint32]:
    quotient = np.uint32(value // np.uint32(by))
    return quotient, np.uint32(value - quotient * np.uint32(by))


@compiled
def _written_times(us: Integers) -> Bytes:
    """`YYYY-MM-DDTHH:MM:SS.ffffffZ` of times in the years 0 to 9999."""
    out = np.empty((len(us), _TIME_LENGTH), np.uint8)
    for row in range(len(us)):
        text = out[row]
        # Howard Hinnant's civil_from_days: eras of 400 years that begin in March of year 0.
        whole = us[row] // _DAY
        rest = us[row] - whole * _DAY
        # From the year -400 on, so that nothing is negative.
        era, day = _split(np.uint32(whole + 719468 + 146097), 146097)
        year = _split(np.uint32(day - day // 1460 + day // 36524 - day // 146096), 365)[0]
        day = np.uint32(day - (365 * year + year // 4 - year // 100))
        month = np.uint32((5 * day + 2) // 153)
        day = np.uint32(day - (153 * month + 2) // 5)
        month = np.uint32(month + 3 if month < 10 else month - 9)  # noqa: PLR2004 (March is 0)
        year = np.uint32(year + era * 400 - 400 + (1 if month <= 2 else 0))  # noqa: PLR2004
        century, year = _split(year, 100)
        second, micro = rest // 1_000_000, np.uint32(rest % 1_000_000)
        minute, second = _split(np.uint32(second), 60)
        hour, minute = _split(minute, 60)
        _two_digits(text, 0, century)
        _two_digits(text, 2, year)
        text[4] = 0x2D
        _two_digits(text, 5, month)
        text[7] = 0x2D
        _two_digits(text, 8, np.uint32(day + 1))
        text[10] = 0x54
        _two_digits(text, 11, hour)
        text[13] = 0x3A
        _two_digits(text, 14, minute)
        text[16] = 0x3A
        _two_digits(text, 17, second)
        text[19] = 0x2E
        first, micro = _split(micro, 10_000)
        middle, last = _split(micro, 100)
        _two_digits(text, 20, first)
        _two_digits(text, 22, middle)
        _two_digits(text, 24, last)
        text[26] = 0x5A
    return out
