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
    ``own_covariance``: the model's, where ``covariance`` is another, such as a sandwich.
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
    own_covariance: FloatArray | None = None

    @property
    def model_covariance(self) -> FloatArray:
        """The model's own (M, M), where ``covariance`` is another, such as a sandwich."""
        return self.covariance if self.own_covariance is None else self.own_covariance

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
        return replace(self, covariance=covariance, own_covariance=self.model_covariance)


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
    wider = []
    for covariance in (posterior.covariance, posterior.model_covariance):
        wider.append(np.eye(size) * posterior.prior.sd**2)
        wider[-1][np.ix_(rows, rows)] = covariance[np.ix_(own, own)]
    return derived(posterior, mean, wider[0], own_covariance=wider[1], model_ids=tuple(model_ids))


def some_models(posterior: Posterior, kept: IndexArray) -> Posterior:
    """The posterior of some of its models (K), by place."""
    names = tuple(posterior.model_ids[place] for place in kept.tolist())
    here = np.ix_(kept, kept)
    return derived(
        posterior,
        posterior.mean[kept],
        posterior.covariance[here],
        own_covariance=posterior.model_covariance[here],
        model_ids=names,
    )


def derived(
    posterior: Posterior, mean: FloatArray, covariance: FloatArray, **changes: Any
) -> Posterior:
    """A posterior that was not fitted itself: it has no sites, and all its models count alike."""
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
