"""Participant-clustered covariance of a posterior mean under weights and repeat raters.

With weights as powers of the likelihood the posterior covariance is not a sampling variance. The
sandwich is: how far the estimate moves when one participant is left out, summed over participants
(CR3: Bell and McCaffrey 2002, Survey Methodology 28; Pustejovsky and Tipton 2018), plus what the
prior alone leaves uncertain. Its own uncertainty is Satterthwaite's (Biometrics Bulletin 2, 1946).
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from ratings.compiled import FloatArray, IndexArray, compiled
from ratings.counts import ParticipantCounts
from ratings.gaussian import NORMAL_975
from ratings.linear_algebra import factor, product, solve_factored
from ratings.posterior import Posterior


@compiled
def _pulls(
    first: IndexArray,
    second: IndexArray,
    score: FloatArray,
    precision: FloatArray,
    covariance: FloatArray,
) -> FloatArray:
    """Pull (K) on each of a participant's K differences by which the mean moves without them.

    inverse(Lambda - A D A') A s, by Woodbury in K dimensions, is Sigma A times
    s + D^(1/2) inverse(I - D^(1/2) S D^(1/2)) D^(1/2) S s with S = A' Sigma A: the pulls. Sites of
    all others are held.
    """
    count = first.size
    matrix = np.empty((count, count))
    inner = np.zeros(count)
    root = np.sqrt(precision)
    for k in range(count):
        for m in range(count):
            shared = (
                covariance[first[k], first[m]]
                + covariance[second[k], second[m]]
                - covariance[first[k], second[m]]
                - covariance[second[k], first[m]]
            )
            matrix[k, m] = -root[k] * shared * root[m]
            inner[k] += shared * score[m]
        matrix[k, k] += 1.0
        inner[k] *= root[k]
    if count == 1:
        inner[0] /= matrix[0, 0]
    else:
        inner = solve_factored(factor(matrix), inner)
    return score + root * inner


@compiled
def _scores(
    own: IndexArray,
    outcomes: FloatArray,
    first: IndexArray,
    second: IndexArray,
    sites: FloatArray,
    mean: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    # Score and precision (K) of a participant's differences: of pairs ``own``, at the mean.
    score = np.zeros(own.size)
    precision = np.zeros(own.size)
    for k in range(own.size):
        p = own[k]
        difference = mean[first[p]] - mean[second[p]]
        for outcome in range(3):
            weight = outcomes[k, outcome]
            precision[k] += weight * sites[p, outcome, 0]
            score[k] += weight * (sites[p, outcome, 1] - sites[p, outcome, 0] * difference)
    return score, precision


@compiled
def _clustered(
    starts: IndexArray,
    pair: IndexArray,
    outcomes: FloatArray,
    first: IndexArray,
    second: IndexArray,
    sites: FloatArray,
    mean: FloatArray,
    covariance: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Jackknife covariance (M, M); per centred skill, sums of its squared and fourth moves (M)."""
    size = mean.size
    centred = np.empty((size, size))
    for j in range(size):
        level = 0.0
        for i in range(size):
            level += covariance[i, j]
        for i in range(size):
            centred[i, j] = covariance[i, j] - level / size
    # The pulls' outer products, in the space of models: a participant touches few of them.
    pulls = np.zeros((size, size))
    squares = np.zeros(size)
    fourths = np.zeros(size)
    moved = np.empty(size)
    clusters = starts.size - 1
    for r in range(clusters):
        own = pair[starts[r] : starts[r + 1]]
        score, precision = _scores(
            own, outcomes[starts[r] : starts[r + 1]], first, second, sites, mean
        )
        pull = _pulls(first[own], second[own], score, precision, covariance)
        moved[:] = 0.0
        for k in range(own.size):
            i, j = first[own[k]], second[own[k]]
            for m in range(own.size):
                both = pull[k] * pull[m]
                x, y = first[own[m]], second[own[m]]
                pulls[i, x] += both
                pulls[i, y] -= both
                pulls[j, x] -= both
                pulls[j, y] += both
            for x in range(size):
                moved[x] += pull[k] * (centred[x, i] - centred[x, j])
        for x in range(size):
            square = moved[x] * moved[x]
            squares[x] += square
            fourths[x] += square * square
    # Jackknife's factor: leaving out one of R is R / (R - 1) of a draw.
    if clusters > 1:
        pulls *= (clusters - 1.0) / clusters
    return product(product(covariance, pulls), covariance), squares, fourths


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
    if posterior.sites.shape[0] != counts.first.size or posterior.model_ids != counts.model_ids:
        raise ValueError("the posterior was not fitted on these participants' counts")
    sampling, squares, fourths = _clustered(
        people.starts, people.pair, people.outcomes, counts.first, counts.second,
        posterior.sites, posterior.mean, posterior.covariance,
    )  # fmt: skip
    prior = product(posterior.covariance / posterior.prior_sd**2, posterior.covariance)
    if people.participant_count < 2:
        prior = prior + posterior.covariance
    return Sandwich(
        0.5 * (sampling + sampling.T), 0.5 * (prior + prior.T), _freedom(squares, fourths)
    )


def _freedom(squares: FloatArray, fourths: FloatArray) -> float:
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
