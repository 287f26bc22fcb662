"""Who comes of a world's population, and what they say: one row per verdict, in order of time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.worlds.declarations import AGES, REGIONS, World
from tests.worlds.population import STUDENT, Floats, Population

Indices = NDArray[np.int64]
# An adaptive study looks at its results so often.
BATCHES = 8
MOST_VERDICTS = 400


@dataclass(frozen=True, eq=False)
class Raters:
    """R raters: ``age``, ``region`` (R) whether or not they told, ``told`` (R), and their habits.

    ``verdicts`` (R): how many each gives; ``utility`` (R, M): their own, day and prompt aside.
    """

    age: Indices
    region: Indices
    told: NDArray[np.bool_]
    verdicts: Indices
    utility: Floats
    margin: Floats
    side: Floats


def recruit(population: Population, rng: np.random.Generator) -> Raters:
    """Raters as they come: not in census proportions, and not all of them tell their age."""
    world, count = population.world, population.world.raters
    age = rng.choice(len(AGES), count, p=world.sample)
    region = rng.integers(0, len(REGIONS), count)
    camp = rng.choice((-1.0, 1.0), count)
    silent = np.array(world.silent)[age]
    odds = silent / (1.0 - silent) * np.exp(world.silent_camp * camp)
    told = rng.random(count) >= odds / (1.0 + odds)
    utility = population.by_age[age] + camp[:, None] * population.camp
    utility = utility + world.taste * rng.standard_normal((count, population.size))
    margin = np.array(world.tie_margin)[age] * np.exp(world.tie_habit * rng.standard_normal(count))
    side = world.side + world.side_habit * rng.standard_normal(count)
    return Raters(age, region, told, _volumes(world, count, rng), utility, margin, side)


def _volumes(world: World, count: int, rng: np.random.Generator) -> Indices:
    if world.volume == "even":
        return rng.poisson(world.verdicts - 1.0, count) + 1
    # Of lognormal volumes with sd 1.3 the busiest tenth of raters gives half of all verdicts.
    volume = world.verdicts * np.exp(1.3 * rng.standard_normal(count) - 0.5 * 1.3**2)
    return np.clip(np.ceil(volume), 1, MOST_VERDICTS).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Verdicts:
    """N verdicts in order of time: ``rater``, ``left``, ``right``, ``prompt`` and ``outcome`` (N).

    ``outcome``: 0 left wins, 1 right wins, 2 tie; ``prompt`` is -1 where the world has none.
    """

    raters: Raters
    size: int
    rater: Indices
    left: Indices
    right: Indices
    prompt: Indices
    outcome: Indices

    def first(self, count: int) -> "Verdicts":
        """The study after its first verdicts."""
        parts = (self.rater, self.left, self.right, self.prompt, self.outcome)
        return Verdicts(self.raters, self.size, *(part[:count] for part in parts))


def judge(population: Population, rng: np.random.Generator) -> Verdicts:
    """A whole study of a population."""
    world, size = population.world, population.size
    raters = recruit(population, rng)
    rater = rng.permutation(np.repeat(np.arange(raters.age.size), raters.verdicts))
    total = rater.size
    day = np.arange(total) / max(total - 1, 1) - 0.5
    prompts = max(world.prompts, 1)
    of_prompt = world.prompt_effect * rng.standard_normal((prompts, size))
    prompt = rng.integers(0, prompts, total)
    points, met = np.zeros(size), np.zeros(size)
    left, right, outcome = (np.empty(total, dtype=np.int64) for _ in range(3))
    for batch in np.array_split(np.arange(total), BATCHES if world.is_adaptive else 1):
        a, b = _pairs(world, size, batch.size, points / np.maximum(met, 1.0), rng)
        who = rater[batch]
        utility = (
            raters.utility[who] + day[batch, None] * population.slope + of_prompt[prompt[batch]]
        )
        rows = np.arange(batch.size)
        d = utility[rows, a] - utility[rows, b] + population.cycle[a, b]
        d += raters.side[who] + _noise(world, batch.size, rng)
        said = np.where(np.abs(d) <= raters.margin[who], 2, np.where(d > 0.0, 0, 1))
        left[batch], right[batch], outcome[batch] = a, b, said
        won = np.where(said == 2, 0.5, np.where(said == 0, 1.0, 0.0))
        np.add.at(points, a, won)
        np.add.at(points, b, 1.0 - won)
        np.add.at(met, a, 1.0)
        np.add.at(met, b, 1.0)
    shown = prompt if world.prompts else np.full(total, -1)
    return Verdicts(raters, size, rater, left, right, shown, outcome)


def _pairs(
    world: World, size: int, count: int, points: Floats, rng: np.random.Generator
) -> tuple[Indices, Indices]:
    i, j = np.triu_indices(size, 1)
    chance = np.ones(i.size)
    if world.is_adaptive:
        # Closer in points so far, likelier to meet; everybody meets everybody sometimes.
        chance = 0.1 + np.exp(-0.5 * ((points[i] - points[j]) / 0.08) ** 2)
    pair = rng.choice(i.size, count, p=chance / chance.sum())
    swapped = rng.random(count) < 0.5
    if world.is_side_fixed:
        # The model whose name sorts first is always shown left.
        swapped[:] = False
    return np.where(swapped, j[pair], i[pair]), np.where(swapped, i[pair], j[pair])


def _noise(world: World, count: int, rng: np.random.Generator) -> Floats:
    if world.noise == "logistic":
        return np.asarray(rng.logistic(0.0, np.sqrt(3.0) / np.pi, count))
    if world.noise == "student":
        return np.asarray(rng.standard_t(STUDENT, count) / np.sqrt(STUDENT / (STUDENT - 2.0)))
    return rng.standard_normal(count)
