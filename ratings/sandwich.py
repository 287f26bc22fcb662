"""Participant-clustered covariance of a posterior mean under weights and repeat raters.

With weights as powers of the likelihood the posterior covariance is not a sampling variance. The
sandwich is: how far the estimate moves when one participant is left out, summed over participants
(CR3: Bell and McCaffrey 2002, Survey Methodology 28; Pustejovsky and Tipton 2018), plus what the
prior alone leaves uncertain. Its own uncertainty is Satterthwaite's (Biometrics Bulletin 2, 1946).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from ratings.compiled import MANY_MODELS, FloatArray, IndexArray, compiled
from ratings.counts import ParticipantCounts
from ratings.gaussian import NORMAL_975
from ratings.linear_algebra import factor, product, solve_factored
from ratings.posterior import Posterior

# Participants whose moves are held at a time: memory does not grow with the study.
CHUNK = 4096


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
    for r in range(starts.size - 1):
        begin = starts[r]
        count = starts[r + 1] - begin
        matrix = np.empty((count, count))
        inner = np.zeros(count)
        for k in range(count):
            i, j = first[begin + k], second[begin + k]
            root = math.sqrt(precision[begin + k])
            for m in range(count):
                x, y = first[begin + m], second[begin + m]
                shared = covariance[i, x] + covariance[j, y]
                shared -= covariance[i, y] + covariance[j, x]
                matrix[k, m] = -root * shared * math.sqrt(precision[begin + m])
                inner[k] += root * shared * score[begin + m]
            matrix[k, k] += 1.0
        inner = solve_factored(factor(matrix, 0.0), inner)
        for k in range(count):
            out[begin + k] = score[begin + k] + math.sqrt(precision[begin + k]) * inner[k]
    return out


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


def _moves(
    posterior: Posterior, people: ParticipantCounts, together: FloatArray | None
) -> Iterator[FloatArray]:
    # How far the mean of all skills moves without each participant (at most CHUNK at a time, M).
    # ``together`` (M, M): where to add what everybody pulls, if wanted.
    first, second = people.counts.first, people.counts.second
    difference = posterior.mean[first] - posterior.mean[second]
    size = posterior.mean.size
    chunk = CHUNK if size <= MANY_MODELS else max(CHUNK * MANY_MODELS // size, 1)
    for begin in range(0, people.participant_count, chunk):
        starts = people.starts[begin : begin + chunk + 1]
        rows = slice(starts[0], starts[-1])
        pair, outcomes = people.pair[rows], people.outcomes[rows]
        precision, shift = posterior.sites[:, pair]
        score = (outcomes * (shift - precision * difference[pair, None])).sum(axis=1)
        pull = pulls(
            starts - starts[0], first[pair], second[pair], score,
            (outcomes * precision).sum(axis=1), posterior.covariance,
        )  # fmt: skip
        if together is not None:
            gather(starts - starts[0], first[pair], second[pair], pull, together)
        reach = posterior.covariance[first[pair]] - posterior.covariance[second[pair]]
        yield np.add.reduceat(pull[:, None] * reach, starts[:-1] - starts[0], axis=0)


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


def sandwich(posterior: Posterior, people: ParticipantCounts) -> Sandwich:
    """Covariance of the posterior mean over samples of participants and the prior.

    ``posterior`` must be the EP fit of ``people.counts``: its sites hold the scores. With a single
    participant there is nothing to compare with: its squared influence, and the posterior's own
    covariance beside it. Raises ValueError if the two do not belong together.
    """
    counts = people.counts
    if posterior.sites.shape[1] != counts.first.size or posterior.model_ids != counts.model_ids:
        raise ValueError("the posterior was not fitted on these participants' counts")
    size, clusters = posterior.mean.size, people.participant_count
    sampling, squares, fourths = np.zeros((size, size)), np.zeros(size), np.zeros(size)
    # A move is Sigma A p: of many models the sum over people is taken before Sigma is, which costs
    # the cube of the models once and not their square for everybody.
    together = np.zeros((size, size)) if size > MANY_MODELS else None
    for moves in _moves(posterior, people, together):
        if together is None:
            sampling += product(moves.T, moves)
        square = (moves - moves.mean(axis=1)[:, None]) ** 2
        squares += square.sum(axis=0)
        fourths += (square * square).sum(axis=0)
    if together is not None:
        sampling = product(product(posterior.covariance, together), posterior.covariance)
        sampling = 0.5 * (sampling + sampling.T)
    # Jackknife's factor: leaving out one of R is R / (R - 1) of a draw.
    if clusters > 1:
        sampling *= (clusters - 1.0) / clusters
    prior = product(posterior.covariance / posterior.prior.sd**2, posterior.covariance)
    if clusters < 2:
        prior = prior + posterior.covariance
    return Sandwich(sampling, 0.5 * (prior + prior.T), freedom(squares, fourths))


def freedom(squares: FloatArray, fourths: FloatArray) -> float:
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
