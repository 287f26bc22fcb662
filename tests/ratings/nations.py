"""Countries with groups of their own and a known truth, without the estimators' code."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ratings.counts import CellCounts
from tests.ratings.simulation import NOISE_SD, PRIOR_SD, judgements, outcome_of

TAU = {"age": 1.2, "party": 0.6}
GROUPS = {"UK": {"age": 3, "party": 5}, "US": {"age": 3, "party": 3}}
Census = dict[tuple[str, str], float]


@dataclass(frozen=True)
class Nations:
    """Per country its battles, census, and the skills (M) of its population."""

    tables: dict[str, pa.Table]
    census: dict[str, Census]
    truth: dict[str, NDArray[np.float64]]

    @property
    def parts(self) -> dict[str, CellCounts]:
        return {
            name: CellCounts.from_arrow(table, list(TAU)) for name, table in self.tables.items()
        }


def simulate_nations(
    seed: int, *, battles: Sequence[int] = (400, 6000), size: int = 14, tau: float = 1.0
) -> Nations:
    """``battles`` per country; ``tau``: sd of what a country adds to a model's skill."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(0.0, PRIOR_SD, size)
    nations = Nations({}, {}, {})
    for (name, groups), count in zip(GROUPS.items(), battles, strict=True):
        own = theta + rng.normal(0.0, tau, size)
        truth = own.copy()
        census: Census = {}
        a = rng.integers(0, size, count)
        b = (a + rng.integers(1, size, count)) % size
        d = own[a] - own[b] + rng.normal(0.0, NOISE_SD, count)
        columns: dict[str, list[str]] = {}
        for axis, number in groups.items():
            effect = rng.normal(0.0, TAU[axis], (number, size))
            share, sample = rng.dirichlet(np.full(number, 4.0)), rng.dirichlet(np.full(number, 3.0))
            member = rng.choice(number, count, p=sample)
            d += effect[member, a] - effect[member, b]
            truth += (share[:, None] * effect).sum(axis=0)
            census |= {(axis, f"group-{g}"): float(share[g]) for g in range(number)}
            columns[axis] = [f"group-{g}" for g in member]
        said = judgements(a, b, outcome_of(d, 3.0))
        nations.tables[name] = pa.table({**columns, **said})
        nations.census[name] = census
        nations.truth[name] = truth
    return nations
