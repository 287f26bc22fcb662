"""Who is told how far a build is: of each table that dbt begins, and of what is being rated."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa

    from ratings.tables.inputs import Read

# A thing's name, its number, and how many there are.
_listeners: list[Callable[[str, int, int], None]] = []


@contextmanager
def listening(tell: Callable[[str, int, int], None]) -> Iterator[None]:
    """Be told of each thing that begins: its name, its number and how many there are.

    Args:
        tell: called in the threads that do the work.
    """
    _listeners.append(tell)
    try:
        yield
    finally:
        _listeners.remove(tell)


def tell(name: str, number: int, count: int) -> None:
    """Tell everybody who listens."""
    for listener in _listeners:
        listener(name, number, count)


def telling(read: Read) -> Read:
    """The same reading, which tells of each stratum whose weighted boards are about to be rated.

    They are what rating takes longest for, and all that it reads piece by piece.
    """
    number = count = 0

    def told(name: str, **values: str) -> pa.Table:
        nonlocal number, count
        if name == "stratum_weights":
            number += 1
            tell(f"boards of {values['stratum']} by {values['weighting']}", number, count)
        table = read(name, **values)
        if name == "weighted_strata":
            number, count = 0, table.num_rows
        return table

    return told
