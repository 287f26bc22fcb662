"""Societies of people who judge many times, each by a taste and a readiness to tie of their own.

No estimator here assumes such people; all of their code stays out of it.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ratings.counts import CellCounts
from ratings.hierarchical_sandwich import CellPeople
from tests.ratings.simulation import NOISE_SD, judgements, outcome_of


@dataclass(frozen=True)
class Raters:
    """``table``: one row per verdict with its rater and their group on every axis.

    ``population`` (M): census-weighted skills; ``groups``: per (axis, group) its skills (M), others
    by the census; ``shares``: census share of every (axis, group).
    """

    table: pa.Table
    axes: tuple[str, ...]
    population: NDArray[np.float64]
    groups: dict[tuple[str, str], NDArray[np.float64]]
    shares: dict[tuple[str, str], float]

    @property
    def counts(self) -> CellCounts:
        return CellCounts.from_arrow(self.table, self.axes)

    def people(self, counts: CellCounts) -> CellPeople:
        effect = {one: place for place, one in enumerate(counts.effects)}
        levels = np.column_stack(
            [
                [effect[axis, group] for group in self.table.column(axis).to_pylist()]
                for axis in self.axes
            ]
        )
        place = {tuple(levels): cell for cell, levels in enumerate(counts.cell_effects.tolist())}
        cell = np.array([place[tuple(row)] for row in levels.tolist()], dtype=np.int64)
        people = CellPeople.from_arrow(counts, self.table, cell)
        assert people is not None
        return people


def simulate_raters(
    seed: int,
    *,
    raters: int = 300,
    verdicts: float = 20.0,
    tail: float = 1.0,
    taste: float = 0.4,
    size: int = 14,
    tau: tuple[float, ...] = (1.2, 0.5, 0.6),
    shares: tuple[tuple[float, ...], ...] = ((0.4, 0.35, 0.25), (0.7, 0.2, 0.1), (0.5, 0.5)),
    alike: float = 0.0,
    sd: float = 3.0,
) -> Raters:
    """Numbers of verdicts are lognormal with ``verdicts`` on average and ``tail`` as log-sd.

    ``taste``: share of the variance of a battle that its rater brings to all of theirs.
    ``shares``: census shares on each axis; the sample has the square root of their odds. ``alike``:
    share of people whose group on the second axis has the place of that on the first.
    """
    rng = np.random.default_rng(seed)
    axes = tuple(f"axis-{k}" for k in range(len(tau)))
    theta = rng.normal(0.0, sd, size)
    own = rng.normal(0.0, NOISE_SD * np.sqrt(taste / 2.0), (raters, size))
    count = np.maximum(np.rint(verdicts * np.exp(rng.normal(-(tail**2) / 2, tail, raters))), 1)
    who = np.repeat(np.arange(raters), count.astype(np.int64))
    population, skill = theta.copy(), np.repeat(theta[None], raters, axis=0)
    level: list[NDArray[np.int64]] = []
    effects: dict[tuple[str, str], NDArray[np.float64]] = {}
    for axis, spread, census in zip(axes, tau, shares, strict=True):
        odds = np.sqrt(census)
        member = rng.choice(len(census), raters, p=odds / odds.sum())
        if level and alike:
            follows = rng.random(raters) < alike
            member = np.where(follows, np.minimum(level[-1], len(census) - 1), member)
        effect = rng.normal(0.0, spread, (len(census), size))
        skill += effect[member]
        population += (np.array(census)[:, None] * effect).sum(axis=0)
        effects |= {(axis, f"group-{g}"): effect[g] for g in range(len(census))}
        level.append(member)
    mean = {axis: np.zeros(size) for axis in axes}
    parts = dict(zip(axes, shares, strict=True))
    weights = {(axis, f"group-{g}"): share for axis in axes for g, share in enumerate(parts[axis])}
    for (axis, group), share in weights.items():
        mean[axis] += share * effects[axis, group]
    groups = {
        (axis, group): population - mean[axis] + effects[axis, group] for axis, group in weights
    }
    a = rng.integers(0, size, who.size)
    b = (a + rng.integers(1, size, who.size)) % size
    d = skill[who, a] - skill[who, b] + own[who, a] - own[who, b]
    d += rng.normal(0.0, NOISE_SD * np.sqrt(1.0 - taste), who.size)
    margin = (3.0 * np.exp(rng.normal(0.0, 0.4, raters)))[who]
    columns = {axis: [f"group-{g}" for g in level[k][who]] for k, axis in enumerate(axes)}
    table = pa.table(
        {
            "participant_id": [f"person-{k:05d}" for k in who],
            **columns,
            **judgements(a, b, outcome_of(d, margin)),
        }
    )
    return Raters(table, axes, population, groups, weights)
