"""Columns of text are what a plain program would write, value by value."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.simulation import fragments
from ingestion.simulation.parameters import EPOCH, ROSTER, Calendar, Parameters, iso, iso_bytes
from ingestion.simulation.streams import Purpose, stream

INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (hypothesis wants naive bounds)


def texts(piece: fragments.Piece) -> list[str]:
    found: list[str] = piece.to_pylist()
    return found


@given(st.lists(INSTANTS, max_size=5))
def test_instants_are_iso_8601(instants: list[datetime]) -> None:
    at = np.array([(i - EPOCH) // timedelta(microseconds=1) for i in instants], dtype=np.int64)
    expected = [f"{i:%Y-%m-%dT%H:%M:%S.%f}Z" for i in instants]
    assert [bytes(row).decode() for row in iso_bytes(at)] == expected
    assert [iso(int(one)) for one in at] == expected
    assert texts(fragments.instants("t", at)) == [f'"t":"{text}",' for text in expected]


@given(st.lists(st.integers(0, 10**6 - 1), max_size=5), st.text(max_size=3))
def test_numbers_and_choices(numbers: list[int], text: str) -> None:
    array = np.array(numbers, dtype=np.int64)
    assert texts(fragments.numbered("n", "p", array, 6)) == [f'"n":"p{n:06d}",' for n in numbers]
    assert texts(fragments.integers("n", array)) == [f'"n":{n},' for n in numbers]
    places = array % 3 - 1
    pieces = texts(fragments.chosen("n", ["x", text], places))
    assert [json.loads(f"{{{piece[:-1]}}}") for piece in pieces] == [
        {} if place < 0 else {"n": ["x", text][place]} for place in places
    ]


def test_content_of_a_slice_is_the_slices() -> None:
    text = fragments.integers("n", np.arange(4)).slice(1, 2)
    assert bytes(fragments.content(text)) == b'"n":1,"n":2,'
    assert bytes(fragments.content(text.slice(0, 0))) == b""


@pytest.mark.parametrize("count", [2, 3, 4, 28])
def test_pairs_are_shared_out_completely(count: int) -> None:
    shares = Calendar.of(Parameters(model_count=count)).pair_shares(count)
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
