"""The common axis that skills are drawn on; static/axis.js draws alike.

What stays out: what is drawn on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from publishing.page.formats import MINUS

MOST_TICKS = 8
MARGIN = 50  # room at either end, as a part of the width
STEPS = (100, 200, 500, 1000, 2000, 5000, 10_000)


@dataclass(frozen=True)
class Axis:
    """From `lo` to `hi`, hundredths of a unit of skill; a tick at every multiple of `step`."""

    lo: int
    hi: int
    step: int

    @classmethod
    def over(cls, values: Iterable[int]) -> Axis:
        """An axis that holds every value, and 0, with a little room and few ticks."""
        known = [0, *values]
        least, most = min(known), max(known)
        room = max(1, (most - least) // MARGIN)
        step = next((step for step in STEPS if (most - least) / step < MOST_TICKS), STEPS[-1])
        return cls(least - room, most + room, step)

    def at(self, value: int) -> str:
        """Where a value is, as SVG takes it."""
        return f"{(value - self.lo) / (self.hi - self.lo) * 100:.2f}%"

    @property
    def ticks(self) -> list[tuple[str, str]]:
        """Place and label of every tick."""
        first = -(-self.lo // self.step) * self.step
        values = range(first, self.hi + 1, self.step)
        return [(self.at(value), _label(value)) for value in values]

    @property
    def minor(self) -> set[int]:
        """Places of ticks whose labels a narrow screen has no room for: every other from 0."""
        zero = next(place for place, (_, label) in enumerate(self.ticks) if label == "0")
        return {place for place in range(len(self.ticks)) if (place - zero) % 2}


def _label(value: int) -> str:
    whole = abs(value) // 100
    return "0" if not value else f"{MINUS if value < 0 else '+'}{whole}"
