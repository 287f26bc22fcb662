"""Where the keys of JSON lines end and how their values begin, told from the bytes.

Every key ends in a colon after a quote or a blank. So no key is overlooked; ` :` within a text
counts as one more, which costs time and no row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingestion.sources.batch import Positions
from ingestion.sources.json_lines import LineBlock, strides

Flags = npt.NDArray[np.bool_]
_SPACE, _COMMA, _COLON = ord(" "), ord(","), ord(":")
# Blanks, and one harmless character, have smaller codes than the quote.
_QUOTE = ord('"')
# A closing bracket differs from a closing brace in one bit.
_CASE, _CLOSING = 0x20, ord("}")
_BOOLEAN, _CONTAINER = tuple(b"tf"), np.zeros(256, dtype=bool)
# A blank may be followed by others, and they by anything.
_CONTAINER[[*b"{[", *range(_SPACE + 1)]] = True


@dataclass(frozen=True)
class Keys:
    """The keys of a block of lines.

    Args:
        block: the lines.
        count: how many; never too few.
        containers: colons before an object or an array, or before more than one blank.
        others: colons before what is neither a text nor a Boolean nor null.
        late_ends: where an object or an array ends right after a comma or a blank.
    """

    block: LineBlock
    count: int
    containers: Positions
    others: Positions
    late_ends: Positions

    @classmethod
    def of(cls, block: LineBlock) -> Keys:
        """Find them."""
        buffer, edges = block.content()
        count = 0
        containers, others, late_ends = ([np.empty(0, np.int64)] for _ in range(3))
        for at, is_key in _keys(block):
            end = at + len(is_key)
            closing = np.flatnonzero((buffer[at:end] | _CASE) == _CLOSING) + at
            before, after = buffer[closing - 1], buffer[at + 1 : end + 1]
            late_ends.append(closing[(before == _COMMA) | (before <= _SPACE)])
            count += int(np.count_nonzero(is_key))
            colons = np.flatnonzero(is_key & (after != _QUOTE)) + at
            if len(colons):
                first, is_null = _first(block, colons)
                is_other = ~((first == _QUOTE) | np.isin(first, _BOOLEAN) | is_null)
                others.append(colons[is_other])
                containers.append(colons[_CONTAINER[first]])
        # The last line of a file may have no line end; then it is among the lines to look at.
        last = int(edges[-1]) - 1
        if last > edges[0] and buffer[last] | _CASE == _CLOSING:
            late_ends.append(np.array([last]))
        found = (np.concatenate(places) for places in (containers, others, late_ends))
        return cls(block, count, *found)

    def said_per_line(self) -> Positions:
        """Keys whose value is not null, per line; never too few."""
        said = [np.empty(0, np.int64)]
        for at, is_key in _keys(self.block):
            colons = np.flatnonzero(is_key) + at
            _, is_null = _first(self.block, colons)
            said.append(colons[~is_null])
        _, edges = self.block.content()
        return np.diff(np.searchsorted(np.concatenate(said), edges))

    def lines_with_containers(self) -> Flags:
        """Lines in which a value is an object or an array, or may be one after blanks."""
        return self._lines(self.containers)

    def lines_beyond_texts(self) -> Flags:
        """Lines with a value that is neither a text nor null nor a Boolean, or with a late end."""
        return self._lines(self.others) | self._lines(self.late_ends)

    def _lines(self, places: Positions) -> Flags:
        _, edges = self.block.content()
        found = np.zeros(len(self.block), dtype=bool)
        found[np.searchsorted(edges, places, side="right") - 1] = True
        return found


def _keys(block: LineBlock) -> Iterator[tuple[int, Flags]]:
    """Stretches of the bytes: where one begins, and whether each is a colon after a key.

    The first byte of the block and the last one are in none: before the one there is no key, and
    after the other no value.
    """
    buffer, edges = block.content()
    for at, end in strides(int(edges[0]) + 1, int(edges[-1]) - 1):
        yield at, (buffer[at:end] == _COLON) & (buffer[at - 1 : end - 1] <= _QUOTE)


def _first(block: LineBlock, colons: Positions) -> tuple[npt.NDArray[np.uint8], Flags]:
    """The first byte of each value, after one blank at most, and whether the value is null."""
    buffer, edges = block.content()
    last = int(edges[-1]) - 1
    value = colons + 1
    value += buffer[value] == _SPACE
    first = buffer[np.minimum(value, last)]
    # Two letters tell null from NaN.
    is_null = first == ord("n")
    maybe = np.flatnonzero(is_null)
    is_null[maybe] = buffer[np.minimum(value[maybe] + 1, last)] == ord("u")
    return first, is_null
