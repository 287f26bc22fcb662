"""Whether the verdicts are as the board's model says: by pair and outcome, in cycles, over time.

Each check compares a statistic with what the fitted model expects of people who judge as often, and
as much like themselves, as these did. A participant's residuals (verdicts less expected ones) keep
their sizes and get a common random sign (wild bootstrap by cluster: Cameron, Gelbach and Miller
2008, Review of Economics and Statistics 90), and what the fit would have taken up is taken out of
them (of pairs; a majority and a change between halves are no fit's to take up). Mean and variance
of the statistic over the draws give a scaled chi-squared distribution and its p (Rao and Scott
1984, Annals of Statistics 12): a posterior predictive p, clustered.

Where everybody says the same, residuals are all of one sign and as small as the prior leaves them,
and signs say nothing of what a model expects. So pairs expect no less than of verdicts that are
independent of each other, and a statistic that is next to none is no misfit.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.special import gammaincc, ndtr

from ratings.battles import Battles
from ratings.compiled import CELLS, FloatArray, Mask
from ratings.counts import PairCounts
from ratings.cut_gaussian import density
from ratings.linear_algebra import inverse, product
from ratings.posterior import Posterior

PAIRS, TRIADS, DRIFT = "pairs", "triads", "drift"
DRAWS = 200
FEWEST_DRAWS = 40
# Draws times pairs that are held at a time: of many models there are fewer draws.
HELD = 2e6
# With fewer people their signs are too few to tell anything from.
FEWEST_PEOPLE = 10
# A statistic below it, in its own unit (of pairs: squared verdicts), is next to none.
NEGLIGIBLE = 1e-3


class Check(NamedTuple):
    """``statistic`` seen and ``expected`` by the model, in one unit; ``p``: NaN with few people."""

    name: str
    statistic: float
    expected: float
    p: float


@dataclass(frozen=True, eq=False)
class _Residuals:
    """What the battles of a board are beyond what its fit expects."""

    posterior: Posterior
    counts: PairCounts
    judged: Battles

    @cached_property
    def probability(self) -> FloatArray:
        """Of first wins, second wins, tie, per pair (P, 3), at the fitted skills."""
        below, above = ndtr(self._cuts[0]), ndtr(-self._cuts[1])
        tie = np.maximum(1.0 - below - above, 1e-12)
        chances = np.column_stack((np.maximum(below, 1e-12), np.maximum(above, 1e-12), tie))
        return np.asarray(chances / chances.sum(axis=1)[:, None])

    @cached_property
    def slopes(self) -> FloatArray:
        """Derivatives (2, P, 3) of the probabilities by the difference and by the draw margin."""
        low, high = density(self._cuts[0]) / self._root, density(self._cuts[1]) / self._root
        by_difference = np.column_stack((low, -high, high - low))
        by_margin = np.column_stack((-low, -high, low + high))
        return np.stack((by_difference, by_margin))

    @property
    def _root(self) -> float:
        return math.sqrt(self.posterior.prior.noise)

    @cached_property
    def _cuts(self) -> tuple[FloatArray, FloatArray]:
        first, second = self.counts.first, self.counts.second
        d = self.posterior.mean[first] - self.posterior.mean[second]
        margin = self.posterior.draw_margin
        return (d - margin) / self._root, (d + margin) / self._root

    @cached_property
    def rows(self) -> FloatArray:
        """Of every row of battles (N, 3)."""
        judged = self.judged
        expected = judged.battles[:, None] * self.probability[judged.pair]
        return np.asarray(judged.outcomes - expected)

    @cached_property
    def battles(self) -> FloatArray:
        """Battles of each pair (P)."""
        return self.judged.per_pair(self.judged.battles, self.counts.first.size)

    def of_pairs(self, signs: FloatArray) -> FloatArray:
        """Summed over people with ``signs`` (R, B): (B, P, 3)."""
        judged, pairs = self.judged, self.counts.first.size
        column = (3 * judged.pair[:, None] + np.arange(3)).ravel()
        person = np.repeat(judged.person, 3)
        each = sparse.coo_matrix(
            (self.rows.ravel(), (column, person)), shape=(3 * pairs, judged.people)
        ).tocsr()
        return np.ascontiguousarray((each @ signs).T).reshape(-1, pairs, 3)

    def unexplained(self, residuals: FloatArray) -> FloatArray:
        """Residuals (B, P, 3) less what skills and draw margin, fitted to them, would take up."""
        weighted = self.slopes / self.probability
        scores = np.einsum("kpo,bpo->kbp", weighted, residuals)
        pull = np.asarray((self.incidence.T @ scores[0].T).T)
        pull = np.column_stack((pull, scores[1].sum(axis=1)))
        moved = product(pull, self._spread)
        by_difference = np.asarray((self.incidence @ moved[:, :-1].T).T)
        taken = by_difference[:, :, None] * self.slopes[0]
        taken += moved[:, -1][:, None, None] * self.slopes[1]
        return np.asarray(residuals - self.battles[:, None] * taken)

    @cached_property
    def incidence(self) -> "sparse.csr_matrix":
        """1 for the first model of each pair, -1 for the second (P, M)."""
        pairs = self.counts.first.size
        place = np.arange(pairs)
        return sparse.csr_matrix(
            (
                np.concatenate((np.ones(pairs), -np.ones(pairs))),
                (np.tile(place, 2), np.concatenate((self.counts.first, self.counts.second))),
            ),
            shape=(pairs, self.posterior.mean.size),
        )

    @cached_property
    def _spread(self) -> FloatArray:
        # Inverse information of skills and margin (M + 1, M + 1).
        size = self.posterior.mean.size
        information = np.einsum(
            "kpo,lpo,p->klp", self.slopes, self.slopes / self.probability, self.battles
        )
        matrix = np.zeros((size + 1, size + 1))
        weighed = sparse.diags(information[0, 0]) @ self.incidence
        matrix[:size, :size] = (self.incidence.T @ weighed).toarray()
        matrix[:size, size] = matrix[size, :size] = self.incidence.T @ information[0, 1]
        matrix[size, size] = max(information[1, 1].sum(), 1e-9)
        matrix[np.diag_indices(size)] += self.posterior.prior.sd**-2
        return inverse(matrix)[0]


def checks(posterior: Posterior, counts: PairCounts, judged: Battles, seed: int) -> list[Check]:
    """Every check of a board that its battles allow, from draws keyed by ``seed``.

    ``posterior`` is a fit of ``counts``, of which ``judged`` are the battles known one by one.
    """
    if judged.pair.size == 0 or posterior.mean.size < 2:
        return []
    residuals = _Residuals(posterior.fitted, counts, judged)
    generator = np.random.Generator(np.random.Philox(key=seed))
    draws = int(np.clip(HELD / counts.first.size, FEWEST_DRAWS, DRAWS))
    signs = 2.0 * generator.integers(0, 2, (judged.people, draws), np.int8) - 1.0
    drawn, seen = residuals.of_pairs(signs), residuals.of_pairs(np.ones((judged.people, 1)))
    is_told = judged.people >= FEWEST_PEOPLE
    found = [_by_pair(residuals, seen, drawn, is_told=is_told)]
    if posterior.mean.size > 2:
        found.append(_in_triads(residuals, seen, drawn, is_told=is_told))
    if (judged.half > 0.0).any() and (judged.half < 0.0).any():
        found.append(_over_time(residuals, signs, is_told=is_told))
    return found


def _check(
    name: str,
    seen: float,
    drawn: FloatArray,
    unit: float,
    *,
    is_told: bool,
    at_least: float = 0.0,
) -> Check:
    """``at_least``: of the mean; where it is more than that of ``drawn``, those are scaled."""
    mean, variance = float(drawn.mean()), float(drawn.var())
    scale = max(at_least / mean, 1.0) if mean > 0.0 else 1.0
    mean, variance = scale * mean, scale * scale * variance
    p = math.nan
    if is_told:
        p = 1.0
        if variance > 0.0 and seen > NEGLIGIBLE:
            p = float(gammaincc(mean * mean / variance, seen * mean / variance))
    return Check(name, seen * unit, mean * unit, p)


def _by_pair(residuals: _Residuals, seen: FloatArray, drawn: FloatArray, *, is_told: bool) -> Check:
    """Pearson's chi-squared over pairs and outcomes, over its degrees of freedom.

    Where less than one verdict is expected, one is taken for it.
    """
    expected = residuals.battles[:, None] * residuals.probability
    weight = 1.0 / np.maximum(expected, 1.0)

    def statistic(each: FloatArray) -> FloatArray:
        left = residuals.unexplained(each)
        return np.asarray((left * left * weight).sum(axis=(1, 2)))

    shown = float((residuals.battles > 0.0).sum())
    freedom = max(2.0 * shown - residuals.posterior.mean.size, 1.0)
    # n p (1 - p) is the variance of independent verdicts; the fit takes up its share of it.
    independent = float((np.minimum(expected, 1.0) * (1.0 - residuals.probability)).sum())
    return _check(
        PAIRS, float(statistic(seen)[0]), statistic(drawn), 1.0 / freedom, is_told=is_told,
        at_least=independent * freedom / max(2.0 * shown, 1.0),
    )  # fmt: skip


def _in_triads(
    residuals: _Residuals, seen: FloatArray, drawn: FloatArray, *, is_told: bool
) -> Check:
    """Share of triads of models, all compared and decided by majority, that go in a circle."""
    chance = residuals.probability
    net = residuals.battles * (chance[:, 0] - chance[:, 1])

    def share(each: FloatArray) -> FloatArray:
        nets = net + each[:, :, 0] - each[:, :, 1]
        at_once = max(CELLS // residuals.posterior.mean.size**2, 1)
        parts = (nets[start : start + at_once] for start in range(0, len(nets), at_once))
        return np.concatenate([_cyclic_shares(residuals, part) for part in parts])

    return _check(TRIADS, float(share(seen)[0]), share(drawn), 1.0, is_told=is_told)


def _cyclic_shares(residuals: _Residuals, nets: FloatArray) -> FloatArray:
    """Of each row of net wins by pair (B, P), the share of decided triads in a circle (B)."""
    size = residuals.posterior.mean.size
    first, second = residuals.counts.first, residuals.counts.second
    beats = np.zeros((len(nets), size, size))
    beats[:, first, second] = nets > 1e-9
    beats[:, second, first] = nets < -1e-9
    backwards = beats.transpose(0, 2, 1)
    either = beats + backwards
    # Whole numbers, so that no sum depends on its order.
    circles = ((beats @ beats) * backwards).sum(axis=(1, 2)) / 3.0
    triads = ((either @ either) * either).sum(axis=(1, 2)) / 6.0
    shares: FloatArray = np.divide(circles, triads, out=np.zeros(len(nets)), where=triads > 0.0)
    return shares


def _over_time(residuals: _Residuals, signs: FloatArray, *, is_told: bool) -> Check:
    """How far the later half's verdicts pull skills from the earlier half's, squared.

    In units of what chance makes of it: 1 is expected without drift.
    """
    judged, pairs = residuals.judged, residuals.counts.first.size
    known = judged.half != 0.0
    balance = float((judged.half * judged.battles).sum() / judged.battles[known].sum())
    half = np.where(known, judged.half - balance, 0.0)
    by_difference = residuals.slopes[0] / residuals.probability
    score = half * (residuals.rows * by_difference[judged.pair]).sum(axis=1)
    each = sparse.coo_matrix((score, (judged.pair, judged.person)), shape=(pairs, judged.people))
    by_model = residuals.incidence.T @ each.tocsr()

    def statistic(weights: FloatArray) -> FloatArray:
        pull = np.ascontiguousarray((by_model @ weights).T)
        return np.asarray((product(pull, residuals.posterior.covariance) * pull).sum(axis=1))

    drawn = statistic(signs)
    mean = float(drawn.mean())
    unit = 1.0 / mean if mean > 0.0 else 1.0
    seen = float(statistic(np.ones((judged.people, 1)))[0])
    return _check(DRIFT, seen, drawn, unit, is_told=is_told)


def discovered(p: FloatArray, rate: float = 0.05) -> Mask:
    """Which of several checks (N) say something, false discoveries at most ``rate`` of them.

    Benjamini and Hochberg 1995. NaN says nothing.
    """
    out = np.zeros(p.size, dtype=bool)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    passed = np.flatnonzero(p[order] <= rate * np.arange(1, order.size + 1) / max(order.size, 1))
    if passed.size:
        out[order[: passed[-1] + 1]] = True
    return out
