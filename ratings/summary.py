"""Board rows from a posterior: one per model.

Out: the tournament they belong to, and rounding.
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ratings.posterior import Posterior
from ratings.predictions import predict, winshare
from ratings.ranks import DEFAULT_DRAWS, rank_by, rank_distribution, rank_range

FloatArray = NDArray[np.float64]

NORMAL_975 = 1.959963984540054

SUMMARY_FIELDS = [
    pa.field("model_id", pa.string(), nullable=False),
    pa.field("skill", pa.float64(), nullable=False),
    pa.field("skill_sd", pa.float64(), nullable=False),
    pa.field("skill_lo", pa.float64(), nullable=False),
    pa.field("skill_hi", pa.float64(), nullable=False),
    pa.field("rank", pa.int64(), nullable=False),
    pa.field("rank_lo", pa.int64(), nullable=False),
    pa.field("rank_hi", pa.int64(), nullable=False),
    pa.field("p_best", pa.float64(), nullable=False),
    pa.field("winshare", pa.float64(), nullable=False),
    pa.field("mu", pa.float64(), nullable=False),
]


def summarise(posterior: Posterior, seed: int, draws: int = DEFAULT_DRAWS) -> pa.Table:
    """One row per model, sorted by model_id; columns of SUMMARY_FIELDS.

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
        [
            pa.array(posterior.model_ids, pa.string()),
            skill,
            sd,
            skill - NORMAL_975 * sd,
            skill + NORMAL_975 * sd,
            rank,
            low,
            high,
            p_best,
            winshare(predict(posterior)),
            posterior.mean,
        ],
        schema=pa.schema(SUMMARY_FIELDS),
    )
