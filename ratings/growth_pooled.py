"""How boards of the hierarchical model grow: groups borrow from all, the less the more they say.

Out: the model itself (hierarchical.py), and boards of one tournament (growth.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ratings.cells import CellCounts
from ratings.cholesky import inverse
from ratings.hierarchical_posterior import HierarchicalPosterior
from ratings.information_gain import fisher_information

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]


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

    @classmethod
    def of(
        cls,
        variances: FloatArray,
        judges: FloatArray,
        weights: FloatArray,
        information: FloatArray,
        *,
        share: float = 1.0,
        battle_share: float = 1.0,
    ) -> "Society":
        """From T's diagonal (K), Z (K, K), and the board's weight of each effect (K)."""
        root = np.sqrt(variances)
        value, vectors = np.linalg.eigh(root[:, None] * judges * root[None, :])
        reach = vectors.T @ (root * weights)
        return cls(share, battle_share, information, np.maximum(value, 0.0), reach)

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
        """See Growth."""
        return inverse(self._missing + inverse(self._structure(battles, each))[0])[0]

    def _structure(self, battles: float, each: FloatArray) -> FloatArray:
        here = np.ix_(self.models, self.models)
        total = np.zeros_like(each)
        for one in self.societies:
            information = one.information.copy()
            information[here] += battles * one.battle_share * each
            total += one.covariance(information)[here]
        return total


def society_of(
    posterior: HierarchicalPosterior,
    cells: CellCounts,
    weights: Mapping[tuple[str, str], float],
    *,
    share: float = 1.0,
    battle_share: float = 1.0,
) -> Society:
    """The country that ``posterior`` was fitted on, for the board of ``weights``.

    ``weights``: as in ``HierarchicalPosterior.board``; ``share``, ``battle_share``: see Society.
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
    whole = posterior.board(weights)
    pairs = cells.pooled
    battles = pairs.win_first + pairs.win_second + pairs.tie
    return Society.of(
        np.concatenate(([posterior.prior_sd**2], of_effects)),
        judges / max(amount.sum(), 1.0),
        np.array([1.0, *(weights.get(effect, 0.0) for effect in cells.effects)]),
        fisher_information(whole.mean, pairs.first, pairs.second, battles, whole),
        share=share,
        battle_share=battle_share,
    )
