"""A filter in front of a run: of hashes that are not in it, nearly all are known not to be.

A blocked Bloom filter of two bytes a hash. The high bits of a hash choose a 64-bit word, so that
hashes in rising order go through the words from the first to the last; its low bits choose three
bits of the word. Of a hundred hashes that are not in the run about one passes.

What stays out: the run (runs.py, run_file.py), which is asked about what passes.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ingestion.compiled import compiled

U64Array = npt.NDArray[np.uint64]
IndexArray = npt.NDArray[np.int64]

IDS_PER_WORD = 4
_HIGH, _BIT = np.uint64(32), np.uint64(63)
_ONE, _SECOND, _THIRD = np.uint64(1), np.uint64(6), np.uint64(12)


def empty_filter(count: int) -> U64Array:
    """The words of a filter for so many hashes."""
    return np.zeros(-(-count // IDS_PER_WORD), np.uint64)


@compiled
def _bits(hashed: np.uint64) -> np.uint64:
    first = _ONE << (hashed & _BIT)
    second = _ONE << ((hashed >> _SECOND) & _BIT)
    return np.uint64(first | second | (_ONE << ((hashed >> _THIRD) & _BIT)))


@compiled
def enter(words: U64Array, hashes: U64Array) -> None:
    """Make hashes pass."""
    count = np.uint64(len(words))
    for k in range(len(hashes)):
        words[((hashes[k] >> _HIGH) * count) >> _HIGH] |= _bits(hashes[k])


@compiled
def passing(words: U64Array, hashes: U64Array) -> IndexArray:
    """Which hashes pass."""
    count = np.uint64(len(words))
    found = np.empty(len(hashes), np.int64)
    passed = 0
    for k in range(len(hashes)):
        bits = _bits(hashes[k])
        found[passed] = k
        # Counted without a branch, lest it be mispredicted.
        passed += words[((hashes[k] >> _HIGH) * count) >> _HIGH] & bits == bits
    return found[:passed]


def word_of(hashes: U64Array, count: int) -> IndexArray:
    """Which of `count` words each hash looks at."""
    return (((hashes >> _HIGH) * np.uint64(count)) >> _HIGH).astype(np.int64)
