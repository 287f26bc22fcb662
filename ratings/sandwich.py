"""Participant-clustered covariance of a posterior mean under weights and repeat raters.

With weights as powers of the likelihood the posterior covariance is not a sampling variance. The
sandwich is: how far the estimate moves when one participant is left out, summed over participants
(CR3: Bell and McCaffrey 2002, Survey Methodology 28; Pustejovsky and Tipton 2018), plus what the
prior alone leaves uncertain. Its own uncertainty is Satterthwaite's (Biometrics Bulletin 2, 1946).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
from scipy.special import stdtrit

from ratings.compiled import MANY_MODELS, FloatArray, IndexArray, compiled
from ratings.counts import PairCounts, ParticipantCounts
from ratings.gaussian import NORMAL_975
from ratings.linear_algebra import (
    factor,
    factor_in_place,
    inverse,
    product,
    solve_factored,
    solve_in_place,
)
from ratings.posterior import Posterior

# Participants whose moves are held at a time: memory does not grow with the study.
CHUNK = 4096
# Of more numbers numpy adds the second and those after it pairwise.
FEW_PAIRS = 8


@compiled
def pulls(
    starts: IndexArray,
    first: IndexArray,
    second: IndexArray,
    score: FloatArray,
    precision: FloatArray,
    covariance: FloatArray,
) -> FloatArray:
    """Pull (N) on each of a participant's K differences by which the mean moves without them.

    ``starts`` (R + 1): of participants among the N differences of ``first`` and ``second``;
    ``score``, ``precision`` (N): their own; ``covariance`` (M, M): the posterior's.
    """
    # inverse(Lambda - A D A') A s, by Woodbury in K dimensions, is Sigma A times
    # s + D^(1/2) inverse(I - D^(1/2) S D^(1/2)) D^(1/2) S s with S = A' Sigma A. Sites of all
    # others are held.
    out = np.empty(first.size)
    most = np.diff(starts).max() if starts.size > 1 else 0
    # One place for everybody's matrix: to ask for memory costs more than a small matrix.
    matrices, vectors, roots = np.empty(most * most), np.empty(most), np.sqrt(precision)
    for r in range(starts.size - 1):
        begin = starts[r]
        count = starts[r + 1] - begin
        matrix = matrices[: count * count].reshape(count, count)
        inner = vectors[:count]
        for k in range(count):
            i, j, root = first[begin + k], second[begin + k], roots[begin + k]
            inner[k] = 0.0
            for m in range(count):
                x, y = first[begin + m], second[begin + m]
                shared = covariance[i, x] + covariance[j, y]
                shared -= covariance[i, y] + covariance[j, x]
                matrix[k, m] = -root * shared * roots[begin + m]
                inner[k] += root * shared * score[begin + m]
            matrix[k, k] += 1.0
        factor_in_place(matrix, 0.0)
        solve_in_place(matrix, inner)
        for k in range(count):
            out[begin + k] = score[begin + k] + roots[begin + k] * inner[k]
    return out


def moves_of(
    starts: IndexArray, first: IndexArray, second: IndexArray, pull: FloatArray, reach: FloatArray
) -> FloatArray:
    """How far each participant moves K figures (R, K), by their ``pull`` (N) on differences.

    ``reach`` (M, K): how far a pull on a skill moves each. Bits are those of numpy's ``reduceat``.
    """
    moves = _moves_of_few(starts, first, second, pull, reach)
    sizes = np.diff(starts)
    many = np.flatnonzero(sizes > FEW_PAIRS)
    if many.size:
        begins = np.cumsum(sizes[many]) - sizes[many]
        rows = np.arange(sizes[many].sum()) + np.repeat(starts[many] - begins, sizes[many])
        along = reach[first[rows]] - reach[second[rows]]
        moves[many] = np.add.reduceat(pull[rows, None] * along, begins, axis=0)
    return moves


@compiled
def _moves_of_few(
    starts: IndexArray, first: IndexArray, second: IndexArray, pull: FloatArray, reach: FloatArray
) -> FloatArray:
    size = reach.shape[1]
    out = np.zeros((starts.size - 1, size))
    for r in range(starts.size - 1):
        row, begin = out[r], starts[r]
        for k in range(begin + 1, starts[r + 1]):
            add_difference(row, pull[k], reach[first[k]], reach[second[k]])
        add_difference(row, pull[begin], reach[first[begin]], reach[second[begin]])
    return out


@compiled
def add_difference(row: FloatArray, share: float, one: FloatArray, other: FloatArray) -> None:
    """Add to a row (M) its share of a difference of two."""
    for j in range(row.size):
        row[j] += share * (one[j] - other[j])


@compiled
def add_products(moves: FloatArray, times: FloatArray, out: FloatArray) -> None:
    """Add to ``out`` (M, M) the products of every row of ``moves`` (C, M) with itself, by times."""
    size = moves.shape[1]
    total = np.zeros((size, size))
    for r in range(moves.shape[0]):
        row = moves[r]
        for i in range(size):
            share, sums = row[i] * times[r], total[i]
            for j in range(size):
                sums[j] += share * row[j]
    out += total


@compiled
def gather(
    starts: IndexArray,
    first: IndexArray,
    second: IndexArray,
    pull: FloatArray,
    together: FloatArray,
) -> None:
    """Add to ``together`` (M, M) every participant's pull on each pair of models: A p p' A'."""
    for r in range(starts.size - 1):
        for k in range(starts[r], starts[r + 1]):
            for m in range(starts[r], starts[r + 1]):
                both = pull[k] * pull[m]
                together[first[k], first[m]] += both
                together[second[k], second[m]] += both
                together[first[k], second[m]] -= both
                together[second[k], first[m]] -= both


