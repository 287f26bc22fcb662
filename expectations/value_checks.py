"""The row checks at the price of the distinct values: what a value may be does not hang on its row.

For columns that come dictionary-encoded. The conditions are those put to rows (row_checks.py), put
here to tables in which each column lists its distinct values once. If none applies, and the two
things that do hang on the row are in order (what is required is there, what must differ does), then
none would apply to any row.

What stays out: saying which row is wrong. At the first doubt the rows are judged one by one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from expectations.plain_values import is_plain_text, plain_times
from expectations.row_checks import objections_to, quote, typed_rows, with_utc
from ingestion.codes import CODED_TEXT, in_one_piece
from ingestion.sources.batch import REFUSAL, REFUSAL_COLUMN, ROW_NUMBER
from ingestion.tables import TIMESTAMP

if TYPE_CHECKING:
    import duckdb

    from ingestion.contracts import Contract
    from ingestion.tables import Column
    from ingestion.vocabulary import EventType

Coded = dict[str, pa.DictionaryArray]
# A column of so few values likely has the same ones in the next batch: these are remembered.
_FEW = 1000


class ValueChecks:
    """Judges batches by their distinct values.

    Args:
        connection: a DuckDB connection whose time zone is UTC.
        now_us: present time in microseconds since 1970 UTC; later events are refused.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, now_us: int) -> None:
        self._connection = connection
        self._now_us = now_us
        self._known: dict[tuple[EventType, str], set[str]] = {}

    def check(self, contract: Contract, table: pa.Table) -> pa.Table | None:
        """Type the rows, if there is nothing wrong with any of them.

        Args:
            contract: what the rows claim to follow.
            table: native columns, any subset, plus row_number, refusal and refusal_column.

        Returns:
            row_number and the contract's log columns, text dictionary-encoded; None where a column
            is not dictionary-encoded or a row may be wrong.
        """
        coded: Coded = {
            name: in_one_piece(table[name])
            for name in table.column_names
            if name not in {ROW_NUMBER, REFUSAL, REFUSAL_COLUMN}
        }
        is_coded = all(values.type == CODED_TEXT for values in coded.values())
        if not is_coded or table[REFUSAL].null_count < len(table):
            return None
        if not _is_right_by_row(contract, coded):
            return None
        typed = self._typed(contract, coded)
        if typed is None:
            return None
        rows = {ROW_NUMBER: table[ROW_NUMBER]}
        for column in contract.log_columns:
            values = coded.get(column.source_name)
            if column.name == "schema_version":
                rows[column.name] = pa.repeat(pa.scalar(contract.version, column.type), len(table))
            elif values is None:
                kind = CODED_TEXT if pa.types.is_string(column.type) else column.type
                rows[column.name] = pa.nulls(len(table), kind)
            elif column.name in typed:
                rows[column.name] = typed[column.name].take(values.indices)
            else:
                rows[column.name] = values
        return pa.table(rows)

    def _typed(self, contract: Contract, coded: Coded) -> dict[str, pa.Array] | None:
        """The distinct values of columns that are not text; None where a value is doubtful."""
        columns = [column for column in contract.log_columns if column.source_name in coded]
        few, many = [], []
        typed: dict[str, pa.Array] = {}
        for column in columns:
            values = coded[column.source_name].dictionary
            times = plain_times(values, self._now_us) if column.type == TIMESTAMP else None
            if times is not None:
                typed[column.name] = times
            elif len(values) > _FEW or not pa.types.is_string(column.type):
                if not is_plain_text(column, values):
                    many.append(column)
            elif not self._known_of(contract, column).issuperset(values.to_pylist()):
                few.append(column)
        for group in (few, many):
            values = {column.source_name: coded[column.source_name] for column in group}
            judged = self._judge(contract, group, values) if group else typed
            if judged is None:
                return None
            typed |= judged
        for column in few:
            values = coded[column.source_name].dictionary
            self._known_of(contract, column).update(values.to_pylist())
        return typed

    def _judge(
        self, contract: Contract, columns: list[Column], coded: Coded
    ) -> dict[str, pa.Array] | None:
        length = max(len(values.dictionary) for values in coded.values())
        distinct = pa.table(
            {
                **{name: _filled_up(values.dictionary, length) for name, values in coded.items()},
                ROW_NUMBER: pa.array(np.arange(length)),
            }
        )
        alone = replace(contract, differing=())
        doubts = [doubt for doubt, *_ in objections_to(alone, columns, distinct, self._now_us)]
        # Blank text stands for nothing, which a code cannot say.
        doubts += [f"{quote(column.name)} is null" for column in columns]
        others = [column for column in columns if not pa.types.is_string(column.type)]
        wanted = "".join(f"{quote(column.name)}, " for column in others)
        self._connection.register("native_batch", distinct)
        judged = self._connection.sql(
            f"with {typed_rows(columns, distinct)}\n"
            f"select {wanted} coalesce({' or '.join(doubts)}, false) as is_doubtful from typed"
        ).to_arrow_table()
        self._connection.unregister("native_batch")
        if pc.any(judged["is_doubtful"]).as_py():
            return None
        judged = with_utc(judged)
        return {
            column.name: judged[column.name]
            .slice(0, len(coded[column.source_name].dictionary))
            .combine_chunks()
            for column in others
        }

    def _known_of(self, contract: Contract, column: Column) -> set[str]:
        return self._known.setdefault((contract.event_type, column.name), set())


def _is_right_by_row(contract: Contract, coded: Coded) -> bool:
    """Whether every row has what it must have, and differs where it must."""
    for column in contract.log_columns:
        if column.is_required and column.name not in {"event_type", "schema_version"}:
            values = coded.get(column.source_name)
            if values is None or values.null_count:
                return False
    for pair in contract.differing:
        if not all(name in coded and not coded[name].null_count for name in pair):
            return False
        left, right = (coded[name] for name in pair)
        same = pc.index_in(right.dictionary, value_set=left.dictionary).fill_null(-1).to_numpy()
        if (same[right.indices.to_numpy()] == left.indices.to_numpy()).any():
            return False
    return True


def _filled_up(values: pa.Array, length: int) -> pa.Array:
    """The values, then the first of them over and over."""
    places = np.zeros(length, np.int64)
    places[: len(values)] = np.arange(len(values))
    return values.take(pa.array(places))
