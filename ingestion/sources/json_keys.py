"""Where the keys of JSON lines end and how their values begin, told from the bytes.

Every key ends in a colon after a quote or a blank. So no key is overlooked; ` :` within a text
counts as one more, which costs time and no row.
"""

from __future__ import annotations

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
_CONTAINERS = tuple(b"{[")


@dataclass(frozen=True)
class Keys:
    """The keys of a block of lines.

    Args:
        edges: where each line begins and the last one ends.
        colons: where the keys end, in rising order.
        first: the first byte of each value, if at most one blank stands before it.
        is_null: whether the value is null.
        late_ends: where an object or an array ends right after a comma or a blank.
    """

    edges: Positions
    colons: Positions
    first: npt.NDArray[np.uint8]
    is_null: Flags
    late_ends: Positions

    @classmethod
    def of(cls, block: LineBlock) -> Keys:
        """Find them."""
        buffer, edges = block.content()
        colons, late_ends = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for at, end in strides(int(edges[0]) + 1, int(edges[-1])):
            here, before = buffer[at:end], buffer[at - 1 : end - 1]
            colons.append(np.flatnonzero((here == _COLON) & (before <= _QUOTE)) + at)
            is_end = (here | _CASE) == _CLOSING
            is_end &= (before == _COMMA) | (before <= _SPACE)
            late_ends.append(np.flatnonzero(is_end) + at)
        found, last = np.concatenate(colons), int(edges[-1]) - 1
        value = found + 1
        value += buffer[np.minimum(value, last)] == _SPACE
        first = buffer[np.minimum(value, last)]
        # Two letters tell null from NaN.
        is_null = first == ord("n")
        maybe = np.flatnonzero(is_null)
        is_null[maybe] = buffer[np.minimum(value[maybe] + 1, last)] == ord("u")
        return cls(edges, found, first, is_null, np.concatenate(late_ends))

    def __len__(self) -> int:
        return len(self.colons)

    def said_per_line(self) -> Positions:
        """Keys whose value is not null, per line; never too few."""
        return np.diff(np.searchsorted(self.colons[~self.is_null], self.edges))

    def lines_with_containers(self) -> Flags:
        """Lines in which a value is an object or an array, or may be after blanks."""
        return self._lines(self.colons[np.isin(self.first, _CONTAINERS) | (self.first <= _SPACE)])

    def lines_beyond_texts(self) -> Flags:
        """Lines with a value that is neither a text nor null nor a Boolean, or with a late end."""
        is_usual = np.isin(self.first, tuple(b'"tf')) | self.is_null
        return self._lines(self.colons[~is_usual]) | self._lines(self.late_ends)

    def _lines(self, places: Positions) -> Flags:
        found = np.zeros(len(self.edges) - 1, dtype=bool)
        found[np.searchsorted(self.edges, places, side="right") - 1] = True
        return found
