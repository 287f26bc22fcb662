"""How times are written: SQL that reads a text whole, or says null.

DuckDB's casts stop where a time ends and are silent about the rest ("10:00 PST", "01:30 PM"), so a
pattern over the whole text comes first. It allows hours 0 to 23, minutes and seconds 0 to 59 and
offsets up to 15:59. A fraction may have up to nine digits; those after the sixth are cut off. A
format (strptime) is turned into such a pattern as well; its %f reads one to six digits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from ingestion.sql import quoted

BLANKS = r"e' \t\r\n'"
_DATE = r"[1-9]\d{3}[-/]\d{1,2}[-/]\d{1,2}"
_CLOCK = r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?"
_LOCAL = rf"{_DATE}(?:T| +){_CLOCK}"
_HALF_DAY = rf"({_DATE})(?:T| +)(0?[1-9]|1[0-2])(:[0-5]\d(?::[0-5]\d)?) *([AaPp])[Mm]"
_OFFSET = r"[+-](?:0\d|1[0-5])(?::?[0-5]\d)?"
_DIRECTIVES = {
    "Y": r"[1-9]\d{3}",
    "f": r"\d{1,6}",
    "j": r"\d{3}",
    "b": "[A-Za-z]{3}",
    "a": "[A-Za-z]{3}",
    "B": "[A-Za-z]+",
    "A": "[A-Za-z]+",
    "p": "[AaPp][Mm]",
    "z": f"(?:[Zz]|{_OFFSET})",
    "%": "%",
}
_TWO_DIGITS = "ymdHIMS"
_NUMERIC = "YfjymdHIMS"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
READ = (
    "2025-06-01T10:00:00Z, also with a blank for the T and UTC, GMT or +01:00 for the Z, and"
    " 01:30 PM for 13:30"
)


@dataclass(frozen=True)
class Limits:
    """The first and last instant a load takes, in microseconds since 1970 UTC.

    Args:
        earliest: the first; by default the beginning of 2015.
        latest: the last; None: the load's own time, which no event is ever after.
    """

    earliest: int = int(datetime(2015, 1, 1, tzinfo=UTC).timestamp()) * 10**6
    latest: int | None = None


USUAL = Limits()


def instant(text: str) -> str:
    """SQL: the UTC time (without zone) that a trimmed text says with its zone; else null."""
    return (
        f"CASE WHEN regexp_full_match({text}, '{_LOCAL}Z') THEN try_cast({text} AS TIMESTAMP)"
        f" WHEN regexp_full_match({text}, '{_LOCAL} *(?:[Zz]|UTC|GMT)')"
        f" THEN try_cast(regexp_replace({text}, ' *[A-Za-z]+$', '') AS TIMESTAMP)"
        f" WHEN regexp_full_match({text}, '{_LOCAL} *{_OFFSET}') THEN timezone('UTC', "
        rf"try_cast(regexp_replace({text}, ' +([+-])', '\1') AS TIMESTAMPTZ)) END"
    )


def local(text: str) -> str:
    """SQL: the local time or day that a trimmed text without zone says; else null.

    12 AM is the first hour of a day, 12 PM the one after noon.
    """

    def part(number: int) -> str:
        return f"regexp_extract({text}, '^{_HALF_DAY}$', {number})"

    noon = f"CASE lower({part(4)}) WHEN 'p' THEN 12 ELSE 0 END"
    hour = f"try_cast({part(2)} AS INTEGER) % 12 + {noon}"
    return (
        f"CASE WHEN regexp_full_match({text}, '{_LOCAL}|{_DATE}')"
        f" THEN try_cast({text} AS TIMESTAMP)"
        f" WHEN regexp_full_match({text}, '{_HALF_DAY}')"
        f" THEN try_cast({part(1)} || ' ' || ({hour}) || {part(3)} AS TIMESTAMP) END"
    )


def is_day(text: str) -> str:
    """SQL: whether a trimmed text is a day without a time."""
    return f"regexp_full_match({text}, '{_DATE}')"


@dataclass(frozen=True)
class TimeFormat:
    """One strptime format. Raises ValueError, with a sentence, where it cannot say an instant."""

    text: str

    def __post_init__(self) -> None:
        found = [part for part in self._parts() if part.startswith("%")]
        used = {part[1] for part in found if len(part) > 1}
        unknown = sorted(used - {*_DIRECTIVES, *_TWO_DIGITS})
        if "Z" in unknown:
            raise ValueError(
                "reads a zone by its abbreviation (%Z), which is no zone for sure; write the "
                "letters as they stand, PST for example, and set `timezone:`"
            )
        if unknown or "%" in found:
            raise ValueError(
                f"has {', '.join('%' + name for name in unknown) or 'a lone %'}; known are "
                f"{' '.join('%' + name for name in 'YymdbBjHIMSfpzaA%')}"
            )
        if not used & {"Y", "y"} or not ("j" in used or ("d" in used and used & {"m", "b", "B"})):
            raise ValueError("does not read year, month and day")
        if ("I" in used) != ("p" in used) or used >= {"I", "H"}:
            raise ValueError("has to read the hour as %H, or as %I together with %p")
        times = [part for part in found if part != "%%"]
        if len(times) != len(set(times)):
            raise ValueError("reads something twice")

    @property
    def has_zone(self) -> bool:
        """Whether it reads an offset."""
        return "%z" in self._parts()

    @property
    def is_day(self) -> bool:
        """Whether it reads no hour."""
        return not {"%H", "%I"} & set(self._parts())

    def parsed(self, text: str) -> str:
        """SQL: the time (local, or UTC if it has a zone) that a trimmed text says; else null."""
        conditions = [f"regexp_full_match({text}, {quoted(self._pattern())})"]
        zoned = f"regexp_replace({text}, '[Zz]$', '+00')" if self.text.endswith("%z") else text
        time = f"try_strptime({zoned}, {quoted(self.text)})"
        time = f"timezone('UTC', {time})" if self.has_zone else time
        conditions += [
            f"contains(lower({text}), lower(strftime({time}, '{name}')))"
            for name in ("%a", "%A")
            if name in self._parts() and not self.has_zone
        ]
        return f"CASE WHEN {' AND '.join(conditions)} THEN {time} END"

    def _parts(self) -> list[str]:
        return re.findall(r"%.|%|\s+|[^%\s]+", self.text)

    def _pattern(self) -> str:
        """A regular expression of the whole text.

        Where numbers adjoin each has all its digits, or it would not be known where one ends.
        """
        parts = self._parts()
        adjoins = {n for n, (left, right) in enumerate(pairwise(parts)) if _is_number(left, right)}
        written = ""
        for number, part in enumerate(parts):
            if part.isspace():
                written += r"\s+"
            elif not part.startswith("%"):
                written += re.escape(part)
            elif part[1] in _TWO_DIGITS:
                is_full = part == "%y" or number in adjoins or number - 1 in adjoins
                written += r"\d{2}" if is_full else r"\d{1,2}"
            else:
                written += _DIRECTIVES[part[1]]
        return written


def _is_number(*parts: str) -> bool:
    return all(len(part) > 1 and part[0] == "%" and part[1] in _NUMERIC for part in parts)


def limit(text: str, *, is_last: bool) -> int:
    """Microseconds since 1970 UTC of a day or time as a mapping writes it; ValueError if none.

    A day is meant from its beginning, and as the last one to its end, both in UTC.
    """
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    microsecond = timedelta(microseconds=1)
    if is_last and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        time += timedelta(days=1) - microsecond
    return (time - _EPOCH) // microsecond
