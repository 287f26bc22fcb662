"""Numbers with what they count, as people write them in a sentence."""

from __future__ import annotations


def counted(number: int, what: str) -> str:
    """`1 commit`, `1,200 commits`.

    Args:
        number: how many.
        what: the singular; the plural is the same with an s.
    """
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
