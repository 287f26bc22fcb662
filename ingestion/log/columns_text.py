"""Columns as the text that canonical JSON has of them, without a look at every value in Python.

Values are looked at one by one only where JSON escapes something, and numbers that need care once
per distinct value.

What stays out: what a payload is (leaves.py), times (times_text.py), putting rows together
(messages.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import rfc8785

from ingestion.codes import in_one_piece
from ingestion.compiled import compiled
from ingestion.log.leaves import AFTER_LAST_TIME, FIRST_TIME, MOST_EXACT, plain, plain_time
from ingestion.log.times_text import TIME_LENGTH, Bytes, written_times

Offsets = npt.NDArray[np.int32]
Codes = npt.NDArray[np.int32]

_FIRST_PRINTABLE, _QUOTE, _BACKSLASH = 0x20, 0x22, 0x5C


@dataclass(frozen=True)
class Member:
    """One column: what stands before a value, the values, what stands after.

    Args:
        before: `"name":`, and a quotation mark before text.
        data: texts, one after the other.
        offsets: where each begins, and where the last one ends.
        codes: per row, which of the texts is its value; -1 for null.
        after: what closes a value, and a comma.
        is_always_there: none is null.
        is_constant: and they are all the same.
    """

    before: bytes
    data: Bytes
    offsets: Offsets
    codes: Codes
    after: bytes
    is_always_there: bool = False
    is_constant: bool = False


def joined(members: list[Member]) -> list[Member]:
    """The same text in fewer copies: what is the same in every row moves to its neighbours."""
    out: list[Member] = []
    waiting = b""
    for column in members:
        if column.is_constant:
            code = column.codes[0]
            value = column.data[column.offsets[code] : column.offsets[code + 1]]
            waiting += column.before + value.tobytes() + column.after
        elif column.is_always_there:
            out.append(replace(column, before=waiting + column.before, after=b""))
            waiting = column.after
        elif (column.codes >= 0).any():
            out += _constant(waiting, len(column.codes))
            waiting = b""
            out.append(column)
    return out + _constant(waiting, len(members[0].codes))


def _constant(text: bytes, rows: int) -> list[Member]:
    if not text:
        return []
    nothing = np.empty(0, np.uint8)
    return [Member(text, nothing, np.zeros(2, np.int32), np.zeros(rows, np.int32), b"")]


def in_one(column: Member) -> Member:
    """With what stands around a value copied to it, where there are few: one copy a row."""
    count = len(column.offsets) - 1
    if 8 * count > len(column.codes):
        return column
    values = _texts(column.offsets, column.data)
    around = (pa.scalar(text, pa.binary()) for text in (column.before, column.after))
    offsets, data = _buffers(pc.binary_join_element_wise(next(around), values, next(around), b""))
    return replace(column, before=b"", data=data, offsets=offsets, after=b"")


def member(name: str, column: pa.ChunkedArray) -> Member:
    """A column of any type a contract may have, text dictionary-encoded or not."""
    values = in_one_piece(column)
    key, quote = rfc8785.dumps(name) + b":", b""
    if pa.types.is_dictionary(values.type):
        quote = b'"'
        texts = _buffers(_escaped(values.dictionary))
        codes = values.indices.fill_null(-1).to_numpy()
    elif pa.types.is_timestamp(values.type):
        quote = b'"'
        texts, codes = _times(values)
    else:
        quote = b'"' if pa.types.is_string(values.type) else b""
        is_constant = not values.null_count and _is_constant(values)
        texts = _buffers(_as_text(values.slice(0, 1) if is_constant else values))
        codes = np.zeros(len(values), np.int32) if is_constant else _row_numbers(values)
    is_always_there = len(values) > 0 and not values.null_count
    return Member(
        key + quote,
        texts[1],
        texts[0],
        codes,
        quote + b",",
        is_always_there,
        is_always_there and bool((codes == codes[0]).all()),
    )


def _is_constant(values: pa.Array) -> bool:
    if not len(values):
        return False
    first, middle = values[0], values[len(values) // 2]
    return bool(first == middle and first == values[-1] and pc.all(pc.equal(values, first)).as_py())


def _row_numbers(values: pa.Array) -> Codes:
    """Each value is a text of its own."""
    numbers = np.arange(len(values), dtype=np.int32)
    if values.null_count:
        numbers[values.is_null().to_numpy(zero_copy_only=False)] = -1
    return numbers


def _buffers(text: pa.Array) -> tuple[Offsets, Bytes]:
    _, offsets, data = text.buffers()
    if offsets is None or not len(text):
        return np.zeros(len(text) + 1, np.int32), np.empty(0, np.uint8)
    ends = np.frombuffer(offsets, np.int32)[text.offset : text.offset + len(text) + 1]
    content = np.frombuffer(data or b"", np.uint8)
    return ends - ends[0], content[ends[0] : ends[-1]]


def _texts(offsets: Offsets, data: Bytes) -> pa.Array:
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.binary(), len(offsets) - 1, buffers)


def _as_text(values: pa.Array) -> pa.StringArray:
    if pa.types.is_string(values.type):
        return _escaped(values)
    if pa.types.is_int64(values.type):
        least, most = pc.min(values).as_py() or 0, pc.max(values).as_py() or 0
        if least >= -MOST_EXACT and most <= MOST_EXACT:
            return values.cast(pa.string())
    elif not pa.types.is_floating(values.type):
        return values.cast(pa.string())
    encoded = values.dictionary_encode()
    texts = [rfc8785.dumps(plain(value)).decode() for value in encoded.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(encoded.indices)


def _escaped(values: pa.StringArray) -> pa.StringArray:
    if not _needs_escape(_buffers(values)[1]):
        return values
    encoded = values.dictionary_encode()
    texts = [
        value if value is None else rfc8785.dumps(value)[1:-1].decode()
        for value in encoded.dictionary.to_pylist()
    ]
    return pa.array(texts, pa.string()).take(encoded.indices)


def _times(values: pa.Array) -> tuple[tuple[Offsets, Bytes], Codes]:
    """Each run of equal times as one text, for what happened together stands together."""
    moments = values.cast(pa.int64())
    us = moments.fill_null(0).to_numpy(zero_copy_only=False)
    is_new = np.ones(len(us), np.bool_)
    np.not_equal(us[1:], us[:-1], out=is_new[1:])
    codes = np.cumsum(is_new, dtype=np.int32) - np.int32(1)
    if values.null_count:
        codes[values.is_null().to_numpy(zero_copy_only=False)] = -1
    us = us[is_new]
    if us.min(initial=0) < FIRST_TIME or us.max(initial=0) >= AFTER_LAST_TIME:
        return _buffers(pa.array([plain_time(moment) for moment in us.tolist()])), codes
    ends = TIME_LENGTH * np.arange(len(us) + 1, dtype=np.int32)
    return (ends, written_times(us).reshape(-1)), codes


@compiled
def _needs_escape(data: Bytes) -> bool:
    found = 0
    for byte in data:
        found |= (byte < _FIRST_PRINTABLE) | (byte == _QUOTE) | (byte == _BACKSLASH)
    return found != 0
