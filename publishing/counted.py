"""Numbers with what they count, as people write them in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def counted(number: int, what: str, several: str | None = None) -> str:
    """`1 commit`, `1,200 commits`.

    Args:
        number: how many.
        what: the singular.
        several: the plural; the singular with an s unless given.
    """
    return f"{number:,} {what}" if number == 1 else f"{number:,} {several or f'{what}s'}"


def listed(names: Sequence[str], shown: int, between: str = ", ") -> str:
    """`a, b and 9 more`, or `a; b; and 9 more`: the first `shown` names, and how many are left."""
    left = f"{between.strip(', ')} and {len(names) - shown:,} more" if len(names) > shown else ""
    return between.join(names[:shown]) + left
