"""Weighted counts per participant and pair: what a clustered variance is made of.

A participant's battles share a taste and a weight, so the participant, not the battle, is the unit
of sampling.
Out: where weights come from, and the variance itself (``sandwich``).
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from orchestration.ratings.counts import (
    COUNT_COLUMNS,
    InvalidCountsError,
    PairCounts,
    amounts,
)

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ParticipantCounts:
    """Weighted battles of R participants over N (participant, pair) rows.

    ``counts``: their sums over participants. Rows of participant r are ``starts[r]`` to
    ``starts[r + 1]`` (R + 1); ``pair`` (N) indexes the pairs of ``counts``; ``outcomes`` (N, 3):
    weight of first wins, second wins, tie.
    """

    counts: PairCounts
    starts: IndexArray
    pair: IndexArray
    outcomes: FloatArray

    @classmethod
    def from_arrow(cls, table: pa.Table) -> Self:
        """Count from participant_id and the columns of ``PairCounts.from_arrow``, as weights.

        A battle counts with its weight (w_i / m_i, scaled as the caller likes; a mean of one keeps
        the model's own sd comparable) under its outcome. Order and orientation of rows do not
        matter. Raises InvalidCountsError as ``PairCounts.from_arrow`` does.
        """
        counts = PairCounts.from_arrow(table.select(["model_a", "model_b", *COUNT_COLUMNS]))
        people = table.column("participant_id").cast(pa.string())
        if people.null_count:
            missing = int(np.flatnonzero(people.is_null().to_numpy())[0])
            raise InvalidCountsError(f"row {missing}: participant_id is null")
        names = pa.array(sorted(people.unique().to_pylist()), pa.string())
        person = pc.index_in(people, value_set=names).to_numpy().astype(np.int64)
        models = pa.array(counts.model_ids, pa.string())
        a, b = (
            pc.index_in(table.column(n).cast(pa.string()), value_set=models)
            .to_numpy()
            .astype(np.int64)
            for n in ("model_a", "model_b")
        )
        win_a, win_b, tie = (amounts(table, name) for name in COUNT_COLUMNS)
        swapped = a > b
        given = np.column_stack(
            (np.where(swapped, win_b, win_a), np.where(swapped, win_a, win_b), tie)
        )
        size = max(len(counts.model_ids), 1)
        known = counts.first * size + counts.second
        pair_key = np.minimum(a, b) * size + np.maximum(a, b)
        kept = given.sum(axis=1) > 0
        pair = np.searchsorted(known, pair_key[kept])
        person, given = person[kept], given[kept]
        # One order for any input: by person, pair and weights.
        order = np.lexsort((*given.T, pair, person))
        place = (person * max(known.size, 1) + pair)[order]
        key, row = np.unique(place, return_inverse=True)
        outcomes = np.zeros((key.size, 3))
        np.add.at(outcomes, row.reshape(-1), given[order])
        owner = key // max(known.size, 1)
        starts = np.searchsorted(owner, np.arange(len(names) + 1)).astype(np.int64)
        return cls(counts, starts, (key % max(known.size, 1)).astype(np.int64), outcomes)

    @property
    def weights(self) -> FloatArray:
        """Total weight of every participant (R), those without any included."""
        total = self.outcomes.sum(axis=1)
        owner = np.repeat(np.arange(self.starts.size - 1), np.diff(self.starts))
        out = np.zeros(self.starts.size - 1)
        np.add.at(out, owner, total)
        return out

    @property
    def participant_count(self) -> int:
        """Participants with any weight."""
        return int((self.weights > 0).sum())

    @property
    def effective_participant_count(self) -> float:
        """Kish's effective sample size, (sum w)^2 / sum w^2; 0 without participants."""
        return kish_effective_count(self.weights)


def kish_effective_count(weights: FloatArray) -> float:
    """(sum w)^2 / sum w^2 (Kish 1965, section 11.7); 0 where all weights are."""
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares > 0 else 0.0
