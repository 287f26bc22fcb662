"""Lines of JSON: exact line numbers, values as text by DuckDB, and a proof that none is overlooked.

Blank lines are no rows, but they count as lines. A final line needs no line feed; carriage returns
before line feeds and a byte-order mark are tolerated. A line beyond `max_row` is not kept: its
beginning, length and hash stand for it.

Values: text is text; numbers and booleans become their JSON text; null is null. What is refused
and why stands in `json_rule`.
DuckDB takes the keys it is asked for and is silent about others. So the keys are counted in the raw
bytes as well (`json_keys`). Where a line has as many as values that are not null, no key was
overlooked; other lines are read by Python.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.sources.batch import Objection, Positions
from ingestion.sources.files import UTF8_BOM, LocalFile
from ingestion.sources.json_array import read_elements
from ingestion.sources.json_rule import objects_above, read_object
from ingestion.sql import quoted
from ingestion.vocabulary import Refusal

BLOCK_BYTES = 32 << 20
# More of them, as a file of `{}` has them, take more memory than their bytes.
LINES_PER_BLOCK = 250_000
KEPT_OF_OVERSIZED = 1 << 16
# So many lines go to one DuckDB thread at a time.
LINES_PER_PIECE = 40_000

Bytes = npt.NDArray[np.uint8]
STRIDE = 1 << 17
_LINE_FEED, _SPACE = ord("\n"), ord(" ")


@dataclass(frozen=True)
class LineBlock:
    """Some lines of a file.

    Args:
        lines: their bytes, line ends included (large_binary).
        numbers: line numbers, from 1.
        oversized: what stands for a line beyond the limit, which is then the only one.
    """

    lines: pa.Array
    numbers: Positions
    oversized: str | None = None

    def __len__(self) -> int:
        return len(self.numbers)

    def line(self, index: int) -> bytes:
        """One line without its line end."""
        text: bytes = self.lines[index].as_py()
        return text.rstrip(b"\r\n")

    def originals(self, indexes: Sequence[int]) -> list[str]:
        r"""Lines as text; bytes that are not UTF-8 written as \\xNN."""
        if self.oversized is not None:
            return [self.oversized for _ in indexes]
        return [self.line(int(index)).decode("utf-8", "backslashreplace") for index in indexes]

    def text(self) -> pa.ChunkedArray:
        """The lines as Arrow text that is not checked: give it only to what checks it."""
        lines = self.lines.view(pa.large_string())
        pieces = range(0, len(self), LINES_PER_PIECE)
        return pa.chunked_array([lines.slice(at, LINES_PER_PIECE) for at in pieces])

    def content(self) -> tuple[Bytes, Positions]:
        """The bytes that hold the lines, and where each begins and the last one ends."""
        _, offsets, data = self.lines.buffers()
        edges = np.frombuffer(offsets, np.int64)[self.lines.offset :]
        return np.frombuffer(data or b"", np.uint8), edges[: len(self) + 1]

    def select(self, indexes: Positions) -> LineBlock:
        """Some of the lines, in file order."""
        lines = self.lines.take(pa.array(indexes))
        return replace(self, lines=lines, numbers=self.numbers[indexes])

    def pieces(self) -> Iterator[LineBlock]:
        """The same lines in blocks of at most LINES_PER_BLOCK; none of an empty one."""
        for at in range(0, len(self), LINES_PER_BLOCK):
            part = slice(at, at + LINES_PER_BLOCK)
            lines = self.lines.slice(at, LINES_PER_BLOCK)
            yield replace(self, lines=lines, numbers=self.numbers[part])

    def without_blanks(self) -> LineBlock:
        """The lines that say something."""
        # A line that is blank begins with a blank, or is empty and begins with its own line end.
        buffer, edges = self.content()
        doubtful = np.flatnonzero(buffer[edges[:-1]] <= _SPACE)
        blank = [index for index in doubtful.tolist() if not self.line(index).strip()]
        return self.select(np.delete(np.arange(len(self)), blank)) if blank else self


def read_lines(file: LocalFile, *, block_bytes: int = BLOCK_BYTES) -> Iterator[LineBlock]:
    """Yield the lines of a file in blocks that are not empty, in file order.

    Of a JSON array the elements stand for lines.

    Raises:
        LoadRefusedError: the file cannot be read or decompressed to its end.
    """
    if file.is_array:
        # Block by block: an element that goes on is looked at again with the next one.
        for lines, numbers in read_elements(file, block_bytes=max(block_bytes, 1 << 16)):
            yield from LineBlock(lines, numbers).pieces()
        return
    number, is_end = 1, False
    tail = np.empty(0, dtype=np.uint8)
    with file.open() as stream:
        while not is_end:
            buffer = np.empty(max(block_bytes, 2 * len(tail)), dtype=np.uint8)
            buffer[: len(tail)] = tail
            filled, is_end = _fill(stream, buffer, len(tail))
            has_mark = number == 1 and buffer[:3].tobytes() == UTF8_BOM
            start = len(UTF8_BOM) if has_mark else 0
            ends = _line_ends(buffer, start, filled, is_end=is_end)
            if len(ends):
                numbers = np.arange(number, number + len(ends), dtype=np.int64)
                lines = _lines(buffer, np.append(start, ends))
                block = LineBlock(lines, numbers).without_blanks()
                for piece in block.pieces():
                    yield from _short_ones(piece, file.bounds.max_row)
                    stream.found_rows()
                number += len(ends)
                tail = buffer[ends[-1] : filled]
            elif filled < file.bounds.max_row:
                tail = buffer[:filled]
            else:
                text, tail = _skip_line(stream, buffer[:filled])
                lines = _lines(buffer, np.zeros(2, dtype=np.int64))
                yield LineBlock(lines, np.array([number]), oversized=text)
                stream.found_rows()
                number += 1


def _short_ones(block: LineBlock, max_row: int) -> Iterator[LineBlock]:
    """The lines, those that are too long each by itself and by what stands for it."""
    _, edges = block.content()
    too_long = np.flatnonzero(np.diff(edges) > max_row + len(b"\r\n"))
    if not len(too_long):
        yield block
        return
    for part in np.split(np.arange(len(block)), np.union1d(too_long, too_long + 1)):
        if len(part) and part[0] not in too_long:
            yield block.select(part)
        elif len(part):
            line = block.line(int(part[0]))
            text = _stands_for(line[:KEPT_OF_OVERSIZED], len(line), hashlib.sha256(line))
            nothing = pa.array([b""], pa.large_binary())
            yield LineBlock(nothing, block.numbers[part], oversized=text)


def _stands_for(beginning: bytes, length: int, digest: hashlib._Hash) -> str:
    note = f"... (a line of {length} bytes, SHA-256 {digest.hexdigest()})"
    return beginning.decode("utf-8", "backslashreplace") + note


def _lines(text: Bytes, edges: Positions) -> pa.Array:
    """Adjoining lines, without a copy."""
    buffers = [None, pa.py_buffer(edges), pa.py_buffer(text)]
    return pa.Array.from_buffers(pa.large_binary(), len(edges) - 1, buffers)


def _fill(stream: Any, buffer: Bytes, filled: int) -> tuple[int, bool]:
    """Read until the buffer is full; bytes in it now, and whether the file has ended."""
    view = memoryview(buffer.data)
    while filled < len(buffer):
        count = stream.readinto(view[filled:])
        if not count:
            return filled, True
        filled += count
    return filled, False


def strides(start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Stretches of a buffer that stay in the processor's cache while they are looked at."""
    return ((at, min(at + STRIDE, stop)) for at in range(start, stop, STRIDE))


