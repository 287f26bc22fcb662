"""From columns of a file to columns of a contract: one SQL projection per mapping.

Ids and listed values are written alike whatever the format (`scalar_text`), so that the same vote
has the same identity from CSV and from Parquet. Names and answers that are text stay as they are,
but for the blanks around them. Where one of several columns of an id is null the id is null, for it
would not be unique.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

import pyarrow as pa

from ingestion.contracts import CONTRACTS
from ingestion.errors import LoadRefusedError
from ingestion.sources.batch import REFUSAL, REFUSAL_COLUMN, ROW_NUMBER
from ingestion.sources.json_lines import quoted
from ingestion.sources.mapping import (
    ColumnSpec,
    Constant,
    FromColumn,
    Joined,
    Mapping,
    OneHot,
)
from ingestion.sources.missing import is_word, without_words, words_for
from ingestion.sources.scalar_text import canonical_sql, has_lost_digits, trimmed
from ingestion.tables import TEXT_LENGTH, Column
from ingestion.vocabulary import Refusal

_HAS_OFFSET = r"\d{1,2}:\d{2}.*([Zz]|UTC|[+-]\d{2}(:?\d{2})?)$"
_MICROSECONDS = {"s": "1e6", "ms": "1e3", "us": "1", "ns": "1e-3"}
_SHOWN = 40

# A condition on a row, and why a row is refused where it holds.
Objection = tuple[str, Refusal] | None


def alternatives(spec: ColumnSpec) -> list[tuple[str, ...]]:
    """What a specification needs of the file: one of each tuple."""
    if isinstance(spec, FromColumn):
        return [spec.names]
    if isinstance(spec, Joined):
        return [(name,) for name in spec.names]
    if isinstance(spec, OneHot):
        return [(name,) for name in spec.values]
    return []


def resolve(mapping: Mapping, available: Sequence[str], file_name: str) -> list[str]:
    """The columns of the file that the mapping uses, each once.

    Raises:
        LoadRefusedError: a column is missing, or is there more than once.
    """
    wanted: dict[str, None] = {}
    for column, spec in mapping.columns.items():
        for names in alternatives(spec):
            present = next((name for name in names if name in available), None)
            if present is None and not (isinstance(spec, FromColumn) and spec.is_optional):
                raise _missing(mapping, column, names, available, file_name)
            if present is not None and list(available).count(present) > 1:
                raise LoadRefusedError(
                    f"{file_name}: has more than one column {present!r}.",
                    remedy="Rename all but the one that is meant.",
                )
            if present is not None:
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
    said_sql: list[str] = []
    texts: list[str] = []
    keys: list[str] = []
    selected = [f"{quoted(mapping.event)} AS event_type", f"{quoted(mapping.source)} AS source"]
    whens = abouts = ""
    for column, spec in mapping.columns.items():
        words = words_for(mapping, wanted_columns[column], spec)
        said = {name: cells[name].read_as(column) for name in _used(spec, cells)}
        said_sql += [f"{cells[name].without(words)} AS {cell.sql}" for name, cell in said.items()]
        texts += [f"{trimmed(cell.as_text)} AS {cell.trimmed}" for cell in said.values()]
        keys += [f"{canonical_sql(cell.trimmed)} AS {cell.key}" for cell in said.values()]
        found = _value(spec, said, wanted_columns[column])
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
    # Layers, so that a text is worked out once, however often the last one uses it.
    rows = "rows"
    for layer in (said_sql, texts, keys):
        rows = f"(SELECT {', '.join(['*', *layer])} FROM {rows})"  # noqa: S608
    return f"SELECT {', '.join(selected)} FROM {rows}"  # noqa: S608  # texts are quoted


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
    present = [name for names in alternatives(spec) for name in names if name in cells]
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
        return bool(pa.types.is_string(self.kind) or pa.types.is_large_string(self.kind))

    @property
    def is_number(self) -> bool:
        numbers = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
        return any(is_kind(self.kind) for is_kind in numbers)

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
    if spec.timezone is not None or spec.unit is not None:
        return _time(spec, cell)
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
    texts = {name: cells[name].key for name in spec.values}
    is_set = {n: f"coalesce({t} IN ('1', 'true'), false)" for n, t in texts.items()}
    whens = " ".join(f"WHEN {is_set[n]} THEN {quoted(v)}" for n, v in spec.values.items())
    count = " + ".join(f"{test}::INTEGER" for test in is_set.values())
    strange = " OR ".join(
        f"coalesce({t} NOT IN ('0', 'false', '1', 'true'), false)" for t in texts.values()
    )
    some = " OR ".join(f"{cells[name].sql} IS NOT NULL" for name in spec.values)
    is_wrong = f"(({some}) AND ({count} <> 1 OR {strange}))"
    return f"CASE {whens} END", (is_wrong, Refusal.UNKNOWN_VALUE)


def _time(spec: FromColumn, cell: _Cell) -> tuple[str, Objection]:
    epoch = local = "NULL::TIMESTAMP"
    if spec.unit is not None:
        scaled = f"round(try_cast({cell.sql} AS DOUBLE) * {_MICROSECONDS[spec.unit]})"
        epoch = f"try(make_timestamp(try_cast({scaled} AS BIGINT)))"
    if cell.is_number:
        if spec.unit is None:
            return cell.sql, None
        is_wrong = f"({cell.sql} IS NOT NULL AND {epoch} IS NULL)"
        return f"timezone('UTC', {epoch})", (is_wrong, Refusal.BAD_TIMESTAMP)
    if spec.timezone is not None:
        naive = f"try_cast({cell.sql} AS TIMESTAMP)"
        local = f"timezone('UTC', timezone({quoted(spec.timezone)}, {naive}))"
    if cell.is_text:
        written = f"strftime(coalesce({epoch}, {local}), '%Y-%m-%dT%H:%M:%S.%fZ')"
        has_offset = f"regexp_matches({cell.sql}, {quoted(_HAS_OFFSET)})"
        as_it_is = f"{cell.sql} IS NULL OR {has_offset}"
        return (
            f"CASE WHEN {as_it_is} THEN {cell.sql} ELSE coalesce({written}, {cell.sql}) END",
            None,
        )
    is_naive = pa.types.is_date(cell.kind) or (
        pa.types.is_timestamp(cell.kind) and cell.kind.tz is None
    )
    return (f"timezone('UTC', {local})" if is_naive and spec.timezone else cell.sql), None


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
