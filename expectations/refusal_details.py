"""What a refused row says, what is allowed in its place, and what to do, in a sentence.

Ids that may name a person are not repeated: the row's own content has them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from ingestion.contracts import Contract
from ingestion.rubrics.reading import Label, Rubric, own_rubrics
from ingestion.sources.scalar_text import is_decimal_comma
from ingestion.tables import TIMESTAMP, Column
from ingestion.vocabulary import EventType, Refusal

SHOWN = 60
LISTED = 20
# What tells a person which row is meant.
CONTEXT = ("benchmark", "metric", "criterion", "rubric", "model_id")
KNOWN_EVENTS = ", ".join(sorted(EventType))

# Control characters, formats, line and paragraph separators.
UNSEEN = ("Cc", "Cf", "Zl", "Zp")

Cell = Callable[[str], Any]


@dataclass(frozen=True)
class Refused:
    """One refused row.

    Args:
        contract: what it claims to follow.
        column: the contract's column that the refusal is about, under its native name.
        cell: its native value in a column; None where there is none.
        taken_from: the file's columns that a column of the contract is made of.
        written: what the row has in a column of the file.
        time_remark: more about a time that cannot be read.
    """

    contract: Contract
    column: str
    cell: Cell
    taken_from: Mapping[str, tuple[str, ...]]
    written: Cell = lambda _name: None
    time_remark: Callable[[], str] = str

    @property
    def declared(self) -> Column | None:
        """The column as the contract declares it."""
        found = (one for one in self.contract.log_columns if one.source_name == self.column)
        return next(found, None)

    @property
    def name(self) -> str:
        """The contract's column, and the file's where that has another name."""
        names = self.taken_from.get(self.column, ())
        if not names or names == (self.column,):
            return self.column
        return f"{self.column} ({_columns(names)} of the file)"

    @property
    def value(self) -> str:
        """What the row says there, cut; nothing where it may name a person."""
        if self.declared is None or self.declared.is_pseudonym:
            return "the value"
        names = self.taken_from.get(self.column, ())
        cells = {name: cell for name in names if (cell := self.written(name)) is not None}
        if len(names) > 1 and cells:
            return _listed(f"{name} {shown(cell)}" for name, cell in cells.items())
        value = next(iter(cells.values())) if cells else self.cell(self.column)
        return "nothing" if value is None else shown(value)


def detail(reason: str, row: Refused) -> str:
    """The sentence; empty where the reason says all there is."""
    write = _SENTENCES.get(Refusal(reason))
    if write is None:
        return ""
    of = [f"{name} {shown(row.cell(name))}" for name in CONTEXT if _is_told(row, name)]
    said = write(row)
    return f"{said} ({', '.join(of)})" if said and of else said


def shown(value: object) -> str:
    """A value as it stands, cut to a line."""
    text = str(value)
    return f"'{text}'" if len(text) <= SHOWN else f"'{text[:SHOWN]}...'"


def _is_told(row: Refused, name: str) -> bool:
    return name != row.column and row.cell(name) not in (None, "")


def _columns(names: Iterable[str]) -> str:
    found = list(names)
    return f"column{'s' if len(found) > 1 else ''} {', '.join(found)}"


def _listed(values: Iterable[str]) -> str:
    found = list(values)
    more = f", and {len(found) - LISTED:,} more" if len(found) > LISTED else ""
    return ", ".join(found[:LISTED]) + more


def _missing(row: Refused) -> str:
    names = row.taken_from.get(row.column, ())
    if len(names) > 1:
        empty = _empty_of(row, names)
        said = f"{', '.join(empty)} is empty" if empty else "one of them is empty"
        return (
            f"{row.column} is made of {_columns(names)} of the file, and {said}: fill it, or make "
            f"{row.column} of other columns in the mapping"
        )
    if row.contract.one_of and row.column in row.contract.one_of:
        return f"one at least of {', '.join(row.contract.one_of)} must be there"
    rules = row.contract.rules() if row.declared and not row.declared.is_required else ()
    whose = next((one.whose for one in rules if one.column == row.column), "a row")
    if names or row.cell(row.column) is not None:
        return f"{row.name} is empty, and {whose} must have it: fill it, or leave the row out"
    return (
        f"{row.column} is not in the row, and {whose} must have it: add it, or map a column to it"
    )


def _empty_of(row: Refused, names: tuple[str, ...]) -> list[str]:
    """Those of the file's columns in which the row has nothing, as far as others show it."""
    taken = {made[0]: column for column, made in row.taken_from.items() if len(made) == 1}
    return [name for name in names if name in taken and row.cell(taken[name]) in (None, "")]


def _limits(column: Column) -> str:
    least, most = column.minimum, column.maximum
    if least is not None and most is not None:
        return f"{least:g} to {most:g}" if most < 10**9 else f"{least:g} or more"
    return f"{least:g} or more" if least is not None else f"at most {most:g}"


def _out_of_range(row: Refused) -> str:
    column = row.declared
    if column is not None and not (column.minimum is None and column.maximum is None):
        value = _number(row.cell(row.column))
        least, most = column.minimum, column.maximum
        is_low = value is not None and least is not None and value < least
        if is_low or (value is not None and most is not None and value > most):
            return f"{row.name} is {row.value}; allowed is {_limits(column)}: correct the value"
    for least_name, most_name in row.contract.ordered:
        low, high = _number(row.cell(least_name)), _number(row.cell(most_name))
        is_crossed = low is not None and high is not None and low > high
        if is_crossed and row.column in (least_name, most_name):
            return (
                f"{least_name} is {low:g} and {most_name} is {high:g}, and the first may not be "
                "more than the second: correct one of them"
            )
    return ""


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None


