"""JSON in which one object holds several rows: `file: {rows: annotations.result}`.

The elements of every list on the way to the place become rows, each with all that stands around the
list. So what a row says is reached by the same path as if there were no list. Row numbers count the
rows that come out, from 1. An object whose lists are empty or missing there has no row.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

from ingestion.sources.json_lines import LineBlock
from ingestion.sources.json_rule import read_object


class Unfolding:
    """The rows of the lists at one place, block by block.

    Args:
        place: the path to the lists, with dots.
    """

    def __init__(self, place: str) -> None:
        self._parts = place.split(".")
        self._next = 1

    def rows(self, block: LineBlock) -> tuple[LineBlock | None, int]:
        """The rows of a block of lines, None where there are none; and how many lines have none.

        A line that is refused stays as it is, for it is refused as a row.
        """
        if block.oversized is not None:
            rows = [[block.lines[0].as_py()]]
        else:
            rows = [self._lines(block.line(at)) for at in range(len(block))]
        lines = list(chain(*rows))
        first, self._next = self._next, self._next + len(lines)
        if not lines:
            return None, len(rows)
        numbers = np.arange(first, self._next, dtype=np.int64)
        unfolded = LineBlock(pa.array(lines, pa.large_binary()), numbers, block.oversized)
        return unfolded, sum(not one for one in rows)

    def _lines(self, line: bytes) -> list[bytes]:
        content, objection = read_object(line, (".".join(self._parts),))
        if objection is not None:
            return [line]
        rows = _unfolded(content, self._parts)
        return [json.dumps(row, ensure_ascii=False).encode() for row in rows]


def _unfolded(content: dict[str, Any], parts: Sequence[str]) -> Iterator[dict[str, Any]]:
    """An object once per element of the lists on the way."""
    key, *below = parts
    inner = content.get(key)
    for element in inner if isinstance(inner, list) else [inner]:
        if below and isinstance(element, dict):
            for one in _unfolded(element, below):
                yield {**content, key: one}
        elif element is not None:
            yield {**content, key: element}
