"""Merging strata: the census covers the population, precision does not where groups differ."""

from dataclasses import replace

import numpy as np
import pytest

from ratings.draw_margin import fit_draw_margin
from ratings.expectation_propagation import fit
from ratings.merging import merge_by_census, sd_ratio
from ratings.posterior import Posterior
from tests.ratings.simulation import NOISE_SD, PRIOR_SD, count, outcome_of, simulate

SHARES = (0.5, 0.3, 0.2)


def strata(
    seed: int, tau: float, battles: int = 2500, size: int = 15
) -> tuple[list[Posterior], np.ndarray]:
    """Posteriors of three groups whose skills differ by tau, and the population's skills."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(0.0, PRIOR_SD, size)
    skills = theta + rng.normal(0.0, tau, (3, size))
    parts = []
    for skill in skills:
        a = rng.integers(0, size, battles)
        b = (a + rng.integers(1, size, battles)) % size
        d = skill[a] - skill[b] + rng.normal(0.0, NOISE_SD, battles)
        parts.append(fit_draw_margin(count(size, a, b, outcome_of(d, 3.0))))
    truth = np.array(SHARES) @ skills
    return parts, truth - truth.mean()


def covered(posterior: Posterior, truth: np.ndarray) -> float:
    return float((np.abs(posterior.skill - truth) < 1.96 * posterior.skill_sd).mean())


@pytest.mark.parametrize("tau", [0.0, 0.3, 1.5])
def test_the_census_weighted_merge_covers_the_population(tau: float) -> None:
    rates = []
    for seed in range(80):
        parts, truth = strata(seed, tau)
        rates.append(covered(merge_by_census(parts, SHARES), truth))
    assert 0.93 <= np.mean(rates) <= 0.97


def merge_by_precision(parts: list[Posterior]) -> Posterior:
    """Product of all strata's likelihoods and one prior: right only where groups do not differ."""
    prior = 1.0 / parts[0].prior.sd ** 2
    precision = -prior * (len(parts) - 1) * np.eye(parts[0].mean.size)
    pull = np.zeros_like(parts[0].mean)
    for part in parts:
        own = np.linalg.inv(part.covariance)
        precision += own
        pull += own @ (part.mean - part.prior.mean)
    covariance = np.asarray(np.linalg.inv(precision), dtype=np.float64)
    return replace(parts[0], mean=covariance @ pull + parts[0].prior.mean, covariance=covariance)


def test_precision_weighting_fails_where_groups_differ() -> None:
    same, differ = [], []
    for seed in range(40):
        parts, truth = strata(seed, 0.0)
        same.append(covered(merge_by_precision(parts), truth))
        parts, truth = strata(seed, 1.5)
        differ.append(covered(merge_by_precision(parts), truth))
    assert np.mean(same) > 0.92  # one skill for all: then it is the right thing
    assert np.mean(differ) < 0.75


def test_precision_weighting_is_one_fit_to_all_battles() -> None:
    halves = [simulate(seed, size=8, battles=4000).counts for seed in (1, 2)]
    both = type(halves[0]).from_indices(
        halves[0].model_ids,
        np.concatenate([h.first for h in halves]),
        np.concatenate([h.second for h in halves]),
        *np.concatenate([h.outcomes for h in halves]).T,
    )
    merged = merge_by_precision([fit(h, draw_margin=2.0) for h in halves])
    whole = fit(both, draw_margin=2.0)
    # Two different truths: fits agree as Gaussian products do, not to the last digit.
    np.testing.assert_allclose(merged.skill_sd, whole.skill_sd, rtol=0.15)


def test_merging_shrinks_the_sd_and_reports_by_how_much() -> None:
    parts, _ = strata(1, 0.5)
    merged = merge_by_census(parts, [1.0, 1.0, 1.0])
    assert sd_ratio(merged, parts) == pytest.approx(1 / np.sqrt(3), rel=0.1)
    one = merge_by_census(parts, [0.0, 7.0, 0.0])
    np.testing.assert_allclose(one.skill, parts[1].skill)
    np.testing.assert_allclose(one.skill_sd, parts[1].skill_sd)


def test_refusals() -> None:
    parts, _ = strata(2, 0.5, battles=50)
    with pytest.raises(ValueError, match="nothing"):
        merge_by_census([], [])
    with pytest.raises(ValueError, match="share"):
        merge_by_census(parts, [0.5, -0.1, 0.6])
    with pytest.raises(ValueError, match="share"):
        merge_by_census(parts, [1.0])
    other = replace(parts[0], model_ids=tuple(reversed(parts[0].model_ids)))
    with pytest.raises(ValueError, match="same models"):
        merge_by_census([parts[1], other], [0.5, 0.5])
