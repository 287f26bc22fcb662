"""Bytes sixteen or thirty-two at a time, inside compiled kernels: vector instructions by hand.

A loop over single bytes costs more by its mispredicted end than by its bytes. What is here reads
or writes a whole vector whatever the length: whoever calls it sees to it that there is room.

What stays out: everything that does not run inside a compiled kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from ingestion.compiled import inlined

Bytes = npt.NDArray[np.uint8]

NARROW, WIDTH = 16, 32
SLACK = 96
"""Bytes that `copy_wide` wants behind the end of what it reads and of what it writes."""
_BYTE, _WORD, _MASK = ir.IntType(8), ir.IntType(64), ir.IntType(WIDTH)
_NARROW, _WIDE = (ir.VectorType(_BYTE, width) for width in (NARROW, WIDTH))
_QUOTE, _BACKSLASH, _FIRST_PRINTABLE = 0x22, 0x5C, 0x20


def _pointer(context: Any, builder: Any, kind: Any, array: Any, index: Any, to: Any) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), to.as_pointer())


def _load(context: Any, builder: Any, signature: Any, arguments: Any, at: int, to: Any) -> Any:
    """What lies at argument `at`, an array, from the index on that is the next argument."""
    place = (signature.args[at], arguments[at], arguments[at + 1], to)
    return builder.load(_pointer(context, builder, *place), align=1)


def _mask(builder: Any, flags: Any) -> Any:
    return builder.bitcast(flags, _MASK)


def _copied(_context: Any, to: Any, at: Any, source: Any, start: Any) -> Any:
    """`to[at : at + 16] = source[start : start + 16]`, in one instruction each way."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        content = _load(context, builder, signature, arguments, 2, _NARROW)
        place = (signature.args[0], arguments[0], arguments[1], _NARROW)
        builder.store(content, _pointer(context, builder, *place), align=1)
        return context.get_dummy_value()

    return types.void(to, at, source, start), generate


def _differing(_context: Any, a: Any, i: Any, b: Any, j: Any) -> Any:
    """One bit for each of the 32 bytes from `a[i]` and from `b[j]` on: whether they differ."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        left = _load(context, builder, signature, arguments, 0, _WIDE)
        right = _load(context, builder, signature, arguments, 2, _WIDE)
        return _mask(builder, builder.icmp_unsigned("!=", left, right))

    return types.uint32(a, i, b, j), generate


def _stopping(_context: Any, a: Any, i: Any) -> Any:
    """One bit for each of the 32 bytes from `a[i]` on: whether JSON text ends or escapes there."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        content = _load(context, builder, signature, arguments, 0, _WIDE)
        quote, backslash, printable = (
            ir.Constant(_WIDE, [byte] * WIDTH) for byte in (_QUOTE, _BACKSLASH, _FIRST_PRINTABLE)
        )
        stops = builder.icmp_unsigned("==", content, quote)
        stops = builder.or_(stops, builder.icmp_unsigned("==", content, backslash))
        return _mask(builder, builder.or_(stops, builder.icmp_unsigned("<", content, printable)))

    return types.uint32(a, i), generate


def _word(_context: Any, a: Any, i: Any) -> Any:
    """The eight bytes from `a[i]` on as one number, as they lie in memory."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _load(context, builder, signature, arguments, 0, _WORD)

    return types.uint64(a, i), generate


def _put(_context: Any, to: Any, at: Any, number: Any) -> Any:
    """Store a number at `to[at]` and after it, its highest byte first."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        swapped = builder.bswap(arguments[2])
        place = (signature.args[0], arguments[0], arguments[1], swapped.type)
        builder.store(swapped, _pointer(context, builder, *place), align=1)
        return context.get_dummy_value()

    return types.void(to, at, number), generate


def _first(_context: Any, mask: Any) -> Any:
    """Which is the lowest bit of a mask that is set."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        found = builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))
        return builder.zext(found, _WORD)

    return types.int64(mask), generate


_copy_narrow: Callable[..., None] = intrinsic(_copied)
_differing_at: Callable[..., int] = intrinsic(_differing)
_stopping_at: Callable[..., int] = intrinsic(_stopping)
_word_at: Callable[..., np.uint64] = intrinsic(_word)
put_big_endian: Callable[..., None] = intrinsic(_put)
_first_of: Callable[..., int] = intrinsic(_first)


@inlined
def copy_wide(to: Bytes, at: int, source: Bytes, start: int, end: int) -> int:
    """Copy `source[start:end]`, writing from left to right; returns where the next byte belongs."""
    for k in range(0, end - start, NARROW):
        _copy_narrow(to, at + k, source, start + k)
    return at + end - start


@inlined
def count_alike(a: Bytes, i: int, b: Bytes, j: int, most: int) -> int:
    """How many bytes from `a[i]` and from `b[j]` on are the same, `most` at most."""
    k = 0
    room = min(len(a) - i, len(b) - j) - WIDTH
    while k < most and k <= room:
        differing = _differing_at(a, i + k, b, j + k)
        if differing != 0:
            return min(most, k + _first_of(differing))
        k += WIDTH
    while k < most and a[np.uint64(i + k)] == b[np.uint64(j + k)]:
        k += 1
    return min(k, most)


@inlined
def find_stop(text: Bytes, at: int, end: int) -> int:
    """Where the first quote, backslash or control character is; `end` if there is none before."""
    while at < end and at + WIDTH <= len(text):
        stopping = _stopping_at(text, at)
        if stopping != 0:
            return min(end, at + _first_of(stopping))
        at += WIDTH
    while at < end:
        byte = text[np.uint64(at)]
        if byte in (_QUOTE, _BACKSLASH) or byte < _FIRST_PRINTABLE:
            break
        at += 1
    return min(at, end)


@inlined
def word_of(text: Bytes, at: int, length: int) -> np.uint64:
    """Up to eight bytes as one number, zeros for those beyond `length`."""
    if at + 8 <= len(text):
        word = _word_at(text, at)
        if length < 8:  # noqa: PLR2004 (bytes of a word)
            word &= (np.uint64(1) << np.uint64(8 * length)) - np.uint64(1)
        return word
    word = np.uint64(0)
    for k in range(min(length, 8)):
        word |= np.uint64(text[np.uint64(at + k)]) << np.uint64(8 * k)
    return word
