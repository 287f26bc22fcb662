"""What an estimator says about the skills of one tournament, and several merged into one board."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

import numpy as np

from ratings.compiled import FloatArray, IndexArray

Link = Literal["probit", "logit"]


@dataclass(frozen=True)
class Prior:
    """What is assumed before any battle, in skill units; TrueSkill's defaults.

    Skills are N(mean, sd^2) and performances in a battle N(skill, beta^2). Raises ValueError
    unless sd and beta are positive and finite.
    """

    mean: float = 25.0
    sd: float = 25.0 / 3.0
    beta: float = 25.0 / 6.0

    def __post_init__(self) -> None:
        for name, value in (("sd", self.sd), ("beta", self.beta)):
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"the prior's {name} must be positive, got {value}")

    @property
    def noise(self) -> float:
        """Variance of the difference of two performances, given both skills."""
        return 2.0 * self.beta**2

    @property
    def log_odds_unit(self) -> float:
        """Skill units in one unit of log-odds: both links have one slope between equal models."""
        return math.sqrt(2.0) * self.beta * math.sqrt(2.0 * math.pi) / 4.0


TRUESKILL_PRIOR = Prior()


@dataclass(frozen=True, eq=False)
class Posterior:
    """Gaussian posterior of M skills: ``mean`` (M) and ``covariance`` (M, M), in skill units.

    ``reference`` (M) are the weights, summing to one, of the mean that centred skills are taken
    from: equal over models with battles, so that a model nobody has seen moves nobody's skill.
    ``log_evidence`` is log P(battles in one order), NaN where an estimator has none. ``sites``
    (2, P, 3) holds precision and shift of one copy of each (pair, outcome), for warm starts.
    ``link``: what turns a difference of skills into an outcome. ``uncorrected``: the fit that the
    sites belong to, where mean and covariance were corrected since (``skewness``).
    """

    model_ids: tuple[str, ...]
    mean: FloatArray
    covariance: FloatArray
    reference: FloatArray
    converged: bool
    draw_margin: float
    prior: Prior = TRUESKILL_PRIOR
    sweeps: int = 0
    log_evidence: float = float("nan")
    link: Link = "probit"
    sites: FloatArray = field(default_factory=lambda: np.empty((2, 0, 3)))
    uncorrected: "Posterior | None" = None

    @property
    def fitted(self) -> "Posterior":
        """The fit that ``sites`` belong to."""
        return self if self.uncorrected is None else self.uncorrected

    @property
    def skill(self) -> FloatArray:
        """Skills minus their reference mean (M): what battles can tell."""
        centred: FloatArray = self.mean - (self.reference * self.mean).sum()
        return centred

    @property
    def skill_covariance(self) -> FloatArray:
        """Covariance (M, M) of the centred skills; singular along the reference."""
        rows = (self.covariance * self.reference).sum(axis=1)
        total = float((self.reference * rows).sum())
        centred: FloatArray = self.covariance - rows[:, None] - rows[None, :] + total
        return centred

    @property
    def skill_sd(self) -> FloatArray:
        """Standard deviations of the centred skills (M)."""
        deviations: FloatArray = np.sqrt(np.maximum(np.diag(self.skill_covariance), 0.0))
        return deviations

    def with_covariance(self, covariance: FloatArray) -> Self:
        """The same means with another covariance (M, M), such as a sandwich."""
        return replace(self, covariance=covariance)


def reference_weights(battles_per_model: FloatArray) -> FloatArray:
    """Equal weights over models with battles (M); over all models where there are none."""
    seen = battles_per_model > 0
    if not seen.any():
        seen = np.ones_like(seen)
    weights: FloatArray = seen / max(seen.sum(), 1)
    return weights


def over_models(posterior: Posterior, model_ids: Sequence[str]) -> Posterior:
    """The posterior of these models (M): those it knows, and others as the prior has them."""
    known = {model: place for place, model in enumerate(posterior.model_ids)}
    rows = np.array([k for k, model in enumerate(model_ids) if model in known], dtype=np.int64)
    own = np.array([known[model] for model in model_ids if model in known], dtype=np.int64)
    size = len(model_ids)
    mean = np.full(size, posterior.prior.mean)
    mean[rows] = posterior.mean[own]
    covariance = np.eye(size) * posterior.prior.sd**2
    covariance[np.ix_(rows, rows)] = posterior.covariance[np.ix_(own, own)]
    return _made_of(posterior, mean, covariance, model_ids=tuple(model_ids))


def some_models(posterior: Posterior, kept: IndexArray) -> Posterior:
    """The posterior of some of its models (K), by place."""
    names = tuple(posterior.model_ids[place] for place in kept.tolist())
    covariance = posterior.covariance[np.ix_(kept, kept)]
    return _made_of(posterior, posterior.mean[kept], covariance, model_ids=names)


def _made_of(
    posterior: Posterior, mean: FloatArray, covariance: FloatArray, **changes: Any
) -> Posterior:
    # What was not fitted itself has no sites, and all its models count alike.
    return replace(
        posterior,
        mean=mean,
        covariance=covariance,
        reference=np.full(mean.size, 1.0 / max(mean.size, 1)),
        log_evidence=float("nan"),
        sites=np.empty((2, 0, 3)),
        uncorrected=None,
        **changes,
    )


def merge_by_census(parts: Sequence[Posterior], shares: Sequence[float]) -> Posterior:
    """sum_s W_s mu_s with covariance sum_s W_s^2 V_s: skills of the population.

    ``parts``: posteriors of S disjoint strata that make up the population, over the same models;
    ``shares`` (S): their census shares, scaled to sum to one. The draw margin is merged alike, for
    what it says of the next battle. Raises ValueError otherwise.
    """
    if len({part.model_ids for part in parts}) != 1:
        raise ValueError("nothing to merge, or not over the same models")
    weights = np.asarray(shares, dtype=np.float64)
    total = float(weights.sum())
    if weights.shape != (len(parts),) or not (weights >= 0).all() or not total > 0:
        raise ValueError("one share of zero or more per tournament, not all zero")
    mean = np.zeros_like(parts[0].mean)
    covariance = np.zeros_like(parts[0].covariance)
    for part, weight in zip(parts, weights / total, strict=True):
        mean += weight * part.mean
        covariance += weight * weight * part.covariance
    return _made_of(
        parts[0],
        mean,
        covariance,
        draw_margin=sum(
            weight * part.draw_margin
            for part, weight in zip(parts, (weights / total).tolist(), strict=True)
        ),
        converged=all(part.converged for part in parts),
    )


def sd_ratio(merged: Posterior, parts: Sequence[Posterior]) -> float:
    """Median sd of a merged skill over the median sd of a stratum's: what merging has bought."""
    typical = float(np.median([np.median(part.skill_sd) for part in parts]))
    return float(np.median(merged.skill_sd)) / typical if typical > 0 else float("nan")