@compiled
def _moves_of_many(
    starts: IndexArray,
    first: IndexArray,
    second: IndexArray,
    score: FloatArray,
    precision: FloatArray,
    whole: FloatArray,
) -> FloatArray:
    # The same of participants who judged more pairs than there are models: inverse(Lambda - A D A')
    # A s in as many dimensions as models. ``whole`` (M, M): Lambda.
    size = whole.shape[0]
    out = np.empty((starts.size - 1, size))
    for r in range(starts.size - 1):
        left = whole.copy()
        pull = np.zeros(size)
        for k in range(starts[r], starts[r + 1]):
            i, j, own = first[k], second[k], precision[k]
            left[i, i] -= own
            left[j, j] -= own
            left[i, j] += own
            left[j, i] += own
            pull[i] += score[k]
            pull[j] -= score[k]
        out[r] = solve_factored(factor(left, 0.0), pull)
    return out


@dataclass(frozen=True, eq=False)
class _Moves:
    # ``moves`` (C, M): how far the mean moves without each of C clusters; ``times`` (C): how many
    # clusters move it so; ``is_gathered``: whether the sum over pulls has them.
    moves: FloatArray
    times: FloatArray
    is_gathered: bool


def _moves(
    posterior: Posterior, people: ParticipantCounts, together: FloatArray | None
) -> Iterator[_Moves]:
    # At most CHUNK clusters at a time. ``together`` (M, M): where to add what everybody pulls, if
    # wanted; clusters of more pairs than models add their moves themselves.
    for chosen, is_large in _chunks(people, posterior.mean.size):
        yield _moves_of(posterior, people.some(chosen), together, is_large=is_large)


