"""Loops over dictionary codes, compiled.

What stays out: Arrow, and when it pays to load what is compiled (codes.py).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ingestion.compiled import compiled
from ingestion.wide import SLACK, Bytes, copy_wide

Codes = npt.NDArray[np.int32]
Offsets = npt.NDArray[np.int32]


@compiled
def renumbered(codes: Codes, size: int) -> tuple[Codes, Codes]:
    """Codes counted from 0 in the order in which they first occur.

    Args:
        codes: each below `size`, or -1, which stays.
        size: how many there could be.

    Returns:
        The new codes, and the old code of each.
    """
    numbers = np.full(size, -1, np.int32)
    renamed, used = np.empty(len(codes), np.int32), np.empty(size, np.int32)
    count = 0
    for row in range(len(codes)):
        code = codes[row]
        if code < 0:
            renamed[row] = -1
            continue
        number = numbers[np.uint64(code)]
        if number < 0:
            number = np.int32(count)
            numbers[np.uint64(code)] = number
            used[count] = code
            count += 1
        renamed[row] = number
    return renamed, used[:count]


@compiled
def joined(  # noqa: PLR0913, PLR0917 (arrays, as a kernel takes them)
    left: Codes,
    left_starts: Offsets,
    left_texts: Bytes,
    right: Codes,
    right_starts: Offsets,
    right_texts: Bytes,
    separator: int,
) -> tuple[Offsets, Bytes]:
    """Row by row, a text of the left column, a byte, and a text of the right one.

    Args:
        left: which text, none of them -1.
        left_starts: where each text begins, and where the last ends.
        left_texts: the texts, and SLACK bytes.
        right: the same of the other column.
        right_starts: the same.
        right_texts: the same.
        separator: the byte.

    Returns:
        Where each row's text begins, and where the last ends; the texts, and SLACK bytes.
    """
    starts = np.zeros(len(left) + 1, np.int32)
    for row in range(len(left)):
        a, b = np.uint64(left[row]), np.uint64(right[row])
        length = left_starts[a + np.uint64(1)] - left_starts[a] + 1
        length += right_starts[b + np.uint64(1)] - right_starts[b]
        starts[row + 1] = starts[row] + length
    out = np.empty(starts[-1] + SLACK, np.uint8)
    for row in range(len(left)):
        a, b = np.uint64(left[row]), np.uint64(right[row])
        at = copy_wide(out, starts[row], left_texts, left_starts[a], left_starts[a + np.uint64(1)])
        out[at] = separator
        copy_wide(out, at + 1, right_texts, right_starts[b], right_starts[b + np.uint64(1)])
    return starts, out
