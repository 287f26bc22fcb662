"""What a person may write after `--as-of`: a commit's number or a moment.

What stays out: which commit that is (chain.py).
"""

from __future__ import annotations

from datetime import UTC, datetime

from ingestion.errors import UsageError

_MOST_DIGITS = 20
_REMEDY = "Give a commit's number, or a time such as 2026-03-01T12:00:00Z."


def parse_as_of(as_of: str | int) -> int | datetime:
    """A commit's number (0 or more), or a time in UTC.

    Raises:
        UsageError: it is neither; or a time that does not say in which zone it is.
    """
    text = str(as_of).strip()
    if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS:
        return int(text)
    try:
        return moment_in_utc(text)
    except ValueError as error:
        message = f"{as_of!r} is neither a commit's number nor a time."
        raise UsageError(message, remedy=_REMEDY) from error


def moment_in_utc(text: str) -> datetime:
    """An ISO 8601 time in UTC.

    Raises:
        ValueError: it is none, or none of the years 1 to 9999 in UTC.
        UsageError: it does not say in which zone it is.
    """
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        message = f"{text!r} does not say in which time zone it is."
        raise UsageError(message, remedy=_REMEDY)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(text) from error
