"""From columns of a file to columns of a contract: one SQL projection per mapping.

Ids and listed values are written alike whatever the format (`scalar_text`), so that the same vote
has the same identity from CSV and from Parquet. Names and answers that are text stay as they are,
but for the blanks around them. Where one of several columns of an id is null the id is null, for it
would not be unique.
"""

from __future__ import annotations

from collections.abc import Mapping as Map
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

import pyarrow as pa

from ingestion.contracts import CONTRACTS
from ingestion.errors import LoadRefusedError
from ingestion.sources.batch import REFUSAL, REFUSAL_COLUMN, ROW_NUMBER
from ingestion.sources.json_lines import quoted
from ingestion.sources.mapping import ColumnSpec, Constant, FromColumn, Joined, Mapping, OneHot
from ingestion.sources.missing import is_word, without_words, words_for
from ingestion.sources.scalar_text import canonical_sql, has_lost_digits, trimmed
from ingestion.sources.times import TIME_NOTE, quoted_name, time_column
from ingestion.tables import TEXT_LENGTH, Column
from ingestion.vocabulary import Refusal

_SHOWN = 40

# A condition on a row, and why a row is refused where it holds.
Objection = tuple[str, Refusal] | None


def needed(mapping: Mapping) -> list[tuple[str, ...]]:
    """What the mapping needs of the file: one column of each tuple."""
    return [names for spec in mapping.columns.values() for names in _needed_by(spec)]


def _needed_by(spec: ColumnSpec) -> list[tuple[str, ...]]:
    match spec:
        case FromColumn():
            return [spec.names]
        case Joined(names) | OneHot(names):
            return [(name,) for name in names]
    return []


def resolve(mapping: Mapping, available: Sequence[str], file_name: str) -> list[str]:
    """The columns of the file that the mapping uses, each once.

    Raises:
        LoadRefusedError: a column is missing, or is there more than once.
    """
    wanted: dict[str, None] = {}
    for column, spec in mapping.columns.items():
        for names in _needed_by(spec):
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
    wanted_columns = {c.source_name: c for c in CONTRACTS[mapping.event].log_columns}
    cells = _cells(wanted, schema)
    rows, said_of = _as_said(mapping, wanted_columns, cells)
    selected = [f"{quoted(mapping.event)} AS event_type", f"{quoted(mapping.source)} AS source"]
    whens = abouts = ""
    for column, spec in mapping.columns.items():
        said = said_of[column]
        if pa.types.is_timestamp(wanted_columns[column].type) and isinstance(spec, FromColumn):
            rows, found = _time(spec, said, rows)
        else:
            found = _value(spec, said, wanted_columns[column])
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


def _as_said(
    mapping: Mapping, columns: Map[str, Column], cells: dict[str, _Cell]
) -> tuple[str, dict[str, dict[str, _Cell]]]:
    """The rows with what their cells say beside them, and by column of the contract its cells.

    In layers, so that a text is worked out once, however often it is used.
    """
    layers: tuple[list[str], list[str], list[str]] = ([], [], [])
    said_of = {}
    for column, spec in mapping.columns.items():
        words = words_for(mapping, columns[column], spec)
        said = {name: cells[name].read_as(column) for name in _used(spec, cells)}
        said_of[column] = said
        layers[0].extend(
            f"{cells[name].without(words)} AS {cell.sql}" for name, cell in said.items()
        )
        layers[1].extend(f"{trimmed(cell.as_text)} AS {cell.trimmed}" for cell in said.values())
        layers[2].extend(f"{canonical_sql(cell.trimmed)} AS {cell.key}" for cell in said.values())
    rows = "rows"
    for layer in layers:
        rows = f"(SELECT {', '.join(['*', *layer])} FROM {rows})"  # noqa: S608
    return rows, said_of


