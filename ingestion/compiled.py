"""How the kernels of this folder are compiled: one decorator, the machine code kept by numba.

Numba looks at the time of the file a kernel stands in, not of those it calls: whoever changes a
kernel that others call touches their files too.

What stays out: the kernels, and those of the ratings, which run alone (ratings).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a kernel and keep the machine code in `NUMBA_CACHE_DIR`."""
    decorate = numba.njit(cache=True, nogil=True, error_model="numpy")
    return cast("Callable[P, R]", decorate(function))


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function into the kernels that call it: a call with arrays costs like ten steps."""
    decorate = numba.njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
    return cast("Callable[P, R]", decorate(function))
