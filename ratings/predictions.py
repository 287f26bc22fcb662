"""What a posterior expects of pairs of models: who is better, who wins the next battle.

Out: ranks over all models at once.
"""

import math

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ratings.compiled import compiled
from ratings.counts import PairCounts
from ratings.gaussian import cdf, log_band
from ratings.posterior import Posterior

FloatArray = NDArray[np.float64]

PAIRWISE_SCHEMA = pa.schema(
    [
        pa.field("model_a", pa.string(), nullable=False),
        pa.field("model_b", pa.string(), nullable=False),
        pa.field("skill_difference", pa.float64(), nullable=False),
        pa.field("skill_difference_sd", pa.float64(), nullable=False),
        pa.field("p_better", pa.float64(), nullable=False),
        pa.field("p_win", pa.float64(), nullable=False),
        pa.field("p_tie", pa.float64(), nullable=False),
        pa.field("battle_count", pa.int64(), nullable=False),
    ]
)


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
    return pa.table(
        [
            names.take(pa.array(rows)),
            names.take(pa.array(columns)),
            posterior.mean[rows] - posterior.mean[columns],
            *(prediction[rows, columns, k] for k in range(4)),
            np.rint(battles[rows, columns]).astype(np.int64),
        ],
        schema=PAIRWISE_SCHEMA,
    )
