"""What taking models off a board did to those that are left: the board is fitted without them.

If each verdict depends on the two skills alone, other models' battles add nothing but noise to a
difference, and only chance moves it. A model that fares otherwise against those that went than
against those that stayed moves by more. How far chance moves a model is of the same participants in
both fits: the sum over them of the squared difference of their influences (``sandwich``), as wide
as Student's t of their effective number asks for.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from ratings.compiled import FloatArray, IndexArray, Mask
from ratings.counts import PairCounts, ParticipantCounts
from ratings.expectation_propagation import fit
from ratings.posterior import Posterior
from ratings.sandwich import influences


@dataclass(frozen=True, eq=False)
class RemovalEffect:
    """Of K models that stay and have battles without those that went.

    ``model_ids`` (K); ``skill``, ``skill_without`` (K): less their mean over the K; ``rank``,
    ``rank_without`` (K): among the K, 1 is best; ``low``, ``high`` (K): ends of the 95% interval of
    ``skill_without - skill``, ``p`` (K) of none, two-sided; NaN with fewer than two participants.
    ``removed_share``: of battles, or of weight.
    """

    model_ids: tuple[str, ...]
    skill: FloatArray
    skill_without: FloatArray
    rank: IndexArray
    rank_without: IndexArray
    low: FloatArray
    high: FloatArray
    p: FloatArray
    removed_share: float


def removal_effect(
    shown: Posterior, people: ParticipantCounts, gone: Mask, singles: PairCounts | None = None
) -> RemovalEffect | None:
    """What the board would be without the models ``gone`` (M); None with fewer than two left.

    ``shown``: the board's posterior, whose fit is that of ``people.counts``; what the board
    corrected after its fit is held. ``singles``: verdicts over the same pairs that are a
    participant each, in whole numbers.
    """
    counts = people.counts
    stays = ~(gone[counts.first] | gone[counts.second])
    has_battles = np.zeros(gone.size, dtype=np.bool_)
    has_battles[counts.first[stays]] = has_battles[counts.second[stays]] = True
    kept = np.flatnonzero(has_battles)
    if kept.size < 2:
        return None
    fitted = shown.fitted
    left = _among(people, stays, kept)
    after = fit(left.counts, draw_margin=fitted.draw_margin, prior=fitted.prior)
    skill, fitted_skill = shown.mean[kept], fitted.mean[kept]
    without = after.mean + (skill - fitted_skill)
    variance, effective = _spread(fitted, after, people, left, kept)
    if singles is not None:
        alone, copies = _each(singles)
        moves = _moves(fitted, after, alone, _among(alone, stays, kept), kept)
        variance += copies @ moves**2
        effective += float(copies.sum())
    shift = _centred(without) - _centred(skill)
    low, high, p = _interval(shift, np.sqrt(variance), effective)
    return RemovalEffect(
        tuple(counts.model_ids[place] for place in kept.tolist()),
        _centred(skill),
        _centred(without),
        _ranks(skill),
        _ranks(without),
        low,
        high,
        p,
        1.0 - left.counts.battle_total / counts.battle_total,
    )


def _centred(values: FloatArray) -> FloatArray:
    # Over the last axis.
    return np.asarray(values - values.mean(axis=-1, keepdims=True))


def _ranks(skill: FloatArray) -> IndexArray:
    # Equal skills are ordered by model id, as on boards.
    ranks = np.empty(skill.size, dtype=np.int64)
    ranks[np.argsort(-skill, kind="stable")] = np.arange(1, skill.size + 1)
    return ranks


def _among(people: ParticipantCounts, stays: Mask, kept: IndexArray) -> ParticipantCounts:
    """Battles of the pairs that stay, over the models ``kept``; everybody keeps their place."""
    counts = people.counts
    place = np.cumsum(np.isin(np.arange(len(counts.model_ids)), kept)) - 1
    new_pair = np.cumsum(stays) - 1
    rows = stays[people.pair]
    before = np.concatenate(([0], np.cumsum(rows)))
    return ParticipantCounts(
        PairCounts(
            tuple(counts.model_ids[model] for model in kept.tolist()),
            place[counts.first[stays]],
            place[counts.second[stays]],
            np.ascontiguousarray(counts.win_first[stays]),
            np.ascontiguousarray(counts.win_second[stays]),
            np.ascontiguousarray(counts.tie[stays]),
        ),
        before[people.starts],
        new_pair[people.pair[rows]],
        people.outcomes[rows],
    )


def _spread(
    before: Posterior,
    after: Posterior,
    people: ParticipantCounts,
    left: ParticipantCounts,
    kept: IndexArray,
) -> tuple[FloatArray, float]:
    """Variance (K) of the shifts over participants, and how many these are in effect."""
    count = people.participant_count
    if count == 0:
        return np.zeros(kept.size), 0.0
    moves = _moves(before, after, people, left, kept)
    variance = (moves**2).sum(axis=0) * count / max(count - 1, 1)
    weights = people.weights
    # Kish's number.
    return variance, float(weights.sum()) ** 2 / float((weights**2).sum())


def _moves(
    before: Posterior,
    after: Posterior,
    people: ParticipantCounts,
    left: ParticipantCounts,
    kept: IndexArray,
) -> FloatArray:
    # How far each participant pulls the shifts (R, K); in one fit alone where all models that
    # somebody judged are left out of the other.
    moves = -_centred(influences(before, people, kept))
    here = np.flatnonzero(np.diff(left.starts) > 0)
    if here.size:
        moves[here] += _centred(influences(after, left.some(here), np.arange(kept.size)))
    return moves


def _each(singles: PairCounts) -> tuple[ParticipantCounts, FloatArray]:
    """One verdict of each pair and outcome that has any, and how many there are (C)."""
    cell = np.flatnonzero(singles.outcomes.reshape(-1) > 0.5)
    outcomes = np.zeros((cell.size, 3))
    outcomes[np.arange(cell.size), cell % 3] = 1.0
    starts = np.arange(cell.size + 1)
    copies = np.rint(singles.outcomes.reshape(-1)[cell])
    return ParticipantCounts(singles, starts, cell // 3, outcomes), copies


def _interval(
    shift: FloatArray, sd: FloatArray, effective: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    if effective <= 2.0:
        unknown = np.full(shift.size, math.nan)
        return unknown, unknown, unknown
    freedom = effective - 1.0
    half = float(stdtrit(freedom, 0.975)) * sd
    t = np.divide(np.abs(shift), sd, out=np.full(shift.size, math.inf), where=sd > 0.0)
    t[(sd == 0.0) & (shift == 0.0)] = 0.0
    # Where one person alone says how a model does, nothing tells how far people differ.
    t[~np.isfinite(sd)] = math.nan
    return shift - half, shift + half, np.asarray(2.0 * stdtr(freedom, -t))
