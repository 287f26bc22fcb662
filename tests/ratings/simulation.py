"""Studies with a known truth, drawn from the model itself, without the estimators' code."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.stats import norm

from ratings.counts import PairCounts
from ratings.tournaments import RatingParameters, board, rate_each

NOISE_SD = np.sqrt(2.0) * 25.0 / 6.0
PRIOR_SD = 25.0 / 3.0


@dataclass(frozen=True)
class Study:
    """``skill`` (M) is the truth behind ``counts``."""

    skill: NDArray[np.float64]
    counts: PairCounts

    @property
    def centred(self) -> NDArray[np.float64]:
        return np.asarray(self.skill - self.skill.mean())


def model_ids(size: int) -> tuple[str, ...]:
    return tuple(f"model-{k:03d}" for k in range(size))


def outcome_of(
    difference: NDArray[np.float64], margin: float | NDArray[np.float64]
) -> NDArray[np.int64]:
    """0 first wins, 1 second wins, 2 tie, from performance differences (N)."""
    return np.where(np.abs(difference) < margin, 2, np.where(difference > 0, 0, 1))


def count(
    size: int, a: NDArray[np.int64], b: NDArray[np.int64], outcome: NDArray[np.int64]
) -> PairCounts:
    one = [(outcome == code).astype(float) for code in range(3)]
    return PairCounts.from_indices(model_ids(size), a, b, *one)


def simulate(
    seed: int, *, size: int = 28, battles: int = 3000, margin: float = 2.0, sd: float = PRIOR_SD
) -> Study:
    """``battles`` between random pairs of ``size`` models with skills N(0, sd^2)."""
    rng = np.random.default_rng(seed)
    skill = rng.normal(0.0, sd, size)
    a = rng.integers(0, size, battles)
    b = (a + rng.integers(1, size, battles)) % size
    performance = skill[a] - skill[b] + rng.normal(0.0, NOISE_SD, battles)
    return Study(skill, count(size, a, b, outcome_of(performance, margin)))


def margin_for(tie_share: float, sd: float = PRIOR_SD) -> float:
    """Margin with that share of ties between two models drawn from N(0, sd^2)."""
    spread = np.sqrt(2.0 * sd**2 + NOISE_SD**2)
    return float(spread * norm.ppf((1.0 + tie_share) / 2.0))


def judgements(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    outcome: NDArray[np.int64],
    weight: NDArray[np.float64] | float = 1.0,
) -> dict[str, NDArray[np.float64] | list[str]]:
    """Columns of one row per battle."""
    return {
        "model_a": [f"model-{k:03d}" for k in a],
        "model_b": [f"model-{k:03d}" for k in b],
        "win_a_count": weight * (outcome == 0),
        "win_b_count": weight * (outcome == 1),
        "tie_count": weight * (outcome == 2),
    }


@dataclass(frozen=True)
class Panel:
    """Battles of weighted repeat raters (``table``) and the skills behind them."""

    table: pa.Table
    skill: NDArray[np.float64]


def simulate_panel(
    seed: int, *, raters: int, each: int, cv: float = 1.0, size: int = 20, taste: float = 0.4
) -> Panel:
    """Raters with a taste of their own and gamma weights of that coefficient of variation.

    ``taste``: share of the performance variance that a rater brings to all battles. The variance of
    a single battle is the model's, so the truth is not attenuated.
    """
    rng = np.random.default_rng(seed)
    skill = rng.normal(0.0, PRIOR_SD, size)
    own = rng.normal(0.0, NOISE_SD * np.sqrt(taste / 2.0), (raters, size))
    weight = rng.gamma(1.0 / cv**2, cv**2, raters) if cv else np.ones(raters)
    who = np.repeat(np.arange(raters), each)
    a = rng.integers(0, size, who.size)
    b = (a + rng.integers(1, size, who.size)) % size
    d = skill[a] - skill[b] + own[who, a] - own[who, b]
    d += rng.normal(0.0, NOISE_SD * np.sqrt(1.0 - taste), who.size)
    columns = judgements(a, b, outcome_of(d, 3.0), weight[who] / weight.mean())
    people = [f"person-{k:04d}" for k in who]
    return Panel(pa.table({"participant_id": people, **columns}), skill)


@dataclass(frozen=True)
class Society:
    """Battles of groups that differ (``table``, one column per axis), and what the census says.

    ``population`` (M): census-weighted skills; ``shares``: census share of every (axis, group).
    """

    table: pa.Table
    axes: tuple[str, ...]
    population: NDArray[np.float64]
    shares: dict[tuple[str, str], float]


def simulate_society(
    seed: int,
    *,
    battles: int = 12_000,
    size: int = 28,
    tau: tuple[float, ...] = (1.2, 0.5, 0.6),
    groups: tuple[int, ...] = (3, 4, 3),
    margin: float = 3.0,
    sd: float = PRIOR_SD,
) -> Society:
    """Skills theta + sum of group effects; the sample's groups are not in census proportion."""
    rng = np.random.default_rng(seed)
    axes = tuple(f"axis-{k}" for k in range(len(tau)))
    theta = rng.normal(0.0, sd, size)
    population = theta.copy()
    shares: dict[tuple[str, str], float] = {}
    columns: dict[str, list[str]] = {}
    a = rng.integers(0, size, battles)
    b = (a + rng.integers(1, size, battles)) % size
    d = theta[a] - theta[b] + rng.normal(0.0, NOISE_SD, battles)
    for axis, spread, count_ in zip(axes, tau, groups, strict=True):
        effect = rng.normal(0.0, spread, (count_, size))
        census, sample = rng.dirichlet(np.full(count_, 4.0)), rng.dirichlet(np.full(count_, 2.0))
        member = rng.choice(count_, battles, p=sample)
        d += effect[member, a] - effect[member, b]
        population += (census[:, None] * effect).sum(axis=0)
        shares |= {(axis, f"group-{g}"): float(census[g]) for g in range(count_)}
        columns[axis] = [f"group-{g}" for g in member]
    table = pa.table({**columns, **judgements(a, b, outcome_of(d, margin))})
    return Society(table, axes, population, shares)


def rate(counts: pa.Table, parameters: RatingParameters, seed: int) -> pa.Table:
    """Every board of counts, one below the other."""
    return pa.concat_tables(board(one, parameters, seed) for one in rate_each(counts, parameters))
