"""What somebody may have meant who named something that is not there."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LIKENESS_MIN = 0.7
PART_MIN = 3
"""Of fewer letters than these, nobody knows of which name they are a part."""


def nearest(asked: str, known: Iterable[str]) -> str | None:
    """The most alike of the names that are known, whatever their case, or the one it is part of.

    None where none is alike, and it is part of no name or of several.
    """
    spelled = {name.casefold(): name for name in known}
    part = asked.casefold()
    near = get_close_matches(part, spelled, n=1, cutoff=LIKENESS_MIN)
    if not near and len(part) >= PART_MIN:
        whole = [name for name in spelled if part in name]
        near = whole if len(whole) == 1 else []
    return spelled[near[0]] if near else None


def did_you_mean(asked: str, known: Iterable[str]) -> str:
    """A question to put before a list of what there is; empty where nothing is alike."""
    near = nearest(asked, known)
    return "" if near is None else f"Did you mean {near!r}? "
