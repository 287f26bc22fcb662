"""What a model would find if a whole population judged every pair equally often (White 1982).

A fit of its own: Fisher scoring on expected outcome probabilities, with no prior and no counts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import norm

from tests.worlds.declarations import AGES, CENSUS
from tests.worlds.population import Floats, Population, Shares, mixed

# Boards print skills in units in which a battle's noise has this sd: sqrt(2) times 25/6.
PRINTED = np.sqrt(2.0) * 25.0 / 6.0
# Slope of the logistic at 0 against the normal's: Bradley-Terry's unit as boards print it.
LOGIT = np.sqrt(2.0 * np.pi) / 4.0
ROUNDS = 200


@dataclass(frozen=True, eq=False)
class Truth:
    """Of one population: ``skill`` (M), centred, as boards print it; ``points`` (M, M).

    ``sided_skill`` (M): what the same model with an effect of the left would find;
    ``logit_skill`` (M): what Bradley-Terry with ties as half wins would.
    """

    skill: Floats
    sided_skill: Floats
    logit_skill: Floats
    points: Floats

    def among(self, models: NDArray[np.int64]) -> "Truth":
        """The truth about some models (K), centred on their mean."""
        return Truth(
            self.skill[models] - self.skill[models].mean(),
            self.sided_skill[models] - self.sided_skill[models].mean(),
            self.logit_skill[models] - self.logit_skill[models].mean(),
            self.points[np.ix_(models, models)],
        )

    @property
    def win_share(self) -> Floats:
        """Mean of a model's points over all others, (M)."""
        size = self.points.shape[0]
        return np.asarray((self.points.sum(axis=1) - np.diag(self.points)) / (size - 1))


@dataclass(frozen=True, eq=False)
class Fit:
    """Skills (M), centred; the tie margin; what the left gains (0 where it is not asked)."""

    skill: Floats
    margin: float
    side: float


def probit(shares: Shares, *, is_sided: bool = False) -> Fit:
    """What maximises the expected log-likelihood of a probit with ties, by Fisher scoring."""
    size = shares.win.shape[0]
    i, j = np.nonzero(~np.eye(size, dtype=bool))
    said = np.stack((shares.win[i, j], shares.lose[i, j]))
    said = np.stack((*said, 1.0 - said.sum(axis=0)))
    # Rows: one for each ordered pair; columns: what moves its difference.
    design = np.zeros((i.size, size + 1))
    design[np.arange(i.size), i] = 1.0
    design[np.arange(i.size), j] = -1.0
    design[:, size] = float(is_sided)
    theta, margin = np.zeros(size + 1), max(float(norm.ppf(0.5 + 0.5 * said[2].mean())), 1e-3)
    # Only differences matter: the level is held, and so is a side that nobody asks for.
    held = np.zeros((size + 2, size + 2))
    held[:size, :size] = 1.0
    held[size, size] = float(not is_sided)
    for _ in range(ROUNDS):
        d = design @ theta
        p = np.stack((norm.cdf(d - margin), norm.cdf(-d - margin), np.zeros_like(d)))
        p[2] = 1.0 - p[0] - p[1]
        upper, lower = norm.pdf(d - margin), norm.pdf(-d - margin)
        by_d = np.stack((upper, -lower, lower - upper))
        by_margin = np.stack((-upper, -lower, upper + lower))
        dd, dm = (by_d * by_d / p).sum(axis=0), (by_d * by_margin / p).sum(axis=0)
        score = (said / p * by_margin).sum(axis=0)
        gradient = np.append(design.T @ (said / p * by_d).sum(axis=0), score.sum())
        matrix = held.copy()
        matrix[:-1, :-1] += (design.T * dd) @ design
        matrix[:-1, -1] = matrix[-1, :-1] = design.T @ dm
        matrix[-1, -1] = (by_margin * by_margin / p).sum()
        step = np.linalg.solve(matrix, gradient)
        theta += step[:-1]
        margin = max(margin + float(step[-1]), margin / 2.0)
        if np.abs(step).max() < 1e-11:
            skill = theta[:size] - theta[:size].mean()
            return Fit(skill, margin, float(theta[size]))
    raise ArithmeticError("the population's own fit did not converge")


def logit(points: Floats) -> Floats:
    """Log-odds (M), centred, of Bradley-Terry with ties as half wins; ``points`` (M, M)."""
    size = points.shape[0]
    i, j = np.triu_indices(size, 1)
    design = np.zeros((i.size, size))
    design[np.arange(i.size), i] = 1.0
    design[np.arange(i.size), j] = -1.0
    theta = np.zeros(size)
    for _ in range(ROUNDS):
        p = expit(design @ theta)
        matrix = np.ones((size, size)) + (design.T * (p * (1.0 - p))) @ design
        step = np.linalg.solve(matrix, design.T @ (points[i, j] - p))
        theta += step
        if np.abs(step).max() < 1e-11:
            return np.asarray(theta - theta.mean())
    raise ArithmeticError("the population's own fit did not converge")


def truth_of(shares: Shares) -> Truth:
    """What each model and each count would find."""
    points = shares.points
    return Truth(
        PRINTED * probit(shares).skill,
        PRINTED * probit(shares, is_sided=True).skill,
        PRINTED * LOGIT * logit(points),
        points,
    )


@dataclass(frozen=True, eq=False)
class Truths:
    """Of a world: the census population, people as they came, each age, and ages added by census.

    ``census_of_ages``: the mean of each age's own skills, which is what a model of groups is after.
    ``age_sd``: sd of the ages' own utilities as boards print it.
    """

    census: Truth
    as_came: Truth
    ages: dict[str, Truth]
    census_of_ages: Truth
    age_sd: float


def truths_of(population: Population) -> Truths:
    """All truths of one population."""
    parts = [population.of_age(age) for age in range(len(AGES))]
    ages = [truth_of(part) for part in parts]
    census = truth_of(mixed(parts, CENSUS["age"]))
    weights = np.array(CENSUS["age"])
    added = Truth(
        weights @ np.array([age.skill for age in ages]),
        weights @ np.array([age.sided_skill for age in ages]),
        weights @ np.array([age.logit_skill for age in ages]),
        census.points,
    )
    return Truths(
        census=census,
        as_came=truth_of(mixed(parts, population.world.sample)),
        ages=dict(zip(AGES, ages, strict=True)),
        census_of_ages=added,
        age_sd=population.world.age_effect * _shown_per_unit(population, ages),
    )


def _shown_per_unit(population: Population, ages: list[Truth]) -> float:
    # Tastes and prompts look like noise to a model without them, and draw its skills together.
    own = population.by_age - population.by_age.mean(axis=1, keepdims=True)
    shown = np.array([age.skill for age in ages])
    square = float((own * own).sum())
    return float((own * shown).sum()) / square if square else float(PRINTED)
