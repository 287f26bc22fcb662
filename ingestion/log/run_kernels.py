"""Searching and merging sorted hashes in one pass each, compiled: what numpy does in several.

What stays out: when it pays to load what is compiled (runs.py).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ingestion.compiled import compiled

U64Array = npt.NDArray[np.uint64]
IndexArray = npt.NDArray[np.int64]


@compiled
def find_sorted(hashes: U64Array, needles: U64Array) -> tuple[IndexArray, IndexArray]:
    """Needles that are in `hashes`, and where first; both rise, so each search begins at the last.

    Returns:
        Indices into `needles`, and beside each the first index into `hashes`.
    """
    found, firsts = np.empty(len(needles), np.int64), np.empty(len(needles), np.int64)
    count, low, matches = len(hashes), 0, 0
    stride = max(1, count // max(1, len(needles)))
    for k in range(len(needles)):
        needle = needles[k]
        high, step = low, stride
        while high < count and hashes[high] < needle:
            low = high + 1
            high += step
            step *= 2
        high = min(high, count)
        while low < high:
            middle = (low + high) // 2
            is_below = hashes[middle] < needle
            low = middle + 1 if is_below else low
            high = high if is_below else middle
        if low < count and hashes[low] == needle:
            found[matches], firsts[matches] = k, low
            matches += 1
    return found[:matches], firsts[:matches]


@compiled
def merge_sorted(
    hashes_a: U64Array, places_a: U64Array, hashes_b: U64Array, places_b: U64Array
) -> tuple[U64Array, U64Array]:
    """Two runs as one; of equal hashes those of the second come first."""
    count_a, count_b = len(hashes_a), len(hashes_b)
    hashes = np.empty(count_a + count_b, np.uint64)
    places = np.empty(count_a + count_b, np.uint64)
    i = j = k = 0
    while i < count_a and j < count_b:
        a, b = hashes_a[i], hashes_b[j]
        is_b = b <= a
        hashes[k] = b if is_b else a
        # Both are read, so that there is no branch to mispredict.
        place_a, place_b = places_a[i], places_b[j]
        places[k] = place_b if is_b else place_a
        j += is_b
        i += not is_b
        k += 1
    hashes[k : k + count_a - i] = hashes_a[i:]
    places[k : k + count_a - i] = places_a[i:]
    k += count_a - i
    hashes[k:] = hashes_b[j:]
    places[k:] = places_b[j:]
    return hashes, places
