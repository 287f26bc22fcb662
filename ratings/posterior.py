"""What an estimator says about the skills of one tournament: a joint Gaussian and how it was made.

Out: making it, and what a board reports from it.
"""

from dataclasses import dataclass, field, replace
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

PRIOR_MEAN = 25.0
PRIOR_SD = 25.0 / 3.0
BETA = 25.0 / 6.0

Link = Literal["probit", "logit"]


def _empty() -> FloatArray:
    return np.empty((0, 3, 2))


@dataclass(frozen=True, eq=False)
class Posterior:
    """Gaussian posterior of M skills: ``mean`` (M) and ``covariance`` (M, M), in skill units.

    ``reference`` (M) are the weights, summing to one, of the mean that centred skills are taken
    from: equal over models with battles, so that a model nobody has seen moves nobody's skill.
    ``log_evidence`` is log P(battles in one order), NaN where an estimator has none. ``sites``
    (P, 3, 2) holds precision and shift of one copy of each (pair, outcome), for warm starts.
    ``link``: what turns a difference of skills into an outcome. ``uncorrected``: the fit that the
    sites belong to, where mean and covariance were corrected since (``skewness``).
    """

    model_ids: tuple[str, ...]
    mean: FloatArray
    covariance: FloatArray
    reference: FloatArray
    iterations: int
    converged: bool
    draw_margin: float
    beta: float = BETA
    prior_mean: float = PRIOR_MEAN
    prior_sd: float = PRIOR_SD
    log_evidence: float = float("nan")
    link: Link = "probit"
    sites: FloatArray = field(default_factory=_empty)
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
