"""What a world's whole population would say of every pair: exact outcome probabilities.

Integrals over raters, sides, prompts and time are sums over quadrature nodes; nothing is sampled.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.stats import logistic, norm, t

from tests.worlds.declarations import AGES, CENSUS, World

Floats = NDArray[np.float64]
Top = Literal["apart", "twins", "equal"]

STUDENT = 4.0
# Of the distribution of everything random in a battle: 16 standard deviations, a few hundred each.
GRID = np.linspace(-16.0, 16.0, 6401)


@dataclass(frozen=True, eq=False)
class Population:
    """The utilities of M models: ``common`` (M), ``by_age`` (3, M) with it, ``camp`` (M).

    ``slope`` (M): gain from the first to the last day; ``cycle`` (M, M): antisymmetric.
    """

    world: World
    common: Floats
    by_age: Floats
    camp: Floats
    slope: Floats
    cycle: Floats

    @classmethod
    def draw(cls, world: World, size: int, rng: np.random.Generator, top: Top = "apart") -> Self:
        """A population of ``world`` over ``size`` models.

        ``top``: "twins" makes the two best models the same in everything, "equal" makes all the
        same: whatever then is called a difference is an error.
        """
        # Skewed: few models far ahead, most of them close together.
        common = world.spread * (rng.gamma(4.0, 0.5, size) - 2.0)
        effect = world.age_effect * rng.standard_normal((3, size))
        camp = world.camps * rng.standard_normal(size)
        slope = world.drift * rng.standard_normal(size)
        # Two coordinates make rocks, papers and scissors: u x v is antisymmetric.
        u, v = rng.standard_normal((2, size))
        cycle = world.cycle * (np.outer(u, v) - np.outer(v, u)) / np.sqrt(2.0)
        made = cls(world, common, common + effect, camp, slope, cycle)
        if top == "equal":
            return made._same(np.zeros(size, dtype=np.int64))
        if top == "twins":
            share = mixed([made.of_age(age) for age in range(len(AGES))], CENSUS["age"])
            points = share.points.sum(axis=1)
            order = np.argsort(-points)
            alike = np.arange(size)
            alike[order[1]] = order[0]
            return made._same(alike)
        return made

    def _same(self, alike: NDArray[np.int64]) -> Self:
        # Model i becomes a copy of model alike[i].
        return replace(
            self,
            common=self.common[alike],
            by_age=self.by_age[:, alike],
            camp=self.camp[alike],
            slope=self.slope[alike],
            cycle=self.cycle[np.ix_(alike, alike)],
        )

    @property
    def size(self) -> int:
        return self.common.size

    def of_age(self, age: int) -> "Shares":
        """What an age group says of every ordered pair, (M, M) each."""
        world = self.world
        below = _distribution(world)
        apart = _apart(self.by_age[age]) + self.cycle
        win, lose = np.zeros_like(apart), np.zeros_like(apart)
        for day, margin, part in _days_and_margins(world, age):
            for sign in (-1.0, 1.0) if world.camps else (0.0,):
                known = apart + day * _apart(self.slope) + sign * _apart(self.camp) + world.side
                share = part * (0.5 if world.camps else 1.0)
                win += share * (1.0 - below(margin - known))
                lose += share * below(-margin - known)
        return Shares(win, lose)


def _days_and_margins(world: World, age: int) -> Iterator[tuple[float, float, float]]:
    # Nodes of when a battle is judged and of how readily its rater ties, with their weights.
    days, of_day = (np.array([0.0]), np.array([2.0]))
    habits, of_habit = np.array([0.0]), np.array([1.0])
    if world.drift:
        days, of_day = np.polynomial.legendre.leggauss(5)
    if world.tie_habit:
        habits, of_habit = np.polynomial.hermite_e.hermegauss(11)
    for day, day_weight in zip(days / 2.0, of_day / 2.0, strict=True):
        for habit, weight in zip(habits, of_habit / of_habit.sum(), strict=True):
            margin = world.tie_margin[age] * np.exp(world.tie_habit * habit)
            yield float(day), float(margin), float(day_weight * weight)


@dataclass(frozen=True, eq=False)
class Shares:
    """P(row wins) and P(column wins) where the row is shown left, (M, M) each.

    The diagonal means nothing.
    """

    win: Floats
    lose: Floats

    @property
    def points(self) -> Floats:
        """P(row wins) + P(tie) / 2, both ways shown equally often, (M, M)."""
        left = 0.5 * (1.0 + self.win - self.lose)
        return np.asarray(0.5 * (left + 1.0 - left.T))


def mixed(parts: list[Shares], weights: tuple[float, ...]) -> Shares:
    """Several groups' shares, each with its weight."""
    win = np.einsum("g,gij->ij", np.array(weights), np.array([part.win for part in parts]))
    lose = np.einsum("g,gij->ij", np.array(weights), np.array([part.lose for part in parts]))
    return Shares(win, lose)


def _apart(utility: Floats) -> Floats:
    return np.asarray(utility[:, None] - utility[None, :])


def noise_below(kind: str, x: Floats) -> Floats:
    """P(noise < x), of variance 1."""
    if kind == "logistic":
        return np.asarray(logistic.cdf(x * np.pi / np.sqrt(3.0)))
    if kind == "student":
        return np.asarray(t.cdf(x * np.sqrt(STUDENT / (STUDENT - 2.0)), STUDENT))
    return np.asarray(norm.cdf(x))


def _distribution(world: World) -> CubicSpline:
    # Of all that is random and normal in a difference (two tastes, two prompt effects, the rater's
    # side) plus the noise.
    prompt = world.prompt_effect if world.prompts else 0.0
    sd = np.sqrt(2.0 * world.taste**2 + 2.0 * prompt**2 + world.side_habit**2)
    normal, weight = np.polynomial.hermite_e.hermegauss(41)
    values = sum(
        w * noise_below(world.noise, GRID - sd * x)
        for x, w in zip(normal, weight / weight.sum(), strict=True)
    )
    return CubicSpline(GRID, values)
