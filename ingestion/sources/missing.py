"""Words for missing: what a file writes where it has nothing to say.

R, pandas, databases and panels write `NA`, `nan`, `NULL`, `None` or `DATA_EXPIRED` into empty
cells. Read through a mapping these are null. Free text (reasons, licences) is never searched by
the default list or the mapping's own. Where `values` lists a word, the word means what is listed.
"""

from __future__ import annotations

from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from typing import Any

from ingestion.sources.json_lines import quoted
from ingestion.sources.mapping import ColumnSpec, FromColumn, Mapping
from ingestion.sources.scalar_text import trimmed
from ingestion.tables import TEXT_LENGTH, Column

CONSENT_REVOKED = "CONSENT_REVOKED"
WORDS = (
    *("NA", "N/A", "#N/A", "<NA>", "nan", "NaN", "NaT", "NULL", "null", "None"),
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


def without_words(sql: str, words: tuple[str, ...]) -> str:
    """SQL of a text column in which the words have become null."""
    return f"CASE WHEN {is_word(sql, words)} THEN NULL ELSE {sql} END" if words else sql


def is_word(sql: str, words: tuple[str, ...]) -> str:
    """SQL: whether a text is one of the words."""
    return f"coalesce({trimmed(sql)} IN ({', '.join(map(quoted, words))}), false)"


@dataclass
class MissingCells:
    """How many cells of a file were read as missing."""

    # By column and word: how many, and the first row.
    found: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)

    def add(self, rows: list[tuple[Any, ...]]) -> None:
        """Count rows of column, word, how many cells, first row."""
        for column, word, cells, row in rows:
            count, first = self.found.get((column, word), (0, row))
            self.found[column, word] = count + cells, min(first, row)

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
