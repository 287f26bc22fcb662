"""How a table is declared: its grain and its columns, once, where the table is born.

Arrow schemas, row checks, the Great Expectations suites, dbt's source files and the data dictionary
are all made from these declarations.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import pyarrow as pa

from ingestion.vocabulary import Refusal

TIMESTAMP = pa.timestamp("us", tz="UTC")
NAME_LENGTH = 256
TEXT_LENGTH = 4096

SQL_TYPES = {
    pa.string(): "varchar",
    pa.bool_(): "boolean",
    pa.int32(): "integer",
    pa.int64(): "bigint",
    pa.float64(): "double",
    pa.date32(): "date",
    pa.list_(pa.int64()): "bigint[]",
    TIMESTAMP: "timestamp with time zone",
}


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table.

    Args:
        name: its name in the table.
        description: one sentence, in the field's terms.
        type: its Arrow type.
        is_required: null, or blank for text, is not allowed.
        vocabulary: the closed set of values, where there is one.
        pattern: a regular expression the whole value matches, where there is one.
        max_length: longest text in characters.
        minimum: smallest number allowed.
        maximum: largest number allowed.
        native_name: its name in the native form of an event, where that differs.
        is_pseudonym: the native value may name a person; the log holds its keyed hash.
        is_sealed: the log holds it encrypted under the participant's own key.
    """

    name: str
    description: str
    type: pa.DataType = field(default_factory=pa.string)
    is_required: bool = False
    vocabulary: tuple[str, ...] = ()
    pattern: str | None = None
    max_length: int = NAME_LENGTH
    minimum: float | None = None
    maximum: float | None = None
    native_name: str = ""
    is_pseudonym: bool = False
    is_sealed: bool = False

    @property
    def source_name(self) -> str:
        """The column's name in the native form."""
        return self.native_name or self.name

    @property
    def sql_type(self) -> str:
        """Its type in SQL."""
        return SQL_TYPES[self.type]

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers, whole or not."""
        return bool(pa.types.is_integer(self.type) or pa.types.is_floating(self.type))


@dataclass(frozen=True)
class RowRule:
    """What no row of an event may say, over several of its columns.

    Args:
        refused: an SQL condition over log columns; a row where it is true is refused.
        reason: why.
        column: the column that is named with the reason.
        whose: which rows must have the column, in words, where the reason is that it is missing.
    """

    refused: str
    reason: Refusal
    column: str
    whose: str = "a row"


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table: what one row of it is, and its columns in order.

    Args:
        name: its name.
        grain: "One row per ...", the table's description.
        columns: its columns.
    """

    name: str
    grain: str
    columns: tuple[Column, ...]

    @cached_property
    def schema(self) -> pa.Schema:
        """Its Arrow schema."""
        return schema_of(self.columns)


def schema_of(columns: tuple[Column, ...]) -> pa.Schema:
    """The Arrow schema of columns."""
    return pa.schema(
        [pa.field(column.name, column.type, nullable=not column.is_required) for column in columns]
    )
