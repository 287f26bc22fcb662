"""What is compiled finds and merges what numpy does."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ingestion.log.run_kernels import find_sorted, merge_sorted
from ingestion.log.runs import U64Array

HASHES = st.lists(st.integers(0, 40) | st.integers(0, 2**64 - 1), max_size=80)


def rising(hashes: list[int]) -> U64Array:
    return np.sort(np.array(hashes, np.uint64))


@given(a=HASHES, b=HASHES)
def test_what_is_found_is_what_is_in_both(a: list[int], b: list[int]) -> None:
    hashes, needles = rising(a), rising(b)
    found, firsts = find_sorted(hashes, needles)
    assert found.tolist() == np.flatnonzero(np.isin(needles, hashes)).tolist()
    assert firsts.tolist() == np.searchsorted(hashes, needles[found]).tolist()


@given(a=HASHES, b=HASHES)
def test_merged_is_sorted_and_keeps_every_pair(a: list[int], b: list[int]) -> None:
    ours, theirs = rising(a), rising(b)
    places = np.arange(len(a) + len(b), dtype=np.uint64)
    hashes, beside = merge_sorted(ours, places[: len(a)], theirs, places[len(a) :])
    assert hashes.tolist() == sorted(a + b)
    together = np.concatenate([ours, theirs])
    assert together[beside.astype(np.int64)].tolist() == hashes.tolist()
    assert sorted(beside.tolist()) == places.tolist()
