"""HMAC-SHA-256 (RFC 2104, FIPS 180-4) of many short texts at once, compiled: 0.1 us a text.

Called a text at a time, the standard library spends most of its 1.4 us on the way there and back.
The results are the same; the tests and, on every column, its first value hold one to the other.

Compiled by numba, whose import and cached machine code cost a third of a second: import lazily.

What stays out: keys, scopes and how few texts are hashed (pseudonyms.py), rounds (sha_vectors.py).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ingestion.compiled import compiled, inlined
from ingestion.sha_vectors import (
    BLOCK_WORDS,
    LANES,
    START,
    WORDS,
    compress_bytes,
    compress_words,
)
from ingestion.wide import put_big_endian

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint32]
Offsets = npt.NDArray[np.int32]
Integers = npt.NDArray[np.int64]
Pair = tuple[np.int32, np.int32]

BLOCK_BYTES = 64
_LENGTH_BYTES = 8
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)


@compiled
def _take(state: Words, words: Words, places: Integers) -> None:
    compress_bytes(state, words, places)


def _after(pad: Bytes) -> Words:
    """The state after a whole number of blocks, the same in every lane."""
    state = np.repeat(START, LANES)
    for place in range(0, len(pad) // 4, BLOCK_WORDS):
        _take(state, pad.view(np.uint32), np.full(LANES, place))
    return state


@inlined
def _lay_out(memory: Bytes, begin: int, begun: int, before: int, texts: Bytes, bounds: Pair) -> int:
    """Put a text and its padding after what is begun of a message; how many blocks it has then."""
    at = begin + begun
    for k in range(bounds[0], bounds[1]):
        memory[np.uint64(at)] = texts[np.uint64(k)]
        at += 1
    length = at - begin
    size = (length + _LENGTH_BYTES) // BLOCK_BYTES * BLOCK_BYTES + BLOCK_BYTES
    memory[at] = 0x80
    for k in range(at + 1, begin + size - _LENGTH_BYTES):
        memory[np.uint64(k)] = 0
    put_big_endian(memory, begin + size - _LENGTH_BYTES, 8 * (before + length))
    return size // BLOCK_BYTES


@inlined
def _write_digits(state: Words, lane: int, out: Bytes, row: int) -> None:
    for k in range(out.shape[1]):
        word = state[k // 8 * LANES + lane]
        out[row, k] = _HEX[(word >> np.uint32(28 - 4 * (k % 8))) & np.uint32(0xF)]


@inlined
def _outer_block() -> Words:
    """The outer message: a digest, the bit that ends it, and its length in bits."""
    words = np.zeros(BLOCK_WORDS * LANES, np.uint32)
    for lane in range(LANES):
        words[WORDS * LANES + lane] = 1 << 31
        words[(BLOCK_WORDS - 1) * LANES + lane] = 8 * (BLOCK_BYTES + 4 * WORDS)
    return words


@compiled
def _hash(  # noqa: PLR0913, PLR0917 (arrays, as a kernel takes them)
    memory: Bytes,
    words: Words,
    begun: int,
    before: int,
    after_inner: Words,
    after_outer: Words,
    texts: Bytes,
    starts: Offsets,
    out: Bytes,
) -> None:
    """Write the digits of the HMACs.

    Args:
        memory: for a message in each lane; `begun` bytes of each are there already.
        words: the same memory.
        begun: how many bytes.
        before: how many bytes came before them.
        after_inner: the state after these.
        after_outer: the state after the outer pad.
        texts: one after the other.
        starts: where each begins, and where the last ends.
        out: a row per text.
    """
    width = len(memory) // LANES
    blocks, places = np.zeros(LANES, np.int64), np.zeros(LANES, np.int64)
    state, outer = np.empty(WORDS * LANES, np.uint32), _outer_block()
    for first in range(0, len(out), LANES):
        for lane in range(LANES):
            # Lanes that are left over at the end do the last text again.
            text = min(first + lane, len(out) - 1)
            bounds = (starts[text], starts[text + 1])
            blocks[lane] = _lay_out(memory, lane * width, begun, before, texts, bounds)
        state[:] = after_inner
        for block in range(blocks.max()):
            for lane in range(LANES):
                places[lane] = lane * width // 4 + min(block, blocks[lane] - 1) * BLOCK_WORDS
            compress_bytes(state, words, places)
            for lane in range(LANES):
                if block + 1 == blocks[lane]:
                    for k in range(WORDS):
                        outer[k * LANES + lane] = state[k * LANES + lane]
        state[:] = after_outer
        compress_words(state, outer)
        for lane in range(min(LANES, len(out) - first)):
            _write_digits(state, lane, out, first + lane)


def hmac_column(values: pa.Array, inner: bytes, outer: bytes, digits: int) -> pa.Array:
    """The HMACs of texts, in hexadecimal, cut off after some digits.

    Args:
        values: texts without nulls.
        inner: the key's inner pad and whatever is hashed before each text.
        outer: the key's outer pad.
        digits: how many are wanted, at most 64.
    """
    _, offsets, content = values.buffers()
    starts = np.frombuffer(offsets, np.int32)[values.offset :][: len(values) + 1]
    texts = np.frombuffer(content or b"", np.uint8)
    # Copies, which can be written: kernels are compiled once for each kind of array.
    inner_pad, outer_pad = (np.frombuffer(pad, np.uint8).copy() for pad in (inner, outer))
    whole = len(inner) // BLOCK_BYTES * BLOCK_BYTES
    begun = len(inner) - whole
    longest = int(np.diff(starts).max(initial=0))
    width = (begun + longest + _LENGTH_BYTES) // BLOCK_BYTES * BLOCK_BYTES + BLOCK_BYTES
    messages = np.zeros((LANES, width), np.uint8)
    messages[:, :begun] = inner_pad[whole:]
    memory, states = messages.ravel(), (_after(inner_pad[:whole]), _after(outer_pad))
    out = np.empty((len(values), digits), np.uint8)
    _hash(memory, memory.view(np.uint32), begun, whole, *states, texts, starts, out)
    places = np.arange(0, digits * (len(values) + 1), digits, dtype=np.int32)
    buffers = [None, pa.py_buffer(places), pa.py_buffer(out)]
    return pa.Array.from_buffers(pa.string(), len(values), buffers)
