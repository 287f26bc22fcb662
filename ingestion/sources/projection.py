"""From columns of a file to columns of a contract: one SQL projection per mapping.

Ids, answers and listed values are written alike whatever the format (`scalar_text`), so that the
same vote has the same identity from CSV and from Parquet. Names that are text stay as they are.
Where one of several columns of an id is null the id is null, for it would not be unique.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping as Map
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import pyarrow as pa

from ingestion.contracts import CONTRACTS
from ingestion.errors import LoadRefusedError
from ingestion.sources.batch import REFUSAL, REFUSAL_COLUMN, ROW_NUMBER
from ingestion.sources.cells import Use, needed_by
from ingestion.sources.mapping import (
    ColumnSpec,
    Constant,
    FromColumn,
    Joined,
    Mapping,
    OneHot,
    Winner,
)
from ingestion.sources.times import time_column, time_note
from ingestion.sql import identifier, quoted
from ingestion.tables import TEXT_LENGTH, Column
from ingestion.vocabulary import Refusal

_SHOWN = 40
_WITH_COMMA = r"[+-]?([1-9][0-9]{0,2}(\.[0-9]{3})+|[0-9]+)(,[0-9]+)?"

# A condition on a row, and why a row is refused where it holds.
Objection = tuple[str, Refusal] | None


def needed(mapping: Mapping) -> list[tuple[str, ...]]:
    """What the mapping needs of the file: one column of each tuple."""
    return [names for spec in mapping.columns.values() for names in needed_by(spec)]


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


def projection(mapping: Mapping, numbers: Map[Use, int], schema: pa.Schema) -> str:
    """SQL that turns the view `rows` into the contract's columns plus number and objections.

    Args:
        mapping: what the columns mean.
        numbers: of the cells, by the column of the contract and the one of the file.
        schema: of `rows`, whose columns are as `Cells.read` names them.
    """
    wanted = {c.source_name: c for c in CONTRACTS[mapping.event].log_columns}
    cells: dict[str, dict[str, _Cell]] = defaultdict(dict)
    for (column, name), number in numbers.items():
        cells[column][name] = _Cell(number, schema)
    rows = "rows"
    selected = [f"{quoted(mapping.event)} AS event_type", f"{quoted(mapping.source)} AS source"]
    whens = abouts = ""
    for column, spec in mapping.columns.items():
        if pa.types.is_timestamp(wanted[column].type) and isinstance(spec, FromColumn):
            rows, found = _time(column, spec, cells[column], rows)
            selected += [] if found is None else [identifier(time_note(column))]
        elif isinstance(spec, Winner):
            found = _winner(spec, cells, mapping, wanted)
        else:
            found = _value(spec, cells[column], wanted[column])
        if found is None:
            continue
        value, objection = found
        selected.append(f'{value} AS "{column}"')
        if objection is not None:
            test, why = objection
            whens += f" WHEN {test} THEN {quoted(why)}"
            abouts += f" WHEN {test} THEN {quoted(column)}"
    selected += [
        ROW_NUMBER,
        f"CASE WHEN {REFUSAL} IS NOT NULL THEN {REFUSAL}{whens} END AS {REFUSAL}",
        f"CASE WHEN {REFUSAL} IS NOT NULL THEN {REFUSAL_COLUMN}{abouts} END AS {REFUSAL_COLUMN}",
    ]
    return f"SELECT {', '.join(selected)} FROM {rows}"  # noqa: S608  # texts are quoted


@dataclass(frozen=True)
class _Cell:
    """A column of the file as one column of the contract reads it: see `Cells.read`."""

    number: int
    schema: pa.Schema

    @property
    def sql(self) -> str:
        """The value."""
        return f"c{self.number}"

    @property
    def key(self) -> str:
        """The one text."""
        return f"k{self.number}"

    @property
    def lost(self) -> str:
        """Whether the digits of an id are lost."""
        return f"coalesce(lost{self.number}, false)"

    @property
    def kind(self) -> pa.DataType:
        return self.schema.field(self.sql).type

    @property
    def is_text(self) -> bool:
        return self.kind in (pa.string(), pa.large_string())


def _value(
    spec: ColumnSpec, cells: dict[str, _Cell], wanted: Column
) -> tuple[str, Objection] | None:
    """SQL of a column's value and an objection; None where the file lacks an optional column."""
    match spec:
        case Constant(value):
            return quoted(value), None
        case Joined(names):
            parts = ", ".join(cells[name].key for name in names)
            nulls = " OR ".join(f"{cells[name].key} IS NULL" for name in names)
            value = f"CASE WHEN {nulls} THEN NULL ELSE to_json([{parts}])::VARCHAR END"
            return value, _rounded([cells[name] for name in names], wanted)
        case OneHot():
            return _one_hot(spec, cells)
        case FromColumn():
            present = (cells[name] for name in spec.names if name in cells)
            return next((_from_column(spec, cell, wanted) for cell in present), None)
    return f"{ROW_NUMBER}::VARCHAR", None


