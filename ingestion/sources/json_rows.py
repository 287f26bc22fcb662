"""What lines of JSON say: values as text by DuckDB, and a cheap proof that none were overlooked.

DuckDB's `from_json` takes the keys it is asked for and is silent about others. So the keys are
counted in the raw bytes as well: every key ends in a colon after a quote or a blank. If a block has
as many such colons as there are values that are not null, no key was overlooked. Where the sums
differ they are compared line by line, and only lines that differ still are read by Python. The
count can only err upwards (` :` within a text, say), which costs time and no row.

Values: text is text; numbers, booleans, arrays and objects become their JSON text; null is null.

What stays out: files and lines (lines.py) and which keys an event may have (native_jsonl.py).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from ingestion.sources.line_blocks import Bytes, LineBlock, Positions
from ingestion.vocabulary import Refusal

# Blanks, and one harmless character, have smaller codes than the quote.
_COLON, _QUOTE, _SPACE = ord(":"), ord('"'), ord(" ")
# Small enough for the processor's cache, so that several passes cost one read of memory.
_STRIDE = 1 << 17


@dataclass(frozen=True)
class Finding:
    """What Python's reader finds in one line: an object, or why it is refused."""

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

    def objects(
        self, lines: pa.ChunkedArray, names: Sequence[str], *, tolerant: bool
    ) -> pa.Table | None:
        """The values under `names`, as columns of text of those names.

        Returns:
            None where a line is not JSON, or not UTF-8. If `tolerant`, such a line is a row of
            nulls instead.
        """
        structure = "{" + ", ".join(f'{json.dumps(name)}: "VARCHAR"' for name in names) + "}"
        return self._run(f"unnest(from_json({_line(tolerant)}, {quoted(structure)}))", lines)

    def members(
        self, lines: pa.ChunkedArray, names: Sequence[str], *, tolerant: bool
    ) -> pa.Table | None:
        """As `objects`, for any names at all (case, quotes): columns `c0`, `c1`, ... in order."""
        pointers = ", ".join(quoted(_pointer(name)) for name in names)
        parsed = f"json_extract_string({_line(tolerant)}, [{pointers}])"
        values = ", ".join(f"v[{index + 1}] AS c{index}" for index in range(len(names)))
        return self._run(f"{values or '1 AS c'} FROM (SELECT {parsed} AS v", lines, close=")")

    def _run(self, select: str, lines: pa.ChunkedArray, close: str = "") -> pa.Table | None:
        self._connection.register("lines", pa.table({"line": lines}))
        try:
            query = f"SELECT {select} FROM lines{close}"  # noqa: S608  # names are quoted above
            return self._connection.sql(query).to_arrow_table()
        except (duckdb.Error, UnicodeDecodeError):
            # Which line, and why, is found out line by line. A message that quotes a line that is
            # not UTF-8 fails to decode, hence the second kind.
            return None
        finally:
            self._connection.unregister("lines")


def count_keys(buffer: Bytes) -> int:
    """Keys in a stretch of JSON lines; never too few, see the module's docstring."""
    count = 0
    colons, ends = np.empty(_STRIDE, dtype=bool), np.empty(_STRIDE, dtype=bool)
    for start in range(0, len(buffer) - 1, _STRIDE):
        after = buffer[start + 1 : start + 1 + _STRIDE]
        before = buffer[start : start + len(after)]
        is_colon, is_end = colons[: len(after)], ends[: len(after)]
        np.equal(after, _COLON, out=is_colon)
        np.less_equal(before, _QUOTE, out=is_end)
        np.logical_and(is_colon, is_end, out=is_end)
        count += int(np.count_nonzero(is_end))
    return count


def keys_per_line(block: LineBlock) -> Positions:
    """Keys whose value is not null, per line; never too few."""
    buffer = block.buffer
    colons = np.flatnonzero(buffer[: block.ends[-1]] == _COLON)
    colons = colons[colons > 0]
    keys = colons[buffer[colons - 1] <= _QUOTE]
    last = len(buffer) - 1
    value = keys + 1
    value += buffer[np.minimum(value, last)] == _SPACE
    is_null = np.ones(len(keys), dtype=bool)
    for offset, letter in enumerate(b"null"):
        is_null &= buffer[np.minimum(value + offset, last)] == letter
    return _per_line(keys[~is_null], block)


def inspect_line(line: bytes) -> Finding:
    """Read one line with Python: slow, exact, and able to say what is wrong."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return Finding({}, Refusal.NOT_UTF8)
    try:
        # Numbers stay text: neither rounded nor limited in length.
        content = json.loads(
            text, parse_int=str, parse_float=str, object_pairs_hook=_without_repetition
        )
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


def _per_line(positions: Positions, block: LineBlock) -> Positions:
    return np.searchsorted(positions, block.ends) - np.searchsorted(positions, block.starts)


def _pointer(name: str) -> str:
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _line(tolerant: bool) -> str:  # noqa: FBT001  # two spellings of one operand
    # Not try(from_json(...)), which goes on row by row after the first error: four times as slow.
    return "CASE WHEN json_valid(line) THEN line END" if tolerant else "line"
