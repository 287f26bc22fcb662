"""Sorted runs of (hash of event_id, where the event is): the search behind finding duplicates.

A few runs of falling size are kept, like the digits of a binary number: adding a run merges it with
its neighbours while they are not clearly larger. So n ids cost n log n to add, and a search asks at
most log n runs, each through its filter. Two ids may share a hash: a search returns every place a
hash has, and whoever asks compares the ids themselves.

What stays out: what "where" means (a position in the log, or a place in an unfinished batch), runs
that live on the disk (run_file.py), filters (id_filter.py), and the compiled loops
(run_kernels.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ingestion.log.row_tree import COMPILED_ROWS

MERGE_ROWS = 1 << 18
FEWEST_MERGED = 4

U64Array = npt.NDArray[np.uint64]
IndexArray = npt.NDArray[np.int64]


class Slices(Protocol):
    """Hashes in rising order and, beside each, its place."""

    def __len__(self) -> int: ...

    def slices(self) -> Iterator[tuple[U64Array, U64Array]]:
        """Everything in order, in pieces of at most MERGE_ROWS."""
        ...


class Run(Slices, Protocol):
    """The same, to be searched."""

    def find(self, needles: U64Array) -> tuple[IndexArray, U64Array]:
        """Where hashes are.

        Args:
            needles: hashes in rising order.

        Returns:
            For every match, the index into `needles` and the place.
        """
        ...


@dataclass(frozen=True)
class Stream:
    """Hashes and places that are nowhere yet: made when they are asked for.

    Args:
        count: how many.
        made: makes them, in order, in pieces.
    """

    count: int
    made: Callable[[], Iterator[tuple[U64Array, U64Array]]]

    def __len__(self) -> int:
        return self.count

    def slices(self) -> Iterator[tuple[U64Array, U64Array]]:
        """See Slices."""
        return self.made()


class MemoryRun:
    """A run held in memory.

    Args:
        hashes: in rising order.
        places: beside them.
    """

    def __init__(self, hashes: U64Array, places: U64Array) -> None:
        self.hashes = hashes
        self.places = places
        self._filter: U64Array | None = None

    @classmethod
    def of(cls, hashes: U64Array, places: U64Array) -> MemoryRun:
        """Sort hashes with their places."""
        order = np.argsort(hashes)
        return cls(hashes[order], places[order])

    @classmethod
    def of_two(cls, a: MemoryRun, b: MemoryRun) -> MemoryRun:
        """Two runs as one."""
        return cls(*merge_pair((a.hashes, a.places), (b.hashes, b.places)))

    @classmethod
    def joined(cls, slices: Iterator[tuple[U64Array, U64Array]]) -> MemoryRun:
        """One run of its pieces in order."""
        pieces = list(slices)
        if len(pieces) == 1:
            return cls(*pieces[0])
        nothing = (np.empty(0, np.uint64), np.empty(0, np.uint64))
        hashes, places = zip(nothing, *pieces, strict=True)
        return cls(np.concatenate(hashes), np.concatenate(places))

    def __len__(self) -> int:
        return len(self.hashes)

    def find(self, needles: U64Array) -> tuple[IndexArray, U64Array]:
        """See Run."""
        if min(len(needles), len(self.hashes)) < COMPILED_ROWS:
            return search(self.hashes, self.places, needles)
        from ingestion.log.id_filter import empty_filter, enter, passing

        if self._filter is None:
            self._filter = empty_filter(len(self.hashes))
            enter(self._filter, self.hashes)
        passed = passing(self._filter, needles)
        found, places = search(self.hashes, self.places, needles[passed])
        return passed[found], places

    def slices(self) -> Iterator[tuple[U64Array, U64Array]]:
        """See Run."""
        for start in range(0, len(self.hashes), MERGE_ROWS):
            end = start + MERGE_ROWS
            yield self.hashes[start:end], self.places[start:end]


def search(hashes: U64Array, places: U64Array, needles: U64Array) -> tuple[IndexArray, U64Array]:
    """Every (index of needle, place) with equal hashes; both hash arrays rise."""
    if not len(hashes) or not len(needles):
        return np.empty(0, np.int64), np.empty(0, np.uint64)
    found, left = _find_sorted(hashes, needles)
    if not len(found):
        return found, np.empty(0, np.uint64)
    counts = np.searchsorted(hashes, needles[found], side="right") - left
    if counts.max() == 1:
        return found, places[left]
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    within = np.arange(counts.sum()) - starts
    return np.repeat(found, counts), places[np.repeat(left, counts) + within]


def _find_sorted(hashes: U64Array, needles: U64Array) -> tuple[IndexArray, IndexArray]:
    if len(needles) >= COMPILED_ROWS:
        from ingestion.log.run_kernels import find_sorted

        return find_sorted(hashes, needles)
    left = np.searchsorted(hashes, needles)
    found = np.flatnonzero(hashes[np.minimum(left, len(hashes) - 1)] == needles)
    return found, left[found]


def merge_pair(
    a: tuple[U64Array, U64Array], b: tuple[U64Array, U64Array]
) -> tuple[U64Array, U64Array]:
    """Two sorted pieces as one, in time linear in the first."""
    count = len(a[0]) + len(b[0])
    if count >= COMPILED_ROWS:
        from ingestion.log.run_kernels import merge_sorted

        return merge_sorted(*a, *b)
    from_b = np.searchsorted(a[0], b[0]) + np.arange(len(b[0]))
    is_from_a = np.ones(count, np.bool_)
    is_from_a[from_b] = False
    merged = []
    for left, right in zip(a, b, strict=True):
        whole = np.empty(count, np.uint64)
        whole[from_b] = right
        whole[is_from_a] = left
        merged.append(whole)
    return merged[0], merged[1]


def merged(runs: Sequence[Slices]) -> Slices:
    """Runs as one that nobody has put together yet."""
    if len(runs) == 1:
        return runs[0]
    half = len(runs) // 2
    a, b = merged(runs[:half]), merged(runs[half:])
    return Stream(len(a) + len(b), lambda: merged_slices(a, b))


def merged_slices(a: Slices, b: Slices) -> Iterator[tuple[U64Array, U64Array]]:
    """Two runs as one, piece by piece, in memory independent of their length."""
    rest_a, rest_b = a.slices(), b.slices()
    left, right = next(rest_a, None), next(rest_b, None)
    while left is not None and right is not None:
        # What is not beyond the smaller of the two last hashes can go out now.
        limit = min(left[0][-1], right[0][-1])
        cut_a = int(np.searchsorted(left[0], limit, side="right"))
        cut_b = int(np.searchsorted(right[0], limit, side="right"))
        yield merge_pair((left[0][:cut_a], left[1][:cut_a]), (right[0][:cut_b], right[1][:cut_b]))
        left = (left[0][cut_a:], left[1][cut_a:]) if cut_a < len(left[0]) else next(rest_a, None)
        right = (
            (right[0][cut_b:], right[1][cut_b:]) if cut_b < len(right[0]) else next(rest_b, None)
        )
    for rest, first in ((rest_a, left), (rest_b, right)):
        if first is not None:
            yield first
            yield from rest


def is_merge_due(earlier: int, later: int) -> bool:
    """Whether two neighbouring runs of these lengths should become one."""
    return earlier < 2 * later


def merge_due(earlier: Sequence[int], later: int) -> int:
    """How many of the last runs of these lengths should become one with a new one; 0 for none."""
    count = 0
    while count < len(earlier) and is_merge_due(earlier[-1 - count], later):
        count += 1
    return count if count >= FEWEST_MERGED - 1 else 0
