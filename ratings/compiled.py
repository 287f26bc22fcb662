"""How every kernel of this room is compiled, and what its arrays are called.

One decorator, so that the flags that decide whether bits repeat are set in one place. A kernel
costs up to a second in a fresh clone: only loops that cannot be whole-array numpy are compiled.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]
Mask = NDArray[np.bool_]

MANY_MODELS = 300
"""Beyond so many models whole-board arrays are cut into blocks, and sums over pairs avoided.

Up to it every figure is made as it always was, to the last bit.
"""
CELLS = 1 << 22
"""Entries of a block of such an array: 32 MB."""

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a kernel and keep the machine code in ``NUMBA_CACHE_DIR``.

    No fastmath and no ``parallel``: both let the compiler reorder sums, and then the last bits
    depend on the width of the vector unit and on the number of threads. Division by zero follows
    IEEE 754 (``error_model="numpy"``) because the checks would keep loops from being vectorised.
    """
    decorate = numba.njit(cache=True, nogil=True, error_model="numpy")
    return cast("Callable[P, R]", decorate(function))
