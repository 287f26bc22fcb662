"""What a board reports from a posterior: skills, ranks, and what is expected of pairs of models.

Ranks come from joint draws of all skills, whose generator is counter-based and keyed by the caller,
so the same board gives the same bits.
"""

import math

import numpy as np
import pyarrow as pa

from ratings.compiled import FloatArray, IndexArray, compiled
from ratings.counts import PairCounts
from ratings.gaussian import NORMAL_975, cdf, log_band
from ratings.linear_algebra import factor_semidefinite
from ratings.posterior import Posterior

DEFAULT_DRAWS = 8192
# Draws that are compared side by side: few enough to stay in the nearest cache.
BLOCK = 64
TAIL = 0.025


@compiled
def count_better(skill: FloatArray, better: FloatArray) -> None:
    """Fill ``better`` (M, D): how many models are above each in each draw ``skill`` (M, D) gives.

    Draws lie side by side, so that the comparisons of two models over all draws are one loop
    without a branch; counts are floats for the same reason, and exact.
    """
    better[:] = 0.0
    for i in range(skill.shape[0]):
        mine, above_me = skill[i], better[i]
        for j in range(i):
            other, above_other = skill[j], better[j]
            for d in range(skill.shape[1]):
                above_me[d] += 1.0 if other[d] > mine[d] else 0.0
                above_other[d] += 1.0 if mine[d] > other[d] else 0.0


@compiled
def add_draws(total: FloatArray, upper: FloatArray, normal: FloatArray) -> None:
    """Add to ``total`` (M, D) up to D draws: ``normal`` (at most D, M) times ``upper`` (M, M)."""
    draws, size = normal.shape
    z = np.zeros(total.shape[1])
    for k in range(size):
        for d in range(draws):
            z[d] = normal[d, k]
        for i in range(k, size):
            row, factor = total[i], upper[k, i]
            for d in range(total.shape[1]):
                row[d] += z[d] * factor


@compiled
def _rank_histogram(mean: FloatArray, upper: FloatArray, normal: FloatArray) -> IndexArray:
    # Row i, column r: draws that put model i at rank r + 1. Each normal is used with both signs.
    size = mean.size
    histogram = np.zeros((size, size), dtype=np.int64)
    offset = np.empty((size, BLOCK))
    skill = np.empty((size, BLOCK))
    better = np.empty((size, BLOCK))
    for start in range(0, normal.shape[0], BLOCK):
        block = normal[start : start + BLOCK]
        offset[:] = 0.0
        add_draws(offset, upper, block)
        for side in range(2):
            sign = 1.0 - 2.0 * side
            for i in range(size):
                for d in range(BLOCK):
                    skill[i, d] = mean[i] + sign * offset[i, d]
            count_better(skill, better)
            for i in range(size):
                for d in range(block.shape[0]):
                    histogram[i, int(better[i, d])] += 1
    return histogram


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
    upper = factor_semidefinite(posterior.covariance, 1e-14)
    histogram = _rank_histogram(posterior.mean, upper, normal)
    share: FloatArray = histogram / (2.0 * normal.shape[0])
    return share


def rank_range(distribution: FloatArray, rank: IndexArray) -> tuple[IndexArray, IndexArray]:
    """95% range of ranks (M), (M): equal tails, widened where needed to hold ``rank`` itself."""
    cumulative = np.cumsum(distribution, axis=1)
    low = np.argmax(cumulative > TAIL, axis=1) + 1
    high = np.argmax(cumulative >= 1.0 - TAIL - 1e-12, axis=1) + 1
    return np.minimum(low, rank).astype(np.int64), np.maximum(high, rank).astype(np.int64)


