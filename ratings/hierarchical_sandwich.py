"""Participant-clustered covariance of every board of the hierarchical model.

The posterior takes all verdicts as independent; those of one person are not. As on a flat board
(``sandwich``), what the verdicts add to the uncertainty is how far the mean moves when one
participant is left out, squared and summed (CR3: Bell and McCaffrey 2002), beside what the priors
of skills and effects leave uncertain. A participant sees only the skills of their own cell, so that
leaving them out is a matter of as many dimensions as they judged pairs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import pyarrow as pa

from ratings.compiled import FloatArray, IndexArray
from ratings.counts import (
    COUNT_COLUMNS,
    CellCounts,
    amounts,
    model_indices,
    people_numbers,
    sums_by_person,
)
from ratings.hierarchical import HierarchicalPosterior
from ratings.linear_algebra import factor, product
from ratings.sandwich import Sandwich, gather, moves_of, pulls, satterthwaite

HALVINGS = 8


@dataclass(frozen=True, eq=False)
class CellPeople:
    """Verdicts of R participants, each of one cell, over N (participant, row) of ``cells``.

    Participants are in the order of their cells; those of cell c are ``cell_starts[c]`` to
    ``cell_starts[c + 1]`` (C + 1). Rows of participant r are ``starts[r]`` to ``starts[r + 1]``
    (R + 1); ``row`` (N) indexes the rows of ``cells``; ``outcomes`` (N, 3).
    """

    cells: CellCounts
    cell_starts: IndexArray
    starts: IndexArray
    row: IndexArray
    outcomes: FloatArray

    @classmethod
    def from_arrow(cls, cells: CellCounts, table: pa.Table, cell: IndexArray) -> Self | None:
        """Count from participant_id and the columns of ``PairCounts.from_arrow``.

        ``cell`` (N): which cell of ``cells`` each row of ``table`` is of. None where the rows are
        not all of the verdicts in ``cells``: where some judge is unknown.
        """
        names, a, b = model_indices(table, cells.model_ids)
        if names != cells.model_ids:
            return None
        win_a, win_b, tie = (amounts(table, name) for name in COUNT_COLUMNS)
        swapped = a > b
        given = np.column_stack(
            (np.where(swapped, win_b, win_a), np.where(swapped, win_a, win_b), tie)
        )
        kept = given.sum(axis=1) > 0
        size, count = max(len(names), 1), max(cells.cell.size, 1)
        known = (cells.cell * size + cells.first) * size + cells.second
        wanted = ((cell * size + np.minimum(a, b)) * size + np.maximum(a, b))[kept]
        row = np.searchsorted(known, wanted).astype(np.int64)
        if not np.array_equal(known[np.minimum(row, count - 1)] if known.size else known, wanted):
            return None
        person = people_numbers(table.column("participant_id"))[kept]
        in_cell = cell[kept] * (int(person.max(initial=0)) + 1) + person
        _, person = np.unique(in_cell, return_inverse=True)
        starts, row, outcomes = sums_by_person(person.reshape(-1), row, given[kept], count)
        total = np.zeros_like(cells.outcomes)
        np.add.at(total, row, outcomes)
        if not np.array_equal(total, cells.outcomes):
            return None
        of_person = cells.cell[row[starts[:-1]]]
        cell_starts = np.searchsorted(of_person, np.arange(cells.cell_effects.shape[0] + 1))
        return cls(cells, cell_starts.astype(np.int64), starts, row, outcomes)

    @property
    def participant_count(self) -> int:
        """Participants with a verdict."""
        return self.starts.size - 1

    def by_cell(self) -> Iterator[tuple[IndexArray, IndexArray, slice]]:
        """Per cell with participants: its blocks, starts of its participants, their rows."""
        for c, blocks in enumerate(self.cells.differences.blocks):
            starts = self.starts[self.cell_starts[c] : self.cell_starts[c + 1] + 1]
            if starts.size > 1:
                yield blocks[blocks >= 0], starts - starts[0], slice(starts[0], starts[-1])


@dataclass(frozen=True, eq=False)
class HierarchicalSandwich:
    """Sandwiches of all boards of ``shown``, whose fit by expectation propagation is ``fitted``.

    ``shown`` has the fit's mean and covariance corrected for skewness.
    """

    fitted: HierarchicalPosterior
    shown: HierarchicalPosterior
    people: CellPeople

    def board(self, weights: Mapping[tuple[str, str], float]) -> Sandwich:
        """That of ``shown.board(weights)``."""
        share = np.array([1.0, *(weights.get(effect, 0.0) for effect in self.fitted.effects)])
        size = len(self.fitted.model_ids)

        def of_board(whole: FloatArray) -> FloatArray:
            blocks = whole.reshape(share.size, size, share.size, size)
            small = np.einsum("b,c,bicj->ij", share, share, blocks)
            symmetric: FloatArray = 0.5 * (small + small.T)
            return symmetric

        sampling = of_board(self._sampling)
        prior = of_board(self._prior)
        prior = _with_change(prior, of_board(self.shown.covariance - self.fitted.covariance))
        return Sandwich(sampling, prior, self._freedom(share))

    @cached_property
    def _pulls(self) -> FloatArray:
        # Of every participant's rows (N): as in a flat model of the skills in their cell.
        people, cells = self.people, self.people.cells
        size = len(cells.model_ids)
        blocks_of = self.fitted.covariance.reshape(-1, size, self.fitted.mean.shape[0], size)
        out = np.empty(people.row.size)
        for blocks, starts, here in people.by_cell():
            row, outcomes = people.row[here], people.outcomes[here]
            first, second = cells.first[row], cells.second[row]
            skill = self.fitted.mean[blocks].sum(axis=0)
            precision, shift = self.fitted.sites[:, row]
            difference = skill[first] - skill[second]
            score = (outcomes * (shift - precision * difference[:, None])).sum(axis=1)
            covariance = np.zeros((size, size))
            for b in blocks:
                for c in blocks:
                    covariance += blocks_of[b, :, c, :]
            out[here] = pulls(
                starts, first, second, score, (outcomes * precision).sum(axis=1), covariance
            )
        return out

    @cached_property
    def _sampling(self) -> FloatArray:
        # Of all effects (B * M, B * M).
        people, cells = self.people, self.people.cells
        size, count = len(cells.model_ids), self.fitted.mean.shape[0]
        together = np.zeros((count, size, count, size))
        for blocks, starts, here in people.by_cell():
            row = people.row[here]
            own = np.zeros((size, size))
            gather(starts, cells.first[row], cells.second[row], self._pulls[here], own)
            for b in blocks:
                for c in blocks:
                    together[b, :, c, :] += own
        covariance = self.fitted.covariance
        pulled = together.reshape(covariance.shape)
        sampling = product(product(covariance, pulled), covariance)
        clusters = people.participant_count
        return sampling * ((clusters - 1.0) / clusters) if clusters > 1 else sampling + covariance

    @cached_property
    def _prior(self) -> FloatArray:
        fitted = self.fitted
        of_effects = fitted.tau[self.people.cells.axis_of_effect] ** -2
        precision = np.repeat([fitted.prior.sd**-2, *of_effects], len(fitted.model_ids))
        return product(fitted.covariance * precision, fitted.covariance)

    def _freedom(self, share: FloatArray) -> float:
        people, cells = self.people, self.people.cells
        size = len(cells.model_ids)
        blocks_of = self.fitted.covariance.reshape(share.size, size, share.size * size)
        reach = np.zeros((size, share.size * size))
        for part, block in zip(share, blocks_of, strict=True):
            reach += part * block
        reach_of = reach.T.reshape(share.size, size, size)
        squares, fourths = np.zeros(size), np.zeros(size)
        for blocks, starts, here in people.by_cell():
            row = people.row[here]
            of_cell = reach_of[blocks].sum(axis=0)
            moves = moves_of(
                starts, cells.first[row], cells.second[row], self._pulls[here], of_cell
            )
            square = (moves - moves.mean(axis=1)[:, None]) ** 2
            squares += square.sum(axis=0)
            fourths += (square * square).sum(axis=0)
        return satterthwaite(squares, fourths)


def _with_change(covariance: FloatArray, change: FloatArray) -> FloatArray:
    # What skewness adds; as the series is cut off, less of it where the sum is no covariance.
    if not change.any():
        return covariance
    for halving in range(HALVINGS):
        together: FloatArray = covariance + change * 0.5**halving
        if np.isfinite(factor(together, 0.0)).all():
            return together
    return covariance
