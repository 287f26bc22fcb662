"""Which rows of a file a mapping means: `where: {anony: "true"}`."""

from __future__ import annotations

from collections.abc import Mapping as Map
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.sources.batch import Piece, Positions
from ingestion.sources.scalar_text import canonical, one_texts, trimmed
from ingestion.vocabulary import Refusal

OF_A_VALUE = frozenset({Refusal.WRONG_TYPE, Refusal.DIGITS_LOST})
"""Objections of a reader to one value of a row that could be read."""


def chosen_rows(piece: Piece, columns: Sequence[str], where: Map[str, tuple[str, ...]]) -> Piece:
    """The rows that have one of the values in every column named.

    Values compare as the one text of each (`scalar_text`), so `"true"` is also a Boolean, `1` also
    `1.0`. A missing value is none of them. Rows that could not be read stay, for they are refused.
    A value of a wrong type in another column is no reason to keep a row that is not meant.

    Args:
        piece: rows of the file.
        columns: names of its columns, in their order.
        where: column -> the values of the rows that are meant.
    """
    if not where:
        return piece
    is_meant = np.ones(len(piece.table), dtype=bool)
    for name, values in where.items():
        texts = one_texts(trimmed(piece.table.column(list(columns).index(name))))
        wanted = pa.array([canonical(value) for value in values], pa.string())
        is_it = pc.is_in(texts, value_set=wanted)
        is_meant &= is_it.to_numpy(zero_copy_only=False)
    for row, (why, about) in piece.objections.items():
        if why not in OF_A_VALUE or about in where:
            is_meant[row] = True
    return _only(piece, np.flatnonzero(is_meant))


def full_rows(piece: Piece, delimiter: str) -> Piece:
    """The rows of CSV but those of delimiters alone, which spreadsheets write below the data.

    Args:
        piece: rows of the file.
        delimiter: what parts its columns.
    """
    is_said = np.zeros(len(piece.table), dtype=bool)
    for cells in piece.table.columns:
        is_said |= pc.is_valid(cells).to_numpy()
    is_said[list(piece.objections)] = True
    silent = np.flatnonzero(~is_said)
    if not len(silent):
        return piece
    blanks = f"{delimiter} \t"
    for row, original in zip(silent, piece.originals(silent.tolist()), strict=True):
        is_said[row] = bool(original.strip(blanks))
    return _only(piece, np.flatnonzero(is_said))


def _only(piece: Piece, kept: Positions) -> Piece:
    """Some of the rows."""
    places = {int(old): new for new, old in enumerate(kept)}
    return replace(
        piece,
        table=piece.table.take(pa.array(kept)),
        numbers=piece.numbers[kept],
        originals=lambda positions: piece.originals([int(kept[place]) for place in positions]),
        objections={places[row]: why for row, why in piece.objections.items() if row in places},
    )
