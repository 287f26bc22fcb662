"""A JSON array of objects, `[{...}, {...}]`, as rows: one element after another, never the whole.

Row numbers count elements from 1. Only brackets, quotes and commas are looked at here, to tell the
elements apart; what an element says is judged like a line. A comma before the closing bracket is
followed by an element without content, which is refused as broken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from ingestion.errors import LoadRefusedError
from ingestion.sources.files import UTF8_BOM, LocalFile

# No possessive group: Python before 3.11.5 matches them wrongly (CPython issue 101955).
_MARK = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*"|["\[\]{},]', re.DOTALL)


class _Elements:
    """Tells the elements of an array apart, however the bytes arrive."""

    def __init__(self, name: str, max_bytes: int) -> None:
        self._name = name
        self._max_bytes = max_bytes
        self._is_first = True
        self.is_ended = False
        self.pending = b""
        self.number = 1

    def feed(self, data: bytes) -> list[bytes]:
        """The elements that end in what came so far."""
        raw, found = self.pending + data, []
        if self.is_ended:
            self._check_rest(raw)
            return []
        start, depth = 0, 0
        for mark in _MARK.finditer(raw):
            byte = mark[0]
            if byte in b"[{":
                depth += 1
            elif depth and byte in b"]}":
                depth -= 1
            elif byte == b"," and not depth:
                found.append(raw[start : mark.start()].strip())
                start, self._is_first = mark.end(), False
            elif byte == b"]":
                last = raw[start : mark.start()].strip()
                found += [last] if last or not self._is_first else []
                self.is_ended, start = True, mark.end()
                self._check_rest(raw[start:])
                break
            elif byte == b'"':  # a text that goes on
                break
        self.pending = b"" if self.is_ended else raw[start:]
        self.number += len(found)
        if len(self.pending) > self._max_bytes:
            raise LoadRefusedError(
                f"{self._name}: row {self.number} of its JSON array is longer than "
                f"{self._max_bytes:,} bytes, or a quote in it is never closed.",
                remedy="Check its quotes and brackets, write one object per line (JSONL), or allow "
                "longer rows: --max-row SIZE.",
            )
        return found

    def _check_rest(self, rest: bytes) -> None:
        if rest.strip():
            raise LoadRefusedError(
                f"{self._name}: something stands after its JSON array: "
                f"{rest.strip()[:40].decode('utf-8', 'backslashreplace')!r}.",
                remedy="A file holds one array of objects, or one object per line (JSONL).",
            )


def read_elements(file: LocalFile, *, block_bytes: int) -> Iterator[tuple[pa.Array, Any]]:
    """Yield elements as large_binary with their numbers, in file order.

    Raises:
        LoadRefusedError: the array has no end, an element is longer than a row may be, or something
            follows the array.
    """
    elements, is_start = _Elements(file.name, file.bounds.max_row), True
    with file.open() as stream:
        while block := bytes(stream.read(block_bytes)):
            if is_start:
                block = block.removeprefix(UTF8_BOM).lstrip().removeprefix(b"[")
                is_start = False
            first = elements.number
            if found := elements.feed(block):
                numbers = np.arange(first, first + len(found), dtype=np.int64)
                yield pa.array(found, pa.large_binary()), numbers
                stream.found_rows()
    if not elements.is_ended:
        raise LoadRefusedError(
            f"{file.name}: its JSON array has no end: row {elements.number} is cut off, or a quote "
            "or bracket in it is never closed.",
            remedy="Fetch or write the file again; nothing of it was loaded.",
        )
