"""Days as people write them."""

from datetime import UTC, date, datetime

import pytest

from publishing.dates import long_date, period, told_apart


def test_a_day_is_written_in_english() -> None:
    assert long_date(date(2025, 9, 3)) == "3 September 2025"


def test_two_moments_of_one_day_are_told_apart_by_their_time() -> None:
    moments = [
        datetime(2025, 8, 1, 9, tzinfo=UTC),
        datetime(2025, 9, 3, 8, 5, tzinfo=UTC),
        datetime(2025, 9, 3, 16, 40, tzinfo=UTC),
    ]
    assert told_apart(moments) == [
        "1 August 2025",
        "3 September 2025, 08:05",
        "3 September 2025, 16:40",
    ]


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2025-06", "2025-08", "June to August 2025"),
        ("2025-06", "2025-06", "June 2025"),
        ("2024-11", "2025-02", "November 2024 to February 2025"),
    ],
)
def test_a_period_names_a_year_once(first: str, last: str, words: str) -> None:
    assert period(first, last) == words
