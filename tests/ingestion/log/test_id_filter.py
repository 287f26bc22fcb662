"""A filter lets everything pass that was entered, and little else."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ingestion.log.id_filter import empty_filter, enter, passing, word_of
from ingestion.log.runs import MemoryRun, U64Array

HASHES = st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=80)


def rising(hashes: list[int]) -> U64Array:
    return np.sort(np.array(hashes, np.uint64))


@given(HASHES, HASHES)
def test_what_was_entered_passes(entered: list[int], others: list[int]) -> None:
    words = empty_filter(len(entered))
    enter(words, rising(entered))
    asked = rising([*entered, *others])
    passed = passing(words, asked)
    assert set(entered) <= set(asked[passed].tolist())
    assert passed.tolist() == sorted(set(passed.tolist()))
    places = word_of(asked, len(words))
    assert places.tolist() == [(h >> 32) * len(words) >> 32 for h in asked.tolist()]


def test_of_others_few_pass() -> None:
    generator = np.random.default_rng(5)
    entered, others = np.sort(generator.integers(0, 2**64, (2, 200_000), np.uint64))
    words = empty_filter(len(entered))
    enter(words, entered)
    # Three bits of 64 in a word that four hashes share: one in a hundred.
    assert 0.005 < len(passing(words, others)) / len(others) < 0.02


def test_a_run_with_a_filter_finds_what_numpy_finds() -> None:
    generator = np.random.default_rng(6)
    entered, others = np.sort(generator.integers(0, 2**64, (2, 50_000), np.uint64))
    needles = np.sort(np.concatenate([entered[::7], others]))
    found, places = MemoryRun(entered, np.arange(50_000, dtype=np.uint64)).find(needles)
    assert found.tolist() == np.flatnonzero(np.isin(needles, entered)).tolist()
    assert (entered[places.astype(np.int64)] == needles[found]).all()