def _line_ends(text: Bytes, start: int, stop: int, *, is_end: bool) -> Positions:
    """Positions after each line feed and, at the end of the file, after the last line."""
    found = [
        np.flatnonzero(text[at:end] == _LINE_FEED) + (at + 1) for at, end in strides(start, stop)
    ]
    ends = np.concatenate([np.empty(0, dtype=np.int64), *found])
    is_unended = is_end and start < stop and (not len(ends) or ends[-1] < stop)
    return np.append(ends, stop) if is_unended else ends


def _skip_line(stream: Any, read: Bytes) -> tuple[str, Bytes]:
    """Read to the end of a line that is too long; what stands for it, and what came after."""
    rest = b""
    digest, length = hashlib.sha256(read.tobytes()), len(read)
    while chunk := stream.read(1 << 20):
        line, feed, after = bytes(chunk).partition(b"\n")
        digest.update(line)
        length += len(line)
        if feed:
            rest = after
            break
    text = _stands_for(read[:KEPT_OF_OVERSIZED].tobytes(), length, digest)
    return text, np.frombuffer(rest, dtype=np.uint8)


def json_values(
    connection: duckdb.DuckDBPyConnection, block: LineBlock, names: Sequence[str]
) -> pa.Table:
    """The values under `names`, as columns of text of those names, whatever their letters.

    A name with dots is a path, where a line has no key of that very name. A line that is not JSON,
    or not UTF-8, is a row of nulls.
    """
    places = [_pointer(name) for name in names]
    places += [_pointer(*name.split(".")) for name in names if "." in name]
    pointers = ", ".join(map(quoted, places))
    paths = iter(range(len(names) + 1, len(places) + 1))
    values = ", ".join(
        f"coalesce(v[{index}], v[{next(paths)}]) AS c{index}"
        if "." in name
        else f"v[{index}] AS c{index}"
        for index, name in enumerate(names, 1)
    )
    found = f"json_extract_string(line, [{pointers}]) AS v"
    table = _selected(connection, block, values or "1 AS c", found)
    if table is None:
        # No line can fail where only valid ones are read; if one does, Python names it.
        return pa.table({name: pa.nulls(len(block), pa.string()) for name in names})
    return table.rename_columns(list(names)) if names else table


