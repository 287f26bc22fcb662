"""Where a policy will ask: the pairs of the battles to come, without knowing their outcomes.

Out: one batch to really hold (pairing.py), and what follows for stopping (stopping.py).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ratings.information_gain import pair_precisions
from ratings.pairing import PairingPolicy, Rule
from ratings.pairing_kernels import (
    board_gram,
    centred_variances,
    choose,
    match_qualities,
)
from ratings.posterior import Posterior

FloatArray = NDArray[np.float64]

ROUNDS = 12


@dataclass(frozen=True, eq=False)
class Plan:
    """Where a policy will ask: shares (P) of all pairs i < j among what its rule chooses.

    ``random_share``: 0 to 1, of the battles that fall on any pair alike.
    """

    chosen: FloatArray
    random_share: float


def plan(posterior: Posterior, policy: PairingPolicy, battles: float) -> Plan:
    """Where ``policy`` will ask in about so many battles from here, with look-ahead.

    At most ROUNDS choices per model are made; each stands for as many battles as it takes.
    """
    size = posterior.mean.size
    first, second = np.triu_indices(size, 1)
    if policy.rule is Rule.RANDOM or size < 2:
        return Plan(np.full(first.size, 1.0 / max(first.size, 1)), 1.0)
    noise = 2.0 * posterior.beta**2
    covariance = posterior.covariance[None].copy()
    mean = posterior.mean[None]
    precision = pair_precisions(mean[0], covariance[0], posterior.draw_margin, noise)[None]
    # What one choice teaches, if it stands for several battles on its pair.
    precision *= max(battles / (ROUNDS * size), 1.0)
    rounds = min(max(math.ceil(battles / size), 1), ROUNDS)
    quality = np.empty((0, 0, 0))
    if policy.rule is Rule.MATCH_QUALITY:
        quality = match_qualities(mean, covariance, noise)
    times = np.zeros((size, size))
    for _ in range(rounds):
        variance = centred_variances(covariance)[0]
        worth = (variance / variance.mean()) ** policy.uncertainty_power / variance
        pairs, _, _, _ = choose(
            covariance, board_gram(covariance, np.ones(1), worth), precision, quality,
            np.ones((1, size, size), dtype=np.bool_), np.full(size, size, dtype=np.int64),
            np.ones((size, 2)), 0.0,
        )  # fmt: skip
        np.add.at(times, (pairs[:, 1], pairs[:, 2]), 1.0)
    chosen = times[first, second]
    return Plan(chosen / chosen.sum(), policy.random_share)
