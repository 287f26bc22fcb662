"""Names that differ only by case, blanks, width, look or how a number is written.

Such are gpt-x, GPT-X and a Cyrillic twin, or 1.1 and 1.10.

A name's skeleton follows Unicode Technical Standard #39: NFKD, then one prototype for each group of
characters that look alike. The table holds the letters of Cyrillic and Greek that look like Latin
ones, dashes and digits, not the whole of the standard's.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable

import pyarrow as pa

from ingestion.sources.scalar_text import one_texts, trimmed

# fmt: off
_CONFUSABLE = str.maketrans({
    "а": "a", "е": "e", "о": "o", "р": "p", "с": "c", "у": "y", "х": "x", "і": "i",  # noqa: RUF001
    "ѕ": "s", "ј": "j", "ԁ": "d", "ԛ": "q", "ԝ": "w", "һ": "h", "в": "b", "к": "k",  # noqa: RUF001
    "м": "m", "н": "h", "т": "t", "ӏ": "l", "α": "a", "ο": "o", "ρ": "p",  # noqa: RUF001
    "ν": "v", "ι": "i", "κ": "k", "τ": "t", "υ": "u", "χ": "x", "β": "b",  # noqa: RUF001
    "ε": "e", "η": "n", "ı": "i", "ɡ": "g", "0": "o", "1": "l", "|": "l",  # noqa: RUF001
})
# fmt: on
_DASHES = "Pd"
_IGNORED = {"Cf", "Cc", "Zs", "Zl", "Zp"}


def skeleton(name: str) -> str:
    """What names that look alike have in common; no text to show anybody."""
    # Letters are folded one by one: case folding of the whole would keep Cyrillic capitals apart.
    folded = unicodedata.normalize("NFKD", name).casefold().translate(_CONFUSABLE)
    kept = []
    for character in folded:
        category = unicodedata.category(character)
        if category == _DASHES or character == "\u2212":
            kept.append("-")
        elif category not in _IGNORED and not "\ufe00" <= character <= "\ufe0f":
            kept.append(character)
    return "".join(kept)


def lookalikes(names: Iterable[str]) -> list[list[str]]:
    """Groups of two names or more with one skeleton, each in order of code points."""
    groups: dict[str, list[str]] = defaultdict(list)
    distinct = sorted(set(names))
    texts = one_texts(trimmed(pa.chunked_array([distinct], pa.string()))).to_pylist()
    for name, text in zip(distinct, texts, strict=True):
        groups[skeleton(text or name)].append(name)
    return [group for _, group in sorted(groups.items()) if len(group) > 1]
