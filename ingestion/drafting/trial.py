"""The first rows of a file read by a mapping: how many are understood, and why others aren't."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from ingestion.contracts import CONTRACTS
from ingestion.drafting.sample import ROWS
from ingestion.sources.batch import REFUSAL, REFUSAL_COLUMN, ROW_NUMBER
from ingestion.sources.flat import FlatFile
from ingestion.visible_text import visible
from ingestion.vocabulary import Refusal

if TYPE_CHECKING:
    from ingestion.sources.batch import NativeBatch
    from ingestion.sources.files import LocalFile
    from ingestion.sources.mapping import Mapping

CONTENT_SHOWN = 100


@dataclass
class Trial:
    """What became of the first rows.

    Args:
        row_count: events that the rows would be.
        refused_count: those that the reader or the contract would refuse.
        examples: one sentence per reason and column, about its first row.
    """

    row_count: int = 0
    refused_count: int = 0
    examples: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def understood_count(self) -> int:
        """Events that could be loaded."""
        return self.row_count - self.refused_count


def try_mapping(file: LocalFile, mapping: Mapping) -> Trial:
    """Read the first rows of a file by a mapping.

    Raises:
        LoadRefusedError: the file lacks a column of it, or cannot be read.
    """
    required = [
        column.source_name
        for column in CONTRACTS[mapping.event].log_columns
        if column.is_required and column.source_name in mapping.columns
    ]
    trial = Trial()
    batches = FlatFile(file, mapping).batches()
    count = len(mapping.unfolded())
    while trial.row_count < ROWS and (of_a_piece := [*islice(batches, count)]):
        for batch in of_a_piece:
            _count(batch, required, trial)
    return trial


def _count(batch: NativeBatch, required: list[str], trial: Trial) -> None:
    trial.row_count += len(batch.table)
    names = [REFUSAL, REFUSAL_COLUMN, ROW_NUMBER, *required]
    columns = [batch.table[name].to_pylist() for name in names]
    for place, (why, about, number, *values) in enumerate(zip(*columns, strict=True)):
        empty = [name for name, value in zip(required, values, strict=True) if value is None]
        if why is None and not empty:
            continue
        trial.refused_count += 1
        reason, where = (why, about) if why is not None else (Refusal.MISSING_VALUE, empty[0])
        if (reason, where) not in trial.examples:
            [original] = batch.originals([place])
            row = visible(original[:CONTENT_SHOWN])
            said = f"row {number}: {reason} in {where or 'the row'}: {row}"
            trial.examples[reason, where] = said
