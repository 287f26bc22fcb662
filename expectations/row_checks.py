"""One SQL query per contract that types every row of a native batch and says what is wrong with it.

The query is generated from the contract, so a new column or event type needs nothing here. It runs
in DuckDB over Arrow tables: one pass, all rows, the first objection found per row.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import Contract
from ingestion.sources.batch import REFUSAL, REFUSAL_COLUMN, ROW_NUMBER
from ingestion.sources.names import HIDDEN_PATTERN, is_name
from ingestion.sources.time_forms import BLANKS, USUAL, Limits, instant
from ingestion.sql import identifier, quoted
from ingestion.tables import TIMESTAMP, Column
from ingestion.vocabulary import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

OBJECTION = "objection"
SEPARATOR = "|"
_WHOLE_NUMBER = r"[+-]?[0-9]{1,18}(\.0+)?"
_BLANK_CHARACTERS = " \t\r\n"

Types = dict[str, pa.DataType]


def check(
    contract: Contract,
    table: pa.Table,
    *,
    now_us: int,
    connection: duckdb.DuckDBPyConnection,
    limits: Limits = USUAL,
) -> pa.Table:
    """Type and judge every row.

    Args:
        contract: what the rows claim to follow.
        table: native columns, any subset, plus row_number, refusal and refusal_column.
        now_us: present time in microseconds since 1970 UTC; later events are refused.
        connection: a DuckDB connection whose time zone is UTC.
        limits: between which instants the events may lie.

    Returns:
        row_number, the contract's log columns under their log names (pseudonyms still native), and
        `objection`: null for an accepted row, else `reason|column`.
    """
    connection.register("native_batch", table)
    found = connection.sql(_query(contract, table, now_us, limits)).to_arrow_table()
    connection.unregister("native_batch")
    rows = {ROW_NUMBER: table[ROW_NUMBER]}
    for column in contract.log_columns:
        if column.name in found.column_names:
            values = found[column.name]
            rows[column.name] = values.cast(column.type) if column.type == TIMESTAMP else values
        else:
            rows[column.name] = table[column.source_name]
            if _blank(column) in found.column_names and pc.any(found[_blank(column)]).as_py():
                rows[column.name] = pc.if_else(found[_blank(column)], None, rows[column.name])
    return pa.table({**rows, OBJECTION: found[OBJECTION]})


def _query(contract: Contract, table: pa.Table, now_us: int, limits: Limits) -> str:
    """The columns that have to be converted, which texts are blank, and the objections.

    Text that comes as text is not fetched again: it stays where it is.
    """
    present = dict(zip(table.schema.names, table.schema.types, strict=True))
    typed, wanted = [], [f"{contract.version}::integer as schema_version"]
    for column in contract.log_columns:
        if column.name == "schema_version":
            continue
        typed.append(f"{_typed(column, table, present)} as {identifier(column.name)}")
        if not _is_kept(column, present):
            wanted.append(identifier(column.name))
        elif not column.is_required:
            wanted.append(f"{_is_blank(identifier(column.name))} as {identifier(_blank(column))}")
    whens = "\n    ".join(
        f"when {condition} then {quoted(f'{reason}{SEPARATOR}{name}')}"
        for condition, reason, name in _objections(contract, table, present, now_us, limits)
    )
    # Native columns get a prefix, so that a log column never hides a native one of its name.
    renamed = ", ".join(f"{identifier(name)} as {_native(name)}" for name in present)
    return f"""
with typed as (
  select *, {", ".join(typed)} from (select {renamed} from native_batch)
)
select {", ".join(wanted)},
  case
    when {_native(REFUSAL)} is not null
      then {_native(REFUSAL)} || '{SEPARATOR}' || coalesce({_native(REFUSAL_COLUMN)}, '')
    {whens}
  end as {OBJECTION}
from typed"""


def _is_kept(column: Column, present: Types) -> bool:
    """Whether the native column is the log's column as it is, but for blanks."""
    return bool(column.type == pa.string() == present.get(column.source_name))


def _typed(column: Column, table: pa.Table, present: Types) -> str:
    native = present.get(column.source_name)
    if native is None:
        return f"null::{'timestamp' if column.type == TIMESTAMP else column.sql_type}"
    value = _native(column.source_name)
    if column.type == TIMESTAMP:
        return _timestamp(value, table[column.source_name])
    if pa.types.is_string(column.type):
        return value if _is_kept(column, present) else f"{value}::varchar"
    if pa.types.is_integer(column.type):
        text = f"trim({value}::varchar, {BLANKS})"
        is_whole = f"regexp_full_match({text}, '{_WHOLE_NUMBER}')"
        return f"case when {is_whole} then try_cast({text} as {column.sql_type}) end"
    number = f"try_cast({value} as double)"
    return f"case when isfinite({number}) then {number} end"


def _timestamp(value: str, native: pa.ChunkedArray) -> str:
    """UTC without zone. Text needs an offset; a typed time without zone has none and is refused."""
    if pa.types.is_timestamp(native.type):
        return f"timezone('UTC', {value}::timestamptz)" if native.type.tz else "null::timestamp"
    if pa.types.is_string(native.type) and pc.utf8_trim_whitespace(native).equals(native):
        # In DuckDB trimming takes longer than all else that is done with a time.
        return instant(value)
    return instant(f"trim({value}::varchar, {BLANKS})")


