"""What a name means by aliases, as plainly as it can be said: the oracle for SQL and Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Alias:
    """A statement that stands: its place in the log, the name, the model, and for which names."""

    position: int
    alias: str
    model_id: str
    is_for_later: bool = False


def meant(said: Sequence[Alias], name: str, position: int) -> str:
    """The model: of statements that cover a place drop the oldest of each circle, then follow."""
    links: dict[str, Alias] = {}
    for one in sorted(said, key=lambda one: one.position):
        if not one.is_for_later or one.position < position:
            links[one.alias] = one
    while True:
        seen: list[str] = []
        at = name
        while at in links and links[at].model_id != at and at not in seen:
            seen.append(at)
            at = links[at].model_id
        if at not in seen:
            return at
        circle = seen[seen.index(at) :]
        del links[min(circle, key=lambda one: links[one].position)]
