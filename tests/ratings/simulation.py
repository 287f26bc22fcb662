"""Studies with a known truth, drawn from the model itself, without the estimators' code."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from orchestration.ratings.counts import PairCounts

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


def outcome_of(difference: NDArray[np.float64], margin: float) -> NDArray[np.int64]:
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
