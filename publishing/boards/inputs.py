"""What a release is a function of: a cut of the log, a study design, and the ratings' parameters.

A release's subject holds parameters as integers, so a build rates with exactly what its subject
says (`exact`): the release holds all that is needed to make it again.

`--as-of` says what was known: a log position, a time of recording, or a release's id (8 hexadecimal
digits or more). `--valid-until` says what had happened: a time on `occurred_at`. Neither ever means
the latest silently: what lies beyond the head, or in the future, is an error.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ingestion.errors import IntegrityError, NotFoundError, UsageError
from ingestion.vocabulary import SIMULATED_SOURCE_PREFIX
from publishing.boards import store
from publishing.meant import did_you_mean
from ratings.rounding import MICRO

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from ingestion.log import EventLog
    from publishing.boards.store import Release
    from ratings.tournaments import RatingParameters


@dataclass(frozen=True)
class Cut:
    """What was known, and of that what had happened.

    Args:
        log_position: the last commit whose events are known; 0 for none.
        valid_until: what happened later does not count, as text of one form (UTC, microseconds);
            None for no cut. Events without a time count at every cut.
    """

    log_position: int
    valid_until: str | None = None

    def __str__(self) -> str:
        words = f"log position {self.log_position}"
        return words if self.valid_until is None else f"{words}, valid until {self.valid_until}"


def cut_of(subject: Mapping[str, Any]) -> Cut:
    """The cut a release was made at."""
    return Cut(subject["log_position"], subject["valid_until"])


def resolve(
    boards: Path, log: EventLog, as_of: str | int | None, valid_until: str | None = None
) -> Cut:
    """The cut that is meant.

    Args:
        boards: where a release's id is looked up. A release's own valid-time cut holds unless
            `valid_until` is given.
        log: whose positions are meant.
        as_of: None for the head.
        valid_until: ISO 8601 with an offset; None for no cut.

    Raises:
        UsageError: neither a number, a time with its zone, nor a release's id.
        NotFoundError: a number beyond the head, a time in the future, a release that is not kept.
        IntegrityError: the release is of another log.
    """
    until = None if valid_until is None else canonical_time(valid_until)
    if as_of is None:
        return Cut(log.resolve(None), until)
    release = named_release(boards, as_of)
    if release is not None:
        require_same_log(log, release.subject)
        return Cut(release.subject["log_position"], until or release.subject["valid_until"])
    _refuse_the_future(log, as_of)
    return Cut(log.resolve(as_of), until)


def named_release(boards: Path, as_of: str | int) -> Release | None:
    """The release an "as of" names; None where it does not have the form of an id.

    Digits alone are a log position: of such an id, give more until a letter is among them.
    """
    text = str(as_of).strip().lower()
    return store.by_id(boards, text) if store.is_id(text) and not text.isdecimal() else None


def canonical_time(text: str) -> str:
    """One text per moment: UTC, microseconds.

    Raises:
        UsageError: it is not a time, or does not say in which zone it is.
    """
    from ingestion.log.chain import moment_in_utc

    try:
        moment = moment_in_utc(text)
    except ValueError as error:
        remedy = "Give a time with its offset, such as 2026-03-01T12:00:00Z."
        raise UsageError(f"{text!r} is not a time.", remedy=remedy) from error
    # Not strftime, which writes the year 1 with one digit.
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _refuse_the_future(log: EventLog, as_of: str | int) -> None:
    from ingestion.log.chain import parse_as_of

    asked = parse_as_of(as_of)
    head = log.head
    now = datetime.now(UTC)
    # Where a clock went back, the head may have been recorded later than now.
    known_until = now if head is None else max(now, head.recorded_at)
    if isinstance(asked, datetime) and asked > known_until:
        message = f"{as_of} is in the future: what the log will hold then is not known."
        raise NotFoundError(message, remedy="Leave --as-of out for the head.")


def head_hash(log: EventLog, position: int) -> str | None:
    """SHA-256 of the commit at a log position; None at position 0."""
    return log.hash_at(position) if position else None


def other_log(log: EventLog, subject: Mapping[str, Any]) -> str | None:
    """What shows that a release was made from another log; None where nothing does.

    Raises:
        IntegrityError: the log is shorter than the release's position.
    """
    position, head = subject["log_position"], log.head_seq
    if position > head:
        message = f"The release is of log position {position}, but the log ends at {head}."
        raise IntegrityError(message, remedy="Its tail was cut off, or it is another log.")
    if head_hash(log, position) != subject["log_head_hash"]:
        return f"Commit {position} of the log is not the one the release was made from."
    return None


def require_same_log(log: EventLog, subject: Mapping[str, Any]) -> None:
    """Refuse a log that is not the one a release was made from.

    Raises:
        IntegrityError: it is shorter than the release's position, or has another commit there.
    """
    if message := other_log(log, subject):
        raise IntegrityError(message, remedy="It is another log, or its history was replaced.")


def wanted_subject(
    log: EventLog, cut: Cut, design: str, parameters: RatingParameters
) -> dict[str, Any]:
    """The part of a subject that a request decides; the rest follows from the log."""
    return {
        "log_position": cut.log_position,
        "log_head_hash": head_hash(log, cut.log_position),
        "valid_until": cut.valid_until,
        "design_hash": design,
        "parameters": in_micro(parameters),
    }


def subject_of(wanted: Mapping[str, Any], sources: Sequence[str]) -> dict[str, Any]:
    """The whole subject: the request, and the sources that were counted."""
    is_simulated = any(source.startswith(SIMULATED_SOURCE_PREFIX) for source in sources)
    return {**wanted, "sources": list(sources), "is_simulated": is_simulated}


def in_micro(parameters: RatingParameters) -> dict[str, Any]:
    """Parameters as a subject holds them: numbers with a fraction in micro-units.

    A parameter that is younger than releases is left out where it is the default, so that releases
    keep their ids.
    """
    unsaid = {name for name, default in _younger().items() if getattr(parameters, name) == default}
    said = sorted(asdict(parameters).items())
    return {name: _in_micro(value) for name, value in said if name not in unsaid}


def _younger() -> dict[str, Any]:
    from ratings.tournaments import IS_LATER, RatingParameters

    return {one.name: one.default for one in fields(RatingParameters) if one.metadata.get(IS_LATER)}


def _in_micro(value: Any) -> Any:
    if isinstance(value, float):
        return round(value * MICRO)
    return list(value) if isinstance(value, tuple) else value


def exact(parameters: RatingParameters) -> RatingParameters:
    """The parameters a subject would give back, so that the subject says all."""
    return from_micro(in_micro(parameters))


def from_micro(given: Mapping[str, Any]) -> RatingParameters:
    """Parameters from a subject. One that rounds to the default's micro-units is the default.

    Raises:
        UsageError: this version has other parameters.
    """
    from ratings.tournaments import RatingParameters  # imports numpy and scipy

    defaults = asdict(RatingParameters())
    given = {**_younger(), **given}
    if set(given) != set(defaults):
        different = ", ".join(sorted(set(given) ^ set(defaults)))
        message = f"This version of Demoscope does not have the same parameters: {different}."
        raise UsageError(message, remedy="Install the version that made the release.")
    return RatingParameters(**{name: _from_micro(given[name], defaults[name]) for name in defaults})


def _from_micro(value: Any, default: Any) -> Any:
    if value == _in_micro(default):
        return default
    if isinstance(default, float):
        return value / MICRO
    return tuple(value) if isinstance(default, tuple) else value


def with_changes(changes: Iterable[str]) -> RatingParameters:
    """The default parameters with changes written as `name=value`.

    Raises:
        UsageError: no such parameter, or no such value.
    """
    from ratings.tournaments import RatingParameters  # imports numpy and scipy

    defaults = asdict(RatingParameters())
    values = in_micro(RatingParameters())
    for change in changes:
        name, _, text = change.partition("=")
        if name not in defaults:
            message = f"There is no parameter {name!r}."
            meant = did_you_mean(name, defaults)
            raise UsageError(message, remedy=f"{meant}There are: {', '.join(sorted(defaults))}.")
        try:
            values[name] = _parsed(text, defaults[name])
        except (ValueError, KeyError, OverflowError) as error:
            message = f"{text!r} is not a value of {name}."
            raise UsageError(message, remedy=f"The default is {defaults[name]!r}.") from error
    try:
        return from_micro(values)
    except ValueError as error:
        raise UsageError(str(error)) from error


def _parsed(text: str, default: Any) -> Any:
    if isinstance(default, bool):
        return {"true": True, "false": False}[text]
    if isinstance(default, int | float):
        number = round(float(text) * MICRO) if isinstance(default, float) else int(text)
        if number < 0 or (number == 0 and default != 0):
            raise ValueError(text)
        return number
    return text.split(",") if isinstance(default, tuple) else text
