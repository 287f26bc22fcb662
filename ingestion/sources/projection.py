"""From columns of a file to columns of a contract: one SQL projection per mapping.

Whole numbers are written alike whether the file holds them as text, integers or floats ("1", not
"1.0"), so that the same vote has the same identity from CSV and from Parquet. Where one of several
columns of an id is null the id is null, for it would not be unique.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import pyarrow as pa

from ingestion.contracts import CONTRACTS
from ingestion.errors import LoadRefusedError
from ingestion.sources.batch import REFUSAL, REFUSAL_COLUMN, ROW_NUMBER
from ingestion.sources.json_lines import quoted
from ingestion.sources.mapping import (
    ColumnSpec,
    Constant,
    EachOf,
    FromColumn,
    Joined,
    Mapping,
    OneHot,
    Winner,
)
from ingestion.sources.times import TIME_NOTE, quoted_name, time_column
from ingestion.vocabulary import Refusal

_SHOWN = 40

# A condition on a row, and why a row is refused where it holds.
Objection = tuple[str, Refusal] | None


def needed(mapping: Mapping) -> list[tuple[str, ...]]:
    """What the mapping needs of the file: one column of each tuple."""
    return [names for spec in mapping.columns.values() for names in needed_by(spec)]


def needed_by(spec: ColumnSpec) -> list[tuple[str, ...]]:
    """What one column of the contract needs of the file: one column of each tuple."""
    match spec:
        case FromColumn():
            return [spec.names] if spec.names else []
        case Joined(names) | OneHot(names) | EachOf(names):
            return [(name,) for name in names]
        case Winner(name, tie):
            return [(column,) for column in (name, tie) if column is not None]
    return []


def resolve(mapping: Mapping, available: Sequence[str], file_name: str) -> list[str]:
    """The columns of the file that the mapping uses, each once.

    Raises:
        LoadRefusedError: a column is missing, or is there more than once.
    """
    wanted: dict[str, None] = {}
    for column, spec in mapping.columns.items():
        for names in needed_by(spec):
            present = next((name for name in names if name in available), None)
            if present is None:
                if isinstance(spec, FromColumn) and spec.is_optional:
                    continue
                raise _missing(mapping, column, names, available, file_name)
            if list(available).count(present) > 1:
                raise LoadRefusedError(
                    f"{file_name}: has more than one column {present!r}.",
                    remedy="Rename all but the one that is meant.",
                )
            wanted[present] = None
    return list(wanted)


def projection(mapping: Mapping, wanted: Sequence[str], schema: pa.Schema) -> str:
    """SQL that turns the view `rows` into the contract's columns plus number and objections.

    Args:
        mapping: what the columns mean.
        wanted: names of the columns c0, c1, ...
        schema: their types.
    """
    types = {c.source_name: c.type for c in CONTRACTS[mapping.event].log_columns}
    cells = {
        name: _Cell(f"c{number}", schema.field(f"c{number}").type)
        for number, name in enumerate(wanted)
    }
    selected = [f"{quoted(mapping.event)} AS event_type", f"{quoted(mapping.source)} AS source"]
    rows, whens, abouts = "rows", "", ""
    for column, spec in mapping.columns.items():
        if pa.types.is_timestamp(types[column]) and isinstance(spec, FromColumn):
            rows, found = _time(spec, cells, rows)
        elif isinstance(spec, Winner):
            found = _winner(spec, cells, mapping)
        else:
            found = _value(spec, cells, types[column])
        if found is None:
            continue
        value, objection = found
        selected.append(f'{value} AS "{column}"')
        if objection is not None:
            test, why = objection
            whens += f" WHEN {test} THEN {quoted(why)}"
            abouts += f" WHEN {test} THEN {quoted(column)}"
    if rows != "rows":
        selected.append(quoted_name(TIME_NOTE))
    selected += [
        ROW_NUMBER,
        f"CASE WHEN {REFUSAL} IS NOT NULL THEN {REFUSAL}{whens} END AS {REFUSAL}",
        f"CASE WHEN {REFUSAL} IS NOT NULL THEN {REFUSAL_COLUMN}{abouts} END AS {REFUSAL_COLUMN}",
    ]
    return f"SELECT {', '.join(selected)} FROM {rows}"  # noqa: S608  # texts are quoted


@dataclass(frozen=True)
class _Cell:
    """A column of the file: its name in the query and its type."""

    sql: str
    kind: pa.DataType

    @property
    def is_text(self) -> bool:
        return self.kind in (pa.string(), pa.large_string())

    @property
    def text(self) -> str:
        """Its value as text; whole numbers without a fraction, whatever their type."""
        if pa.types.is_floating(self.kind):
            return (
                f"CASE WHEN {self.sql} = trunc({self.sql}) AND abs({self.sql}) < 1e15 "
                f"THEN {self.sql}::BIGINT::VARCHAR ELSE {self.sql}::VARCHAR END"
            )
        return self.sql if self.is_text else f"{self.sql}::VARCHAR"


def _value(
    spec: ColumnSpec, cells: dict[str, _Cell], wanted: pa.DataType
) -> tuple[str, Objection] | None:
    """SQL of a column's value and an objection; None where the file lacks an optional column."""
    match spec:
        case Constant(value):
            return quoted(value), None
        case Joined(names):
            parts = ", ".join(cells[name].text for name in names)
            nulls = " OR ".join(f"{cells[name].sql} IS NULL" for name in names)
            return f"CASE WHEN {nulls} THEN NULL ELSE to_json([{parts}])::VARCHAR END", None
        case OneHot():
            return _one_hot(spec, cells)
        case FromColumn():
            present = (cells[name] for name in spec.names if name in cells)
            return next((_from_column(spec, cell, wanted) for cell in present), None)
    return f"{ROW_NUMBER}::VARCHAR", None


