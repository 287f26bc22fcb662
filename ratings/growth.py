"""How a board's covariance falls as further battles come in, each kind of board by its own rate.

All take the information that battles would bring to the likelihood of an unweighted tournament
(M, M), and say what the board's covariance would be then. At none it is the board's own.
Out: which battles those are (planning.py), and what is asked of the covariance (stopping.py).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from ratings.cholesky import inverse
from ratings.posterior import Posterior
from ratings.sandwich import Sandwich
from ratings.summary import NORMAL_975

FloatArray = NDArray[np.float64]


class Growth(Protocol):
    """From battles to come to a covariance."""

    @property
    def design_effect(self) -> float | None:
        """Battles that bring as much as one of an unweighted sample; None: no one figure holds."""
        ...

    def after(self, battles: float, each: FloatArray) -> FloatArray:
        """Covariance (M, M) after so many battles, of information ``each`` (M, M) on average."""
        ...


@dataclass(frozen=True, eq=False)
class Plain:
    """An unweighted tournament: V(b) = inverse(inverse(V) + b F)."""

    covariance: FloatArray
    design_effect: float = 1.0

    @cached_property
    def _precision(self) -> FloatArray:
        return inverse(self.covariance)[0]

    def after(self, battles: float, each: FloatArray) -> FloatArray:
        """See Growth."""
        return inverse(self._precision + battles * each)[0]


@dataclass(frozen=True, eq=False)
class Clustered:
    """A weighted tournament, whose intervals are Student's on a clustered variance V.

    V(b) = (t(f (n + b) / n) / t(f))^2 inverse(inverse(V) + b F / d), with n ``battles`` so far, f
    ``degrees_of_freedom`` and t the 97.5% point of Student's distribution: b battles count as b / d
    (Kish 1965, effective n), and d (``design_effect``) is t(f)^2 / 1.96^2 times the sampling
    variance over what it would be without weights and repeat raters. So whoever comes is taken to
    be weighted, and to judge as often, as those who came.
    """

    covariance: FloatArray
    design_effect: float
    degrees_of_freedom: float
    battles: float

    @cached_property
    def _precision(self) -> FloatArray:
        return inverse(self.covariance)[0]

    def after(self, battles: float, each: FloatArray) -> FloatArray:
        """See Growth."""
        more = 1.0 + battles / self.battles
        narrower = _student(more * self.degrees_of_freedom) / _student(self.degrees_of_freedom)
        known = self._precision + battles / self.design_effect * each
        return narrower**2 * inverse(known)[0]


def interval_design_effect(posterior: Posterior, clustered: Sandwich) -> float:
    """``Clustered.design_effect`` of a tournament: a ratio of centred variances, over all models.

    ``posterior``: the EP fit, with covariance S and prior variance p^2. Without weights and repeat
    raters the sampling variance of its mean would be S - S S / p^2. 1 where there is none.
    """
    own = posterior.covariance
    expected = own - _product(own, own) / posterior.prior_sd**2
    seen, wanted = (
        float((posterior.with_covariance(one).skill_sd ** 2).sum())
        for one in (clustered.sampling, expected)
    )
    if not (seen > 0.0 and wanted > 0.0):
        return 1.0
    return seen / wanted * (_student(clustered.degrees_of_freedom) / NORMAL_975) ** 2


def _student(freedom: float) -> float:
    return float(stdtrit(freedom, 0.975))


def _product(left: FloatArray, right: FloatArray) -> FloatArray:
    # Row by row, for a fixed order of sums.
    return np.stack([(row[:, None] * right).sum(axis=0) for row in left])
