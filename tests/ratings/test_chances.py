"""Chances against scipy.stats, which has other formulas for some."""

import numpy as np
import pytest
from scipy import stats

from ratings.chances import binomial_above, density_at_chance, poisson_above

SHARES = np.array([0.0, 1e-9, 0.02, 0.5, 0.97, 1.0])


def test_the_density_where_a_share_lies_below() -> None:
    p = np.array([1e-6, 0.1, 0.5, 0.999])
    assert density_at_chance(p) == pytest.approx(stats.norm.pdf(stats.norm.ppf(p)), rel=1e-12)


def test_more_events_than_a_count() -> None:
    count, mean = np.meshgrid([-1, 0, 1, 7, 200], [0.0, 1e-6, 0.7, 30.0, 900.0])
    assert poisson_above(count, mean) == pytest.approx(stats.poisson.sf(count, mean), rel=1e-11)
    assert float(poisson_above(3, 2.5)) == pytest.approx(stats.poisson.sf(3, 2.5), rel=1e-12)


def test_more_successes_than_a_count() -> None:
    for tries in (1, 5, 80, 4_000):
        count, share = np.meshgrid(np.unique([-1, 0, tries // 3, tries - 1, tries]), SHARES)
        expected = stats.binom.sf(count, tries, share)
        assert binomial_above(count, tries, share) == pytest.approx(expected, rel=1e-10)
