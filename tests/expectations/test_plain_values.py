"""What is taken for plain is what it says, and what the row checks have nothing against."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.plain_values import is_plain_text, plain_times
from ingestion.tables import Column

NAME = Column(name="model_a", description="A name.", max_length=8)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
NOW_US = int(NOW.timestamp()) * 1_000_000
MOMENTS = st.datetimes(datetime(1, 1, 1), NOW.replace(tzinfo=None))  # noqa: DTZ001 (as UTC below)


def written(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds") + "Z"


@given(st.lists(MOMENTS, min_size=1, max_size=20), st.integers(0, 3))
def test_times_are_those_that_are_written(moments: list[datetime], skipped: int) -> None:
    texts = ["x" * 5] * skipped + [written(moment) for moment in moments]
    times = plain_times(pa.array(texts).slice(skipped), NOW_US)
    assert times is not None
    assert times.to_pylist() == [moment.replace(tzinfo=UTC) for moment in moments]


@pytest.mark.parametrize(
    "odd",
    [
        "2025-06-02T00:14:20.705650",
        "2025-06-02T00:14:20.70565Z",
        "2025-06-02T00:14:20Z",
        "2025-06-02 00:14:20.705650Z",
        "2025-06-02T00:14:20,705650Z",
        "2025-06-02T00:14:20.7056500",
        "2025-06-02T00:14:20.705 50Z",
        "2025-13-02T00:14:20.705650Z",
        "2025-02-29T00:14:20.705650Z",
        "2025-06-02T24:00:00.000000Z",
        "2025-06-02T00:60:00.000000Z",
        "2025-06-02T00:14:60.000000Z",
        "-025-06-02T00:14:20.705650Z",
        "",
        written((NOW + timedelta(microseconds=1)).replace(tzinfo=None)),
    ],
)
def test_times_written_otherwise_and_times_to_come_are_for_the_row_checks(odd: str) -> None:
    sound = written(datetime(2025, 6, 2, 12))  # noqa: DTZ001
    assert plain_times(pa.array([sound]), NOW_US) is not None
    assert plain_times(pa.array([sound, odd]), NOW_US) is None


@pytest.mark.parametrize("text", ["", " ", " a", "\ta", "\x00", "123456789", "éééé\N{SNOWMAN}"])
def test_texts_that_may_be_blank_or_too_long_are_for_the_row_checks(text: str) -> None:
    assert is_plain_text(NAME, pa.array(["a", "12345678", "é"]))
    assert is_plain_text(NAME, pa.array([text, "b"]).slice(1))
    assert not is_plain_text(NAME, pa.array(["a", text]))


def test_of_words_and_patterns_and_numbers_it_says_nothing() -> None:
    for more in ({"vocabulary": ("a",)}, {"pattern": "a"}, {"type": pa.int64()}):
        column = Column(name="x", description="X.", **more)
        assert not is_plain_text(column, pa.array(["a"]))
