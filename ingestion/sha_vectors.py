"""SHA-256's compression (FIPS 180-4), a block in each of sixteen lanes, in vector registers.

Written in the compiler's own vectors, so that state and schedule need not go through memory between
rounds: the machine's widest registers are used, whatever they are.

What stays out: messages, padding and who hashes what (log/lanes.py, hmac_column.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.registry import cpu_target
from numba.extending import intrinsic

LANES = 16 if "+avx512f" in cpu_target.target_context.codegen().magic_tuple()[2] else 8
WORDS = 8
BLOCK_WORDS = 16
_ROUNDS = 64
_NAME = "demoscope.sha256"
_WORD, _PLACE = ir.IntType(32), ir.IntType(64)
_VECTOR = ir.VectorType(_WORD, LANES)
_PRIMES = [n for n in range(2, 312) if all(n % divisor for divisor in range(2, n))]
Vectors = list[Any]


def _fraction_of_root(prime: int, degree: int) -> int:
    """The first 32 bits after the point of a root: SHA-256 takes its constants from these."""
    low, high = 0, prime << 32
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**degree <= prime << 32 * degree else (low, middle - 1)
    return low & 0xFFFFFFFF


START = np.array([_fraction_of_root(prime, 2) for prime in _PRIMES[:WORDS]], np.uint32)
_CONSTANTS = [_fraction_of_root(prime, 3) for prime in _PRIMES[:_ROUNDS]]


def _same(value: int) -> ir.Constant:
    return ir.Constant(_VECTOR, [value] * LANES)


def _sum(builder: Any, *terms: Any) -> Any:
    total, *rest = terms
    for term in rest:
        total = builder.add(total, term)
    return total


def _xor(builder: Any, *terms: Any) -> Any:
    total, *rest = terms
    for term in rest:
        total = builder.xor(total, term)
    return total


def _turned(builder: Any, x: Any, *places: int) -> Any:
    """The exclusive or of a word turned right by so many places each."""
    return _xor(
        builder,
        *(builder.or_(builder.lshr(x, _same(n)), builder.shl(x, _same(32 - n))) for n in places),
    )


def _rounds(builder: Any, state: Vectors, schedule: Vectors) -> Vectors:
    """The state after a block; `schedule` has its sixteen words."""
    a, b, c, d, e, f, g, h = state
    window = list(schedule)
    for t in range(_ROUNDS):
        now = window[t % BLOCK_WORDS]
        if t >= BLOCK_WORDS:
            x, y = window[(t + 1) % BLOCK_WORDS], window[(t + 14) % BLOCK_WORDS]
            low = builder.xor(_turned(builder, x, 7, 18), builder.lshr(x, _same(3)))
            high = builder.xor(_turned(builder, y, 17, 19), builder.lshr(y, _same(10)))
            now = _sum(builder, now, low, window[(t + 9) % BLOCK_WORDS], high)
            window[t % BLOCK_WORDS] = now
        chosen = builder.xor(g, builder.and_(e, builder.xor(f, g)))
        majority = builder.or_(builder.and_(a, b), builder.and_(c, builder.or_(a, b)))
        known = _sum(builder, h, now, _same(_CONSTANTS[t]))
        one = _sum(builder, known, chosen, _turned(builder, e, 6, 11, 25))
        two = builder.add(majority, _turned(builder, a, 2, 13, 22))
        a, b, c, d, e, f, g, h = builder.add(one, two), a, b, c, builder.add(d, one), e, f, g
    after = (a, b, c, d, e, f, g, h)
    return [builder.add(old, new) for old, new in zip(state, after, strict=True)]


def _transposed(builder: Any, rows: Vectors) -> Vectors:
    """Lane beside lane what was word beside word."""
    rows = list(rows)
    distance = LANES // 2
    while distance:
        for i in range(LANES):
            if not i & distance:
                a, b = rows[i], rows[i + distance]
                for place, from_a, from_b in ((i, 0, -distance), (i + distance, distance, 0)):
                    picks = [
                        LANES + j + from_b if j & distance else j + from_a for j in range(LANES)
                    ]
                    mask = ir.Constant(_VECTOR, picks)
                    rows[place] = builder.shuffle_vector(a, b, mask)
        distance //= 2
    return rows


def _rows(builder: Any, pointer: Any, count: int) -> Vectors:
    """Vectors that lie one after the other."""
    whole = builder.bitcast(pointer, _VECTOR.as_pointer())
    places = (builder.gep(whole, [ir.Constant(_PLACE, k)]) for k in range(count))
    return [builder.load(place, align=4) for place in places]


def _keep(builder: Any, vectors: Sequence[Any], pointer: Any) -> None:
    whole = builder.bitcast(pointer, _VECTOR.as_pointer())
    for k, vector in enumerate(vectors):
        builder.store(vector, builder.gep(whole, [ir.Constant(_PLACE, k)]), align=4)


def _declared(module: Any, name: str, result: Any, *parameters: Any) -> Any:
    """The module's function of a name; a new one has no body yet."""
    known = module.globals.get(name)
    return known or ir.Function(module, ir.FunctionType(result, parameters), name)


def _compression(module: Any) -> Any:
    """The function (state, words) that takes a block in, once in a module: it is long."""
    pointer = _WORD.as_pointer()
    function = _declared(module, _NAME, ir.VoidType(), pointer, pointer)
    if function.is_declaration:
        function.linkage = "linkonce_odr"
        function.attributes.add("noinline")
        builder = ir.IRBuilder(function.append_basic_block())
        state, words = function.args
        after = _rounds(builder, _rows(builder, state, WORDS), _rows(builder, words, BLOCK_WORDS))
        _keep(builder, after, state)
        builder.ret_void()
    return function


def _data(context: Any, builder: Any, signature: Any, arguments: Any) -> list[Any]:
    """Where arrays' values lie."""
    pairs = zip(signature.args, arguments, strict=True)
    return [context.make_array(kind)(context, builder, value).data for kind, value in pairs]


def _with_words(_context: Any, state: Any, words: Any) -> Any:
    """Take a block into each lane's state; `words` are as numbers, lane beside lane."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointers = _data(context, builder, signature, arguments)
        builder.call(_compression(builder.module), pointers)
        return context.get_dummy_value()

    return types.void(state, words), generate


def _with_bytes(_context: Any, state: Any, words: Any, places: Any) -> Any:
    """Take a block into each lane's state: the bytes in memory from its place in `words` on."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        state, words, places = _data(context, builder, signature, arguments)
        swapped = _declared(builder.module, f"llvm.bswap.v{LANES}i32", _VECTOR, _VECTOR)
        begins = (builder.gep(places, [ir.Constant(_PLACE, lane)]) for lane in range(LANES))
        blocks = [builder.gep(words, [builder.load(begin)]) for begin in begins]
        schedule = []
        for first in range(0, BLOCK_WORDS, LANES):
            starts = (builder.gep(block, [ir.Constant(_PLACE, first)]) for block in blocks)
            rows = [_rows(builder, start, 1)[0] for start in starts]
            schedule += [builder.call(swapped, [row]) for row in _transposed(builder, rows)]
        with builder.goto_entry_block():
            scratch = builder.alloca(_VECTOR, BLOCK_WORDS)
        _keep(builder, schedule, scratch)
        scratch = builder.bitcast(scratch, _WORD.as_pointer())
        builder.call(_compression(builder.module), [state, scratch])
        return context.get_dummy_value()

    return types.void(state, words, places), generate


compress_words: Callable[..., None] = intrinsic(_with_words)
compress_bytes: Callable[..., None] = intrinsic(_with_bytes)