def may_repeat_keys(
    connection: duckdb.DuckDBPyConnection, block: LineBlock, names: Sequence[str]
) -> npt.NDArray[np.bool_]:
    """Lines with a key twice in their own object, or in one on the way to the `names`."""
    objects = [[], *(path.split(".") for path in objects_above(names))]
    keys = [f"json_keys(line, {quoted(_pointer(*path))})" for path in objects]
    tests = " OR ".join(f"coalesce(len({k}) <> list_unique({k}), false)" for k in keys)
    table = _selected(connection, block, f"{tests} AS is_it", "line")
    if table is None:
        return np.ones(len(block), dtype=bool)
    return np.asarray(table["is_it"].to_numpy(), dtype=bool)


def _selected(
    connection: duckdb.DuckDBPyConnection, block: LineBlock, values: str, found: str
) -> pa.Table | None:
    """`values` of what is `found` in every line, or in the valid ones; None where that fails."""
    connection.register("lines", pa.table({"line": block.text()}))
    for line in ("line", "CASE WHEN json_valid(line) THEN line END AS line"):
        lines = f"(SELECT {line} FROM lines)"  # noqa: S608  # one of the two above
        # A message that quotes a line that is not UTF-8 fails to decode.
        with suppress(duckdb.Error, UnicodeDecodeError):
            query = f"SELECT {values} FROM (SELECT {found} FROM {lines})"  # noqa: S608  # paths are quoted
            return connection.sql(query).to_arrow_table()
    return None


def values_per_row(table: pa.Table) -> Positions:
    """How many values of each row are not null."""
    counts = np.zeros(len(table), dtype=np.int64)
    for column in table.columns:
        counts += pc.is_valid(column).to_numpy(zero_copy_only=False) if column.null_count else 1
    return counts


def inspect_line(
    block: LineBlock, index: int, used: Sequence[str] | None = None
) -> tuple[dict[str, Any], Objection | None]:
    """Read one line with Python: slow, exact, and able to say what is wrong.

    Returns an object, or an empty one and why the line is refused.

    Args:
        block: the lines.
        index: which of them.
        used: names or paths whose values matter; None for all there are.
    """
    if block.oversized is not None:
        return {}, (Refusal.TOO_LONG, None)
    return read_object(block.line(index), used)


def _pointer(*keys: str) -> str:
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)
