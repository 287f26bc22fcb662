"""In which order a board shows its models, and who leads it."""

from dataclasses import dataclass, replace

import numpy as np

from ratings.compiled import FloatArray, IndexArray, Mask
from ratings.posterior import Posterior
from ratings.summary import winshare

# Of win shares and of skills: what differs by less is equal but for rounding.
TIE = 1e-9


@dataclass(frozen=True, eq=False)
class BoardOrder:
    """By win share, largest first; ``provisional`` models (M) lead nobody.

    ``shown``: the posterior of the board. ``fewest_battles``: a model with fewer is provisional;
    0 where battles are not known, as of counts that are weights.
    """

    shown: Posterior
    provisional: Mask
    fewest_battles: float = 0.0

    def share(self, battles: FloatArray, mean: FloatArray | None = None) -> FloatArray:
        """Win share of every model (M) with ``battles`` (M) each; -inf where it is provisional.

        ``mean`` (M): what another fit has for the board's; what the board corrected after its own
        (sides, skewness), and the covariance, are held.
        """
        shown = self.shown
        if mean is not None:
            shown = replace(shown, mean=mean + (shown.mean - shown.fitted.mean))
        masked = self.provisional | (battles < self.fewest_battles) | (battles <= 0.0)
        return np.where(masked, -np.inf, winshare(shown).share)

    def places(self, battles: FloatArray) -> IndexArray:
        """Places of the models that are not provisional, the leader's first."""
        share = self.share(battles)
        order = np.argsort(-share, kind="stable")
        return np.asarray(order[np.isfinite(share[order])])

    def is_tie(self, first: int, second: int) -> bool:
        """Whether what puts one model before the other is rounding."""
        share, mean = winshare(self.shown).share, self.shown.mean
        return bool(
            abs(share[first] - share[second]) < TIE or abs(mean[first] - mean[second]) < TIE
        )

    def leader(self, first: int, mean: FloatArray, battles: FloatArray) -> int:
        """Who leads had the fit another ``mean`` (M): ``first`` unless another is clearly ahead."""
        share = self.share(battles, mean)
        best = int(np.argmax(share))
        return best if share[best] > share[first] + TIE else first
