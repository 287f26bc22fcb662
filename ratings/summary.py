"""What a board reports from a posterior: skills, ranks, and what is expected of pairs of models.

Ranks come from joint draws of all skills, whose generator is counter-based and keyed by the caller,
so the same board gives the same bits.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtr

from ratings.compiled import CELLS, MANY_MODELS, FloatArray, IndexArray, Mask, compiled
from ratings.counts import PairCounts
from ratings.cut_gaussian import log_band
from ratings.gaussian import NORMAL_975
from ratings.linear_algebra import factor, product
from ratings.posterior import Posterior, some_models

Ranks = NDArray[np.int16]
DEFAULT_DRAWS = 8192
# The share of the largest variance below which a variance of a singular covariance is none.
SEMIDEFINITE = 1e-14
# Draws that are compared side by side: few enough to stay in the nearest cache.
BLOCK = 64
TAIL = 0.025


@compiled
def _count_better(skill: FloatArray, better: FloatArray) -> None:
    # Fill ``better`` (M, D): how many models are above each in the draws ``skill`` (M, D). Draws
    # lie side by side, so that comparing two models is one loop without a branch; counts are floats
    # for the same reason, and exact.
    better[:] = 0.0
    for i in range(skill.shape[0]):
        mine, above_me = skill[i], better[i]
        for j in range(i):
            other, above_other = skill[j], better[j]
            for d in range(skill.shape[1]):
                above_me[d] += 1.0 if other[d] > mine[d] else 0.0
                above_other[d] += 1.0 if mine[d] > other[d] else 0.0


@compiled
def _sort_better(skill: FloatArray, better: FloatArray) -> None:
    # The same by sorting each draw: M log M, not M squared.
    for d in range(skill.shape[1]):
        order = np.argsort(-skill[:, d])
        above = 0
        for place in range(order.size):
            if skill[order[place], d] < skill[order[above], d]:
                above = place
            better[order[place], d] = above


@compiled
def draw_ranks(mean: FloatArray, upper: FloatArray, normal: FloatArray) -> Ranks:
    """Rank of every model in every draw (D, M), 1 the best, of skills with ``mean`` (M).

    ``upper`` (M, M): factor of their covariance; ``normal`` (D, M).
    """
    draws, size = normal.shape
    out = np.empty((draws, size), dtype=np.int16)
    skill = np.empty((size, BLOCK))
    better = np.empty((size, BLOCK))
    z = np.zeros(BLOCK)
    for start in range(0, draws, BLOCK):
        count = min(BLOCK, draws - start)
        for i in range(size):
            skill[i] = mean[i]
        for k in range(size):
            for d in range(count):
                z[d] = normal[start + d, k]
            for i in range(k, size):
                row, loading = skill[i], upper[k, i]
                for d in range(BLOCK):
                    row[d] += z[d] * loading
        if size > MANY_MODELS:
            _sort_better(skill, better)
        else:
            _count_better(skill, better)
        for i in range(size):
            for d in range(count):
                out[start + d, i] = better[i, d] + 1.0
    return out


@compiled
def _histogram(ranks: Ranks) -> IndexArray:
    # Row i, column r (M, M): draws that put model i at rank r + 1.
    size = ranks.shape[1]
    out = np.zeros((size, size), dtype=np.int64)
    for d in range(ranks.shape[0]):
        for i in range(size):
            out[i, ranks[d, i] - 1] += 1
    return out


def rank_by(skill: FloatArray) -> IndexArray:
    """Rank (M), 1 for the largest; equal skills take the order they stand in."""
    rank = np.empty(skill.size, dtype=np.int64)
    rank[np.argsort(-skill, kind="stable")] = np.arange(1, skill.size + 1)
    return rank


def rank_distribution(posterior: Posterior, seed: int, draws: int = DEFAULT_DRAWS) -> FloatArray:
    """P(model i has rank r + 1) as an array (M, M), from ``draws`` antithetic draws.

    ``seed``: 128-bit integer, the Philox key (Salmon et al. 2011). Singular covariances are fine.
    """
    size = posterior.mean.size
    generator = np.random.Generator(np.random.Philox(key=seed))
    normal = generator.standard_normal((max(draws // 2, 1), size))
    # Ranks see differences alone; the uncentred covariance is the better conditioned one.
    upper = factor(posterior.covariance, SEMIDEFINITE)
    draws_at = sum(
        _histogram(draw_ranks(posterior.mean, upper, side)) for side in (normal, -normal)
    )
    share: FloatArray = draws_at / (2.0 * normal.shape[0])
    return share


def rank_range(distribution: FloatArray, rank: IndexArray) -> tuple[IndexArray, IndexArray]:
    """95% range of ranks (M), (M): equal tails, widened where needed to hold ``rank`` itself."""
    cumulative = np.cumsum(distribution, axis=1)
    low = np.argmax(cumulative > TAIL, axis=1) + 1
    high = np.argmax(cumulative >= 1.0 - TAIL - 1e-12, axis=1) + 1
    return np.minimum(low, rank).astype(np.int64), np.maximum(high, rank).astype(np.int64)


class Prediction(NamedTuple):
    """What a posterior expects of every ordered pair, on average over it, (M, M) each.

    ``sd`` of the difference; ``better``: P(skill a > skill b); ``win``, ``tie``: of one battle. The
    diagonal is a model against its equal.
    """

    sd: FloatArray
    better: FloatArray
    win: FloatArray
    tie: FloatArray


def model_blocks(size: int) -> Iterator[IndexArray]:
    """Places of ``size`` models, so many at a time that a row of pairs for each stays small."""
    step = max(CELLS // 4 // max(size, 1), 1)
    for begin in range(0, size, step):
        yield np.arange(begin, min(begin + step, size))


def predict(posterior: Posterior, rows: IndexArray | None = None) -> Prediction:
    """What the next battle of any two models is expected to be.

    Bradley-Terry has no tie: its P(win) already holds half of it. ``rows`` (K): the models to
    predict for, against all, (K, M) each; None for all.
    """
    mean, covariance, margin = posterior.mean, posterior.covariance, posterior.draw_margin
    own = np.diag(covariance)
    rows = np.arange(mean.size) if rows is None else rows
    d = mean[rows, None] - mean[None, :]
    variance = np.maximum(own[rows, None] + own[None, :] - 2.0 * covariance[rows], 0.0)
    variance[np.arange(rows.size), rows] = 0.0
    sd = np.sqrt(variance)
    better = np.where(sd > 0.0, ndtr(d / np.where(sd > 0.0, sd, 1.0)), 0.5 + 0.5 * np.sign(d))
    tie = np.zeros_like(d)
    if posterior.link == "logit":
        unit = posterior.prior.log_odds_unit
        # Logistic-Gaussian integral, MacKay 1992: widen the slope by the variance.
        win = expit(d / unit / np.sqrt(1.0 + math.pi * variance / (8.0 * unit**2)))
    else:
        root = np.sqrt(variance + posterior.prior.noise)
        win = ndtr((d - margin) / root)
        if margin > 0.0:
            tie = np.exp(log_band(d / root, margin / root))
    return Prediction(sd, better, win, tie)


# Of more models, the sd of a win share leaves out how others' skills move together: that costs the
# cube of the models.
WHOLE_SD = 1_000


class WinShare(NamedTuple):
    """Expected share of a round robin against all others, win 1, tie 1/2, with its sd, (M) each."""

    share: FloatArray
    sd: FloatArray

    @property
    def interval(self) -> tuple[FloatArray, FloatArray]:
        """95% interval (M), (M): symmetric in log-odds, so that it stays between 0 and 1."""
        inside = (self.share > 0.0) & (self.share < 1.0)
        share = np.where(inside, self.share, 0.5)
        centre, spread = logit(share), NORMAL_975 * self.sd / (share * (1.0 - share))
        low, high = expit(centre - spread), expit(centre + spread)
        return np.where(inside, low, self.share), np.where(inside, high, self.share)


def _slopes(posterior: Posterior, rows: IndexArray, variance: FloatArray) -> FloatArray:
    # How the points expected of a battle (K, M) grow with the difference of skills; 0 of itself.
    d = posterior.mean[rows, None] - posterior.mean[None, :]
    if posterior.link == "logit":
        unit = posterior.prior.log_odds_unit
        scale = np.sqrt(1.0 + math.pi * variance / (8.0 * unit**2)) * unit
        p = expit(d / scale)
        slope = p * (1.0 - p) / scale
    else:
        root = np.sqrt(variance + posterior.prior.noise)
        near, far = (d - posterior.draw_margin) / root, (d + posterior.draw_margin) / root
        slope = (np.exp(-0.5 * near**2) + np.exp(-0.5 * far**2)) / (
            2.0 * math.sqrt(2.0 * math.pi) * root
        )
    slope[np.arange(rows.size), rows] = 0.0
    return slope


def winshare(posterior: Posterior) -> WinShare:
    """Win share of every model, its sd by the delta method; 0.5 when alone."""
    size = posterior.mean.size
    if size < 2:
        return WinShare(np.full(size, 0.5), np.zeros(size))
    total, sd = np.empty(size), np.empty(size)
    for rows in model_blocks(size):
        prediction = predict(posterior, rows)
        points = prediction.win + 0.5 * prediction.tie
        own = points[np.arange(points.shape[0]), rows]
        total[rows] = points.sum(axis=1) - own
        slopes = _slopes(posterior, rows, prediction.sd**2) / (size - 1)
        whole = slopes.sum(axis=1)
        if size > WHOLE_SD:
            sd[rows] = whole * posterior.skill_sd[rows]
            continue
        by_skill = -slopes
        by_skill[np.arange(rows.size), rows] = whole
        variance = (product(by_skill, posterior.covariance) * by_skill).sum(axis=1)
        sd[rows] = np.sqrt(np.maximum(variance, 0.0))
    return WinShare(np.clip(total / (size - 1), 0.0, 1.0), sd)


def _points(posterior: Posterior, difference: FloatArray) -> FloatArray:
    # Points expected of a battle, a tie counting half, of models whose skills differ by so much.
    if posterior.link == "logit":
        return np.asarray(expit(difference / posterior.prior.log_odds_unit), dtype=np.float64)
    root = math.sqrt(posterior.prior.noise)
    near = ndtr((difference - posterior.draw_margin) / root)
    far = ndtr((difference + posterior.draw_margin) / root)
    return np.asarray((near + far) / 2.0, dtype=np.float64)


def pairwise(posterior: Posterior, counts: PairCounts, kept: IndexArray | None = None) -> pa.Table:
    """One row per ordered pair of different models, sorted by (model_a, model_b).

    p_better is P(skill_a > skill_b); p_win and p_tie are those of the next battle. win_share is
    the share of battles that a is expected to win of b, a tie counting half. Its 95% interval is
    that of the difference of skills: it leaves out one half where p_better is above 0.975 or below
    0.025. ``kept`` (K): the models whose pairs are wanted, ascending; None for all.
    """
    size = len(posterior.model_ids)
    battles = np.zeros((size, size))
    battles[counts.first, counts.second] = counts.outcomes.sum(axis=1)
    battles += battles.T
    if kept is not None and kept.size < size:
        posterior, battles = some_models(posterior, kept), battles[np.ix_(kept, kept)]
    prediction = predict(posterior)
    rows, columns = np.nonzero(~np.eye(len(posterior.model_ids), dtype=bool))
    names = pa.array(posterior.model_ids, pa.string())
    of_pairs = ("skill_difference_sd", "p_better", "p_win", "p_tie")
    figures = {name: of[rows, columns] for name, of in zip(of_pairs, prediction, strict=True)}
    difference = posterior.mean[rows] - posterior.mean[columns]
    reach = NORMAL_975 * figures["skill_difference_sd"]
    return pa.table(
        {
            "model_a": names.take(pa.array(rows)),
            "model_b": names.take(pa.array(columns)),
            "skill_difference": difference,
            **figures,
            "win_share": figures["p_win"] + figures["p_tie"] / 2.0,
            "win_share_lo": _points(posterior, difference - reach),
            "win_share_hi": _points(posterior, difference + reach),
            "battle_count": np.rint(battles[rows, columns]).astype(np.int64),
        }
    )


def under_a_line(provisional: Mask) -> Mask:
    """Which of the ``provisional`` models (M) come after all others: all of them, or none.

    What is known of a few battles leads no board. But where fewer than two models are not
    provisional there is no line: a single one would be the best of one, were it the worst.
    """
    return provisional & (np.count_nonzero(~provisional) >= 2)


def below_the_line(posterior: Posterior, last: Mask) -> Posterior:
    """The same skills with those of the models (M) that come ``last`` lowered below all others."""
    if not last.any():
        return posterior
    # Of skills that far apart no draw finds the lower one above.
    reach = np.ptp(posterior.mean) + 40.0 * np.sqrt(np.diag(posterior.covariance).max())
    return replace(posterior, mean=posterior.mean - np.where(last, reach, 0.0))


def summarise(
    posterior: Posterior,
    seed: int,
    draws: int = DEFAULT_DRAWS,
    provisional: Mask | None = None,
) -> pa.Table:
    """One row per model, sorted by model_id.

    win_share is the expected share of a round robin; rank 1 has the largest, ties broken by
    model_id, and ``provisional`` models (M) come after all others (``under_a_line``). skill is
    centred (see Posterior.reference); intervals are 95%, one at a time. rank_lo to rank_hi is the
    95% range of ranks and p_best the share of draws at rank 1, from ``draws`` draws keyed by the
    128-bit ``seed``. mu is the uncentred mean.
    """
    skill = posterior.skill
    sd = posterior.skill_sd
    points = winshare(posterior)
    low_share, high_share = points.interval
    last = np.zeros(skill.shape, np.bool_) if provisional is None else under_a_line(provisional)
    # A win share is at most 1, so that none of these is above one of the others.
    rank = rank_by(points.share - 2.0 * last)
    ranked = below_the_line(posterior, last)
    if skill.size:
        distribution = rank_distribution(ranked, seed, draws)
        low, high = rank_range(distribution, rank)
        p_best = distribution[:, 0]
    else:
        low, high, p_best = rank, rank, np.empty(0)
    return pa.table(
        {
            "model_id": pa.array(posterior.model_ids, pa.string()),
            "skill": skill,
            "skill_sd": sd,
            "skill_lo": skill - NORMAL_975 * sd,
            "skill_hi": skill + NORMAL_975 * sd,
            "rank": rank,
            "rank_lo": low,
            "rank_hi": high,
            "p_best": p_best,
            "win_share": points.share,
            "win_share_lo": low_share,
            "win_share_hi": high_share,
            "mu": posterior.mean,
        }
    )
