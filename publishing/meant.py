"""What somebody may have meant who named something that is not there."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LIKENESS_MIN = 0.7


def nearest(asked: str, known: Iterable[str]) -> str | None:
    """The most alike of the names that are known, whatever their case; None where none is alike."""
    spelled = {name.casefold(): name for name in known}
    near = get_close_matches(asked.casefold(), spelled, n=1, cutoff=LIKENESS_MIN)
    return spelled[near[0]] if near else None


def did_you_mean(asked: str, known: Iterable[str]) -> str:
    """A question to put before a list of what there is; empty where nothing is alike."""
    near = nearest(asked, known)
    return "" if near is None else f"Did you mean {near!r}? "