def missing_cells(mapping: Mapping, wanted: Sequence[str], schema: pa.Schema) -> str | None:
    """SQL that counts the cells read as missing: column, word, how many, the first row's number.

    None where no column can have any.
    """
    columns = {c.source_name: c for c in CONTRACTS[mapping.event].log_columns}
    cells = _cells(wanted, schema)
    counts = []
    for column, spec in mapping.columns.items():
        words = words_for(mapping, columns[column], spec)
        for name in _used(spec, cells):
            word = cells[name].word
            if words and word is not None:
                counts.append(
                    f"SELECT {quoted(column)} AS about, {trimmed(word)} AS word, "  # noqa: S608
                    f"count(*) AS cells, min({ROW_NUMBER}) AS first_row FROM rows "
                    f"WHERE {is_word(word, words)} GROUP BY ALL"
                )
    return " UNION ALL ".join(counts) or None


def _used(spec: ColumnSpec, cells: dict[str, _Cell]) -> list[str]:
    """The columns of the file that a specification reads."""
    present = [name for names in _needed_by(spec) for name in names if name in cells]
    return present[:1] if isinstance(spec, FromColumn) else present


def _cells(wanted: Sequence[str], schema: pa.Schema) -> dict[str, _Cell]:
    return {
        name: _Cell(f"c{number}", schema.field(f"c{number}").type)
        for number, name in enumerate(wanted)
    }


@dataclass(frozen=True)
class _Cell:
    """A column of the file: its name in the query and its type.

    Args:
        sql: the value, null where a word says that it is missing.
        kind: its type.
        trimmed: the value as a text without the blanks around it.
        key: the value as the one text that it has in every format.
    """

    sql: str
    kind: pa.DataType
    trimmed: str = ""
    key: str = ""

    @property
    def is_text(self) -> bool:
        return self.kind in (pa.string(), pa.large_string())

    @property
    def word(self) -> str | None:
        """Its value as a text that may be a word for missing; None: of this type none can."""
        if pa.types.is_floating(self.kind):
            return f"CASE WHEN isnan({self.sql}) THEN 'nan' END"
        return self.sql if self.is_text else None

    @property
    def as_text(self) -> str:
        return self.sql if self.is_text else f"{self.sql}::VARCHAR"

    def read_as(self, column: str) -> _Cell:
        """The column as a column of the contract reads it: names of what the layers hold."""
        of = f"{self.sql}_{column}"
        return replace(self, sql=f'"said_{of}"', trimmed=f'"text_{of}"', key=f'"key_{of}"')

    def without(self, words: tuple[str, ...]) -> str:
        """SQL of the value, null where it is one of these words."""
        if pa.types.is_floating(self.kind) and "nan" in words:
            return f"CASE WHEN NOT isnan({self.sql}) THEN {self.sql} END"
        return without_words(self.sql, words) if self.is_text else self.sql

    @property
    def has_lost_digits(self) -> str | None:
        """Whether a spreadsheet has rounded it; only a text shows that."""
        return has_lost_digits(self.trimmed) if self.is_text else None

    @property
    def name(self) -> str:
        """Its value as a name or an answer: text as it stands, without the blanks around it."""
        return self.trimmed if self.is_text else self.key


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
        as_written = cell.sql if cell.is_text else cell.key
        value = f"CASE {cell.key} {whens} ELSE {as_written} END"
        return value, (unlisted, Refusal.UNKNOWN_VALUE)
    if wanted.is_pseudonym:
        return cell.key, _rounded([cell], wanted)
    if not pa.types.is_string(wanted.type):
        return cell.sql, None
    is_free = cell.is_text and wanted.max_length >= TEXT_LENGTH
    return (cell.sql if is_free else cell.name), None


def _rounded(cells: Sequence[_Cell], wanted: Column) -> Objection:
    """The objection to ids whose digits are lost."""
    tests = [cell.has_lost_digits for cell in cells if cell.has_lost_digits is not None]
    if not tests or not wanted.is_pseudonym:
        return None
    return f"({' OR '.join(tests)})", Refusal.DIGITS_LOST


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
