"""The hashes of many ids, compiled.

What stays out: what they are (id_hash.py).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ingestion.compiled import compiled
from ingestion.log.id_hash import FINAL, MULTIPLIER
from ingestion.wide import Bytes, word_of

_FACTOR, _FIRST, _SECOND = map(np.uint64, (MULTIPLIER, *FINAL))
_HALF, _MORE = np.uint64(32), np.uint64(33)
_WORD_BYTES = 8


@compiled
def hash_texts(starts: npt.NDArray[np.int32], content: Bytes) -> npt.NDArray[np.uint64]:
    """The hash of each text."""
    hashes = np.empty(len(starts) - 1, np.uint64)
    for row in range(len(hashes)):
        begin, end = int(starts[row]), int(starts[row + 1])
        state = np.uint64(end - begin) * _FACTOR
        for at in range(begin, end, _WORD_BYTES):
            state = (state ^ word_of(content, at, end - at)) * _FACTOR
            state ^= state >> _HALF
        state = (state ^ (state >> _MORE)) * _FIRST
        state = (state ^ (state >> _MORE)) * _SECOND
        hashes[row] = state ^ (state >> _MORE)
    return hashes
