"""Which models of a board can be told apart, all its pairs considered together.

A board of 28 models has 378 differences: some look large by chance. Here at most 5% of boards call
any two models different that are equal. P-values are Student's, corrected by Holm's step-down with
Sidak's levels (1979, Scandinavian Journal of Statistics 6; Holland and Copenhaver 1987, Biometrics
43). They hold however the differences hang together, and where the sd of each is known from a few
people of its own. Ranks from such comparisons: Mogstad, Romano, Shaikh and Wilhelm 2024, Review of
Economic Studies 91.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from ratings.compiled import FloatArray, IndexArray, Mask
from ratings.gaussian import NORMAL_975
from ratings.posterior import Posterior
from ratings.summary import SEMIDEFINITE

LEVEL = 0.05
# Of variances that cancel, what is left is less than this share of them.
ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Separations:
    """Of every two of M models, how sure it is that they differ.

    ``p`` (M, M): p-value of a difference, corrected for all pairs of the board, 1 on the diagonal;
    ``studentised`` (M, M): difference of skills over its sd; ``critical``: how large it must be.
    """

    p: FloatArray
    studentised: FloatArray
    critical: float

    @property
    def better(self) -> Mask:
        """(M, M): whether the row's model is surely better than the column's."""
        surely: Mask = (self.p <= LEVEL) & (self.studentised > 0.0)
        return surely


def separations(
    posterior: Posterior,
    degrees_of_freedom: float = math.inf,
    effective_participants: float = math.inf,
) -> Separations:
    """All pairs of a board, at most 5% of boards wrong about any of them.

    ``posterior``: with the covariance that the board shows. ``degrees_of_freedom``: of Student's t
    by which that covariance was widened (``Sandwich.interval_covariance``).
    ``effective_participants``: Kish's number. A few who judge most battles tell no more of how
    people differ than so many would, however even their verdicts are by chance.
    """
    widening = float(stdtrit(degrees_of_freedom, 0.975)) / NORMAL_975
    freedom = min(degrees_of_freedom, max(effective_participants - 1.0, 1.0))
    return separated(posterior.mean, posterior.covariance, freedom, widening)


def separated(
    mean: FloatArray,
    covariance: FloatArray,
    degrees_of_freedom: float | FloatArray = math.inf,
    widening: float = 1.0,
) -> Separations:
    """The same of any M estimates: their ``mean`` (M) and ``covariance`` (M, M).

    ``degrees_of_freedom``: of all differences, or of each (M, M); ``widening``: by which standard
    deviations of the covariance were widened.
    """
    size = mean.size
    first, second = np.triu_indices(size, 1)
    p, studentised = np.ones((size, size)), np.zeros((size, size))
    if size < 2:
        return Separations(p, studentised, math.inf)
    own = np.diag(covariance)
    variance = own[first] + own[second] - 2.0 * covariance[first, second]
    # Equal skills that nothing could tell apart have no sd either.
    least = np.maximum(SEMIDEFINITE * own.max(), ROUNDING * (own[first] + own[second]))
    known = variance > np.maximum(least, 1e-300)
    inverse_sd = np.where(known, 1.0 / np.sqrt(np.where(known, variance, 1.0)), 0.0)
    signed = (mean[first] - mean[second]) * inverse_sd
    studentised[first, second], studentised[second, first] = signed, -signed
    freedom = np.broadcast_to(degrees_of_freedom, (size, size))[first, second]
    alone = 2.0 * stdtr(freedom, -np.abs(signed) * widening)
    p[first, second] = p[second, first] = _step_down(alone.astype(np.float64))
    level = 0.5 * (1.0 - (1.0 - LEVEL) ** (1 / first.size))
    return Separations(p, studentised, -float(stdtrit(freedom.min(), level)) / widening)


def _step_down(alone: FloatArray) -> FloatArray:
    # P-values of pairs (P), from each by itself: the smallest is one of P, the next of P - 1.
    order = np.argsort(alone, kind="stable")
    left = np.arange(alone.size, 0, -1)
    corrected = np.empty(alone.size)
    corrected[order] = np.maximum.accumulate(
        -np.expm1(left * np.log1p(-alone[order].clip(max=1.0 - 1e-16)))
    )
    return corrected


def tiers(better: Mask, rank: IndexArray, counted: Mask) -> IndexArray:
    """Tier (M), 1 the best, 0 of models that are not ``counted`` (M).

    A new tier begins where every counted model ranked above is surely better than every one from
    there on. So a reader who takes a line as "better than what is below" is wrong on at most 5%
    of boards. ``better`` (M, M): see ``Separations``; ``rank`` (M).
    """
    tier = np.zeros(rank.size, dtype=np.int64)
    by_rank = np.argsort(rank, kind="stable")
    by_rank = by_rank[counted[by_rank]]
    apart = better[np.ix_(by_rank, by_rank)]
    number = 1
    for place, model in enumerate(by_rank):
        if place and apart[:place, place:].all():
            number += 1
        tier[model] = number
    return tier


# Battles that are more than so many times those so far are no plan.
HORIZON = 10_000.0


def battles_to_separate(
    found: Separations, above: IndexArray, below: IndexArray, battles: float
) -> list[int | None]:
    """Battles of the whole board still needed to tell each pair (K) apart, to two digits.

    If further ones fall as those so far, and the difference stays as it is: a studentised
    difference grows with the root of the battles. The step-down level is at most ``critical``. None
    where no number is enough.
    """
    needed: list[int | None] = []
    for one, other in zip(above.tolist(), below.tolist(), strict=True):
        if found.p[one, other] <= LEVEL:
            needed.append(0)
            continue
        square = float(found.studentised[one, other]) ** 2
        times = found.critical**2 / square - 1.0 if square > 0.0 else math.inf
        needed.append(two_digits(max(times, 0.0) * battles) if times <= HORIZON else None)
    return needed


def two_digits(amount: float) -> int:
    """Rounded up: a plan has no more."""
    whole = math.ceil(amount)
    unit = 10 ** max(len(str(whole)) - 2, 0)
    return int(-(-whole // unit) * unit)
