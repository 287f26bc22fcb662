"""One SQL query per contract that types every row of a native batch and says what is wrong with it.

The query is generated from the contract, so a new column or event type needs nothing here. It runs
in DuckDB over Arrow tables: one pass, all rows, the first objection found per row.

What stays out: what only the source can see, such as broken JSON (ingestion/sources), what only
the log can see, such as duplicates (ingestion/log), and judging the batch as a whole (gate.py).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from ingestion.contracts import Contract
from ingestion.sources.batch import REFUSAL, REFUSAL_COLUMN, ROW_NUMBER
from ingestion.tables import TIMESTAMP, Column
from ingestion.vocabulary import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

OBJECTION = "objection"
SEPARATOR = "|"
_WHOLE_NUMBER = r"[+-]?[0-9]{1,18}(\.0+)?"
_OFFSET = "[+-][0-9]{2}(:?[0-9]{2})?$"
_BLANKS = r"e' \t\r\n'"
_SQL_TYPES = {pa.int32(): "integer", pa.int64(): "bigint", pa.float64(): "double"}


def check(
    contract: Contract, table: pa.Table, *, now_us: int, connection: duckdb.DuckDBPyConnection
) -> pa.Table:
    """Type and judge every row.

    Args:
        contract: what the rows claim to follow.
        table: native columns, any subset, plus row_number, refusal and refusal_column.
        now_us: present time in microseconds since 1970 UTC; later events are refused.
        connection: a DuckDB connection whose time zone is UTC.

    Returns:
        row_number, the contract's log columns under their log names (pseudonyms still native), and
        `objection`: null for an accepted row, else `reason|column`.
    """
    query = _query(contract, table, now_us=now_us)
    connection.register("native_batch", table)
    checked = connection.sql(query).to_arrow_table()
    connection.unregister("native_batch")
    return with_utc(checked)


def _query(contract: Contract, table: pa.Table, *, now_us: int) -> str:
    columns = [column for column in contract.log_columns if column.name != "schema_version"]
    objections = "\n    ".join(
        f"when {condition} then {_literal(f'{reason}{SEPARATOR}{name}')}"
        for condition, reason, name in objections_to(contract, contract.log_columns, table, now_us)
    )
    names = ", ".join(
        f"{contract.version}::integer as schema_version"
        if column.name == "schema_version"
        else f"typed.{quote(column.name)}"
        for column in contract.log_columns
    )
    return f"""
with {typed_rows(columns, table)}
select typed.{quote(ROW_NUMBER)}, {names},
  case
    when "native {REFUSAL}" is not null
      then "native {REFUSAL}" || '{SEPARATOR}' || coalesce("native {REFUSAL_COLUMN}", '')
    {objections}
  end as {OBJECTION}
