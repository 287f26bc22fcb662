"""How dimensions hang together: over models, in verdicts on one battle, and in predicting overall.

Over models the correlation of two boards' skills mixes what is true with the boards' errors, and
those go together, as the same people judged both. Everybody's influence on both boards gives the
errors' covariance; taken off, the correlation is that of the true skills (Spearman 1904, American
Journal of Psychology 15; with correlated errors: Bock and Petersen 1975, Biometrika 62). It is of
these models: the interval is by people alone.

Intervals leave out one fold of people at a time (delete-a-group jackknife: Kott 2001, Journal of
Official Statistics 17).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.special import stdtr, stdtrit

from ratings.compiled import FloatArray, IndexArray
from ratings.sandwich import satterthwaite
from ratings.variance_share import NOTHING, Estimate

FOLDS = 40
# Fewer models have no correlation to speak of; skills must spread more than their errors by this.
MODELS_MIN, RELIABILITY_MIN = 4, 0.1
# A figure that differs by less than this does not.
ROUNDING = 1e-12


class Board(NamedTuple):
    """Skills (M) of a board, and how far each of R people moves them (R, M); ``people`` (R): who.

    Of two boards columns are the same models, and ``people`` the same numbers.
    """

    skill: FloatArray
    moves: FloatArray
    people: IndexArray


class Correlation(NamedTuple):
    """Of skills as they are (``raw``), and of what is true of them (``true``), over models."""

    raw: Estimate
    true: Estimate


class _Spread(NamedTuple):
    # Standard deviation of a figure, and its degrees of freedom.
    sd: float
    freedom: float


def _spread(found: FloatArray, value: float) -> _Spread | None:
    # Of what is found without each of J folds (J). None where any can't be found, or where none
    # differs: then nothing tells how people differ.
    if not (math.isfinite(value) and np.isfinite(found).all() and found.size > 1):
        return None
    folds = float(found.size)
    squares = (found - found.mean()) ** 2
    variance = (folds - 1.0) / folds * float(squares.sum())
    moved = int((np.abs(found - value) > ROUNDING).sum())
    if moved < 2:
        return None
    # Few people are in few folds, and a few may be most of it.
    freedom = satterthwaite(squares.sum(keepdims=True), (squares**2).sum(keepdims=True))
    return _Spread(math.sqrt(variance), max(min(freedom, moved - 1.0), 1.0))


def jackknife(found: FloatArray, value: float) -> Estimate:
    """Of what is found without each of J folds (J); nothing where any can't be found.

    No interval where fewer than two folds make a difference.
    """
    if not (math.isfinite(value) and np.isfinite(found).all() and found.size > 1):
        return NOTHING
    spread = _spread(found, value)
    if spread is None:
        return Estimate(value, None, None)
    reach = float(stdtrit(spread.freedom, 0.975)) * spread.sd
    return Estimate(value, value - reach, value + reach)


def within(estimate: Estimate, low: float, high: float) -> Estimate:
    """The same, held to where the figure can be."""
    return Estimate(*(None if end is None else min(max(end, low), high) for end in estimate))


def over_models(a: Board, b: Board) -> Correlation:
    """Correlation of two boards of the same models.

    ``true`` is nothing where a board's skills differ hardly more than their errors.
    """
    size = a.skill.size
    if size < MODELS_MIN:
        return Correlation(NOTHING, NOTHING)
    skills = [one.skill - one.skill.mean() for one in (a, b)]
    moves = [one.moves - one.moves.mean(axis=1, keepdims=True) for one in (a, b)]
    _, of_a, of_b = np.intersect1d(a.people, b.people, return_indices=True)
    # Sums of products over models, of skills and of errors, by fold of people.
    errors = [
        np.bincount(a.people % FOLDS, (moves[0] ** 2).sum(axis=1), FOLDS),
        np.bincount(b.people % FOLDS, (moves[1] ** 2).sum(axis=1), FOLDS),
        np.bincount(a.people[of_a] % FOLDS, (moves[0][of_a] * moves[1][of_b]).sum(axis=1), FOLDS),
    ]
    without = [
        skill - np.array([move[one.people % FOLDS == fold].sum(axis=0) for fold in range(FOLDS)])
        for skill, move, one in zip(skills, moves, (a, b), strict=True)
    ]
    pairs = ((0, 0), (1, 1), (0, 1))
    products = np.array([float(skills[i] @ skills[j]) for i, j in pairs])
    folded = np.array([(without[i] * without[j]).sum(axis=1) for i, j in pairs])
    error = np.array([each.sum() for each in errors])
    left = np.array([each.sum() - each for each in errors]) * (FOLDS / (FOLDS - 1.0)) ** 2
    raw = jackknife(_correlation(folded), float(_correlation(products[:, None])[0]))
    true_products = products - error
    if (true_products[:2] < RELIABILITY_MIN * products[:2]).any():
        return Correlation(within(raw, -1.0, 1.0), NOTHING)
    true = jackknife(_correlation(folded - left), float(_correlation(true_products[:, None])[0]))
    return Correlation(within(raw, -1.0, 1.0), within(true, -1.0, 1.0))


def _correlation(products: FloatArray) -> FloatArray:
    # Of sums of squares, squares and products (3, J).
    below = np.sqrt(np.maximum(products[0] * products[1], 0.0))
    out = np.full(below.size, np.nan)
    np.divide(products[2], below, out=out, where=below > 0.0)
    return out


class Patterns(NamedTuple):
    """Verdicts of battles: ``said`` (N, D) is 1, -1, 0 for a tie, NaN where not asked.

    ``fold`` (N): of the person, 0 to FOLDS - 1; ``battles`` (N): so many are so.
    """

    said: FloatArray
    fold: IndexArray
    battles: FloatArray


def in_battles(patterns: Patterns, a: int, b: int) -> tuple[Estimate, int]:
    """Correlation about 0 of the verdicts of one person on one battle, a tie half; and battles."""
    both = np.isfinite(patterns.said[:, [a, b]]).all(axis=1)
    left, right = patterns.said[both, a], patterns.said[both, b]
    count, fold = patterns.battles[both], patterns.fold[both]
    sums = np.array(
        [
            np.bincount(fold, count * product, FOLDS)
            for product in (left * left, right * right, left * right)
        ]
    )
    whole = sums.sum(axis=1, keepdims=True)
    value = float(_correlation(whole)[0])
    return within(jackknife(_correlation(whole - sums), value), -1.0, 1.0), round(count.sum())


class Prediction(NamedTuple):
    """Share of decided overall verdicts that are predicted of people who weren't learnt from.

    ``all_others``: from all other dimensions together; ``best``: the place of the dimension that
    was chosen alone, in most folds, and ``best_share`` what the choice predicts; ``gain``: the one
    less the other. Chance is a half. ``battle_count``: decided.
    """

    all_others: Estimate
    best: int | None
    best_share: Estimate
    gain: Estimate
    battle_count: int


def predicted(patterns: Patterns, target: int) -> Prediction:
    """Predict verdicts of the dimension ``target`` by the others'.

    The rule is learnt by least squares without a constant, so that it is the same whichever model
    is called the first. A prediction of neither is half right.
    """
    others = [place for place in range(patterns.said.shape[1]) if place != target]
    said = patterns.said[:, target]
    used = np.isfinite(said) & np.isfinite(patterns.said[:, others]).all(axis=1) & (said != 0.0)
    count, fold, truth = patterns.battles[used], patterns.fold[used], said[used]
    features = patterns.said[np.ix_(used, others)]
    battles = round(float(count.sum()))
    if not others or np.unique(fold).size < FOLDS:
        return Prediction(NOTHING, None, NOTHING, NOTHING, battles)
    right = np.zeros((2, FOLDS))
    chosen = []
    for held in range(FOLDS):
        learnt, asked = fold != held, fold == held
        weighted = features[learnt] * count[learnt, None]
        ridge = 1e-9 * float(count.sum()) * np.eye(len(others))
        slope = np.linalg.solve(weighted.T @ features[learnt] + ridge, weighted.T @ truth[learnt])
        single = np.array(
            [count[learnt] @ _right(column[learnt], truth[learnt]) for column in features.T]
        )
        chosen.append(int(np.argmax(single)))
        scores = (np.round(features[asked] @ slope, 9), features[asked, chosen[-1]])
        right[:, held] = [count[asked] @ _right(score, truth[asked]) for score in scores]
    of_fold = np.asarray(np.bincount(fold, count, FOLDS), dtype=np.float64)
    names, times = np.unique(chosen, return_counts=True)
    everything, best, gain = (
        _share(sums, of_fold) for sums in (right[0], right[1], right[0] - right[1])
    )
    place = others[int(names[np.argmax(times)])]
    return Prediction(within(everything, 0.0, 1.0), place, within(best, 0.0, 1.0), gain, battles)


def _right(score: FloatArray, truth: FloatArray) -> FloatArray:
    return np.asarray(0.5 * (1.0 + np.sign(score) * truth))


def _share(above: FloatArray, below: FloatArray) -> Estimate:
    # Of sums by fold (FOLDS).
    without = (above.sum() - above) / (below.sum() - below)
    return jackknife(without, float(above.sum() / below.sum()))


class Decisiveness(NamedTuple):
    """Share of ties of a level; how much more it is than of the other levels, and its p-value."""

    tie_share: Estimate
    beyond_others: Estimate
    p: float


def decisiveness(ties: FloatArray, verdicts: FloatArray) -> list[Decisiveness]:
    """Of each of L levels, by fold of people: ``ties``, ``verdicts`` (L, FOLDS)."""
    found = []
    for tie, count in zip(ties, verdicts, strict=True):
        other_tie, other = ties.sum(axis=0) - tie, verdicts.sum(axis=0) - count
        own = _share_without(tie, count)
        apart: tuple[FloatArray, float] = (np.full(FOLDS, np.nan), math.nan)
        if other.sum() > 0.0:
            rest = _share_without(other_tie, other)
            apart = own[0] - rest[0], own[1] - rest[1]
        tie_share = within(jackknife(*own), 0.0, 1.0)
        found.append(Decisiveness(tie_share, jackknife(*apart), _p(*apart)))
    return found


def _share_without(above: FloatArray, below: FloatArray) -> tuple[FloatArray, float]:
    left = below.sum() - below
    without = np.divide(above.sum() - above, left, out=np.full(left.size, np.nan), where=left > 0.0)
    whole = float(below.sum())
    return without, float(above.sum()) / whole if whole > 0.0 else math.nan


def _p(found: FloatArray, value: float) -> float:
    spread = _spread(found, value)
    if spread is None:
        return math.nan
    return 2.0 * float(stdtr(spread.freedom, -abs(value) / spread.sd))
