"""How a column writes times: the one form that reads every cell of it, where there is one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from ingestion.sources.time_forms import TimeFormat, instant, local

EARLIEST, LATEST = datetime(2015, 1, 1, tzinfo=UTC), timedelta(days=2)
UNITS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_DATES = (
    *("%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y.%m.%d"),
    *("%d/%m/%y", "%m/%d/%y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y"),
    "%Y%m%d",
)
_CLOCKS = (
    *(" %H:%M:%S", " %H:%M", "", ", %H:%M:%S", ", %H:%M", " %I:%M:%S %p", " %I:%M %p"),
    *(", %I:%M:%S %p", ", %I:%M %p", " %H:%M Uhr", " %H:%M:%S.%f"),
)
_CLOCK = re.compile(r"\d[-./ ].*\d:\d\d|^\d{4}-\d\d-\d\dT")
FORMS = tuple(date + clock for date in _DATES for clock in _CLOCKS)
OFFSETS = ("%d/%m/%Y %H:%M:%S %z", "%d.%m.%Y %H:%M:%S %z", "%a %b %d %H:%M:%S %z %Y")


@dataclass(frozen=True)
class Moments:
    """How times are written.

    Args:
        unit: of numbers since 1970.
        formats: forms that read every cell; several where days and months can't be told apart.
        is_local: whether no zone is said.
    """

    unit: str | None = None
    formats: tuple[str, ...] = ()
    is_local: bool = False


def find_moments(texts: list[str], kind: pa.DataType | None) -> Moments | None:
    """How a column writes times; None where it writes none that every cell follows."""
    if kind is not None and pa.types.is_temporal(kind):
        return Moments(is_local=getattr(kind, "tz", None) is None)
    distinct = list(dict.fromkeys(texts))
    is_number = bool(distinct) and all(re.fullmatch(r"\d{9,19}(\.\d+)?", text) for text in distinct)
    if is_number and (unit := _unit(distinct)) is not None:
        return Moments(unit=unit)
    return _in_words(distinct) if distinct else None


def are_clock_times(texts: list[str]) -> bool:
    """Whether every text may be a day with a time on it: a birthday is none."""
    return bool(texts) and all(_CLOCK.search(text) for text in texts)


def repeated_hour(texts: list[str], found: Moments, zone: str) -> list[str]:
    """Local times that a zone has twice, because clocks went back."""
    return [text for text in texts if _is_twice(text, found, ZoneInfo(zone))]


def _is_twice(text: str, found: Moments, zone: ZoneInfo) -> bool:
    try:
        if found.formats:
            local_time = datetime.strptime(text, found.formats[0])  # noqa: DTZ007 (its zone is below)
        else:
            local_time = datetime.fromisoformat(text)
    except ValueError:
        return False
    early, late = (local_time.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return early is not None and late is not None and early > late


def _in_words(texts: list[str]) -> Moments | None:
    """The usual form if it reads every text, else the other forms that do."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("cells", pa.table({"t": pa.array(texts, pa.string())}))

        def reads_all(sql: str) -> bool:
            query = f"SELECT count(*) = count({sql}) FROM cells"  # noqa: S608  # forms of ours
            return bool(connection.sql(query).fetchall()[0][0])

        for usual, is_local in ((instant("t"), False), (local("t"), True)):
            if reads_all(usual):
                return Moments(is_local=is_local)
        for forms, is_local in ((FORMS, True), (OFFSETS, False)):
            fitting = tuple(form for form in forms if reads_all(TimeFormat(form).parsed("t")))
            if fitting:
                return Moments(formats=fitting, is_local=is_local)
    return None


def _unit(texts: list[str]) -> str | None:
    """What numbers count, if they then lie between 2015 and now."""
    numbers = [float(text) for text in texts]
    latest = (datetime.now(tz=UTC) + LATEST).timestamp()
    for unit, per_second in UNITS.items():
        if all(EARLIEST.timestamp() <= one / per_second <= latest for one in numbers):
            return unit
    return None