def _chunks(people: ParticipantCounts, size: int) -> Iterator[tuple[IndexArray, bool]]:
    # Clusters (C), and whether they judged more pairs than there are models.
    chunk = CHUNK if size <= MANY_MODELS else max(CHUNK * MANY_MODELS // size, 1)
    is_large = np.diff(people.starts) > size
    for begin in range(0, people.participant_count, chunk):
        each = np.arange(begin, min(begin + chunk, people.participant_count))
        for chosen in (each[~is_large[each]], each[is_large[each]]):
            if chosen.size:
                yield chosen, bool(is_large[chosen[0]])


def _moves_of(
    posterior: Posterior, people: ParticipantCounts, together: FloatArray | None, *, is_large: bool
) -> _Moves:
    first, second = people.counts.first[people.pair], people.counts.second[people.pair]
    precision, shift = posterior.sites[:, people.pair]
    difference = (posterior.mean[first] - posterior.mean[second])[:, None]
    score = (people.outcomes * (shift - precision * difference)).sum(axis=1)
    own = (people.outcomes * precision).sum(axis=1)
    times = np.ones(people.participant_count)
    if is_large:
        whole = inverse(posterior.covariance)[0]
        moves = _moves_of_many(people.starts, first, second, score, own, whole)
        return _Moves(moves, times, is_gathered=False)
    pull = pulls(people.starts, first, second, score, own, posterior.covariance)
    if together is not None:
        gather(people.starts, first, second, pull, together)
    moves = moves_of(people.starts, first, second, pull, posterior.covariance)
    return _Moves(moves, times, is_gathered=together is not None)


def _moves_of_singles(
    posterior: Posterior, singles: PairCounts, together: FloatArray | None
) -> Iterator[_Moves]:
    # Verdicts that are a cluster each: those with one outcome on one pair move the mean alike.
    pair, outcome = np.nonzero(singles.outcomes)
    size = posterior.mean.size
    chunk = CHUNK if size <= MANY_MODELS else max(CHUNK * MANY_MODELS // size, 1)
    for begin in range(0, pair.size, chunk):
        rows = slice(begin, begin + chunk)
        first, second = singles.first[pair[rows]], singles.second[pair[rows]]
        precision, shift = posterior.sites[:, pair[rows], outcome[rows]]
        score = shift - precision * (posterior.mean[first] - posterior.mean[second])
        covariance = posterior.covariance
        spread = covariance[first, first] + covariance[second, second]
        pull = score / (1.0 - precision * (spread - 2.0 * covariance[first, second]))
        times = singles.outcomes[pair[rows], outcome[rows]]
        if together is not None:
            starts = np.arange(first.size + 1)
            gather(starts, first, second, pull * np.sqrt(times), together)
        moves = pull[:, None] * (covariance[first] - covariance[second])
        yield _Moves(moves, times, is_gathered=together is not None)


def influences(posterior: Posterior, people: ParticipantCounts, models: IndexArray) -> FloatArray:
    """How far each participant pulls the mean of K ``models`` (R, K): without them it is less so.

    ``posterior``: the EP fit of ``people.counts``. To first order, the sites of all others held.
    """
    out = np.empty((people.participant_count, models.size))
    for chosen, is_large in _chunks(people, posterior.mean.size):
        found = _moves_of(posterior, people.some(chosen), None, is_large=is_large)
        out[chosen] = found.moves[:, models]
    return out


@dataclass(frozen=True, eq=False)
class Sandwich:
    """Covariances (M, M) of a posterior mean: ``sampling`` of participants, ``prior`` beside it.

    ``degrees_of_freedom``: of ``sampling``, which is itself estimated.
    """

    sampling: FloatArray
    prior: FloatArray
    degrees_of_freedom: float

    @property
    def covariance(self) -> FloatArray:
        """Both together (M, M)."""
        return self.sampling + self.prior

    @property
    def interval_covariance(self) -> FloatArray:
        """The same (M, M), the sampling part as wide as Student's t asks for.

        1.96 standard deviations of it are a 95% interval; so ranks and P(best) know as well that
        few participants, or a few with large weights, tell little about their own spread.
        """
        widening = float(stdtrit(self.degrees_of_freedom, 0.975)) / NORMAL_975
        return widening**2 * self.sampling + self.prior


def sandwich(
    posterior: Posterior, people: ParticipantCounts, singles: PairCounts | None = None
) -> Sandwich:
    """Covariance of the posterior mean over samples of participants and the prior.

    ``posterior`` must be the EP fit of ``people.counts``: its sites hold the scores. ``singles``:
    verdicts over the same pairs that are a participant each, in whole numbers. With a single
    participant there is nothing to compare with: its squared influence, and the posterior's own
    covariance beside it. Raises ValueError if the two do not belong together.
    """
    counts = people.counts
    if posterior.sites.shape[1] != counts.first.size or posterior.model_ids != counts.model_ids:
        raise ValueError("the posterior was not fitted on these participants' counts")
    size, clusters = posterior.mean.size, float(people.participant_count)
    sampling, squares, fourths = np.zeros((size, size)), np.zeros(size), np.zeros(size)
    # A move is Sigma A p: of many models the sum over people is taken before Sigma is, which costs
    # the cube of the models once and not their square for everybody.
    together = np.zeros((size, size)) if size > MANY_MODELS else None
    every = [_moves(posterior, people, together)]
    if singles is not None:
        every.append(_moves_of_singles(posterior, singles, together))
        clusters += singles.battle_total
    for one in chain.from_iterable(every):
        if not one.is_gathered:
            add_products(one.moves, one.times, sampling)
        square = (one.moves - one.moves.mean(axis=1)[:, None]) ** 2
        squares += (one.times[:, None] * square).sum(axis=0)
        fourths += (one.times[:, None] * square * square).sum(axis=0)
    if together is not None:
        sampling += product(product(posterior.covariance, together), posterior.covariance)
    sampling = 0.5 * (sampling + sampling.T)
    # Jackknife's factor: leaving out one of R is R / (R - 1) of a draw.
    if clusters > 1.0:
        sampling *= (clusters - 1.0) / clusters
    prior = product(posterior.covariance / posterior.prior.sd**2, posterior.covariance)
    if clusters < 2.0:
        prior = prior + posterior.covariance
    freedom = satterthwaite(squares, fourths)
    # Few clusters know no more than their number, however even their moves are.
    freedom = min(freedom, clusters - 1.0) if clusters >= 2.0 else math.inf
    return Sandwich(sampling, 0.5 * (prior + prior.T), freedom)


def satterthwaite(squares: FloatArray, fourths: FloatArray) -> float:
    """Satterthwaite's degrees of freedom, the harmonic mean over skills; infinite for no moves.

    A squared move is a variance times chi-squared with one degree of freedom, so its square is
    three times the variance squared on average: (sum of variances)^2 / sum of squared variances is
    3 (sum of squares)^2 / sum of fourth powers.
    """
    moved = fourths > 0.0
    if not moved.any():
        return math.inf
    return float(moved.sum() / (fourths[moved] / (3.0 * squares[moved] ** 2)).sum())


def design_effect(posterior: Posterior, covariance: FloatArray) -> float:
    """Mean ratio of sandwich to model variance of centred skills; 1 for an unweighted sample."""
    own = posterior.skill_sd
    ratio = (posterior.with_covariance(covariance).skill_sd / own) ** 2
    return float(ratio.mean()) if own.size and math.isfinite(ratio.sum()) else math.nan
