"""Instants, pairs, streams and the roster are what they are said to be."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.simulation.parameters import (
    EPOCH,
    ROSTER,
    Parameters,
    Purpose,
    instants,
    stream,
)

INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (hypothesis wants naive bounds)


@given(st.lists(INSTANTS, max_size=5))
def test_instants_are_iso_8601(moments: list[datetime]) -> None:
    at = np.array([(i - EPOCH) // timedelta(microseconds=1) for i in moments], dtype=np.int64)
    expected = [f"{i:%Y-%m-%dT%H:%M:%S.%f}Z" for i in moments]
    assert instants(at).to_pylist() == expected


@pytest.mark.parametrize("count", [2, 3, 4, 28])
def test_pairs_are_shared_out_completely(count: int) -> None:
    shares = Parameters(model_count=count).pair_shares()
    assert shares.sum() == pytest.approx(1.0)
    assert (np.diag(shares) == 0.0).all()
    np.testing.assert_allclose(shares, shares.T)


def test_streams_differ_by_purpose_place_and_seed() -> None:
    drawn = {
        float(stream(seed, purpose, place).random())
        for seed in (1, 2)
        for purpose in Purpose
        for place in (0, 1)
    }
    assert len(drawn) == 4 * len(Purpose)


def test_the_roster_has_humaines_size_and_no_name_twice() -> None:
    assert len(ROSTER) == 28
    assert len({model.model_id for model in ROSTER}) == 28
    assert len({model.provider for model in ROSTER}) >= 8
