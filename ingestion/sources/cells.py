"""What the cells of a file say, for each column of the contract that reads them.

A word for missing is null, and the one text of a scalar (`scalar_text`) stands beside the value.
"""

from __future__ import annotations

from collections.abc import Mapping as Map
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import CONTRACTS
from ingestion.sources.mapping import (
    ColumnSpec,
    EachOf,
    FromColumn,
    Joined,
    Mapping,
    OneHot,
    Winner,
)
from ingestion.sources.missing import MissingCells, words_for
from ingestion.sources.scalar_text import canonical, have_lost_digits, one_texts, trimmed
from ingestion.sources.spellings import Spellings
from ingestion.tables import TEXT_LENGTH

if TYPE_CHECKING:
    from ingestion.sources.batch import Piece

# A column of the contract and one of the file.
Use = tuple[str, str]


def needed_by(spec: ColumnSpec) -> list[tuple[str, ...]]:
    """What a specification needs of the file: one column of each tuple."""
    match spec:
        case FromColumn():
            return [spec.names] if spec.names else []
        case Joined(names) | OneHot(names) | EachOf(names):
            return [(name,) for name in names]
        case Winner(name, tie):
            return [(column,) for column in (name, tie) if column is not None]
    return []


def uses(mapping: Mapping, present: Sequence[str]) -> dict[Use, int]:
    """Which columns of the file each column of the contract reads, numbered."""
    found = []
    for said, spec in mapping.columns.items():
        column = mapping.taker if isinstance(spec, EachOf) else said
        names = [name for either in needed_by(spec) for name in either if name in present]
        found += [(column, name) for name in (names[:1] if isinstance(spec, FromColumn) else names)]
    return {use: number for number, use in enumerate(found)}


class Cells:
    """Reads the cells of one file, piece by piece."""

    def __init__(self, mapping: Mapping) -> None:
        self._mapping = mapping
        self._columns = {c.source_name: c for c in CONTRACTS[mapping.event].log_columns}
        self._words = {
            column: pa.array(map(canonical, words_for(mapping, self._columns[column], spec)))
            for column, spec in mapping.columns.items()
        }
        self._missing = MissingCells()
        self._spellings = Spellings()

    def read(self, present: Sequence[str], piece: Piece) -> dict[str, pa.ChunkedArray]:
        """By use `n`: the value `c<n>`, its one text `k<n>` and, of ids, `lost<n>`.

        Args:
            present: names of the columns of the piece.
            piece: rows of the file.
        """
        columns = dict(zip(present, piece.table.columns, strict=False))
        numbers = pa.array(piece.numbers)
        read = {}
        for (column, name), number in uses(self._mapping, present).items():
            for letter, values in self._cell(column, columns[name], numbers).items():
                read[f"{letter}{number}"] = values
        return read

    def warnings(self) -> list[str]:
        """What was read as missing, and ids whose spelling is doubtful."""
        return [*self._missing.messages(), *self._spellings.messages()]

    def _cell(
        self, column: str, values: pa.ChunkedArray, numbers: pa.Array
    ) -> Map[str, pa.ChunkedArray]:
        wanted, words = self._columns[column], self._words[column]
        if wanted.max_length >= TEXT_LENGTH and not len(words):
            return {"c": values}
        texts = trimmed(values)
        if pa.types.is_decimal256(values.type):  # DuckDB does not take it.
            values = texts
        ones = one_texts(texts)
        is_word = pc.is_in(ones, words.cast(pa.string()))
        if pc.any(is_word).as_py():
            self._missing.add(column, texts.filter(is_word), numbers.filter(is_word))
            values, texts, ones = (_without(is_word, part) for part in (values, texts, ones))
        if not wanted.is_pseudonym:
            return {"c": values, "k": ones}
        self._spellings.add(column, texts, ones, numbers)
        return {"c": values, "k": ones, "lost": have_lost_digits(texts)}


def _without(is_word: pa.ChunkedArray, values: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(is_word, pa.scalar(None, values.type), values)
