"""What lines of JSON say: values as text by DuckDB, and a cheap proof that none were overlooked.

DuckDB takes the keys it is asked for and is silent about others. So the keys are counted in the raw
bytes as well: every key ends in a colon after a quote or a blank. Where a line has as many such
colons as values that are not null, no key was overlooked; other lines are read by Python. The count
can only err upwards (` :` within a text, say), which costs time and no row.

Values: text is text; numbers, booleans, arrays and objects become their JSON text; null is null.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.sources.batch import Positions
from ingestion.sources.lines import LineBlock, strides
from ingestion.vocabulary import Refusal

# Blanks, and one harmless character, have smaller codes than the quote.
_COLON, _QUOTE, _SPACE = ord(":"), ord('"'), ord(" ")


class Finding(NamedTuple):
    """What Python's reader finds in one line: an object, or why it is refused and about what."""

    content: dict[str, Any]
    refusal: Refusal | None = None
    column: str | None = None


class JsonReader:
    """Turns lines of JSON into Arrow columns of text. Holds one private DuckDB connection."""

    def __init__(self) -> None:
        self._connection = duckdb.connect(":memory:")

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def values(self, block: LineBlock, names: Sequence[str]) -> pa.Table:
        """The values under `names`, as columns of text of those names, whatever their letters.

        A line that is not JSON, or not UTF-8, is a row of nulls.
        """
        pointers = ", ".join(quoted(_pointer(name)) for name in names)
        values = ", ".join(f"v[{index + 1}] AS c{index}" for index in range(len(names)))
        self._connection.register("lines", pa.table({"line": block.array()}))
        try:
            for line in ("line", "CASE WHEN json_valid(line) THEN line END"):
                query = (
                    f"SELECT {values or '1 AS c'} "  # noqa: S608  # pointers are quoted
                    f"FROM (SELECT json_extract_string({line}, [{pointers}]) AS v FROM lines)"
                )
                # A message that quotes a line that is not UTF-8 fails to decode.
                with suppress(duckdb.Error, UnicodeDecodeError):
                    table = self._connection.sql(query).to_arrow_table()
                    return table.rename_columns(list(names)) if names else table
        finally:
            self._connection.unregister("lines")
        # No line can fail where only valid ones are read; if one does, Python names it.
        nothing = [pa.nulls(len(block), pa.string()) for _ in names]
        return pa.Table.from_arrays(nothing, names=list(names))


def count_keys(block: LineBlock) -> int:
    """Keys in all lines together; never too few in any, see the module's docstring."""
    return sum(int(np.count_nonzero(is_end)) for _, is_end in _ends_of_keys(block))


def keys_per_line(block: LineBlock) -> Positions:
    """Keys whose value is not null, per line; never too few."""
    buffer, last = block.buffer, int(block.ends[-1]) - 1
    found = [np.flatnonzero(is_end) + at for at, is_end in _ends_of_keys(block)]
    colons = np.concatenate([np.empty(0, dtype=np.int64), *found])
    value = colons + 1
    value += buffer[np.minimum(value, last)] == _SPACE
    # Two letters tell null from NaN.
    maybe = np.flatnonzero(buffer[np.minimum(value, last)] == ord("n"))
    is_null = buffer[np.minimum(value[maybe] + 1, last)] == ord("u")
    colons = np.delete(colons, maybe[is_null])
    return np.searchsorted(colons, block.ends) - np.searchsorted(colons, block.starts)


def _ends_of_keys(block: LineBlock) -> Iterator[tuple[int, npt.NDArray[np.bool_]]]:
    """Stretches of the bytes: where one begins, and whether each is a colon after a key."""
    for at, end in strides(int(block.starts[0]) + 1, int(block.ends[-1])):
        before, after = block.buffer[at - 1 : end - 1], block.buffer[at:end]
        yield at, (after == _COLON) & (before <= _QUOTE)


def values_per_row(table: pa.Table) -> Positions:
    """How many values of each row are not null."""
    counts = np.zeros(len(table), dtype=np.int64)
    for column in table.columns:
        counts += pc.is_valid(column).to_numpy(zero_copy_only=False) if column.null_count else 1
    return counts


def inspect_line(block: LineBlock, index: int) -> Finding:
    """Read one line with Python: slow, exact, and able to say what is wrong."""
    if block.oversized is not None:
        return Finding({}, Refusal.TOO_LONG)
    try:
        # Numbers stay text: neither rounded nor limited in length.
        content = json.loads(
            block.line(index).decode("utf-8"),
            parse_int=str,
            parse_float=str,
            object_pairs_hook=_without_repetition,
        )
    except UnicodeDecodeError:
        return Finding({}, Refusal.NOT_UTF8)
    except _RepeatedKeyError as error:
        return Finding({}, Refusal.BROKEN_JSON, str(error))
    except (ValueError, RecursionError):
        return Finding({}, Refusal.BROKEN_JSON)
    if not isinstance(content, dict):
        return Finding({}, Refusal.BROKEN_JSON)
    return Finding(content)


def quoted(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


class _RepeatedKeyError(Exception):
    """A key is there twice: which value is meant cannot be known."""


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        raise _RepeatedKeyError(next(name for name in names if names.count(name) > 1))
    return content


def _pointer(name: str) -> str:
    return "/" + name.replace("~", "~0").replace("/", "~1")
