"""What a model would find if a whole population judged every pair equally often (White 1982).

A fit of its own: Fisher scoring on expected outcome probabilities, with no prior and no counts.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr, ndtri

from tests.worlds.declarations import AGES, CENSUS
from tests.worlds.population import Floats, Population, Shares, mixed

# Boards print skills in units in which a battle's noise has this sd: sqrt(2) times 25/6.
PRINTED = np.sqrt(2.0) * 25.0 / 6.0
# Slope of the logistic at 0 against the normal's: Bradley-Terry's unit as boards print it.
LOGIT = np.sqrt(2.0 * np.pi) / 4.0
ROUNDS = 200
SETTLED = 1e-10


@dataclass(frozen=True, eq=False)
class Truth:
    """Of one population: the mean of its parts, each with a weight.

    Skills (M) are centred, as boards print them; each is found when it is asked for.
    """

    parts: tuple[Shares, ...]
    weights: tuple[float, ...] = (1.0,)

    @cached_property
    def skill(self) -> Floats:
        """What the model finds."""
        return self._mean(PRINTED, [probit(part)[0] for part in self.parts])

    @cached_property
    def logit_skill(self) -> Floats:
        """What Bradley-Terry with ties as half wins finds."""
        return self._mean(PRINTED * LOGIT, [logit(part.points) for part in self.parts])

    def win_share(self, models: NDArray[np.int64] | None = None) -> Floats:
        """Mean of a model's points over all others of ``models`` (K; None for all), (K)."""
        points = mixed(list(self.parts), self.weights).points
        if models is not None:
            points = points[np.ix_(models, models)]
        return np.asarray((points.sum(axis=1) - np.diag(points)) / (points.shape[0] - 1))

    def _mean(self, unit: float, each: list[Floats]) -> Floats:
        return np.asarray(unit * np.array(self.weights) @ np.array(each))


def probit(shares: Shares) -> tuple[Floats, float]:
    """Skills (M), centred, and the tie margin that maximise the expected log-likelihood.

    By Fisher scoring, every ordered pair once, the row shown left.
    """
    size = shares.win.shape[0]
    met = ~np.eye(size, dtype=bool)
    said = np.stack((shares.win, shares.lose, 1.0 - shares.win - shares.lose))
    theta, margin = np.zeros(size), max(float(ndtri(0.5 + 0.5 * said[2][met].mean())), 1e-3)
    for _ in range(ROUNDS):
        d = theta[:, None] - theta[None, :]
        p = np.stack((ndtr(d - margin), ndtr(-d - margin), np.zeros_like(d)))
        p[2] = 1.0 - p[0] - p[1]
        upper, lower = _density(d - margin), _density(-d - margin)
        by_d = np.stack((upper, -lower, lower - upper))
        by_margin = np.stack((-upper, -lower, upper + lower))
        score = _over(met, said / p * by_d)
        dd, dm = _over(met, by_d * by_d / p), _over(met, by_d * by_margin / p)
        gradient, matrix = np.empty(size + 1), np.empty((size + 1, size + 1))
        gradient[:size] = score.sum(axis=1) - score.sum(axis=0)
        gradient[size] = _over(met, said / p * by_margin).sum()
        # Only differences matter: the level is held by the 1.
        matrix[:size, :size] = 1.0 + np.diag(dd.sum(axis=1) + dd.sum(axis=0)) - dd - dd.T
        matrix[:size, size] = matrix[size, :size] = dm.sum(axis=1) - dm.sum(axis=0)
        matrix[size, size] = _over(met, by_margin * by_margin / p).sum()
        step = np.linalg.solve(matrix, gradient)
        theta = theta + step[:size]
        margin = max(margin + float(step[size]), margin / 2.0)
        if np.abs(step).max() < SETTLED:
            return theta - theta.mean(), margin
    raise ArithmeticError("the population's own fit did not converge")


def _over(met: NDArray[np.bool_], each: Floats) -> Floats:
    # Summed over outcomes; a model never meets itself.
    return np.asarray(np.where(met, each.sum(axis=0), 0.0))


def _density(x: Floats) -> Floats:
    return np.asarray(np.exp(-0.5 * x * x) / np.sqrt(2.0 * np.pi))


def logit(points: Floats) -> Floats:
    """Log-odds (M), centred, of Bradley-Terry with ties as half wins; ``points`` (M, M)."""
    size = points.shape[0]
    theta = np.zeros(size)
    for _ in range(ROUNDS):
        p = expit(theta[:, None] - theta[None, :])
        score, slope = points - p, p * (1.0 - p)
        np.fill_diagonal(score, 0.0)
        np.fill_diagonal(slope, 0.0)
        # The level is held: only differences matter.
        matrix = 1.0 + np.diag(slope.sum(axis=1)) - slope
        step = np.linalg.solve(matrix, score.sum(axis=1))
        theta += step
        if np.abs(step).max() < SETTLED:
            return np.asarray(theta - theta.mean())
    raise ArithmeticError("the population's own fit did not converge")


@dataclass(frozen=True, eq=False)
class Truths:
    """Of a world: the census population, people as they came, each age, and ages added by census.

    ``census_of_ages``: the mean of each age's own skills, which is what a model of groups is after.
    """

    population: Population
    census: Truth
    as_came: Truth
    ages: dict[str, Truth]
    census_of_ages: Truth

    @property
    def age_sd(self) -> float:
        """The sd of the ages' own utilities as boards print it."""
        # Tastes and prompts look like noise to a model without them, and draw its skills together.
        own = self.population.by_age - self.population.by_age.mean(axis=1, keepdims=True)
        shown = np.array([age.skill for age in self.ages.values()])
        square = float((own * own).sum())
        return self.population.world.age_effect * (
            float((own * shown).sum()) / square if square else float(PRINTED)
        )


def truths_of(population: Population) -> Truths:
    """All truths of one population."""
    parts = [population.of_age(age) for age in range(len(AGES))]
    return Truths(
        population,
        census=Truth((mixed(parts, CENSUS["age"]),)),
        as_came=Truth((mixed(parts, population.world.sample),)),
        ages={age: Truth((part,)) for age, part in zip(AGES, parts, strict=True)},
        census_of_ages=Truth(tuple(parts), CENSUS["age"]),
    )
