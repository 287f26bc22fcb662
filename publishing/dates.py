"""Days as people write them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def long_date(day: date) -> str:
    """As in 3 September 2025, whatever the language of the machine."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def told_apart(moments: Sequence[datetime]) -> list[str]:
    """Days of moments, in order; with the time (UTC) where two are of one day."""
    days = [long_date(moment) for moment in moments]
    return [
        f"{day}, {moment.astimezone(UTC):%H:%M}" if days.count(day) > 1 else day
        for day, moment in zip(days, moments, strict=True)
    ]


def period(first: str, last: str) -> str:
    """From one month to another: 2025-06 and 2025-08 are "June to August 2025"."""
    (year, month), (last_year, last_month) = (
        (one[:4], MONTHS[int(one[5:7]) - 1]) for one in (first, last)
    )
    if year != last_year:
        return f"{month} {year} to {last_month} {last_year}"
    return f"{month} {year}" if month == last_month else f"{month} to {last_month} {year}"
