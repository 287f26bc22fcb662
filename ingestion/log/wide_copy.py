"""Copying short pieces of memory sixteen bytes at a time, whatever their length, inside kernels.

A loop over single bytes costs more by its mispredicted end than by its bytes; a copy that may write
up to fifteen bytes too many does not have that end. Whoever calls it writes from left to right and
leaves `SLACK` bytes behind the end of what is read and of what is written.

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

from ingestion.log.lanes import compiled

WIDTH = 16
SLACK = 96


def _sixteen(_context: Any, to: Any, at: Any, source: Any, start: Any) -> Any:
    """`to[at : at + 16] = source[start : start + 16]`, in one instruction each way."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        wide = ir.VectorType(ir.IntType(8), WIDTH).as_pointer()

        def pointer(array: int, index: int) -> Any:
            struct = context.make_array(signature.args[array])(context, builder, arguments[array])
            return builder.bitcast(builder.gep(struct.data, [arguments[index]]), wide)

        builder.store(builder.load(pointer(2, 3), align=1), pointer(0, 1), align=1)
        return context.get_dummy_value()

    return types.void(to, at, source, start), generate


_copy_sixteen: Callable[..., None] = intrinsic(_sixteen)


@compiled
def copy_wide(
    to: npt.NDArray[np.uint8], at: int, source: npt.NDArray[np.uint8], start: int, end: int
) -> int:
    """Copy `source[start:end]`; returns where the next byte belongs."""
    for k in range(0, end - start, WIDTH):
        _copy_sixteen(to, at + k, source, start + k)
    return at + end - start
