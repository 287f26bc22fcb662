"""Times of a file by its mapping: each is read whole, or its row is refused.

The SQL comes in steps, each a list of columns over the one before, so that nothing is computed
twice. A local time is looked up with the offsets a day before and a day after (as in PEP 495): one
that neither offset leads back to does not exist there (clocks went forward), and one that both lead
back to is there twice (clocks went back): it is refused, unless the mapping says which is meant. A
day is its first moment there, also where midnight itself is skipped.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from ingestion.sources.mapping import LATER, FromColumn
from ingestion.sources.time_forms import BLANKS, instant, is_day, local
from ingestion.sql import identifier, quoted

TWICE, SKIPPED, UNZONED = "twice", "skipped", "unzoned"
# To microseconds. Decimal: a double cannot hold nanoseconds since 1970.
_MICROSECONDS = {
    "s": "round({} * 1000000::DECIMAL(7,0))",
    "ms": "round({} * 1000::DECIMAL(4,0))",
    "us": "round({})",
    "ns": "floor({} * 0.001::DECIMAL(4,3))",
}
_UNIT_NAMES = {
    "s": "seconds",
    "ms": "milliseconds",
    "us": "microseconds",
    "ns": "nanoseconds",
}
_STEPS = (
    *("time_text", "time_instant", "time_local", "time_is_day", "time_before", "time_after"),
    "time_utc",
)
_DAY_US = 86_400_000_000


@dataclass(frozen=True)
class TimeColumn:
    """SQL of one time column.

    Args:
        rows: the rows, with what was read and a note beside them.
        value: the instant, or null.
        is_wrong: whether the file says something that cannot be read.
    """

    rows: str
    value: str
    is_wrong: str


def time_column(
    column: str, spec: FromColumn, cell: str, kind: pa.DataType, rows: str
) -> TimeColumn:
    """How a column is read as times.

    Args:
        column: the contract's.
        spec: what the mapping says of it.
        cell: SQL of its cells.
        kind: its type.
        rows: SQL of the rows that have them.
    """
    text = f"nullif(trim({cell}::VARCHAR, {BLANKS}), '') AS time_text"
    read = _typed(cell, kind) if pa.types.is_temporal(kind) else _written(spec)
    first, twice, offsets = _in_zone(spec.timezone, is_later=spec.ambiguous == LATER)
    taken = first if spec.ambiguous else f"CASE WHEN NOT ({twice}) THEN {first} END"
    is_local = "time_instant IS NULL AND time_local IS NOT NULL"
    lost = UNZONED if spec.timezone is None else SKIPPED
    note = (
        f"CASE WHEN {twice} THEN '{TWICE}' "
        f"WHEN {is_local} AND ({first}) IS NULL THEN '{lost}' {_hint(spec)} END"
    )
    value, wrong = (identifier(f"{part} of {column}") for part in ("time", "fault"))
    noted = identifier(time_note(column))
    utc = f"coalesce(time_instant, {taken}) AS time_utc, {note} AS {noted}"
    for step in (text, read, offsets, utc):
        rows = f"(SELECT *, {step} FROM {rows})"  # noqa: S608  # texts are quoted
    # Another time column begins anew.
    is_wrong = "time_text IS NOT NULL AND time_utc IS NULL"
    rows = (
        f"(SELECT * EXCLUDE ({', '.join(_STEPS)}), {is_wrong} AS {wrong}, "  # noqa: S608
        f"timezone('UTC', time_utc) AS {value} FROM {rows})"
    )
    return TimeColumn(rows, value, wrong)


def time_note(column: str) -> str:
    """The column of notes on the times of a column of the contract."""
    return f"note on {column}"


def warnings(column: str, spec: FromColumn, notes: dict[str, int]) -> list[str]:
    """What a person should know of the times of a file, from counts of notes."""
    said = []
    for note, count in sorted(notes.items()):
        rows = f"{count:,} {'row' if count == 1 else 'rows'}"
        if note == TWICE and spec.ambiguous:
            said.append(
                f"{column}: {rows} with a local time that {spec.timezone} has twice, because "
                f"clocks went back; the {spec.ambiguous} was taken."
            )
        elif note in _UNIT_NAMES:
            said.append(
                f"{column}: {rows} refused with a number that looks like {_UNIT_NAMES[note]} since "
                f"1970: write `unit: {note}` in the mapping."
            )
    return said


def remark(spec: FromColumn, note: str | None) -> str:
    """Why one time was refused, and what to do; empty where there is no more to say."""
    if note == TWICE:
        return (
            f"which {spec.timezone} has twice, because clocks went back: write an offset beside it "
            "in the file, or say in the mapping which is meant, `ambiguous: earlier` or `later`"
        )
    if note == SKIPPED:
        return (
            f"which {spec.timezone} never had, because clocks went forward: correct it in the "
            "file, or `timezone:` in the mapping"
        )
    if note == UNZONED:
        return "which names no zone: say in the mapping whose time it is, `timezone: Europe/London`"
    if note in _UNIT_NAMES:
        return (
            f"which looks like {_UNIT_NAMES[note]} since 1970: write `unit: {note}` in the mapping"
        )
    return ""


def _written(spec: FromColumn) -> str:
    """What a text or a number says: an instant, or a local time or day."""
    if spec.formats:
        parsed = [(form, form.parsed("time_text")) for form in spec.formats]
        chosen = "CASE " + " ".join(
            f"WHEN {sql} IS NOT NULL THEN {number}" for number, (_, sql) in enumerate(parsed)
        )
        columns = {"instant": "", "local": "", "day": ""}
        for number, (form, sql) in enumerate(parsed):
            columns["instant" if form.has_zone else "local"] += f" WHEN {number} THEN {sql}"
            columns["day"] += f" WHEN {number} THEN {str(form.is_day).lower()}"
        nothing = " WHEN -1 THEN NULL"
        cases = {name: f"CASE {chosen} END {case or nothing} END" for name, case in columns.items()}
        return (
            f"({cases['instant']})::TIMESTAMP AS time_instant, "
            f"({cases['local']})::TIMESTAMP AS time_local, "
            f"coalesce(({cases['day']})::BOOLEAN, false) AS time_is_day"
        )
    said = instant("time_text")
    if spec.unit is not None:
        said = f"coalesce({_time_of(_microseconds(spec.unit))}, {said})"
    return (
        f"{said} AS time_instant, {local('time_text')} AS time_local, "
        f"coalesce({is_day('time_text')}, false) AS time_is_day"
    )


def _typed(cell: str, kind: pa.DataType) -> str:
    """A column that is one of times already."""
    nothing = "NULL::TIMESTAMP"
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        said = f"timezone('UTC', try_cast({cell} AS TIMESTAMPTZ))"
        return f"{said} AS time_instant, {nothing} AS time_local, false AS time_is_day"
    day = str(pa.types.is_date(kind)).lower()
    if not (pa.types.is_date(kind) or pa.types.is_timestamp(kind)):
        return f"{nothing} AS time_instant, {nothing} AS time_local, false AS time_is_day"
    time = f"try_cast({cell} AS TIMESTAMP)"
    # Far from any calendar the arithmetic of zones fails.
    there = f"CASE WHEN {time} BETWEEN '1000-01-01' AND '9999-01-01' THEN {time} END"
    return f"{nothing} AS time_instant, {there} AS time_local, {day} AS time_is_day"


def _in_zone(zone: str | None, *, is_later: bool) -> tuple[str, str, str]:
    """SQL of one instant of a local time, of whether there are two, and the step before."""
    if zone is None:
        return "NULL::TIMESTAMP", "false", "NULL AS time_before, NULL AS time_after"
    if zone == "UTC":
        return "time_local", "false", "NULL AS time_before, NULL AS time_after"
    name = quoted(zone)

    def there(utc: str) -> str:
        return f"timezone({name}, timezone('UTC', {utc}))"

    def with_offset_at(utc: str) -> str:
        return f"time_local - ({there(utc)} - ({utc}))"

    offsets = (
        f"{with_offset_at('time_local - INTERVAL 1 DAY')} AS time_before, "
        f"{with_offset_at('time_local + INTERVAL 1 DAY')} AS time_after"
    )
    is_before = f"{there('time_before')} = time_local"
    is_after = f"{there('time_after')} = time_local"
    one = "greatest" if is_later else "least"
    first = (
        f"CASE WHEN {is_before} AND {is_after} THEN {one}(time_before, time_after) "
        f"WHEN {is_before} THEN time_before WHEN {is_after} THEN time_after "
        f"WHEN time_is_day AND {there('time_before')}::DATE = time_local::DATE THEN time_before END"
    )
    twice = (
        f"time_instant IS NULL AND NOT time_is_day AND time_before <> time_after "
        f"AND {is_before} AND {is_after}"
    )
    return first, twice, offsets


def _microseconds(unit: str) -> str:
    return _MICROSECONDS[unit].format("try_cast(time_text AS DECIMAL(29,9))")


def _time_of(microseconds: str) -> str:
    return f"try(make_timestamp(try_cast({microseconds} AS BIGINT)))"


def _hint(spec: FromColumn) -> str:
    """Branches that name the unit in which an implausible number would be plausible."""
    if spec.formats:
        return ""
    latest = f"epoch_us(now()) + {_DAY_US}"
    if spec.limits.latest is not None:
        latest = str(spec.limits.latest)

    def is_plausible(unit: str) -> str:
        return f"{_microseconds(unit)} BETWEEN {spec.limits.earliest} AND {latest}"

    doubtful = "try_cast(time_text AS DECIMAL(29,9)) IS NOT NULL"
    if spec.unit is not None:
        doubtful += f" AND NOT ({is_plausible(spec.unit)})"
    others = (unit for unit in _MICROSECONDS if unit != spec.unit)
    return " ".join(f"WHEN {doubtful} AND {is_plausible(unit)} THEN '{unit}'" for unit in others)
