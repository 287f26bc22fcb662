"""What a probe of the audit says of a board."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

HEADLINE = "overall"
Row = Mapping[str, Any]
Read = Callable[[str, dict[str, Any]], Sequence[Row]]
"""From SQL over the marts and its parameters to rows."""


@dataclass(frozen=True)
class Finding:
    """What a probe says of a board.

    Args:
        probe: which.
        is_found: whether it found what it looks for; None where that can't be told.
        sentence: what it says, for people.
        figures: what that rests on.
    """

    probe: str
    is_found: bool | None
    sentence: str
    figures: dict[str, Any]

    @property
    def status(self) -> str:
        """In a word or two, for people and programs."""
        if self.is_found is None:
            return "can't tell"
        return "found" if self.is_found else "ok"


UNTOLD = "The log registers no model, so it doesn't say"
REGISTERED = "select count(*) as registered_count from dim_model where is_registered"


def registers_models(read: Read) -> bool:
    """Whether the log says anything of models themselves: a file of votes alone doesn't."""
    return any(row["registered_count"] for row in read(REGISTERED, {}))


def dimension_of(known: Sequence[str], dimension: str | None) -> str:
    """The one that is asked for; else `overall`, else the first by name."""
    if dimension is not None:
        return dimension
    return HEADLINE if HEADLINE in known or not known else min(known)
