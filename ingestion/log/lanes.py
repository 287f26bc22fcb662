"""SHA-256 (FIPS 180-4) of many short messages at once, side by side in vector registers.

25 ns a block where `hashlib` takes 600 ns a call; what it costs is numba's compiler, once per
machine.

What stays out: the rounds (sha_vectors.py), what is hashed (messages.py), and small amounts, which
are `hashlib`'s.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ingestion.compiled import compiled
from ingestion.sha_vectors import (
    BLOCK_WORDS,
    LANES,
    START,
    WORDS,
    compress_bytes,
    compress_words,
)

Words = npt.NDArray[np.uint32]
Integers = npt.NDArray[np.int64]
U4 = np.uint32
L = LANES


@compiled
def _take_words(state: Words, words: Words) -> None:
    compress_words(state, words)


@compiled
def _begin(state: Words) -> None:
    for k in range(WORDS):
        state[k * L : (k + 1) * L] = START[k]


@compiled
def hash_messages(words: Words, starts: Integers, blocks: Integers, order: Integers) -> Words:
    """Digests of padded messages.

    Args:
        words: little-endian words of memory in which the messages lie, padded as SHA-256 says.
        starts: word at which each begins.
        blocks: how many blocks each has, at least one.
        order: message numbers, those of one length beside each other (any order is right).

    Returns:
        One row of eight words per message.
    """
    out = np.empty((len(starts), WORDS), U4)
    state = np.empty(WORDS * L, U4)
    messages, places = np.empty(L, np.int64), np.empty(L, np.int64)
    for first in range(0, len(order), L):
        longest = 0
        for i in range(L):
            # Lanes that are left over at the end do the last message again.
            messages[i] = order[min(first + i, len(order) - 1)]
            longest = max(longest, blocks[messages[i]])
        _begin(state)
        for block in range(longest):
            for i in range(L):
                message = messages[i]
                places[i] = starts[message] + min(block, blocks[message] - 1) * BLOCK_WORDS
            compress_bytes(state, words, places)
            for i in range(L):
                if block + 1 == blocks[messages[i]]:
                    for k in range(WORDS):
                        out[messages[i], k] = state[k * L + i]
    return out


@compiled
def hash_pairs(nodes: Words) -> Words:
    """Of nodes 0 and 1, 2 and 3, ...: SHA-256(0x01 || left || right)."""
    count = len(nodes) // 2
    out = np.empty((count, WORDS), U4)
    state = np.empty(WORDS * L, U4)
    w = np.zeros(BLOCK_WORDS * L, U4)
    for first in range(0, count, L):
        lanes = min(L, count - first)
        _begin(state)
        for i in range(lanes):
            left, right = nodes[2 * (first + i)], nodes[2 * (first + i) + 1]
            w[i] = U4(U4(0x01000000) | (left[0] >> U4(8)))
            for t in range(1, WORDS):
                w[t * L + i] = U4((left[t - 1] << U4(24)) | (left[t] >> U4(8)))
            w[WORDS * L + i] = U4((left[7] << U4(24)) | (right[0] >> U4(8)))
            for t in range(1, WORDS):
                w[(WORDS + t) * L + i] = U4((right[t - 1] << U4(24)) | (right[t] >> U4(8)))
        _take_words(state, w)
        w[: BLOCK_WORDS * L] = U4(0)
        for i in range(lanes):
            w[i] = U4((nodes[2 * (first + i) + 1][7] << U4(24)) | U4(0x00800000))
            w[15 * L + i] = U4(65 * 8)
        _take_words(state, w)
        for i in range(lanes):
            for k in range(WORDS):
                out[first + i, k] = state[k * L + i]
    return out


@compiled
def hash_children(nodes: Words) -> Words:
    """Of nodes of four words: the halves of SHA-256(0x02 || node), one below the other."""
    out = np.empty((len(nodes) * 2, WORDS // 2), U4)
    state = np.empty(WORDS * L, U4)
    w = np.zeros(BLOCK_WORDS * L, U4)
    for first in range(0, len(nodes), L):
        lanes = min(L, len(nodes) - first)
        _begin(state)
        for i in range(lanes):
            node = nodes[first + i]
            w[i] = U4(U4(0x02000000) | (node[0] >> U4(8)))
            for t in range(1, 4):
                w[t * L + i] = U4((node[t - 1] << U4(24)) | (node[t] >> U4(8)))
            w[4 * L + i] = U4((node[3] << U4(24)) | U4(0x00800000))
            w[15 * L + i] = U4(17 * 8)
        _take_words(state, w)
        for i in range(lanes):
            for k in range(WORDS):
                out[2 * (first + i) + k // 4, k % 4] = state[k * L + i]
    return out
