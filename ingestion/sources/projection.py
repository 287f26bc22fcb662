"""From columns of a file to columns of a contract: one SQL projection per mapping.

The projection sees the file's columns as `c0`, `c1`, ... and what the reader already objects to as
`refusal` and `refusal_column`. It objects itself to three things: a value that the mapping does not
list, one-hot columns of which not exactly one is set, and a time that its unit cannot express.

Whole numbers are written alike whether the file holds them as text, integers or floats ("1", not
"1.0"), so that the same vote has the same identity from CSV and from Parquet. Where one of several
columns of an id is null the id is null, for it would not be unique.

What stays out: reading (csv_rows.py, json_rows.py, parquet_rows.py) and the mapping (mapping.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches

import pyarrow as pa

from ingestion.contracts import CONTRACTS
from ingestion.errors import LoadRefusedError
from ingestion.sources.batch import REFUSAL, REFUSAL_COLUMN, ROW_NUMBER
from ingestion.sources.json_rows import quoted
from ingestion.sources.mapping import (
    ColumnSpec,
    Constant,
    FromColumn,
    Joined,
    Mapping,
    OneHot,
)
from ingestion.vocabulary import Refusal

_HAS_OFFSET = r"\d{1,2}:\d{2}.*([Zz]|UTC|[+-]\d{2}(:?\d{2})?)$"
_MICROSECONDS = {"s": "1e6", "ms": "1e3", "us": "1", "ns": "1e-3"}
_SHOWN = 40

Find = Callable[[str], str]


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
    types = {c.source_name: c.type for c in CONTRACTS[mapping.event].log_columns}
    selected = [f"{quoted(mapping.event)} AS event_type", f"{quoted(mapping.source)} AS source"]
    objections: list[tuple[str, Refusal, str]] = []
    index = {name: f"c{number}" for number, name in enumerate(wanted)}

    def find(name: str) -> str:
        return index[name]

    for column, spec in mapping.columns.items():
        if isinstance(spec, FromColumn):
            present = next((name for name in spec.names if name in index), None)
            if present is None:
                continue
            cell = find(present)
            value, objection = _from_column(spec, cell, schema.field(cell).type, types[column])
        else:
            value, objection = _other(spec, find, schema)
        selected.append(f'{value} AS "{column}"')
        if objection is not None:
            objections.append((*objection, column))
    whens = " ".join(f"WHEN {test} THEN {quoted(why)}" for test, why, _ in objections)
    abouts = " ".join(f"WHEN {test} THEN {quoted(column)}" for test, _, column in objections)
    selected += [
        ROW_NUMBER,
        f"CASE WHEN {REFUSAL} IS NOT NULL THEN {REFUSAL} {whens} END AS {REFUSAL}",
        f"CASE WHEN {REFUSAL} IS NOT NULL THEN {REFUSAL_COLUMN} {abouts} END AS {REFUSAL_COLUMN}",
    ]
    return f"SELECT {', '.join(selected)} FROM rows"  # noqa: S608  # texts are quoted


Objection = tuple[str, Refusal] | None


def _from_column(
    spec: FromColumn, cell: str, kind: pa.DataType, wanted: pa.DataType
) -> tuple[str, Objection]:
    if spec.values is not None:
        text = _text(cell, kind)
        whens = " ".join(f"WHEN {quoted(k)} THEN {quoted(v)}" for k, v in spec.values.items())
        listed = ", ".join(quoted(key) for key in spec.values)
        unlisted = f"({cell} IS NOT NULL AND {text} NOT IN ({listed}))"
        return f"CASE {text} {whens} ELSE {text} END", (unlisted, Refusal.UNKNOWN_VALUE)
    if spec.timezone is not None or spec.unit is not None:
        return _time(spec, cell, kind)
    return (_text(cell, kind) if pa.types.is_string(wanted) else cell), None


def _other(spec: ColumnSpec, find: Find, schema: pa.Schema) -> tuple[str, Objection]:
    def text(name: str) -> str:
        return _text(find(name), schema.field(find(name)).type)

    if isinstance(spec, Constant):
        return quoted(spec.value), None
    if isinstance(spec, Joined):
        parts = ", ".join(text(name) for name in spec.names)
        nulls = " OR ".join(f"{find(name)} IS NULL" for name in spec.names)
        return f"CASE WHEN {nulls} THEN NULL ELSE to_json([{parts}])::VARCHAR END", None
    if isinstance(spec, OneHot):
        texts = {name: f"lower({text(name)})" for name in spec.values}
        is_set = {
            name: f"coalesce({t} IN ('1', '1.0', 'true'), false)" for name, t in texts.items()
        }
        whens = " ".join(f"WHEN {is_set[n]} THEN {quoted(v)}" for n, v in spec.values.items())
        count = " + ".join(f"{test}::INTEGER" for test in is_set.values())
        strange = " OR ".join(
            f"coalesce({t} NOT IN ('0', '0.0', 'false', '', '1', '1.0', 'true'), false)"
            for t in texts.values()
        )
        some = " OR ".join(f"{find(name)} IS NOT NULL" for name in spec.values)
        return (
            f"CASE {whens} END",
            (f"(({some}) AND ({count} <> 1 OR {strange}))", Refusal.UNKNOWN_VALUE),
        )
    return f"{ROW_NUMBER}::VARCHAR", None


def _text(cell: str, kind: pa.DataType) -> str:
    if pa.types.is_floating(kind):
        return (
            f"CASE WHEN {cell} = trunc({cell}) AND abs({cell}) < 1e15 "
            f"THEN {cell}::BIGINT::VARCHAR ELSE {cell}::VARCHAR END"
        )
    return (
        cell if pa.types.is_string(kind) or pa.types.is_large_string(kind) else f"{cell}::VARCHAR"
    )


def _time(spec: FromColumn, cell: str, kind: pa.DataType) -> tuple[str, Objection]:
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    number = f"try_cast({cell} AS DOUBLE)"
    epoch = "NULL::TIMESTAMP"
    if spec.unit is not None:
        scaled = f"try_cast(round({number} * {_MICROSECONDS[spec.unit]}) AS BIGINT)"
        epoch = f"try(make_timestamp({scaled}))"
    if is_number:
        if spec.unit is None:
            return cell, None
        return f"timezone('UTC', {epoch})", (
            f"({cell} IS NOT NULL AND {epoch} IS NULL)",
            Refusal.BAD_TIMESTAMP,
        )
    local = "NULL::TIMESTAMP"
    if spec.timezone is not None:
        naive = f"try_cast({cell} AS TIMESTAMP)"
        local = f"timezone('UTC', timezone({quoted(spec.timezone)}, {naive}))"
    if is_text:
        utc = f"coalesce({epoch}, {local})"
        written = f"strftime({utc}, '%Y-%m-%dT%H:%M:%S.%fZ')"
        return (
            f"CASE WHEN {cell} IS NULL OR regexp_matches({cell}, {quoted(_HAS_OFFSET)}) "
            f"THEN {cell} ELSE coalesce({written}, {cell}) END"
        ), None
    is_naive = pa.types.is_date(kind) or (pa.types.is_timestamp(kind) and kind.tz is None)
    return (f"timezone('UTC', {local})" if is_naive and spec.timezone else cell), None


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
        remedy=f"{remedy}Mend the mapping or the file; if the column may be missing, write "
        f"`{column}: {{column: {names[0]}, optional: true}}`.",
    )
