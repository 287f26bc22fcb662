"""SHA-256 (FIPS 180-4) of many short messages at once: 32 lanes side by side in vector registers.

50 ns a block where `hashlib` takes 600 ns a call; what it costs is numba's compiler, once per
machine. Every loop over lanes has a constant length and slices that begin at its lane 0, because
only then does the compiler see that it can be vectorised.

What stays out: what is hashed (row_messages.py), and small amounts, which are `hashlib`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, ParamSpec, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

P = ParamSpec("P")
R = TypeVar("R")
Words = npt.NDArray[np.uint32]
Integers = npt.NDArray[np.int64]
U4 = np.uint32

LANES = 32
L = LANES
WORDS = 8
BLOCK_WORDS = 16
_ROUNDS = 64

# fmt: off
_START = np.array([
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
], U4)
_K = np.array([
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
], U4)
# fmt: on


def compiled(
    function: Callable[P, R], *, inline: Literal["never", "always"] = "never"
) -> Callable[P, R]:
    """Compile a kernel and keep the machine code in numba's cache."""
    decorate = numba.njit(cache=True, nogil=True, error_model="numpy", inline=inline)
    return cast("Callable[P, R]", decorate(function))


def _rotated(x: U4, n: int) -> U4:
    return U4(U4(x >> U4(n)) | U4(x << U4(32 - n)))


_rotate = compiled(_rotated)


def _stepped(a: U4, b: U4, c: U4, d: U4, e: U4, f: U4, g: U4, h: U4, x: U4) -> tuple[U4, U4]:  # noqa: PLR0913, PLR0917 (the state)
    """One round: what becomes of d and of h."""
    big_e = U4(_rotate(e, 6) ^ _rotate(e, 11) ^ _rotate(e, 25))
    big_a = U4(_rotate(a, 2) ^ _rotate(a, 13) ^ _rotate(a, 22))
    t = U4(h + big_e + U4((e & f) ^ (U4(~e) & g)) + x)
    return U4(d + t), U4(t + big_a + U4(((a ^ b) & (b ^ c)) ^ b))


_step = compiled(_stepped, inline="always")


@compiled
def _eight_rounds(v: Words, w: Words, k: Words) -> None:
    k0, k1, k2, k3, k4, k5, k6, k7 = k[0], k[1], k[2], k[3], k[4], k[5], k[6], k[7]
    for i in range(L):
        a, b, c, d = v[i], v[L + i], v[2 * L + i], v[3 * L + i]
        e, f, g, h = v[4 * L + i], v[5 * L + i], v[6 * L + i], v[7 * L + i]
        d, h = _step(a, b, c, d, e, f, g, h, U4(w[i] + k0))
        c, g = _step(h, a, b, c, d, e, f, g, U4(w[L + i] + k1))
        b, f = _step(g, h, a, b, c, d, e, f, U4(w[2 * L + i] + k2))
        a, e = _step(f, g, h, a, b, c, d, e, U4(w[3 * L + i] + k3))
        h, d = _step(e, f, g, h, a, b, c, d, U4(w[4 * L + i] + k4))
        g, c = _step(d, e, f, g, h, a, b, c, U4(w[5 * L + i] + k5))
        f, b = _step(c, d, e, f, g, h, a, b, U4(w[6 * L + i] + k6))
        e, a = _step(b, c, d, e, f, g, h, a, U4(w[7 * L + i] + k7))
        v[i], v[L + i], v[2 * L + i], v[3 * L + i] = a, b, c, d
        v[4 * L + i], v[5 * L + i], v[6 * L + i], v[7 * L + i] = e, f, g, h


@compiled
def _expand(w: Words) -> None:
    for t in range(BLOCK_WORDS, _ROUNDS):
        here = t * L
        for i in range(L):
            x, y = w[here - 15 * L + i], w[here - 2 * L + i]
            low = U4(_rotate(x, 7) ^ _rotate(x, 18) ^ U4(x >> U4(3)))
            high = U4(_rotate(y, 17) ^ _rotate(y, 19) ^ U4(y >> U4(10)))
            w[here + i] = U4(w[here - 16 * L + i] + low + w[here - 7 * L + i] + high)


