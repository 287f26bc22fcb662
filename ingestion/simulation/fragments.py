"""Columns of JSON text, built whole columns at a time: pieces of lines, then lines.

A piece is `"name":value,` for one column of many rows; a line is `{`, its pieces in the contract's
order, `}`. Nobody but `lines` below sees the comma that the last piece has too many.

What stays out: which events there are and what they say (lines.py).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.simulation.calendar import iso_bytes
from ingestion.simulation.population import IntArray

TEXT = pa.string()
Piece: TypeAlias = Any
"""A text for every row, or an Arrow column of texts (which has no static type)."""
Matrix = np.ndarray[tuple[int, int], np.dtype[np.uint8]]


def constant(name: str, value: str | int) -> str:
    """The same value in every row."""
    return f"{json.dumps(name)}:{json.dumps(value, ensure_ascii=False)},"


def chosen(name: str, values: Sequence[str], places: IntArray) -> pa.Array:
    """One of a few texts per row; none, and no key either, where the place is -1."""
    pieces = pa.array([*(constant(name, value) for value in values), ""], TEXT)
    return pieces.take(pa.array(np.where(places < 0, len(values), places)))


def integers(name: str, values: IntArray) -> pa.Array:
    """Whole numbers."""
    return join(f"{json.dumps(name)}:", pa.array(values).cast(TEXT), ",")


def instants(name: str, at: IntArray) -> pa.Array:
    """ISO 8601 with microseconds and Z."""
    return _fixed(f'{json.dumps(name)}:"', iso_bytes(at), '",')


def numbered(name: str, prefix: str, numbers: IntArray, width: int) -> pa.Array:
    """Ids: a prefix and a number of so many digits."""
    digits = np.empty((len(numbers), width), dtype=np.uint8)
    rest = numbers
    for column in range(width - 1, -1, -1):
        rest, digit = np.divmod(rest, 10)
        digits[:, column] = digit + ord("0")
    return _fixed(f'{json.dumps(name)}:"{prefix}', digits, '",')


def join(*pieces: Piece) -> pa.Array:
    """Pieces side by side."""
    return pc.binary_join_element_wise(*(_datum(piece) for piece in pieces), _datum(""))


def trimmed(piece: pa.Array) -> pa.Array:
    """Without the last comma."""
    return pc.utf8_rtrim(piece, characters=",") if len(piece) else piece


def content(text: pa.Array) -> Any:
    """The bytes of all values, one after another, without a copy where they have no gaps."""
    if not len(text):
        return b""
    _, offsets, data = text.buffers()
    edges = np.frombuffer(offsets, np.int32)[text.offset : text.offset + len(text) + 1]
    return memoryview(data)[edges[0] : edges[-1]]


def _datum(piece: Piece) -> Any:
    return pa.scalar(piece, TEXT) if isinstance(piece, str) else piece


def _fixed(before: str, middle: Matrix, after: str) -> pa.Array:
    head, tail = before.encode(), after.encode()
    rows, width = middle.shape
    written = np.empty((rows, len(head) + width + len(tail)), dtype=np.uint8)
    written[:, : len(head)] = np.frombuffer(head, np.uint8)
    written[:, len(head) : len(head) + width] = middle
    written[:, len(head) + width :] = np.frombuffer(tail, np.uint8)
    offsets = np.arange(rows + 1, dtype=np.int32) * written.shape[1]
    return pa.Array.from_buffers(TEXT, rows, [None, pa.py_buffer(offsets), pa.py_buffer(written)])
