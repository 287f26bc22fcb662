"""Weights of raters so that their answers have census shares: raking within bounds, by itself."""

import numpy as np

from tests.worlds.declarations import CENSUS
from tests.worlds.population import Floats
from tests.worlds.verdicts import Raters

LEAST, MOST = 0.3, 3.0
SWEEPS = 12


def raked(raters: Raters, present: Floats) -> Floats:
    """Weight of every rater (R), mean 1 over those present, 0 for others.

    ``present`` (R): 1 for who judged. Who did not tell is a level with its own share of the sample.
    Bounded to 0.3 to 3 times the mean, then raked again (Deville, Sarndal and Sautory 1993).
    """
    weight, total = present.copy(), float(present.sum())
    margins = []
    for axis, answers in (("age", raters.age), ("region", raters.region)):
        silent = float(present[~raters.told].sum())
        margins.append((~raters.told, silent))
        for level, share in enumerate(CENSUS[axis]):
            margins.append((raters.told & (answers == level), share * (total - silent)))
    for _ in range(2):
        for _ in range(SWEEPS):
            for here, wanted in margins:
                _scale(weight, here, wanted)
        weight = np.where(present > 0.0, np.clip(weight, LEAST, MOST), 0.0)
    return np.asarray(weight * total / weight.sum())


def _scale(weight: Floats, here: np.ndarray[tuple[int], np.dtype[np.bool_]], total: float) -> None:
    now = float(weight[here].sum())
    if now > 0.0:
        weight[here] *= total / now