def _from_column(spec: FromColumn, cell: _Cell, wanted: Column) -> tuple[str, Objection]:
    if spec.values is not None:
        whens = " ".join(
            f"WHEN {quoted(key)} THEN {'NULL' if value is None else quoted(value)}"
            for key, value in spec.values.items()
        )
        listed = ", ".join(quoted(key) for key in spec.values)
        unlisted = f"coalesce({cell.key} NOT IN ({listed}), false)"
        return f"CASE {cell.key} {whens} ELSE {cell.sql}::VARCHAR END", (
            unlisted,
            Refusal.UNKNOWN_VALUE,
        )
    if wanted.is_pseudonym:
        return cell.key, _rounded([cell], wanted)
    if spec.has_decimal_comma and cell.is_text:
        return _with_decimal_point(cell), None
    is_answer = wanted.is_sealed and wanted.max_length < TEXT_LENGTH
    is_as_it_stands = not pa.types.is_string(wanted.type) or (cell.is_text and not is_answer)
    return (cell.sql if is_as_it_stands else cell.key), None


def _with_decimal_point(cell: _Cell) -> str:
    """A number with a decimal comma, and points between thousands, as others write it."""
    text = f"trim({cell.sql})"
    plain = f"replace(regexp_replace(replace({text}, '.', ''), ',0+$', ''), ',', '.')"
    return (
        f"CASE WHEN regexp_full_match({text}, {quoted(_WITH_COMMA)}) THEN {plain} ELSE {text} END"
    )


def _rounded(cells: Sequence[_Cell], wanted: Column) -> Objection:
    """The objection to ids whose digits are lost."""
    if not wanted.is_pseudonym:
        return None
    return f"({' OR '.join(cell.lost for cell in cells)})", Refusal.DIGITS_LOST


def _one_hot(spec: OneHot, cells: dict[str, _Cell]) -> tuple[str, Objection]:
    flags = {
        name: f"CASE WHEN {cells[name].key} IN ('1', 'true') THEN 1 "
        f"WHEN {cells[name].key} NOT IN ('0', 'false', '') THEN NULL ELSE 0 END"
        for name in spec.values
    }
    whens = " ".join(f"WHEN {flags[n]} = 1 THEN {quoted(v)}" for n, v in spec.values.items())
    some = " OR ".join(f"{cells[name].sql} IS NOT NULL" for name in spec.values)
    is_wrong = f"(({some}) AND {' + '.join(flags.values())} IS DISTINCT FROM 1)"
    return f"CASE {whens} END", (is_wrong, Refusal.UNKNOWN_VALUE)


def _winner(
    spec: Winner, cells: Map[str, dict[str, _Cell]], mapping: Mapping, wanted: Map[str, Column]
) -> tuple[str, Objection]:
    """Who won where a column names the winner: one of the two models, or nobody in a tie."""
    own = cells["outcome"]
    winner = f"trim({own[spec.name].sql}::VARCHAR)"
    models = [
        _value(mapping.columns[name], cells[name], wanted[name]) for name in ("model_a", "model_b")
    ]
    a, b = ("NULL" if found is None else f"trim({found[0]})" for found in models)
    is_tie = "FALSE"
    if spec.tie is not None:
        is_tie = f"coalesce({own[spec.tie].key} IN ('1', 'true'), FALSE)"
    whens = f"WHEN {winner} = {a} THEN 'a' WHEN {winner} = {b} THEN 'b' WHEN {is_tie} THEN 'tie'"
    is_other = f"({winner} IS NOT NULL AND ({is_tie} OR {winner} NOT IN ({a}, {b})))"
    return f"CASE {whens} END", (is_other, Refusal.UNKNOWN_VALUE)


def _time(
    column: str, spec: FromColumn, cells: dict[str, _Cell], rows: str
) -> tuple[str, tuple[str, Objection] | None]:
    """The rows with what is read of a time beside them, and SQL of its value and an objection."""
    cell = next((cells[name] for name in spec.names if name in cells), None)
    if cell is None:
        return rows, None
    time = time_column(column, spec, cell.sql, cell.kind, rows)
    return time.rows, (time.value, (time.is_wrong, Refusal.BAD_TIMESTAMP))


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
