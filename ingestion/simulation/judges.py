"""The people of a study who judge in it, for votes that an attack has them cast besides."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ingestion.simulation.battles import draw_participants
from ingestion.simulation.population import IntArray
from ingestion.simulation.truth import Truth


class Judges(NamedTuple):
    """Those who judge in a study, in the order in which they arrived: n of them.

    Args:
        truth: what they go by.
        numbers: of the participants (n).
        cells: the cell each lives in (n).
        arrived_at: when (n).
    """

    truth: Truth
    numbers: IntArray
    cells: IntArray
    arrived_at: IntArray

    @classmethod
    def of(cls, truth: Truth) -> Judges:
        """Those whom `simulate` enrols for the same truth."""
        chunks = list(draw_participants(truth))
        judging = [np.flatnonzero(chunk.battle_counts) for chunk in chunks]
        columns = [
            np.concatenate(
                [getattr(one, name)[who] for one, who in zip(chunks, judging, strict=True)]
            )
            for name in ("numbers", "cell", "arrived_at")
        ]
        return cls(truth, *columns)

    def some(self, random: np.random.Generator, at: IntArray) -> IntArray:
        """The place of one judge for each instant (n), of those who had arrived by then."""
        known = np.maximum(np.searchsorted(self.arrived_at, at), 1)
        return (random.random(at.size) * known).astype(np.int64)
