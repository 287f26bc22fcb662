"""How many battles a board still needs until it is certain enough.

The forecast follows the rate at which variances fall. Skills are as they may be (draws from the
posterior); n battles on the pairs that a policy will ask for bring n times Fisher's information of
such a battle, and the board's covariance falls by it as its kind of board does (growth.py); the
least n that meets the target is a draw's forecast. The middle draw is the forecast, their spread
its interval, which is open where a draw's skills are too alike for any number of battles.
Out: the measures (stopping_measures.py), and which boards have which targets (seeds).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ratings.cholesky import factor_semidefinite
from ratings.growth import Growth, Plain
from ratings.information_gain import fisher_information
from ratings.pairing import PairingPolicy
from ratings.planning import plan
from ratings.posterior import Posterior
from ratings.stopping_measures import (
    Measure,
    is_met,
    measured,
    straightened,
    value_of,
)

FloatArray = NDArray[np.float64]

DRAWS = 24
HORIZON = 1e9
OPEN = HORIZON / 10
TOLERANCE = 0.01
# Outcomes fall as they fall, and plans are changed by them: sd of the log of what a study then
# needed over its forecast, as tests/ratings/test_stopping.py and `make pairing` see it.
FORECAST_ERROR = 0.1


@dataclass(frozen=True)
class Forecast:
    """``value`` of the measure now, and battles still needed (95% interval); None: no number is."""

    value: float
    is_reached: bool
    needed: int | None
    needed_lo: int | None
    needed_hi: int | None


def forecast(
    posterior: Posterior,
    policy: PairingPolicy,
    measure: Measure,
    threshold: float,
    *,
    seed: int,
    growth: Growth | None = None,
    draws: int = DRAWS,
) -> Forecast:
    """Battles that ``posterior`` still needs until ``measure`` meets ``threshold``.

    ``policy``: which they will follow. ``growth``: how the posterior's covariance, the board's,
    falls; as that of an unweighted tournament where None. ``seed``: 128-bit Philox key of the
    draws. Raises ValueError for a threshold that nothing can meet.
    """
    low, high = (0.0, math.inf) if measure is Measure.INTERVAL_WIDTH else (0.0, 1.0)
    if not low < threshold < high:
        raise ValueError(f"{measure} {threshold} is not between {low:g} and {high:g}")
    value = value_of(measure, posterior)
    if is_met(measure, value, threshold):
        return Forecast(value, True, 0, 0, 0)
    size = posterior.mean.size
    generator = np.random.Generator(np.random.Philox(key=seed))
    normal = generator.standard_normal((max(draws // 2, 1), size))
    upper = factor_semidefinite(posterior.covariance, 1e-14)
    offset = np.stack([(row[:, None] * upper).sum(axis=0) for row in normal])
    growing = growth or Plain(posterior.covariance)

    first, second = np.triu_indices(size, 1)
    evenly = np.full(first.size, 1.0 / first.size)

    def needed(skill: FloatArray, share: FloatArray, guess: float) -> float:
        each = fisher_information(skill, first, second, share, posterior)
        skills = (skill, posterior.reference)
        return _first_met(measure, threshold, skills, partial(growing.after, each=each), guess)

    about = needed(posterior.mean, evenly, float(size))
    # So many battles as each count for one.
    worth = about / (growing.design_effect or 1.0)
    ahead = plan(posterior, policy, worth)
    luck = np.exp(FORECAST_ERROR * generator.standard_normal(2 * offset.shape[0]))
    actual = []
    for shift, error in zip((*offset, *-offset), luck, strict=True):
        share = ahead.chosen
        if ahead.random_share == 1.0:
            # Chance spreads battles unevenly, the fewer the more; a rule that chooses makes up
            # for it.
            battles = max(round(worth), 1)
            share = generator.multinomial(battles, evenly) / battles
        elif ahead.random_share > 0.0:
            share = (1.0 - ahead.random_share) * share + ahead.random_share * evenly
        actual.append(needed(posterior.mean + shift, share, about) * error)
    ordered = np.sort(actual)
    places = [min(int(share * ordered.size), ordered.size - 1) for share in (0.5, 0.025, 0.975)]
    middle, lo, hi = (math.ceil(ordered[k]) if ordered[k] < OPEN else None for k in places)
    return Forecast(value, False, middle, lo, hi)


def _first_met(
    measure: Measure,
    threshold: float,
    skills: tuple[FloatArray, FloatArray],
    after: Callable[[float], FloatArray],
    guess: float,
) -> float:
    """Fewest battles, HORIZON if no number does, by secants on a scale that is near straight.

    ``skills``: skills and reference (M); ``after``: covariance (M, M) after so many battles.
    """
    skill, reference = skills

    def excess(battles: float) -> float:
        value = measured(measure, skill, after(battles), reference)
        return straightened(measure, value) - wanted

    wanted = straightened(measure, threshold)
    low, below = 0.0, excess(0.0)
    if below >= 0.0:
        return 1.0
    high = max(guess, 1.0)
    above = excess(high)
    while above < 0.0:
        low, below = high, above
        high *= 2.0
        if high > HORIZON:
            return HORIZON
        above = excess(high)
    for _ in range(60):
        if high - low <= TOLERANCE * high:
            break
        middle = low - below * (high - low) / (above - below)
        margin = 0.25 * TOLERANCE * high
        middle = min(max(middle, low + margin), high - margin)
        found = excess(middle)
        if found < 0.0:
            low, below, above = middle, found, 0.5 * above
        else:
            high, above, below = middle, found, 0.5 * below
    return high
