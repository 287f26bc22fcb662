"""Battles known one by one: who judged, which model was shown first, and in which half of the time.

Skills need none of it; it says whether they may be believed (``sides``, ``model_fit``).
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ratings.compiled import FloatArray, IndexArray
from ratings.counts import (
    COUNT_COLUMNS,
    MODEL_COLUMNS,
    PairCounts,
    amounts,
    places,
    ranked,
)


@dataclass(frozen=True, eq=False)
class Battles:
    """N rows of battles of the P pairs of a board, each of one person, side and half of the time.

    ``pair`` (N): place among the pairs; ``person`` (N): 0 to R - 1; ``side`` (N): 1 where the
    pair's first model was shown first, else -1; ``half`` (N): -1 earlier, 1 later, 0 unknown;
    ``outcomes`` (N, 3): first wins, second wins, tie.
    """

    pair: IndexArray
    person: IndexArray
    side: FloatArray
    half: FloatArray
    outcomes: FloatArray

    @classmethod
    def from_arrow(cls, table: pa.Table, counts: PairCounts) -> Self:
        """Of columns participant_id (a number), model_a, model_b, is_a_first, is_late, counts.

        model_a is before model_b by name. Battles of pairs that ``counts`` lacks are left out.
        """
        a, b = (places(table.column(name), counts.model_ids) for name in MODEL_COLUMNS)
        size = max(len(counts.model_ids), 1)
        known, wanted = counts.first * size + counts.second, a * size + b
        place = np.minimum(np.searchsorted(known, wanted), max(known.size - 1, 0))
        kept = (a >= 0) & (b >= 0)
        kept &= known[place] == wanted if known.size else False
        people = table.column("participant_id").to_numpy()[kept]
        late = pc.fill_null(table.column("is_late").cast(pa.int8()), -1).to_numpy()[kept]
        outcomes = np.column_stack([amounts(table, name) for name in COUNT_COLUMNS])
        return cls(
            pair=place[kept].astype(np.int64),
            person=ranked(people),
            side=np.where(table.column("is_a_first").to_numpy()[kept], 1.0, -1.0),
            half=np.array([0.0, -1.0, 1.0])[late.astype(np.int64) + 1],
            outcomes=np.ascontiguousarray(outcomes[kept]),
        )

    @property
    def battles(self) -> FloatArray:
        """Battles of every row (N)."""
        total: FloatArray = self.outcomes.sum(axis=1)
        return total

    @property
    def people(self) -> int:
        """How many judged."""
        return int(self.person.max(initial=-1)) + 1

    def per_pair(self, amount: FloatArray, pairs: int) -> FloatArray:
        """Sums of ``amount`` (N) over the rows of each pair (P)."""
        return np.bincount(self.pair, amount, pairs).astype(np.float64, copy=False)
