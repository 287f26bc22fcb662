"""What the fast reader's loop knows, and where it puts what it finds.

What stays out: the loop (plain_scan.py).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ingestion.compiled import compiled
from ingestion.sources.plain_tokens import Bytes
from ingestion.wide import copy_wide

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]


class Keys(NamedTuple):
    """Known keys, at most 63.

    Args:
        texts: each with its closing quote, one after the other.
        starts: where each begins, and where the last ends.
        following: which key was last seen after each; at 0, which came first.
    """

    texts: Bytes
    starts: Int64s
    following: Int64s


class Tables(NamedTuple):
    """Values of a stretch of lines, a row per key.

    Args:
        codes: per line, the code of its value; -1 for null and absent.
        slots: a power of two greater than the number of lines; the codes by hash, -1 before.
        firsts: per code, where in `texts` its value begins.
        lengths: per code, how many bytes it has.
        places: per code, its slot.
        counts: distinct values; 0 before.
        texts: the distinct values of all keys, as they came; SLACK bytes more than the lines have.
        ends: per line, the byte after it.
    """

    codes: Int32s
    slots: Int32s
    firsts: Int64s
    lengths: Int64s
    places: Int64s
    counts: Int64s
    texts: Bytes
    ends: Int64s


@compiled
def clear(tables: Tables) -> None:
    """Empty the slots that are taken: most columns took few."""
    for key in range(len(tables.counts)):
        for code in range(tables.counts[key]):
            tables.slots[key, tables.places[key, code]] = -1
        tables.counts[key] = 0


@compiled
def gather(texts: Bytes, firsts: Int64s, lengths: Int64s, out: Bytes) -> None:
    """Copy stretches one after the other; both ends have SLACK bytes more than is copied."""
    at = 0
    for index in range(len(firsts)):
        at = copy_wide(out, at, texts, firsts[index], firsts[index] + lengths[index])
