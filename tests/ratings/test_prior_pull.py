"""A prior pulls a model far from the rest by more than it pulls others, and groups alike."""

import numpy as np
from numpy.typing import NDArray

from ratings.draw_margin import fit_draw_margin
from ratings.merging import merge_by_census
from ratings.posterior import TRUESKILL_PRIOR, Posterior
from ratings.prior_pull import unequal_pull
from tests.ratings.simulation import NOISE_SD, count, outcome_of


def tournament(seed: int, skill: NDArray[np.float64], battles: int) -> Posterior:
    """Of pairs at random, with the prior's sd learnt."""
    rng = np.random.default_rng(seed)
    a = rng.integers(0, skill.size, battles)
    b = (a + rng.integers(1, skill.size, battles)) % skill.size
    d = skill[a] - skill[b] + rng.normal(0.0, NOISE_SD, battles)
    counts = count(skill.size, a, b, outcome_of(d, 3.0))
    return fit_draw_margin(counts, TRUESKILL_PRIOR, is_spread_learnt=True)


def covered(posterior: Posterior, skill: NDArray[np.float64]) -> NDArray[np.bool_]:
    sd = np.sqrt(posterior.skill_sd**2 + unequal_pull(posterior))
    inside: NDArray[np.bool_] = np.abs(posterior.skill - skill + skill.mean()) < 1.96 * sd
    return inside


def test_a_model_far_ahead_is_inside_its_interval() -> None:
    far, narrow = [], []
    for seed in range(40):
        skill = np.random.default_rng(seed + 1000).normal(0.0, 1.0, 28)
        skill[0] = 6.0
        posterior = tournament(seed, skill, 700)
        far.append(covered(posterior, skill)[0])
        distance = abs(posterior.skill[0] - skill[0] + skill.mean())
        narrow.append(distance < 1.96 * posterior.skill_sd[0])
    assert np.mean(far) >= 0.85
    assert np.mean(narrow) < 0.7


def test_models_as_the_prior_has_them_keep_their_intervals() -> None:
    rates = []
    for seed in range(40):
        skill = np.random.default_rng(seed + 1000).normal(0.0, 1.0, 28)
        rates.append(covered(tournament(seed, skill, 700), skill).mean())
    assert 0.93 <= np.mean(rates) <= 0.975


def test_small_groups_are_pulled_alike() -> None:
    # Their errors taken as independent, the merged interval holds .75 of the skills.
    rates = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        skill = rng.normal(0.0, 3.0, 15)
        parts = [tournament(100 * seed + k, skill, 100) for k in range(12)]
        merged = merge_by_census(parts, [1.0] * 12)
        rates.append(np.abs(merged.skill - skill + skill.mean()) < 1.96 * merged.skill_sd)
    assert np.mean(rates) >= 0.93
