"""Words for missing: what a file writes where it has nothing to say.

R, pandas, databases and panels write `NA`, `nan`, `NULL`, `None` or `DATA_EXPIRED` into empty
cells. Read through a mapping these are null. Free text (reasons, licences) is never searched by
the default list or the mapping's own. Where `values` lists a word, the word means what is listed.
"""

from __future__ import annotations

from collections.abc import Mapping as Map

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
