"""Words for missing: what a file writes where it has nothing to say.

R, pandas, databases and panels write `NA`, `nan`, `NULL`, `None` or `DATA_EXPIRED` into empty
cells. Read through a mapping these are null. Free text (reasons, licences) is never searched by
the default list or the mapping's own. Where `values` lists a word, the word means what is listed.
"""

from __future__ import annotations

from collections.abc import Mapping as Map
from dataclasses import dataclass, field

import pyarrow as pa

from ingestion.sources.mapping import ColumnSpec, FromColumn, Mapping
from ingestion.tables import TEXT_LENGTH, Column

CONSENT_REVOKED = "CONSENT_REVOKED"
WORDS = (
    *("NA", "N/A", "n/a", "<NA>", "nan", "NaN", "NaT", "NULL", "null", "None"),
    # Excel's errors; #NV is the German #N/A.
    *("#N/A", "#NV", "#NAME?", "#DIV/0!", "#VALUE!", "#REF!", "#NUM!", "#NULL!"),
    *("DATA_EXPIRED", CONSENT_REVOKED),
)
"""What stands for missing wherever nothing else is said."""
_ANSWERS = frozenset({"None", "Prefer not to say"})
_NEVER_NAMES = ("Prefer not to say",)


def words_for(mapping: Mapping, column: Column, spec: ColumnSpec) -> tuple[str, ...]:
    """The words that mean null in one of the mapping's columns."""
    listed: Map[str, str | None] = {}
    if isinstance(spec, FromColumn):
        listed = spec.values or {}
        if spec.missing is not None:
            return tuple(word for word in spec.missing if word not in listed)
    if column.max_length >= TEXT_LENGTH:
        return ()
    words = mapping.missing
    if words is None:
        words = (*WORDS, *_NEVER_NAMES)
        if column.is_sealed:
            # People do answer so, and the weighting seeds know it.
            words = tuple(word for word in words if word not in _ANSWERS)
    return tuple(word for word in words if word not in listed)


@dataclass
class MissingCells:
    """How many cells of a file were read as missing."""

    # By column and word: how many, and the first row.
    found: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)

    def add(self, column: str, words: pa.ChunkedArray, numbers: pa.ChunkedArray) -> None:
        """Count the words of a column's cells, and note the first row of each."""
        rows = pa.table({"word": words, "row": numbers})
        counted = rows.group_by("word").aggregate([("row", "count"), ("row", "min")])
        for one in counted.to_pylist():
            count, first = self.found.get((column, one["word"]), (0, one["row_min"]))
            found = count + one["row_count"], min(first, one["row_min"])
            self.found[column, one["word"]] = found

    def messages(self) -> list[str]:
        """One message per column and word, and what to do where consent was taken back."""
        found = sorted(self.found.items())
        messages = [
            f"{count:,} {'cell' if count == 1 else 'cells'} of {column} read {word!r} (first: row "
            f"{row}) and {'was' if count == 1 else 'were'} taken as missing."
            for (column, word), (count, row) in found
        ]
        revoked = [row for (_, word), (_, row) in found if word == CONSENT_REVOKED]
        if revoked:
            messages.append(
                f"{CONSENT_REVOKED} (first: row {min(revoked)}) says that somebody takes their "
                "consent back. What the log holds of them is erased by: demoscope log erase "
                "PARTICIPANT_ID --source SOURCE"
            )
        return messages
