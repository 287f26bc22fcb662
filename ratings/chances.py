"""Chances under the normal, the Poisson and the binomial distribution.

As `scipy.stats` has them, from `scipy.special` alone: importing the former takes half a second.
"""

from typing import Any

import numpy as np
from scipy.special import betainc, gammainc, ndtri

from ratings.compiled import FloatArray, IndexArray
from ratings.cut_gaussian import density

Numbers = float | FloatArray | IndexArray


def density_at_chance(p: FloatArray) -> FloatArray:
    """Standard normal density where the share ``p`` of the distribution lies below."""
    return density(ndtri(p))


def poisson_above(count: Numbers, mean: Numbers) -> Any:
    """Chance of more than ``count`` events, a whole number, where ``mean`` are expected."""
    return np.where(np.less(count, 0), 1.0, gammainc(np.maximum(count, 0.0) + 1.0, mean))


def binomial_above(count: Numbers, tries: Numbers, share: Numbers) -> Any:
    """Chance of more than ``count`` successes, a whole number, in ``tries`` of chance ``share``."""
    count, left = np.asarray(count, float), np.subtract(tries, count)
    inside = betainc(np.maximum(count, 0.0) + 1.0, np.maximum(left, 1.0), share)
    return np.where(count < 0.0, 1.0, np.where(left <= 0.0, 0.0, inside))
