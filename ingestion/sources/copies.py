"""Rows of a file that are copies of an earlier one, where the row's number is its id.

Then nothing else tells that a copy is one: it counts again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ingestion.sources.batch import Piece, Positions

SHOWN = 5


class Copies:
    """What rows say, as numbers: 16 bytes of each are kept until the file is read."""

    def __init__(self) -> None:
        self._hashes: list[Positions] = []
        self._numbers: list[Positions] = []

    def add(self, piece: Piece) -> None:
        """Take adjoining rows."""
        texts = piece.originals(range(len(piece.numbers)))
        self._hashes.append(np.fromiter(map(hash, texts), np.int64, len(texts)))
        self._numbers.append(piece.numbers)

    def warnings(self) -> list[str]:
        """A sentence where rows are copies of an earlier one, word for word."""
        if not self._hashes:
            return []
        hashes, numbers = np.concatenate(self._hashes), np.concatenate(self._numbers)
        _, first = np.unique(hashes, return_index=True)
        if len(first) == len(hashes):
            return []
        is_copy = np.ones(len(hashes), dtype=bool)
        is_copy[first] = False
        rows = numbers[is_copy]
        named = ", ".join(map(str, rows[:SHOWN])) + (", ..." if len(rows) > SHOWN else "")
        if len(rows) == 1:
            said = f"Row {named} is an exact copy of an earlier row of the file, and counts again"
        else:
            said = (
                f"{len(rows):,} rows are exact copies of an earlier row of the file (rows {named}),"
                " and count again"
            )
        said += ", as the row's number is its id. Take copies out of the file, or name columns"
        return [f"{said} that tell rows apart as native_id."]