@compiled
def _predict(
    mean: FloatArray, covariance: FloatArray, margin: float, noise: float, logit_unit: float
) -> FloatArray:
    # (M, M, 4): difference sd, P(skill a > skill b), P(a wins), P(tie); the diagonal is a model
    # against its equal.
    size = mean.size
    out = np.zeros((size, size, 4))
    for i in range(size):
        for j in range(size):
            d = mean[i] - mean[j]
            variance = max(covariance[i, i] + covariance[j, j] - 2.0 * covariance[i, j], 0.0)
            if i == j:
                d = variance = 0.0
            sd = math.sqrt(variance)
            out[i, j, 0] = sd
            if sd > 0.0:
                out[i, j, 1] = cdf(d / sd)
            else:
                out[i, j, 1] = 0.5 + 0.5 * float(np.sign(d))
            if logit_unit > 0.0:
                # Logistic-Gaussian integral, MacKay 1992: widen the slope by the variance.
                x = d / logit_unit / math.sqrt(1.0 + math.pi * variance / (8.0 * logit_unit**2))
                out[i, j, 2] = 1.0 / (1.0 + math.exp(-x))
            else:
                root = math.sqrt(variance + noise)
                out[i, j, 2] = cdf((d - margin) / root)
                if margin > 0.0:
                    out[i, j, 3] = math.exp(log_band(d / root, margin / root))
    return out


def predict(posterior: Posterior) -> FloatArray:
    """For every ordered pair (M, M, 4): sd of the difference, P(better), P(win), P(tie).

    Averaged over the posterior. Bradley-Terry has no tie: its P(win) already holds half of it.
    """
    unit = 0.0
    if posterior.link == "logit":
        unit = math.sqrt(2.0) * posterior.beta * math.sqrt(2.0 * math.pi) / 4.0
    return _predict(
        posterior.mean, posterior.covariance, posterior.draw_margin, 2.0 * posterior.beta**2, unit
    )


def winshare(prediction: FloatArray) -> FloatArray:
    """Expected share of a round robin against all others (M), win 1, tie 1/2; 0.5 when alone."""
    size = prediction.shape[0]
    if size < 2:
        return np.full(size, 0.5)
    points = prediction[:, :, 2] + 0.5 * prediction[:, :, 3]
    share: FloatArray = (points.sum(axis=1) - np.diag(points)) / (size - 1)
    return np.clip(share, 0.0, 1.0)


def pairwise(posterior: Posterior, counts: PairCounts) -> pa.Table:
    """One row per ordered pair of different models, sorted by (model_a, model_b).

    p_better is P(skill_a > skill_b); p_win and p_tie are those of the next battle.
    """
    size = len(posterior.model_ids)
    prediction = predict(posterior)
    battles = np.zeros((size, size))
    battles[counts.first, counts.second] = counts.outcomes.sum(axis=1)
    battles += battles.T
    rows, columns = np.nonzero(~np.eye(size, dtype=bool))
    names = pa.array(posterior.model_ids, pa.string())
    of_pairs = ("skill_difference_sd", "p_better", "p_win", "p_tie")
    return pa.table(
        {
            "model_a": names.take(pa.array(rows)),
            "model_b": names.take(pa.array(columns)),
            "skill_difference": posterior.mean[rows] - posterior.mean[columns],
            **{name: prediction[rows, columns, k] for k, name in enumerate(of_pairs)},
            "battle_count": np.rint(battles[rows, columns]).astype(np.int64),
        }
    )


def summarise(posterior: Posterior, seed: int, draws: int = DEFAULT_DRAWS) -> pa.Table:
    """One row per model, sorted by model_id.

    skill is centred (see Posterior.reference), interval 95%; rank 1 is the best, ties broken by
    model_id; rank_lo to rank_hi is the 95% range of ranks and p_best the share of draws at rank 1;
    winshare is the expected share of a round robin; mu is the uncentred mean. Ranks come from
    ``draws`` draws keyed by the 128-bit ``seed``.
    """
    skill = posterior.skill
    sd = posterior.skill_sd
    rank = rank_by(skill)
    if skill.size:
        distribution = rank_distribution(posterior, seed, draws)
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
            "winshare": winshare(predict(posterior)),
            "mu": posterior.mean,
        }
    )