@compiled
def _compress(state: Words, w: Words, v: Words) -> None:
    """One block in each lane; `w` begins with its 16 words, lane beside lane."""
    _expand(w)
    v[:] = state
    for k in range(0, _ROUNDS, 8):
        _eight_rounds(v, w[k * L : (k + 8) * L], _K[k : k + 8])
    for i in range(WORDS * L):
        v[i] = U4(v[i] + state[i])


@compiled
def _swapped(x: U4) -> U4:
    return U4(
        (x >> U4(24)) | ((x >> U4(8)) & U4(0xFF00)) | ((x << U4(8)) & U4(0xFF0000)) | (x << U4(24))
    )


@compiled
def _begin(state: Words) -> None:
    for k in range(WORDS):
        state[k * L : (k + 1) * L] = _START[k]


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
    state, v = np.empty(WORDS * L, U4), np.empty(WORDS * L, U4)
    w = np.zeros(_ROUNDS * L, U4)
    for first in range(0, len(order), L):
        lanes = min(L, len(order) - first)
        longest = 0
        for i in range(lanes):
            longest = max(longest, blocks[order[first + i]])
        _begin(state)
        for block in range(longest):
            for i in range(lanes):
                message = order[first + i]
                if block < blocks[message]:
                    start = starts[message] + block * BLOCK_WORDS
                    for t in range(BLOCK_WORDS):
                        w[t * L + i] = _swapped(words[start + t])
            _compress(state, w, v)
            for i in range(lanes):
                if block + 1 == blocks[order[first + i]]:
                    for k in range(WORDS):
                        out[order[first + i], k] = v[k * L + i]
            state[:] = v
    return out


@compiled
def hash_pairs(nodes: Words) -> Words:
    """Of nodes 0 and 1, 2 and 3, ...: SHA-256(0x01 || left || right)."""
    count = len(nodes) // 2
    out = np.empty((count, WORDS), U4)
    state, v = np.empty(WORDS * L, U4), np.empty(WORDS * L, U4)
    w = np.zeros(_ROUNDS * L, U4)
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
        _compress(state, w, v)
        state[:] = v
        w[: BLOCK_WORDS * L] = U4(0)
        for i in range(lanes):
            w[i] = U4((nodes[2 * (first + i) + 1][7] << U4(24)) | U4(0x00800000))
            w[15 * L + i] = U4(65 * 8)
        _compress(state, w, v)
        for i in range(lanes):
            for k in range(WORDS):
                out[first + i, k] = v[k * L + i]
    return out


@compiled
def hash_children(nodes: Words) -> Words:
    """Of nodes of four words: the halves of SHA-256(0x02 || node), one below the other."""
    out = np.empty((len(nodes) * 2, WORDS // 2), U4)
    state, v = np.empty(WORDS * L, U4), np.empty(WORDS * L, U4)
    w = np.zeros(_ROUNDS * L, U4)
    for first in range(0, len(nodes), L):
        lanes = min(L, len(nodes) - first)
        _begin(state)
        w[: BLOCK_WORDS * L] = U4(0)
        for i in range(lanes):
            node = nodes[first + i]
            w[i] = U4(U4(0x02000000) | (node[0] >> U4(8)))
            for t in range(1, 4):
                w[t * L + i] = U4((node[t - 1] << U4(24)) | (node[t] >> U4(8)))
            w[4 * L + i] = U4((node[3] << U4(24)) | U4(0x00800000))
            w[15 * L + i] = U4(17 * 8)
        _compress(state, w, v)
        for i in range(lanes):
            for k in range(WORDS):
                out[2 * (first + i) + k // 4, k % 4] = v[k * L + i]
    return out
