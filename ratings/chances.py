"""Chances under the normal, the Poisson and the binomial distribution.

As `scipy.stats` has them, from `scipy.special` alone: importing the former takes half a second.
"""

import math
from typing import Any

import numpy as np
from scipy.special import betainc, gammainc, ndtri

from ratings.compiled import FloatArray, IndexArray

Numbers = float | FloatArray | IndexArray

_ROOT = math.sqrt(2.0 * math.pi)


def normal_density(x: Numbers) -> Any:
    """Of the standard normal distribution at ``x``."""
    return np.exp(-np.square(x) / 2.0) / _ROOT


def density_at_chance(p: Numbers) -> Any:
    """Of the standard normal distribution where the share ``p`` of it lies below."""
    return normal_density(ndtri(p))


def poisson_above(count: Numbers, mean: Numbers) -> Any:
    """Chance of more than ``count`` events, a whole number, where ``mean`` are expected."""
    return np.where(np.less(count, 0), 1.0, gammainc(np.maximum(count, 0.0) + 1.0, mean))


def binomial_above(count: Numbers, tries: Numbers, share: Numbers) -> Any:
    """Chance of more than ``count`` successes, a whole number, in ``tries`` of chance ``share``."""
    count, left = np.asarray(count, float), np.subtract(tries, count)
    inside = betainc(np.maximum(count, 0.0) + 1.0, np.maximum(left, 1.0), share)
    return np.where(count < 0.0, 1.0, np.where(left <= 0.0, 0.0, inside))