def _wrong_type(row: Refused) -> str:
    column = row.declared
    if column is None:
        return ""
    wanted = "a number"
    if pa.types.is_integer(column.type):
        wanted = "a whole number"
    elif column.type == TIMESTAMP:
        wanted = "a time"
    elif pa.types.is_string(column.type):
        wanted = "a text"
    limits = ""
    if column.minimum is not None or column.maximum is not None:
        limits = f", {_limits(column)}"
    said = f"{row.name} is {row.value}; it must be {wanted}{limits}: correct the value"
    value = row.value.strip("'")
    is_whole = not value.rpartition(",")[2].strip("0")
    if wanted == "a number" or (wanted == "a whole number" and is_whole):
        said += _of_comma(value)
    return said


def _of_comma(value: str) -> str:
    return (
        ', or say on that column of the mapping `decimal: ","`' if is_decimal_comma(value) else ""
    )


def _unknown_value(row: Refused) -> str:
    column = row.declared
    if column is None:
        return ""
    if column.vocabulary:
        said = f"{row.name} is {row.value}; it may be {_listed(column.vocabulary)}"
        return f"{said}: correct it, or translate it in the mapping"
    if column.pattern:
        return f"{row.name} is {row.value}; it must have the form {column.pattern}: correct it"
    return (
        f"{row.name} is {row.value}, which the mapping does not list: add it there, or correct it"
    )


def _too_long(row: Refused) -> str:
    column = row.declared
    length = len(str(row.cell(row.column) or ""))
    longest = column.max_length if column else 0
    return f"{row.name} has {length:,} characters; allowed are {longest:,}: shorten it"


def _hidden(row: Refused) -> str:
    text = str(row.cell(row.column) or "")
    found = sorted({f"U+{ord(one):04X}" for one in text if unicodedata.category(one) in UNSEEN})
    what = f" ({_listed(found)})" if found else ""
    return f"{row.name} has characters that cannot be seen{what}: take them out"


def _same(row: Refused) -> str:
    return f"both models are {row.value}: a battle is of two"


def _digits(row: Refused) -> str:
    return (
        f"digits of {row.name} were lost, as spreadsheets write long numbers: export it again as "
        "text"
    )


def _bad_time(row: Refused) -> str:
    if row.declared is None:
        return ""
    return ", ".join(filter(None, (f"{row.name} is {row.value}", row.time_remark())))


def _future(row: Refused) -> str:
    after = "after the present: correct it, or the clock of this machine"
    return f"{row.name} is {row.value}, {row.time_remark() or after}"


def _version(row: Refused) -> str:
    first = row.contract.same_since or row.contract.version
    newest = row.contract.version
    known = f"{first} to {newest}" if first < newest else f"{newest}"
    given = shown(row.cell("schema_version"))
    return f"schema_version of {row.contract.event_type} is {given}; read are {known}"


def _outside_rubric(row: Refused) -> str:
    name = row.cell("rubric")
    rubric = next((one for one in own_rubrics() if one.rubric == name), None)
    if rubric is None:
        return ""
    if row.column == "rubric_version":
        return f"rubric_version is {row.value}; {rubric.rubric} is at version {rubric.version} here"
    label = next((one for one in rubric.labels if one.label == row.cell("label")), None)
    if label is None:
        labels = _listed(one.label for one in rubric.labels)
        return f"label is {row.value}; the labels of {rubric.rubric} are {labels}: correct it"
    return _outside_label(row, rubric, label)


def _outside_label(row: Refused, rubric: Rubric, label: Label) -> str:
    about = f"of {label.label}"
    if label.label != rubric.rubric:
        about += f" in {rubric.rubric}"
    if row.column == "value":
        values = _listed(one.value for one in label.values)
        allowed = f"the values {about} are {values}: correct it"
    elif row.column == "score" and label.score:
        least, most = label.score
        allowed = f"the scores {about} go from {least:g} to {most:g}: correct it"
    elif not label.severities:
        allowed = f"the values {about} have no severity: leave it empty"
    elif any(one.is_finding and one.value == row.cell("value") for one in label.values):
        allowed = f"the severities {about} are {_listed(label.severities)}: correct it"
    else:
        given = shown(row.cell("value"))
        allowed = f"only a finding has a severity, and {given} is none: leave it empty"
    return f"{row.column} is {row.value}; {allowed}"


def _unknown_column(row: Refused) -> str:
    known = [name for name in row.contract.native_columns if name != "event_type"]
    return f"{row.contract.event_type} has no column {row.column}; it has {', '.join(known)}"


_SENTENCES: dict[Refusal, Callable[[Refused], str]] = {
    Refusal.MISSING_VALUE: _missing,
    Refusal.OUT_OF_RANGE: _out_of_range,
    Refusal.WRONG_TYPE: _wrong_type,
    Refusal.UNKNOWN_VALUE: _unknown_value,
    Refusal.TOO_LONG: _too_long,
    Refusal.HIDDEN_CHARACTER: _hidden,
    Refusal.MODEL_AGAINST_ITSELF: _same,
    Refusal.DIGITS_LOST: _digits,
    Refusal.FUTURE_TIMESTAMP: _future,
    Refusal.BAD_TIMESTAMP: _bad_time,
    Refusal.UNKNOWN_SCHEMA_VERSION: _version,
    Refusal.UNKNOWN_COLUMN: _unknown_column,
    Refusal.OUTSIDE_RUBRIC: _outside_rubric,
}
_OF_NO_EVENT = {
    Refusal.UNKNOWN_EVENT_TYPE: f"event_type may be {KNOWN_EVENTS}",
    Refusal.MISSING_VALUE: f"a row must say its event_type: {KNOWN_EVENTS}",
}


def unread_detail(reason: str) -> str:
    """The same of a row that names no known event type."""
    return _OF_NO_EVENT.get(Refusal(reason), "")
