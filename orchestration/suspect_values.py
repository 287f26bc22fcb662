"""What looks wrong in a load that no rule refuses: said in its report, never acted upon."""

from __future__ import annotations

import string
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import CONTRACTS
from ingestion.sources.batch import ROW_NUMBER
from ingestion.sources.scalar_text import may_begin
from ingestion.vocabulary import EventType

_NAMED_LIKE_NOTHING = pa.array(["NA", "N/A", "#N/A", "<NA>", "nan", "NaN", "NULL", "null", "None"])
_NAMES = ("subject_id", "model_a", "model_b", "model_id")


@dataclass
class SuspectValues:
    """Looks at the rows of one load that the gate let through."""

    # By column and word: how many rows, and the first.
    nothing: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    # By column: how many ids of digits alone there are by length, and an example of each; those
    # that begin with 0 apart.
    digits: dict[str, dict[tuple[bool, int], tuple[int, int]]] = field(default_factory=dict)

    def add(self, event_type: EventType, rows: pa.Table) -> None:
        """Look at rows in log columns, ids still the source's own."""
        names = {column.name: column for column in CONTRACTS[event_type].log_columns}
        for name, column in names.items():
            if name not in rows.column_names or rows[name].null_count == len(rows):
                continue
            if name in _NAMES:
                self._count_nothing(column.source_name, rows[name], rows[ROW_NUMBER])
            if column.is_pseudonym:
                self._count_digits(column.source_name, rows[name], rows[ROW_NUMBER])

    def messages(self) -> list[str]:
        """The warnings, each one sentence or two that name row, count and remedy."""
        return [*self._of_nothing(), *self._of_lost_zeros()]

    def _count_nothing(
        self, column: str, values: pa.ChunkedArray, numbers: pa.ChunkedArray
    ) -> None:
        texts = values.cast(pa.string())
        is_word = pc.is_in(texts, value_set=_NAMED_LIKE_NOTHING)
        if pc.any(is_word).as_py():
            words, rows = texts.filter(is_word).to_pylist(), numbers.filter(is_word).to_pylist()
            for word, row in zip(words, rows, strict=True):
                count, first = self.nothing.get((column, word), (0, row))
                self.nothing[column, word] = count + 1, min(first, row)

    def _count_digits(self, column: str, values: pa.ChunkedArray, numbers: pa.ChunkedArray) -> None:
        texts = values.cast(pa.string())
        if not may_begin(texts, string.digits):
            return
        is_digits = pc.fill_null(pc.match_substring_regex(texts, "^[0-9]+$"), fill_value=False)
        if not pc.any(is_digits).as_py():
            return
        ids = texts.filter(is_digits)
        shapes = pa.table(
            {
                "has_zero": pc.starts_with(ids, "0"),
                "length": pc.binary_length(ids),
                "row": numbers.filter(is_digits),
            }
        )
        grouped = shapes.group_by(["has_zero", "length"]).aggregate(
            [("row", "count"), ("row", "min")]
        )
        seen = self.digits.setdefault(column, {})
        for shape in grouped.to_pylist():
            key = shape["has_zero"], shape["length"]
            count, first = seen.get(key, (0, shape["row_min"]))
            seen[key] = count + shape["row_count"], min(first, shape["row_min"])

    def _of_nothing(self) -> list[str]:
        return [
            f"{count:,} {_rows(count)} {column} {word!r} (first: row {row}), which other programs "
            "write for missing. If it is no name, leave the value out (null), or list the word as "
            "`missing:` in the mapping."
            for (column, word), (count, row) in sorted(self.nothing.items())
        ]

    def _of_lost_zeros(self) -> list[str]:
        messages = []
        for column, seen in sorted(self.digits.items()):
            widths = {length for has_zero, length in seen if has_zero and length > 1}
            shorter = [
                found
                for (has_zero, length), found in seen.items()
                if len(widths) == 1 and not has_zero and length < max(widths)
            ]
            if shorter:
                count, row = sum(n for n, _ in shorter), min(first for _, first in shorter)
                messages.append(
                    f"{count:,} {_rows(count)} a {column} of fewer than {max(widths)} digits "
                    f"(first: row {row}), and others begin with 0: a spreadsheet may have taken "
                    "leading zeros off. Export the column as text."
                )
        return messages


def _rows(count: int) -> str:
    return "row has" if count == 1 else "rows have"
