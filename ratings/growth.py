"""How a board's covariance falls as further battles come in, each kind of board by its own rate.

All take the information that battles would bring to the likelihood of an unweighted tournament
(M, M), and say what the board's covariance would be then. At none it is the board's own.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.special import stdtrit

from ratings.compiled import FloatArray, IndexArray
from ratings.counts import CellCounts
from ratings.gaussian import NORMAL_975
from ratings.hierarchical import HierarchicalPosterior
from ratings.linear_algebra import inverse, product
from ratings.pairing import fisher_information
from ratings.posterior import Posterior
from ratings.sandwich import Sandwich

ROUNDING = 1e-12
"""A variance that is less than this share of another is rounding."""


@dataclass(frozen=True, eq=False)
class Flat:
    """A flat board: unweighted, or weighted with Student's intervals on a clustered variance V.

    V(b) = (t(f (n + b) / n) / t(f))^2 inverse(inverse(V) + b F / d), with n ``battles`` so far, f
    ``degrees_of_freedom`` and t the 97.5% point of Student's distribution: b battles count as b / d
    (Kish 1965, effective n), and d (``design_effect``) is t(f)^2 / 1.96^2 times the sampling
    variance over what it would be without weights and repeat raters. New participants
    are taken to be weighted, and to judge as often, as those so far.
    """

    covariance: FloatArray
    design_effect: float = 1.0
    degrees_of_freedom: float = math.inf
    battles: float = 1.0

    @cached_property
    def _precision(self) -> FloatArray:
        return inverse(self.covariance)[0]

    @cached_property
    def _student_now(self) -> float:
        return _student(self.degrees_of_freedom)

    def after(self, battles: float, each: FloatArray) -> FloatArray:
        """Covariance (M, M) after so many battles, of information ``each`` (M, M) on average."""
        more = 1.0 + battles / self.battles
        narrower = _student(more * self.degrees_of_freedom) / self._student_now
        known = self._precision + battles / self.design_effect * each
        return narrower**2 * inverse(known)[0]


def interval_design_effect(
    posterior: Posterior, clustered: Sandwich, prior: FloatArray | None = None
) -> float:
    """``Flat.design_effect`` of a tournament: a ratio of centred variances, over all models.

    ``posterior``: the EP fit, with covariance S and prior variance p^2. Without weights and repeat
    raters the sampling variance of its mean would be S - S S / p^2, or S - ``prior`` (M, M) where
    that is given. 1 where there is none, or where the clustered one is rounding alone, as of
    raters who all say the same.
    """
    own = posterior.covariance
    expected = own - (product(own, own) / posterior.prior.sd**2 if prior is None else prior)
    seen, wanted = (
        float((posterior.with_covariance(one).skill_sd ** 2).sum())
        for one in (clustered.sampling, expected)
    )
    if not (wanted > 0.0 and seen > ROUNDING * wanted):
        return 1.0
    return seen / wanted * (_student(clustered.degrees_of_freedom) / NORMAL_975) ** 2


def _student(freedom: float) -> float:
    return float(stdtrit(freedom, 0.975))


@dataclass(frozen=True, eq=False)
class Society:
    """Who judges in one country, for the hierarchical model's board of some population.

    ``share``: what the country's skills count for on the board; ``battle_share``: of the board's
    battles; ``information`` (M, M): of its battles so far. Of the eigenvectors of T^(1/2) Z T^(1/2)
    (T: prior variances of common skill and effects; Z: mean over battles of z z', z saying which
    effects the judge has): ``value`` (K) and ``reach`` (K), the length of the board along each.
    """

    share: float
    battle_share: float
    information: FloatArray
    value: FloatArray
    reach: FloatArray

    def as_told_by(self, effect: float) -> "Society":
        """The same where ``effect`` verdicts count for one of strangers, as judges repeat."""
        return replace(
            self,
            battle_share=self.battle_share / effect,
            information=self.information / effect,
        )

    def covariance(self, information: FloatArray) -> FloatArray:
        """sum_k reach_k^2 inverse(I + value_k N): exact if every cell met the same pairs."""
        out = np.zeros_like(information)
        one = np.eye(information.shape[0])
        for value, reach in zip(self.value, self.reach, strict=True):
            if abs(reach) > 1e-9:
                out += reach**2 * inverse(one + value * information)[0]
        return self.share**2 * out


@dataclass(frozen=True, eq=False)
class Pooled:
    """A board of the hierarchical model: 1 / V(b) = 1 / V + 1 / H(b) - 1 / H(0), in matrices.

    H(b): what the model's structure makes of the information so far and of b battles more, summed
    over ``societies``; effects of groups are learnt at another rate than what all say, so no single
    design effect holds. ``models``: which of the societies' models the board is about.
    """

    covariance: FloatArray
    societies: Sequence[Society]
    models: IndexArray
    design_effect: float | None = None

    @cached_property
    def _missing(self) -> FloatArray:
        size = self.models.size
        return (
            inverse(self.covariance)[0] - inverse(self._structure(0.0, np.zeros((size, size))))[0]
        )

    def after(self, battles: float, each: FloatArray) -> FloatArray:
        """Covariance (M, M) after so many battles, of information ``each`` (M, M) on average."""
        return inverse(self._missing + inverse(self._structure(battles, each))[0])[0]

    def _structure(self, battles: float, each: FloatArray) -> FloatArray:
        here = np.ix_(self.models, self.models)
        total = np.zeros_like(each)
        for one in self.societies:
            information = one.information.copy()
            information[here] += battles * one.battle_share * each
            total += one.covariance(information)[here]
        return total


Growth = Flat | Pooled


def society_of(
    posterior: HierarchicalPosterior,
    cells: CellCounts,
    weights: Mapping[tuple[str, str], float],
    share: float = 1.0,
    battle_share: float = 1.0,
    *,
    newcomers: int = 0,
) -> Society:
    """The country that ``posterior`` was fitted on, for the board of ``weights``.

    ``weights``: as in ``HierarchicalPosterior.board``; ``share``, ``battle_share``: see Society;
    ``newcomers``: models without battles, after those it has.
    """
    amount = cells.outcomes.sum(axis=1)
    by_cell = np.zeros(cells.cell_effects.shape[0])
    np.add.at(by_cell, cells.cell, amount)
    has = np.zeros((by_cell.size, 1 + len(cells.effects)))
    has[:, 0] = 1.0
    row, axis = np.nonzero(cells.cell_effects >= 0)
    has[row, 1 + cells.cell_effects[row, axis]] = 1.0
    judges = (has[:, :, None] * has[:, None, :] * by_cell[:, None, None]).sum(axis=0)
    of_effects = posterior.tau[cells.axis_of_effect] ** 2
    root = np.sqrt(np.concatenate(([posterior.prior.sd**2], of_effects)))
    judges /= max(amount.sum(), 1.0)
    value, vectors = np.linalg.eigh(root[:, None] * judges * root[None, :])
    of_board = np.array([1.0, *(weights.get(effect, 0.0) for effect in cells.effects)])
    whole = posterior.board(weights)
    pairs = cells.pooled
    battles = pairs.win_first + pairs.win_second + pairs.tie
    information = fisher_information(whole.mean, pairs.first, pairs.second, battles, whole)
    reach = vectors.T @ (root * of_board)
    information = np.pad(information, (0, newcomers))
    return Society(share, battle_share, information, np.maximum(value, 0.0), reach)
