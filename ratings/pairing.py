"""Which battles to hold next: a batch without repeats, each with the probability it was chosen by.

Every slot of a batch is filled by chance: with probability ``random_share`` any allowed pair, all
alike, else the pair its rule likes best given those before it. So each propensity is that of the
slot given the slots before, and no allowed pair's is zero, which importance weighting needs.
Out: what a battle teaches (information_gain.py), and who may meet which pair (the caller's mask).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from ratings.cholesky import inverse
from ratings.information_gain import pair_precisions
from ratings.pairing_kernels import (
    board_gram,
    centred_variances,
    choose,
    match_qualities,
)
from ratings.posterior import Posterior

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]
Mask = NDArray[np.bool_]

TINY = 1e-300


class Rule(StrEnum):
    """What makes a pair the best one to ask about."""

    INFORMATION_GAIN = "information_gain"
    MATCH_QUALITY = "match_quality"
    RANDOM = "random"


@dataclass(frozen=True)
class PairingPolicy:
    """A rule and its parameters; under one name and version they never change.

    ``random_share``: 0 to 1. Half costs hardly a battle; a fifth lets intervals cover too little
    where models are closer than the prior thinks (docs/pairing.md).
    ``uncertainty_power``: how much more a model's interval counts the wider it is: 0 counts nats
    about every model alike, 2 goes for the widest intervals.
    ``model_limit``: most appearances of a model in a batch, in equal shares (2 x batch / models).
    ``participant_limit``: most battles of one participant; None for no limit.
    """

    policy: str
    version: str
    rule: Rule = Rule.INFORMATION_GAIN
    random_share: float = 0.5
    uncertainty_power: float = 2.0
    model_limit: float = 4.0
    participant_limit: int | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.random_share <= 1.0:
            raise ValueError(f"random_share must be 0 to 1, got {self.random_share}")
        if not (self.model_limit > 0.0 and self.uncertainty_power >= 0.0):
            raise ValueError("model_limit must be positive and uncertainty_power zero or more")


@dataclass(frozen=True, eq=False)
class Batch:
    """N proposals in the order in which they were chosen.

    ``part`` (N): in which tournament; ``left``, ``right`` (N): models, in the order to show them;
    ``gain`` (N): expected gain about the board, given the proposals before: half the sum over
    models of the relative fall of their variance (nats), weighted as the policy says;
    ``propensity`` (N): of the unordered pair in that tournament and slot; ``is_random`` (N).
    """

    part: IndexArray
    left: IndexArray
    right: IndexArray
    gain: FloatArray
    propensity: FloatArray
    is_random: Mask


def propose(
    parts: Sequence[Posterior],
    policy: PairingPolicy,
    *,
    size: int,
    seed: int,
    shares: Sequence[float] = (1.0,),
    allowed: Mask | None = None,
) -> Batch:
    """At most ``size`` proposals, no pair twice in a tournament; fewer where no more are allowed.

    ``parts``: posteriors of S disjoint tournaments over the same M models; ``shares`` (S): what
    each counts for on the board, as in ``merging.merge_by_census``. ``allowed`` (S, M, M),
    symmetric: pairs that may be asked; None for all. ``seed``: 128-bit Philox key.
    Raises ValueError where the parts rate different models.
    """
    if len({part.model_ids for part in parts}) != 1 or len(shares) != len(parts):
        raise ValueError("one share per tournament, and all of the same models")
    models = len(parts[0].model_ids)
    if allowed is None:
        allowed = np.ones((len(parts), models, models), dtype=np.bool_)
    covariance = np.stack([part.covariance for part in parts])
    mean = np.stack([part.mean for part in parts])
    precision = np.stack(
        [
            pair_precisions(part.mean, part.covariance, part.draw_margin, 2.0 * part.beta**2)
            for part in parts
        ]
    )
    weight = np.square(np.asarray(shares, dtype=np.float64))
    # One model alone has no rival, and its skill less the mean no variance.
    variance = np.maximum((weight[:, None] * centred_variances(covariance)).sum(axis=0), TINY)
    relative = variance / variance.sum() * models
    gram = board_gram(covariance, weight, relative**policy.uncertainty_power / variance)
    quality = np.empty((0, 0, 0))
    if policy.rule is Rule.MATCH_QUALITY:
        quality = match_qualities(mean, covariance, 2.0 * parts[0].beta ** 2)
    most = math.ceil(policy.model_limit * 2.0 * size / max(models, 1))
    left = np.full(models, most, dtype=np.int64)
    generator = np.random.Generator(np.random.Philox(key=seed))
    uniform = generator.random((size, 3))
    share = 1.0 if policy.rule is Rule.RANDOM else policy.random_share
    pairs, gain, propensity, at_random = choose(
        covariance, gram, precision, quality, allowed.copy(), left, uniform, share
    )
    swap = uniform[: gain.size, 2] < 0.5
    return Batch(
        part=pairs[:, 0],
        left=np.where(swap, pairs[:, 2], pairs[:, 1]),
        right=np.where(swap, pairs[:, 1], pairs[:, 2]),
        gain=gain,
        propensity=propensity,
        is_random=at_random,
    )


def expecting(posterior: Posterior, first: IndexArray, second: IndexArray) -> Posterior:
    """What will be known once battles of these pairs (N) are judged, whatever their outcomes.

    Each counts as the Gaussian observation that teaches as much (information_gain.py): covariances
    fall, means stay.
    """
    if not first.size:
        return posterior
    each = pair_precisions(
        posterior.mean, posterior.covariance, posterior.draw_margin, 2.0 * posterior.beta**2
    )[first, second]
    known, _ = inverse(posterior.covariance)
    for rows, columns, sign in ((first, first, 1), (second, second, 1), (first, second, -1)):
        np.add.at(known, (rows, columns), sign * each)
    np.add.at(known, (second, first), -each)
    return posterior.with_covariance(inverse(known)[0])


def over_models(posterior: Posterior, model_ids: Sequence[str]) -> Posterior:
    """The posterior of these models (M): those it knows, and others as the prior has them."""
    known = {model: place for place, model in enumerate(posterior.model_ids)}
    rows = np.array([k for k, model in enumerate(model_ids) if model in known], dtype=np.int64)
    own = np.array([known[model] for model in model_ids if model in known], dtype=np.int64)
    size = len(model_ids)
    mean = np.full(size, posterior.prior_mean)
    mean[rows] = posterior.mean[own]
    covariance = np.eye(size) * posterior.prior_sd**2
    covariance[np.ix_(rows, rows)] = posterior.covariance[np.ix_(own, own)]
    return Posterior(
        model_ids=tuple(model_ids),
        mean=mean,
        covariance=covariance,
        reference=np.full(size, 1.0 / max(size, 1)),
        iterations=posterior.iterations,
        converged=posterior.converged,
        draw_margin=posterior.draw_margin,
        beta=posterior.beta,
        prior_mean=posterior.prior_mean,
        prior_sd=posterior.prior_sd,
    )
