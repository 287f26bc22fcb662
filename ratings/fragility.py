"""How few participants, or votes, must go before another model leads a board.

First by influence: how far a lead moves without each participant, to first order, largest first
(Broderick, Giordano and Meager 2020, arXiv 2011.14999; Huang, Shen, Wei and Broderick 2025 found 2
of 57,477 votes in Chatbot Arena, arXiv 2508.11847). Then verified: the board is fitted without
them, until another model leads. What is found is enough; that fewer are not enough isn't proven.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ratings.board_order import BoardOrder
from ratings.compiled import FloatArray, IndexArray
from ratings.counts import PairCounts, ParticipantCounts
from ratings.expectation_propagation import fit
from ratings.posterior import Posterior
from ratings.sandwich import influences

# Rivals that are looked at, next in rank; those that need the fewest to go are tried by fitting.
LOOKED_AT, TRIED = 10, 3


class Removal(NamedTuple):
    """So many of so many go, and then ``leader`` leads; ``removed``: None where none was found."""

    removed: int | None
    of: int | None
    leader: str | None


@dataclass(frozen=True, eq=False)
class Fragility:
    """Of a board: who leads it, and what must go before another does.

    ``is_tie``: whether the lead is rounding; then nothing has to go, and nothing is said to.
    ``largest_influence``, ``largest_item_influence``: how far a single participant, or item, moves
    the lead over the second, skill units; None where one is all that is known of a model, and
    where items are not known.
    """

    leader: str
    second: str
    lead: float
    is_tie: bool
    participants: Removal
    votes: Removal | None
    largest_influence: float | None
    largest_item_influence: float | None


def fragility(
    order: BoardOrder,
    people: ParticipantCounts,
    *,
    has_votes: bool,
    items: ParticipantCounts | None = None,
) -> Fragility | None:
    """Of a board whose fit is that of ``people``; None with fewer than two models in its order.

    ``has_votes``: whether ``people`` holds votes; where it holds weights, only participants are
    removed. ``items``: an item stands for a participant, over the same pairs.
    """
    posterior = order.shown.fitted
    places = order.places(people.counts.battles_per_model)[: LOOKED_AT + 1]
    if places.size < 2:
        return None
    first, second = places[:2].tolist()
    is_tie = order.is_tie(first, second)
    moves = influences(posterior, people, places)
    participants = Removal(None, people.participant_count, None)
    votes = None
    if has_votes:
        votes = Removal(None, round(people.counts.battle_total), None)
    if not is_tie:
        participants = _fewest(
            order, places, moves, people.participant_count, lambda gone: _without(people, gone)
        )
        votes = _fewest_votes(order, places, people.counts) if has_votes else None
    return Fragility(
        leader=posterior.model_ids[first],
        second=posterior.model_ids[second],
        lead=float(order.shown.mean[first] - order.shown.mean[second]),
        is_tie=is_tie,
        participants=participants,
        votes=votes,
        largest_influence=_largest(moves),
        largest_item_influence=None
        if items is None
        else _largest(influences(posterior, items, places)),
    )


def _largest(moves: FloatArray) -> float | None:
    largest = float(np.abs(moves[:, 0] - moves[:, 1]).max(initial=0.0))
    return largest if math.isfinite(largest) else None


def _fewest_votes(order: BoardOrder, places: IndexArray, counts: PairCounts) -> Removal:
    cell_moves, cell, copies = _votes(order.shown.fitted, counts)
    by_vote = np.repeat(np.arange(cell.size), copies)
    return _fewest(
        order, places, cell_moves[by_vote][:, places], by_vote.size,
        lambda gone: _without_votes(counts, cell, by_vote[gone]),
    )  # fmt: skip


def _fewest(
    order: BoardOrder,
    places: IndexArray,
    moves: FloatArray,
    units: int,
    counts_without: Callable[[IndexArray], PairCounts],
) -> Removal:
    """The fewest units that are found; ``moves`` (units, K): means of ``places`` (K) lose that."""
    mean, names = order.shown.mean, order.shown.model_ids
    first = int(places[0])
    plans = []
    for place, rival in enumerate(places[1:], start=1):
        # Without somebody who alone judged a model the fit has no first order: they go first.
        toward = np.nan_to_num(moves[:, 0] - moves[:, place], nan=np.inf, neginf=np.inf)
        gone = np.argsort(-toward, kind="stable")
        closing = np.cumsum(toward[gone])
        lead = mean[first] - mean[rival]
        enough = int(np.searchsorted(np.maximum.accumulate(closing), lead)) + 1
        plans.append((enough, int(rival), gone[: int((toward > 0.0).sum())]))
    plans.sort(key=lambda plan: plan[:2])
    best: tuple[int, int] | None = None
    for enough, _, gone in plans[:TRIED]:
        most = gone.size if best is None else min(gone.size, best[0] - 1)
        found = _verified(order, first, gone, min(enough, most), most, counts_without)
        if found is not None:
            best = found
    if best is None:
        return Removal(None, units, None)
    removed, leader = best
    return Removal(removed, units, names[leader])


def _verified(
    order: BoardOrder,
    first: int,
    gone: IndexArray,
    guess: int,
    most: int,
    counts_without: Callable[[IndexArray], PairCounts],
) -> tuple[int, int] | None:
    """The shortest start of ``gone`` without which another model leads, by halving."""
    fitted = order.shown.fitted

    def leader_without(count: int) -> int:
        counts = counts_without(gone[:count])
        after = fit(counts, draw_margin=fitted.draw_margin, prior=fitted.prior)
        return order.leader(first, after.mean, counts.battles_per_model)

    if most < 1:
        return None
    low, high = 0, guess
    leader = leader_without(high)
    while leader == first:
        if high == most:
            return None
        low, high = high, min(max(high + 1, high * 3 // 2), most)
        leader = leader_without(high)
    # The first order is close: look just below before halving.
    while high - low > 1:
        middle = max((low + high) // 2, high - max(high // 8, 1)) if low == 0 else (low + high) // 2
        other = leader_without(middle)
        if other == first:
            low = middle
        else:
            high, leader = middle, other
    return high, leader


def _without(people: ParticipantCounts, gone: IndexArray) -> PairCounts:
    # Verdicts whose judge is unknown stay.
    is_gone = np.zeros(people.participant_count, dtype=np.bool_)
    is_gone[gone] = True
    rows = np.repeat(is_gone, np.diff(people.starts))
    sums = people.counts.outcomes.copy()
    np.subtract.at(sums, people.pair[rows], people.outcomes[rows])
    return _counted(people.counts, sums)


def _without_votes(counts: PairCounts, cell: IndexArray, gone: IndexArray) -> PairCounts:
    left = counts.outcomes.reshape(-1).copy()
    np.subtract.at(left, cell[gone], 1.0)
    return _counted(counts, left.reshape(-1, 3))


def _counted(counts: PairCounts, sums: FloatArray) -> PairCounts:
    # What is left of weights that were all taken off is rounding.
    sums = np.where(sums > 1e-9 * np.maximum(counts.outcomes, 1.0), sums, 0.0)
    win_first, win_second, tie = sums.T
    return replace(
        counts,
        win_first=np.ascontiguousarray(win_first),
        win_second=np.ascontiguousarray(win_second),
        tie=np.ascontiguousarray(tie),
    )


def _votes(posterior: Posterior, counts: PairCounts) -> tuple[FloatArray, IndexArray, IndexArray]:
    """Per (pair, outcome) with votes: how far the mean moves without one (K, M), place, votes."""
    first, second = counts.first, counts.second
    precision, shift = posterior.sites
    difference = posterior.mean[first] - posterior.mean[second]
    reach = posterior.covariance[first] - posterior.covariance[second]
    own = reach[np.arange(first.size), first] - reach[np.arange(first.size), second]
    pull = (shift - precision * difference[:, None]) / (1.0 - precision * own[:, None])
    copies = np.rint(counts.outcomes).astype(np.int64).reshape(-1)
    cell = np.flatnonzero(copies > 0)
    return (pull.reshape(-1)[cell, None] * reach[cell // 3]), cell, copies[cell]