from typed"""


def typed_rows(columns: Iterable[Column], table: pa.Table) -> str:
    """The common table `typed` over `native_batch`: typed columns beside the native ones."""
    present = _present(table)
    typed = ",\n  ".join(f"{_typed(column, present)} as {quote(column.name)}" for column in columns)
    return f"""typed as (
  select native_batch.* exclude ({quote(ROW_NUMBER)}),
  {typed},
  {quote(ROW_NUMBER)}
  from (select {_renamed(table)} from native_batch) as native_batch
)"""


def _present(table: pa.Table) -> dict[str, pa.DataType]:
    return {name: table.schema.field(name).type for name in table.column_names}


def _renamed(table: pa.Table) -> str:
    """Native columns get a prefix, so that a log column never hides a native one of its name."""
    return ", ".join(
        quote(name) if name == ROW_NUMBER else f"{quote(name)} as {_native(name)}"
        for name in table.column_names
    )


def _typed(column: Column, present: dict[str, pa.DataType]) -> str:
    native = present.get(column.source_name)
    if native is None:
        kind = "timestamp" if column.type == TIMESTAMP else _SQL_TYPES.get(column.type, "varchar")
        return f"null::{kind}"
    value = _native(column.source_name)
    if column.type == TIMESTAMP:
        return _timestamp(value, native)
    if pa.types.is_string(column.type):
        text = f"{value}::varchar"
        # Branches, because DuckDB works out both sides of an `or`, and trimming is dear.
        is_there = f"trim({text}, {_BLANKS}) <> ''"
        return f"case when {text} >= '!' then {text} when {is_there} then {text} end"
    kind = _SQL_TYPES[column.type]
    if pa.types.is_integer(column.type):
        text = f"trim({value}::varchar, {_BLANKS})"
        is_whole = f"regexp_full_match({text}, '{_WHOLE_NUMBER}')"
        return f"case when {is_whole} then try_cast({text} as {kind}) end"
    number = f"try_cast({value} as double)"
    return f"case when isfinite({number}) then {number} end"


def _timestamp(value: str, native: pa.DataType) -> str:
    """UTC without zone. Text needs an offset; a typed time without zone has none and is refused."""
    if pa.types.is_timestamp(native):
        return f"timezone('UTC', {value}::timestamptz)" if native.tz else "null::timestamp"
    text = f"{value}::varchar"
    return (
        f"case when ends_with({text}, 'Z') then try_cast({text} as timestamp)"
        f" when regexp_matches({text}, '{_OFFSET}')"
        f" then timezone('UTC', try_cast({text} as timestamptz)) end"
    )


def objections_to(
    contract: Contract, columns: Iterable[Column], table: pa.Table, now_us: int
) -> Iterator[tuple[str, Refusal, str]]:
    """Conditions over `typed`, in the order in which they are raised: SQL, reason, column."""
    present = _present(table)
    if "schema_version" in present:
        version = f"trim({_native('schema_version')}::varchar)"
        known = f"{version} is not null and {version} <> '{contract.version}'"
        yield known, Refusal.UNKNOWN_SCHEMA_VERSION, "schema_version"
    if "event_type" in present:
        other = f"{quote('event_type')} <> '{contract.event_type}'"
        yield other, Refusal.UNKNOWN_EVENT_TYPE, "event_type"
    names = set()
    for column in columns:
        names.add(column.name)
        if column.name not in {"schema_version", "event_type"}:
            yield from _column_objections(column, table, present, now_us)
    for left, right in contract.differing:
        if left in names and right in names:
            yield f"{quote(left)} = {quote(right)}", Refusal.MODEL_AGAINST_ITSELF, right


def _column_objections(
    column: Column, table: pa.Table, present: dict[str, pa.DataType], now_us: int
) -> Iterator[tuple[str, Refusal, str]]:
    value, name = quote(column.name), column.source_name
    is_text = pa.types.is_string(column.type)
    if name in present and not is_text:
        native = f"trim({_native(name)}::varchar, {_BLANKS})"
        wrong = Refusal.BAD_TIMESTAMP if column.type == TIMESTAMP else Refusal.WRONG_TYPE
        yield f"case when {value} is null then {native} <> '' end", wrong, name
    if column.is_required:
        yield f"{value} is null", Refusal.MISSING_VALUE, name
    if name not in present:
        return
    if column.type == TIMESTAMP:
        yield f"epoch_us({value}) > {now_us}", Refusal.FUTURE_TIMESTAMP, name
    yield from _value_objections(column, table)


def _value_objections(column: Column, table: pa.Table) -> Iterator[tuple[str, Refusal, str]]:
    value, name = quote(column.name), column.source_name
    if column.vocabulary:
        yield f"{value} not in ({_listed(column.vocabulary)})", Refusal.UNKNOWN_VALUE, name
    elif pa.types.is_string(column.type):
        # Bytes first: they are counted already, and no text has more characters than bytes.
        longest = column.max_length
        too_long = f"case when strlen({value}) > {longest} then length({value}) > {longest} end"
        yield too_long, Refusal.TOO_LONG, name
    if column.pattern:
        mismatched = _mismatched(column, table)
        if mismatched:
            yield f"{value} in ({_listed(mismatched)})", Refusal.UNKNOWN_VALUE, name
    if column.minimum is not None:
        yield f"{value} < {column.minimum}", Refusal.OUT_OF_RANGE, name
    if column.maximum is not None:
        yield f"{value} > {column.maximum}", Refusal.OUT_OF_RANGE, name


def _mismatched(column: Column, table: pa.Table) -> list[str]:
    """Distinct values off the pattern: few values, so the pattern costs nothing per row."""
    pattern = re.compile(column.pattern or "")
    distinct = table.column(column.source_name).cast(pa.string()).unique().to_pylist()
    return sorted(value for value in distinct if value and not pattern.fullmatch(value))


def with_utc(table: pa.Table) -> pa.Table:
    """The table with every time in UTC, in microseconds."""
    for index, column in enumerate(table.schema):
        if pa.types.is_timestamp(column.type):
            table = table.set_column(index, column.name, table.column(index).cast(TIMESTAMP))
    return table


def _native(name: str) -> str:
    return quote(f"native {name}")


def quote(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _listed(words: Iterable[str]) -> str:
    return ", ".join(_literal(word) for word in words)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