def _from_column(spec: FromColumn, cell: _Cell, wanted: pa.DataType) -> tuple[str, Objection]:
    if spec.values is not None:
        whens = " ".join(f"WHEN {quoted(k)} THEN {quoted(v)}" for k, v in spec.values.items())
        listed = ", ".join(quoted(key) for key in spec.values)
        unlisted = f"({cell.sql} IS NOT NULL AND {cell.text} NOT IN ({listed}))"
        value = f"CASE {cell.text} {whens} ELSE {cell.text} END"
        return value, (unlisted, Refusal.UNKNOWN_VALUE)
    return (cell.text if pa.types.is_string(wanted) else cell.sql), None


def _one_hot(spec: OneHot, cells: dict[str, _Cell]) -> tuple[str, Objection]:
    flags = {
        name: f"CASE WHEN lower({cells[name].text}) IN ('1', '1.0', 'true') THEN 1 "
        f"WHEN lower({cells[name].text}) NOT IN ('0', '0.0', 'false', '') THEN NULL ELSE 0 END"
        for name in spec.values
    }
    whens = " ".join(f"WHEN {flags[n]} = 1 THEN {quoted(v)}" for n, v in spec.values.items())
    some = " OR ".join(f"{cells[name].sql} IS NOT NULL" for name in spec.values)
    is_wrong = f"(({some}) AND {' + '.join(flags.values())} IS DISTINCT FROM 1)"
    return f"CASE {whens} END", (is_wrong, Refusal.UNKNOWN_VALUE)


def _winner(spec: Winner, cells: dict[str, _Cell], mapping: Mapping) -> tuple[str, Objection]:
    """Who won where a column names the winner: one of the two models, or nobody in a tie."""
    winner = cells[spec.name].text
    a, b = (_model(mapping.columns[column], cells) for column in ("model_a", "model_b"))
    is_tie = "FALSE"
    if spec.tie is not None:
        is_tie = f"coalesce(lower({cells[spec.tie].text}) IN ('1', '1.0', 'true'), FALSE)"
    whens = f"WHEN {winner} = {a} THEN 'a' WHEN {winner} = {b} THEN 'b' WHEN {is_tie} THEN 'tie'"
    is_other = f"({winner} IS NOT NULL AND ({is_tie} OR {winner} NOT IN ({a}, {b})))"
    return f"CASE {whens} END", (is_other, Refusal.UNKNOWN_VALUE)


def _model(spec: ColumnSpec, cells: dict[str, _Cell]) -> str:
    found = _value(spec, cells, pa.string())
    return "NULL" if found is None else found[0]


def _time(
    spec: FromColumn, cells: dict[str, _Cell], rows: str
) -> tuple[str, tuple[str, Objection] | None]:
    """The rows with what is read of a time beside them, and SQL of its value and an objection."""
    cell = next((cells[name] for name in spec.names if name in cells), None)
    if cell is None:
        return rows, None
    time = time_column(spec, cell.sql, cell.kind)
    for step in time.steps:
        rows = f"(SELECT *, {step} FROM {rows})"  # noqa: S608  # texts are quoted
    return rows, (time.value, (time.is_wrong, Refusal.BAD_TIMESTAMP))


def _missing(
    mapping: Mapping, column: str, names: tuple[str, ...], available: Sequence[str], file_name: str
) -> LoadRefusedError:
    shown = ", ".join(available[:_SHOWN]) + (", ..." if len(available) > _SHOWN else "")
    near = get_close_matches(names[0], available, n=3)
    remedy = f"Did you mean {' or '.join(map(repr, near))}? " if near else ""
    if len(available) == 1 and any(mark in available[0] for mark in ";\t|,"):
        remedy = "The columns are separated by something else: set `file: {delimiter: ...}`. "
    what = " or ".join(map(repr, names))
    return LoadRefusedError(
        f"{file_name}: has no column {what}, which the mapping {mapping.name} takes as {column}; "
        f"its columns are {shown}.",
        remedy=f"{remedy}Correct the mapping or the file; if the column may be missing, write "
        f"`{column}: {{column: {names[0]}, optional: true}}`.",
    )
