"""Outcome counts in one canonical order: per pair of models, per cell, per participant.

Equal battles give equal arrays, in whatever order and orientation their rows came, so everything
downstream repeats bit for bit. Also says which models the battles connect.

A cell is one combination of groups over the axes of a study; an axis that does not apply to a cell
(another country's parties) is null there and has no effect on it. A participant's battles share a
taste and a weight, so the participant, not the battle, is the unit of sampling.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ratings.compiled import FloatArray, IndexArray
from ratings.differences import Differences

MODEL_COLUMNS = ("model_a", "model_b")
COUNT_COLUMNS = ("win_a_count", "win_b_count", "tie_count")


class InvalidCountsError(ValueError):
    """A counts table that cannot be rated; the message names the offending row."""


@dataclass(frozen=True, eq=False)
class PairCounts:
    """Battles between M models as counts over P pairs.

    ``model_ids`` is sorted (M); ``first`` < ``second`` (P) index it, pairs sorted by (first,
    second); ``win_first``, ``win_second`` and ``tie`` (P) are counts, or sums of weights.
    Pairs without battles are dropped, models without battles are kept.
    """

    model_ids: tuple[str, ...]
    first: IndexArray
    second: IndexArray
    win_first: FloatArray
    win_second: FloatArray
    tie: FloatArray

    @classmethod
    def from_arrow(cls, table: pa.Table, model_ids: Sequence[str] = ()) -> Self:
        """Count from columns model_a, model_b, win_a_count, win_b_count, tie_count.

        Rows may repeat a pair in either orientation. ``model_ids`` adds models that may be absent
        from the table. Raises InvalidCountsError for NaN, infinite, negative or null counts, null
        ids, and a model against itself.
        """
        names, index_a, index_b = model_indices(table, model_ids)
        counts = [amounts(table, name) for name in COUNT_COLUMNS]
        return cls.from_indices(names, index_a, index_b, *counts)

    @classmethod
    def from_indices(
        cls,
        model_ids: tuple[str, ...],
        index_a: IndexArray,
        index_b: IndexArray,
        win_a: FloatArray,
        win_b: FloatArray,
        tie: FloatArray,
    ) -> Self:
        """Count from index arrays into the sorted ``model_ids`` and three arrays of counts (N)."""
        nobody = np.zeros_like(index_a)
        _, first, second, outcomes = oriented_sums(
            len(model_ids), nobody, index_a, index_b, win_a, win_b, tie
        )
        return cls(model_ids, first, second, *np.ascontiguousarray(outcomes.T))

    @property
    def outcomes(self) -> FloatArray:
        """Counts as an array (P, 3): first wins, second wins, tie."""
        return np.column_stack((self.win_first, self.win_second, self.tie))

    @property
    def differences(self) -> Differences:
        """The pairs (P) as differences of skills on a flat board."""
        return Differences.flat(len(self.model_ids), self.first, self.second)

    @property
    def battle_total(self) -> float:
        """All battles, ties included."""
        return float(self.outcomes.sum())

    @property
    def tie_share(self) -> float:
        """Ties over battles, 0 to 1; 0 without battles."""
        total = self.battle_total
        return float(self.tie.sum()) / total if total else 0.0

    @cached_property
    def battles_per_model(self) -> FloatArray:
        """Battles that each model took part in (M)."""
        total = self.win_first + self.win_second + self.tie
        return _sum_by(
            np.concatenate((self.first, self.second)),
            np.concatenate((total, total)),
            len(self.model_ids),
        )

    @cached_property
    def components(self) -> IndexArray:
        """Label of each model's connected component (M), numbered by their first model.

        Skills in different components are comparable through the prior alone.
        """
        label = np.arange(len(self.model_ids), dtype=np.int64)
        while True:
            # Labels only fall, so this ends; each sweep also jumps to the label's own label.
            lower = np.minimum(label[self.first], label[self.second])
            after = label.copy()
            np.minimum.at(after, self.first, lower)
            np.minimum.at(after, self.second, lower)
            after = after[after]
            if np.array_equal(after, label):
                return np.unique(label, return_inverse=True)[1].astype(np.int64)
            label = after

    @property
    def component_count(self) -> int:
        """Number of connected components; a model without battles is one by itself."""
        return int(self.components.max(initial=-1)) + 1


def oriented_sums(
    size: int,
    group: IndexArray,
    index_a: IndexArray,
    index_b: IndexArray,
    win_a: FloatArray,
    win_b: FloatArray,
    tie: FloatArray,
) -> tuple[IndexArray, IndexArray, IndexArray, FloatArray]:
    """Rows (N) summed per group and unordered pair of ``size`` models, sorted by them.

    Returns group, first < second and outcomes (D, 3): first wins, second wins, tie. Rows without
    battles are dropped.
    """
    size = max(size, 1)
    swapped = index_a > index_b
    first = np.where(swapped, index_b, index_a)
    second = np.where(swapped, index_a, index_b)
    keys, place = distinct((group * size + first) * size + second)
    columns = (np.where(swapped, win_b, win_a), np.where(swapped, win_a, win_b), tie)
    outcomes = np.column_stack([_ordered_sum(place, column, keys.size) for column in columns])
    kept = outcomes.sum(axis=1) > 0
    pairs, second = np.divmod(keys[kept], size)
    group, first = np.divmod(pairs, size)
    return group, first, second, outcomes[kept]


def distinct(keys: IndexArray) -> tuple[IndexArray, IndexArray]:
    """Different keys, ascending, and the place of each (N) among them; keys are zero or more.

    As `np.unique` says it, which sorts; here only keys that are large for their number are sorted.
    """
    top = int(keys.max(initial=-1)) + 1
    if top > keys.size:
        found, place = np.unique(keys, return_inverse=True)
        return found, place.reshape(-1)
    is_there = np.zeros(top, dtype=np.bool_)
    is_there[keys] = True
    return np.flatnonzero(is_there), (np.cumsum(is_there) - 1)[keys]


def ranked(numbers: IndexArray) -> IndexArray:
    """The place of each (N) among the different numbers, ascending."""
    steps = np.diff(numbers)
    if (steps >= 0).all():
        return np.concatenate(([0], np.cumsum(steps > 0)))[: numbers.size].astype(np.int64)
    return np.unique(numbers, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _ordered_sum(place: IndexArray, amounts: FloatArray, size: int) -> FloatArray:
    # Sums of weights depend on their order in the last bits: add them from small to large. Whole
    # numbers below 2^53 are exact in any order.
    if not np.array_equal(amounts, np.rint(amounts)):
        order = np.lexsort((amounts, place))
        place, amounts = place[order], amounts[order]
    return _sum_by(place, amounts, size)


def _sum_by(place: IndexArray, amounts: FloatArray, size: int) -> FloatArray:
    # Without weights bincount counts in integers; numpy's types know only that.
    return np.bincount(place, weights=amounts, minlength=size).astype(np.float64, copy=False)


def model_indices(
    table: pa.Table, model_ids: Sequence[str] = ()
) -> tuple[tuple[str, ...], IndexArray, IndexArray]:
    """Sorted ids of all models in model_a and model_b, and the index of each row's two (N), (N).

    ``model_ids`` adds models that may be absent. Raises InvalidCountsError for a null id and a
    model against itself.
    """
    ids = [_identifiers(table, name) for name in MODEL_COLUMNS]
    met = {name for column in ids for name in _met(column)}
    names = sorted(met.union(model_ids))
    index_a, index_b = (places(column, names) for column in ids)
    same = np.flatnonzero(index_a == index_b)
    if same.size:
        row = int(same[0])
        raise InvalidCountsError(f"row {row}: model {names[index_a[row]]!r} against itself")
    return tuple(names), index_a, index_b


def with_codes(table: pa.Table) -> pa.Table:
    """The same rows with model_a and model_b as codes: what is read for many boards."""
    for name in MODEL_COLUMNS:
        column = table.column_names.index(name)
        table = table.set_column(column, name, _encoded(table.column(name)))
    return table.combine_chunks()


def places(column: pa.ChunkedArray | pa.DictionaryArray, names: Sequence[str]) -> IndexArray:
    """The place of each id (N) among different names; -1 where it is none of them."""
    ids = _encoded(column)
    place = pc.index_in(ids.dictionary, value_set=pa.array(names, pa.string()))
    of_code = pc.fill_null(place, -1).to_numpy().astype(np.int64)
    return np.asarray(of_code[ids.indices.to_numpy()])


def _identifiers(table: pa.Table, name: str) -> pa.DictionaryArray:
    column = table.column(name)
    if column.null_count:
        row = int(np.flatnonzero(column.is_null().to_numpy())[0])
        raise InvalidCountsError(f"row {row}: {name} is null")
    return _encoded(column)


def _encoded(column: pa.ChunkedArray | pa.DictionaryArray) -> pa.DictionaryArray:
    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.string()).dictionary_encode()
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _met(ids: pa.DictionaryArray) -> list[str]:
    # A dictionary may hold names that no row has.
    counts = np.bincount(ids.indices.to_numpy(), minlength=len(ids.dictionary))
    met: list[str] = ids.dictionary.filter(pa.array(counts > 0)).to_pylist()
    return met


def amounts(table: pa.Table, name: str) -> FloatArray:
    """A column of counts or weights (N); InvalidCountsError names the first row that is neither."""
    # A null becomes NaN, so one test refuses both.
    values: FloatArray = table.column(name).cast(pa.float64()).to_numpy().astype(np.float64)
    bad = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
    if bad.size:
        row = int(bad[0])
        raise InvalidCountsError(f"row {row}: {name} is {values[row]}, not a count of zero or more")
    return values


@dataclass(frozen=True, eq=False)
class CellCounts:
    """Battles of M models over D (cell, pair) rows.

    ``effects`` (E): the (axis, group) of every block of effects, sorted by axis as given, then
    group. ``cell_effects`` (C, A): block of each cell on each axis, -1 for none. ``cell`` (D)
    points into it; ``first`` < ``second`` (D) index ``model_ids``; ``outcomes`` (D, 3): first
    wins, second wins, tie.
    """

    model_ids: tuple[str, ...]
    axes: tuple[str, ...]
    effects: tuple[tuple[str, str], ...]
    cell_effects: IndexArray
    cell: IndexArray
    first: IndexArray
    second: IndexArray
    outcomes: FloatArray

    @classmethod
    def from_arrow(cls, table: pa.Table, axes: Sequence[str]) -> Self:
        """Count from one column per axis and those of ``PairCounts.from_arrow``.

        Rows may repeat a cell and pair in any orientation; order does not matter. Raises
        InvalidCountsError as ``PairCounts.from_arrow`` does, and ValueError without axes.
        """
        if not axes:
            raise ValueError("a hierarchy needs at least one axis")
        columns = [table.column(axis).cast(pa.string()).combine_chunks() for axis in axes]
        groups = [sorted(column.drop_null().unique().to_pylist()) for column in columns]
        effects = tuple((a, g) for a, names in zip(axes, groups, strict=True) for g in names)
        starts = np.cumsum([0, *(len(names) for names in groups)])
        levels = np.empty((table.num_rows, len(axes)), dtype=np.int64)
        for k, (column, names) in enumerate(zip(columns, groups, strict=True)):
            index = pc.index_in(column, value_set=pa.array(names, pa.string()))
            levels[:, k] = pc.fill_null(pc.add(index, int(starts[k])), -1).to_numpy()
        cell_effects, cell_of = np.unique(levels, axis=0, return_inverse=True)
        model_ids, a, b = model_indices(table)
        counts = (amounts(table, name) for name in COUNT_COLUMNS)
        cell, first, second, outcomes = oriented_sums(
            len(model_ids), cell_of.reshape(-1).astype(np.int64), a, b, *counts
        )
        return cls(
            model_ids=model_ids,
            axes=tuple(axes),
            effects=effects,
            cell_effects=np.ascontiguousarray(cell_effects),
            cell=cell,
            first=first,
            second=second,
            outcomes=outcomes,
        )

    @property
    def axis_of_effect(self) -> IndexArray:
        """Index into ``axes`` of every block (E)."""
        return np.array([self.axes.index(axis) for axis, _ in self.effects], dtype=np.int64)

    @property
    def differences(self) -> Differences:
        """The rows (D) as differences of skills: block 0 is common, block 1 + e is effect e's."""
        common = np.zeros((self.cell_effects.shape[0], 1), dtype=np.int64)
        own = np.where(self.cell_effects < 0, -1, self.cell_effects + 1)
        blocks = np.ascontiguousarray(np.concatenate((common, own), axis=1))
        return Differences(len(self.model_ids), blocks, self.cell, self.first, self.second)

    @property
    def battles_per_effect(self) -> FloatArray:
        """Battles in every group (E)."""
        total = np.zeros(len(self.effects))
        battles = self.outcomes.sum(axis=1)
        for axis in range(len(self.axes)):
            block = self.cell_effects[self.cell, axis]
            np.add.at(total, block[block >= 0], battles[block >= 0])
        return total

    @property
    def pooled(self) -> PairCounts:
        """The same battles without their cells."""
        return PairCounts.from_indices(
            self.model_ids, self.first, self.second, *np.ascontiguousarray(self.outcomes.T)
        )


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
        person = people_numbers(table.column("participant_id"))
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
        return cls(counts, *sums_by_person(person[kept], pair, given[kept], counts.first.size))

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

    def some(self, chosen: IndexArray) -> Self:
        """Some of the participants (C, ascending); ``counts`` stay those of all."""
        sizes = np.diff(self.starts)[chosen]
        starts = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
        rows = np.arange(starts[-1]) + np.repeat(self.starts[chosen] - starts[:-1], sizes)
        return replace(self, starts=starts, pair=self.pair[rows], outcomes=self.outcomes[rows])

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
        """(sum w)^2 / sum w^2 (Kish 1965, section 11.7); 0 without participants."""
        squares = float((self.weights**2).sum())
        return float(self.weights.sum()) ** 2 / squares if squares > 0 else 0.0


def people_numbers(column: pa.ChunkedArray) -> IndexArray:
    """A number per row (N) that orders rows as the ids do; equal for equal ids."""
    if column.null_count:
        missing = int(np.flatnonzero(column.is_null().to_numpy())[0])
        raise InvalidCountsError(f"row {missing}: participant_id is null")
    if pa.types.is_integer(column.type):
        return np.asarray(column.to_numpy().astype(np.int64))
    text = column.cast(pa.string())
    names = pa.array(sorted(text.unique().to_pylist()), pa.string())
    return np.asarray(pc.index_in(text, value_set=names).to_numpy().astype(np.int64))


def sums_by_person(
    person: IndexArray, pair: IndexArray, given: FloatArray, pair_count: int
) -> tuple[IndexArray, IndexArray, FloatArray]:
    """Starts of people (R + 1), pair and outcomes: one row per person and pair, sorted by them."""
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
