"""Secrets of many names out of one tree: key_tree.py's hashes, in compiled lanes.

Name by name the seventeen hashes take 8 us, most of it on the way to `hashlib` and back.

What stays out: what a tree is, and few names (key_tree.py).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ingestion.log.lanes import Words, hash_messages
from ingestion.sha_vectors import BLOCK_WORDS, WORDS

Bytes = npt.NDArray[np.uint8]
Leaves = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]

DEPTH = 16
# So many at a time stay in the processor's cache.
CHUNK_NAMES = 1 << 12
MOST_BYTES = 55
"""A longer name would need a second block."""
_END_OF_MESSAGE = 0x80
_SEED_BITS = 8 * 33
_DIGITS = np.frombuffer(b"0123456789abcdef", np.uint8).astype(np.uint32)


def secrets_of(seeds: Mapping[str, bytes], names: pa.Array) -> pa.Array:
    """The secrets of names.

    Args:
        seeds: of the tree, by hexadecimal path.
        names: texts without nulls, all of the same length in bytes, at most MOST_BYTES.

    Returns:
        32 bytes each, null where the secret was destroyed.
    """
    content, width = _bytes_of(names)
    levels = _levels(seeds)
    secrets = np.empty((len(names), WORDS), np.uint32)
    is_there = np.empty(len(names), np.bool_)
    for start in range(0, len(names), CHUNK_NAMES):
        rows = slice(start, start + CHUNK_NAMES)
        secrets[rows], is_there[rows] = _descended(levels, _leaves_of(content[rows], width))
    values = pa.py_buffer(secrets.byteswap())
    valid = pa.py_buffer(np.packbits(is_there, bitorder="little"))
    return pa.Array.from_buffers(pa.binary(4 * WORDS), len(names), [valid, values])


def is_of_one_block(names: pa.Array) -> bool:
    """Whether `secrets_of` takes these names."""
    lengths = _offsets_of(names)
    widths = np.diff(lengths)
    return bool(len(widths) and widths[0] <= MOST_BYTES and (widths == widths[0]).all())


def _offsets_of(names: pa.Array) -> npt.NDArray[np.int32]:
    return np.frombuffer(names.buffers()[1], np.int32)[names.offset :][: len(names) + 1]


def _bytes_of(names: pa.Array) -> tuple[Bytes, int]:
    offsets = _offsets_of(names)
    width = int(offsets[1] - offsets[0])
    content = np.frombuffer(names.buffers()[2] or b"", np.uint8)[offsets[0] : offsets[-1]]
    return content.reshape(len(names), width), width


def _levels(seeds: Mapping[str, bytes]) -> list[tuple[Leaves, Words]]:
    """Per depth, where seeds stand, in rising order, and the seeds."""
    levels = []
    for depth in range(DEPTH + 1):
        paths = sorted(path for path in seeds if len(path) == depth)
        places = np.array([int(path or "0", 16) for path in paths], np.uint64)
        words = np.frombuffer(b"".join(seeds[path] for path in paths), ">u4").astype(np.uint32)
        levels.append((places, words.reshape(-1, WORDS)))
    return levels


def _leaves_of(names: Bytes, width: int) -> Leaves:
    """The first 64 bits of the names' hashes."""
    blocks = np.zeros((len(names), 4 * BLOCK_WORDS), np.uint8)
    blocks[:, :width] = names
    blocks[:, width] = _END_OF_MESSAGE
    blocks[:, -2:] = divmod(8 * width, 256)
    hashes = _hashed(blocks.view(np.uint32)).astype(np.uint64)
    return (hashes[:, 0] << np.uint64(32)) | hashes[:, 1]


def _descended(levels: list[tuple[Leaves, Words]], leaves: Leaves) -> tuple[Words, Flags]:
    """Down from the one seed above each leaf; where there is none, what comes out means nothing."""
    blocks = np.zeros((len(leaves), BLOCK_WORDS), np.uint32)
    blocks[:, -1] = _SEED_BITS
    seeds = blocks[:, :WORDS]
    is_there = np.zeros(len(leaves), np.bool_)
    for depth, (places, words) in enumerate(levels):
        if len(places):
            # A shift by all 64 bits would be no shift.
            here = leaves >> np.uint64(64 - 4 * depth) if depth else np.zeros_like(leaves)
            index = np.minimum(np.searchsorted(places, here), len(places) - 1)
            is_here = places[index] == here
            seeds[is_here] = words[index[is_here]]
            is_there |= is_here
        if depth < DEPTH:
            digits = (leaves >> np.uint64(60 - 4 * depth)) & np.uint64(0xF)
            blocks[:, WORDS] = (_DIGITS[digits] << np.uint32(24)) | np.uint32(0x800000)
            seeds[:] = _hashed(blocks.byteswap())
    return seeds, is_there


def _hashed(blocks: Words) -> Words:
    """SHA-256 of messages of one block each, as they lie in memory."""
    order = np.arange(len(blocks))
    return hash_messages(blocks.ravel(), order * BLOCK_WORDS, np.ones_like(order), order)
