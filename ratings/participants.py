"""Weighted counts per participant and pair: what a clustered variance is made of.

A participant's battles share a taste and a weight, so the participant, not the battle, is the unit
of sampling.
Out: where weights come from, and the variance itself (``sandwich``).
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ratings.counts import (
    COUNT_COLUMNS,
    InvalidCountsError,
    PairCounts,
    amounts,
    model_indices,
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

        participant_id: text, or whole numbers of zero and more. A battle counts with its weight
        under its outcome. Order and orientation of rows do not matter; rows that come sorted by
        participant, model_a and model_b, with model_a before model_b, are taken as they stand.
        Raises InvalidCountsError as ``PairCounts.from_arrow`` does, and for a null participant.
        """
        model_ids, a, b = model_indices(table)
        person = _people(table.column("participant_id"))
        win_a, win_b, tie = (amounts(table, name) for name in COUNT_COLUMNS)
        swapped = a > b
        given = np.column_stack(
            (np.where(swapped, win_b, win_a), np.where(swapped, win_a, win_b), tie)
        )
        counts = PairCounts.from_indices(model_ids, a, b, win_a, win_b, tie)
        size = max(len(model_ids), 1)
        kept = given.sum(axis=1) > 0
        pair = np.searchsorted(
            counts.first * size + counts.second,
            (np.minimum(a, b) * size + np.maximum(a, b))[kept],
        ).astype(np.int64)
        return cls(counts, *_summed(person[kept], pair, given[kept], counts.first.size))

    def scaled(self, factor: float) -> Self:
        """The same battles with every weight times ``factor``."""
        counts = self.counts
        return replace(
            self,
            counts=replace(
                counts,
                win_first=counts.win_first * factor,
                win_second=counts.win_second * factor,
                tie=counts.tie * factor,
            ),
            outcomes=self.outcomes * factor,
        )

    @property
    def weights(self) -> FloatArray:
        """Total weight of every participant (R), all above zero."""
        total: FloatArray = np.add.reduceat(self.outcomes.sum(axis=1), self.starts[:-1])
        return total if self.participant_count else np.empty(0)

    @property
    def participant_count(self) -> int:
        """Participants with any weight."""
        return self.starts.size - 1

    @property
    def effective_participant_count(self) -> float:
        """Kish's effective sample size, (sum w)^2 / sum w^2; 0 without participants."""
        return kish_effective_count(self.weights)


def kish_effective_count(weights: FloatArray) -> float:
    """(sum w)^2 / sum w^2 (Kish 1965, section 11.7); 0 where all weights are."""
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares > 0 else 0.0


def _people(column: pa.ChunkedArray) -> IndexArray:
    # A number per row (N) that orders rows as the ids do; equal for equal ids.
    if column.null_count:
        missing = int(np.flatnonzero(column.is_null().to_numpy())[0])
        raise InvalidCountsError(f"row {missing}: participant_id is null")
    if pa.types.is_integer(column.type):
        return np.asarray(column.to_numpy().astype(np.int64))
    text = column.cast(pa.string())
    names = pa.array(sorted(text.unique().to_pylist()), pa.string())
    return np.asarray(pc.index_in(text, value_set=names).to_numpy().astype(np.int64))


def _summed(
    person: IndexArray, pair: IndexArray, given: FloatArray, pair_count: int
) -> tuple[IndexArray, IndexArray, FloatArray]:
    # starts, pair and outcomes: one row per person and pair, sorted by them.
    place = person * max(pair_count, 1) + pair
    if (np.diff(place) <= 0).any():
        # One order for any input: by person, pair and weights.
        order = np.lexsort((*given.T, place))
        place, row = np.unique(place[order], return_inverse=True)
        outcomes = np.zeros((place.size, 3))
        np.add.at(outcomes, row.reshape(-1), given[order])
        given = outcomes
    owner, pair = np.divmod(place, max(pair_count, 1))
    begins = np.flatnonzero(np.diff(owner, prepend=-1))
    starts = np.append(begins, owner.size).astype(np.int64)
    return starts, pair.astype(np.int64), np.ascontiguousarray(given)
