"""What a person may write after `--as-of` and `--valid-until`, and which cut that is.

`--as-of` is what was known: a log position, a time of recording, or a board's id (8 hexadecimal
digits or more). `--valid-until` is what had happened: a time on `occurred_at`. Neither ever means
the latest silently: what lies beyond the head, or in the future, is an error.

What stays out: positions and times in the log itself (ingestion/log).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ingestion.errors import NotFoundError, UsageError
from ingestion.log.chain import moment_in_utc, parse_as_of
from publishing.boards import store
from publishing.boards.inputs import Cut, require_same_log

if TYPE_CHECKING:
    from pathlib import Path

    from ingestion.log import EventLog
    from publishing.boards.store import Board


def resolve(
    boards: Path, log: EventLog, as_of: str | int | None, valid_until: str | None = None
) -> Cut:
    """The cut that is meant.

    Args:
        boards: where a board's id is looked up. A board's own valid-time cut holds unless
            `valid_until` is given.
        log: whose positions are meant.
        as_of: None for the head.
        valid_until: ISO 8601 with an offset; None for no cut.

    Raises:
        UsageError: neither a number, a time with its zone, nor a board's id.
        NotFoundError: a number beyond the head, a time in the future, a board that is not kept.
        IntegrityError: the board is of another log.
    """
    until = None if valid_until is None else canonical_time(valid_until)
    if as_of is None:
        return Cut(log.resolve(None), until)
    board = named_board(boards, as_of)
    if board is not None:
        require_same_log(log, board.subject)
        return Cut(board.subject["log_position"], until or board.subject["valid_until"])
    _refuse_the_future(log, as_of)
    return Cut(log.resolve(as_of), until)


def named_board(boards: Path, as_of: str | int) -> Board | None:
    """The board an "as of" names; None where it is not of a board id's form.

    Digits alone are a log position: of such a board id, give more until a letter is among them.
    """
    text = str(as_of).strip().lower()
    return store.by_id(boards, text) if store.is_id(text) and not text.isdecimal() else None


def canonical_time(text: str) -> str:
    """One text per moment: UTC, microseconds.

    Raises:
        UsageError: it is not a time, or does not say in which zone it is.
    """
    try:
        moment = moment_in_utc(text)
    except ValueError as error:
        remedy = "Give a time with its offset, such as 2026-03-01T12:00:00Z."
        raise UsageError(f"{text!r} is not a time.", remedy=remedy) from error
    # Not strftime, which writes the year 1 with one digit.
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _refuse_the_future(log: EventLog, as_of: str | int) -> None:
    """What will have been recorded by then nobody knows."""
    asked = parse_as_of(as_of)
    head = log.head()
    now = datetime.now(UTC)
    # Where a clock went back, the head may have been recorded later than now.
    known_until = now if head is None else max(now, head.recorded_at)
    if isinstance(asked, datetime) and asked > known_until:
        message = f"{as_of} is in the future: what the log will hold then is not known."
        raise NotFoundError(message, remedy="Leave --as-of out for the head.")