def _objections(
    contract: Contract, table: pa.Table, present: Types, now_us: int, limits: Limits
) -> Iterator[tuple[str, Refusal, str]]:
    """Conditions over `typed`, in the order in which they are raised: SQL, reason, column."""
    if "schema_version" in present:
        version = f"trim({_native('schema_version')}::varchar)"
        first = contract.same_since or contract.version
        read = ", ".join(f"'{number}'" for number in range(first, contract.version + 1))
        known = f"{version} is not null and {version} not in ({read})"
        yield known, Refusal.UNKNOWN_SCHEMA_VERSION, "schema_version"
    if "event_type" in present:
        other = f"{identifier('event_type')} <> '{contract.event_type}'"
        yield other, Refusal.UNKNOWN_EVENT_TYPE, "event_type"
    for column in contract.log_columns:
        if column.name not in {"schema_version", "event_type"}:
            yield from _column_objections(column, table, present, now_us, limits)
    if contract.one_of:
        asked = [column for column in contract.log_columns if column.name in contract.one_of]
        yield " and ".join(map(_is_nothing, asked)), Refusal.MISSING_VALUE, contract.one_of[0]
    for left, right in contract.differing:
        yield f"{identifier(left)} = {identifier(right)}", Refusal.MODEL_AGAINST_ITSELF, right
    for rule in contract.rules():
        yield rule.refused, rule.reason, rule.column
    required = {column.name for column in contract.log_columns if column.is_required}
    for least, most in contract.ordered:
        # What a row must say is judged by what it may say, not the other way round.
        judged = most if most in required else least
        yield f"{identifier(least)} > {identifier(most)}", Refusal.OUT_OF_RANGE, judged


def _column_objections(
    column: Column, table: pa.Table, present: Types, now_us: int, limits: Limits
) -> Iterator[tuple[str, Refusal, str]]:
    value, name = identifier(column.name), column.source_name
    if name in present and not pa.types.is_string(column.type):
        native = f"trim({_native(name)}::varchar, {BLANKS})"
        wrong = Refusal.BAD_TIMESTAMP if column.type == TIMESTAMP else Refusal.WRONG_TYPE
        yield f"case when {value} is null then {native} <> '' end", wrong, name
    if column.is_required:
        or_blank = f" or {_is_blank(value)}" if _is_kept(column, present) else ""
        yield f"{value} is null{or_blank}", Refusal.MISSING_VALUE, name
    if name not in present:
        return
    if pa.types.is_string(column.type):
        yield from _text_objections(column, table)
    if column.type == TIMESTAMP:
        yield f"epoch_us({value}) > {now_us}", Refusal.FUTURE_TIMESTAMP, name
        yield f"epoch_us({value}) < {limits.earliest}", Refusal.BAD_TIMESTAMP, name
        if limits.latest is not None:
            yield f"epoch_us({value}) > {limits.latest}", Refusal.BAD_TIMESTAMP, name
    for limit, sign in ((column.minimum, "<"), (column.maximum, ">")):
        if limit is not None:
            yield f"{value} {sign} {limit}", Refusal.OUT_OF_RANGE, name


def _text_objections(column: Column, table: pa.Table) -> Iterator[tuple[str, Refusal, str]]:
    value, name = identifier(column.name), column.source_name
    # Blank text stands for nothing, and of nothing no more is asked.
    is_there = f"trim({value}, {BLANKS}) <> ''"
    if column.vocabulary:
        is_other = f"{value} not in ({_listed(column.vocabulary)})"
        yield f"case when {is_other} then {is_there} end", Refusal.UNKNOWN_VALUE, name
    else:
        # Bytes first: they are counted already, and no text has more characters than bytes.
        longest = column.max_length
        is_long = f"length({value}) > {longest} and {is_there}"
        yield f"case when strlen({value}) > {longest} then {is_long} end", Refusal.TOO_LONG, name
    # Before the pattern, which would call it an unknown value.
    if is_name(column) and _may_hide(table[name]):
        is_hidden = f"regexp_matches({value}, {quoted(HIDDEN_PATTERN)})"
        yield f"{is_hidden} and {is_there}", Refusal.HIDDEN_CHARACTER, name
    mismatched = _mismatched(column, table) if column.pattern else []
    if mismatched:
        yield f"{value} in ({_listed(mismatched)})", Refusal.UNKNOWN_VALUE, name


def _may_hide(values: pa.ChunkedArray) -> bool:
    """Whether any text is more than printed ASCII; asked before a pattern, which is slow."""
    return (
        pa.types.is_string(values.type) and pc.all(pc.ascii_is_printable(values)).as_py() is False
    )


def _mismatched(column: Column, table: pa.Table) -> list[str]:
    """Distinct values off the pattern: few values, so the pattern costs nothing per row."""
    pattern = re.compile(column.pattern or "")
    distinct = table.column(column.source_name).cast(pa.string()).unique().drop_null().to_pylist()
    there = (value for value in distinct if value.strip(_BLANK_CHARACTERS))
    return sorted(value for value in there if not pattern.fullmatch(value))


def _is_blank(value: str) -> str:
    """Whether a text is nothing but blanks; branches, because trimming is dear."""
    return f"case when {value} >= '!' then false else trim({value}, {BLANKS}) = '' end"


def _is_nothing(column: Column) -> str:
    """Whether nothing is given in a column."""
    value = identifier(column.name)
    is_text = pa.types.is_string(column.type)
    return f"({value} is null or {_is_blank(value)})" if is_text else f"{value} is null"


def _blank(column: Column) -> str:
    return f"blank {column.name}"


def _native(name: str) -> str:
    return identifier(f"native {name}")


def _listed(words: Iterable[str]) -> str:
    return ", ".join(quoted(word) for word in words)
