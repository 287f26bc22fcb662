"""What choosing battles saves: random, match quality, gain on variances alone, and ours.

`make pairing` (pairing_report.py) runs it whole; a small run of it is a test. Every study has a
known truth, is rated blind, and goes on in batches until its widest 95% interval is narrow enough.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau

from ratings.counts import PairCounts
from ratings.expectation_propagation import fit
from ratings.pairing import PairingPolicy, Rule, pair_precisions, propose
from ratings.posterior import Posterior
from ratings.stopping import Measure, value_of
from tests.ratings.simulation import NOISE_SD, count, outcome_of

Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]
Choice = Callable[[Posterior, int, int], Pairs]

MARGIN = 2.0


def information(posterior: Posterior) -> NDArray[np.float64]:
    """Nats one battle of each pair is expected to teach about all skills (M, M), symmetric.

    That of the pair's difference alone, for nothing else enters the likelihood. Diagonal zero.
    """
    precision = pair_precisions(posterior)
    variance = np.diag(posterior.covariance)
    spread = variance[:, None] + variance[None, :] - 2.0 * posterior.covariance
    nats: NDArray[np.float64] = 0.5 * np.log1p(precision * np.maximum(spread, 0.0))
    return nats


@dataclass(frozen=True, eq=False)
class Moment:
    """A study after so many battles; ``z`` (M): errors of centred skills over their sd."""

    battles: int
    counts: PairCounts
    posterior: Posterior
    skill: NDArray[np.float64]

    @property
    def z(self) -> NDArray[np.float64]:
        truth = self.skill - self.skill.mean()
        return np.asarray((self.posterior.skill - truth) / self.posterior.skill_sd)

    @property
    def width(self) -> float:
        return value_of(Measure.INTERVAL_WIDTH, self.posterior)

    @property
    def accuracy(self) -> float:
        return float(kendalltau(self.posterior.skill, self.skill).statistic)


def by_policy(policy: PairingPolicy, posterior: Posterior, size: int, seed: int) -> Pairs:
    batch = propose([posterior], policy, size=size, seed=seed)
    return batch.left, batch.right


def by_variances_alone(posterior: Posterior, size: int, seed: int) -> Pairs:
    """Maximum spanning trees of the gain on variances alone, as ASAP batches are made.

    Mikhailiuk et al. 2020, "Active sampling for pairwise comparisons via approximate message
    passing and information gain maximization"; the approximate messages keep no covariances.
    """
    nats = information(posterior.with_covariance(np.diag(np.diag(posterior.covariance))))
    models = nats.shape[0]
    # A hair of noise, for the ties at the start.
    nats = nats * (1 + 1e-9 * np.random.default_rng(seed).random(nats.shape))
    chosen: list[tuple[int, int]] = []
    while len(chosen) < size:
        tree = [0]
        rest = list(range(1, models))
        free = nats.copy()
        for i, j in chosen:
            free[i, j] = free[j, i] = -1.0
        while rest:
            block = free[np.ix_(tree, rest)]
            i, j = divmod(int(block.argmax()), len(rest))
            chosen.append((tree[i], rest[j]))
            tree.append(rest.pop(j))
    left, right = np.array(chosen[:size]).T
    return left, right


OURS, FIFTH, RANDOM, QUALITY, VARIANCES = (
    "information_gain",
    "information_gain, a fifth at random",
    "random",
    "match_quality",
    "variances alone, trees (ASAP-style)",
)
POLICIES: dict[str, Choice] = {
    RANDOM: partial(by_policy, PairingPolicy(RANDOM, "1", Rule.RANDOM)),
    QUALITY: partial(by_policy, PairingPolicy(QUALITY, "1", Rule.MATCH_QUALITY, 0.0)),
    VARIANCES: by_variances_alone,
    OURS: partial(by_policy, PairingPolicy(OURS, "1")),
    FIFTH: partial(by_policy, PairingPolicy(FIFTH, "1", random_share=0.2)),
}


def ongoing(
    choice: Choice, seed: int, *, size: int, sd: float, batch: int, width: float, most: int = 20_000
) -> Iterator[Moment]:
    """A study of ``size`` models with skills N(0, sd^2), batch after batch, until it may stop."""
    rng = np.random.default_rng(seed)
    skill = rng.normal(0.0, sd, size)
    a, b, outcome = (np.empty(0, dtype=np.int64) for _ in range(3))
    while True:
        counts = count(size, a, b, outcome)
        posterior = fit(counts, draw_margin=MARGIN)
        moment = Moment(a.size, counts, posterior, skill)
        yield moment
        if moment.width <= width or moment.battles >= most:
            return
        left, right = choice(posterior, batch, (seed << 32) + a.size)
        d = skill[left] - skill[right] + rng.normal(0.0, NOISE_SD, left.size)
        a, b = np.append(a, left), np.append(b, right)
        outcome = np.append(outcome, outcome_of(d, MARGIN))


@dataclass(frozen=True)
class Scenario:
    """How many models, how far apart (sd of skills), and when to stop: width, or most battles."""

    size: int
    sd: float
    width: float
    batch: int
    most: int

    @property
    def label(self) -> str:
        kind = "spread like the prior" if self.sd > 5 else "close"
        return f"{self.size} models, {kind} (sd {self.sd:.1f})"


SCENARIOS = (
    Scenario(28, 25.0 / 3.0, 6.0, 60, 12_000),
    Scenario(28, 3.0, 4.0, 60, 6000),
    Scenario(100, 25.0 / 3.0, 6.0, 400, 40_000),
    Scenario(100, 3.0, 4.0, 400, 20_000),
)


@dataclass(frozen=True)
class Row:
    """Means over studies; ``error``: standard error of the battles; at one budget, what is known.

    ``accuracy``, ``spread``, ``coverage``: Kendall's tau, mean 95% interval and coverage at the
    budget that ours needed; ``stopped``: coverage at each study's own end.
    """

    scenario: Scenario
    policy: str
    battles: float
    error: float
    accuracy: float
    spread: float
    coverage: float
    stopped: float
    is_cut_off: bool
    studies: int
    curve: tuple[tuple[int, float], ...]


def covered(moment: Moment) -> float:
    return float((np.abs(moment.z) < 1.96).mean())


def run(scenario: Scenario, studies: int) -> list[Row]:
    """Every policy on the same ``studies`` truths; ours first, whose budget all are held to."""
    rows: list[Row] = []
    budgets: list[int] = []
    for name in (OURS, *(name for name in POLICIES if name != OURS)):
        ends, same, curves = [], [], []
        for seed in range(studies):
            history = list(
                ongoing(
                    POLICIES[name], seed, size=scenario.size, sd=scenario.sd,
                    batch=scenario.batch, width=scenario.width, most=scenario.most,
                )
            )  # fmt: skip
            ends.append(history[-1])
            if name == OURS:
                budgets.append(history[-1].battles)
            same.append([m for m in history if m.battles <= budgets[seed]][-1])
            curves.append({m.battles: m.width for m in history})
        battles = np.array([end.battles for end in ends], dtype=float)
        shared = sorted(set.intersection(*(set(curve) for curve in curves)))
        rows.append(
            Row(
                scenario, name, float(battles.mean()), float(battles.std() / np.sqrt(studies)),
                float(np.mean([m.accuracy for m in same])),
                float(np.mean([2 * 1.96 * m.posterior.skill_sd.mean() for m in same])),
                float(np.mean([covered(m) for m in same])),
                float(np.mean([covered(end) for end in ends])),
                any(end.width > scenario.width for end in ends),
                studies,
                tuple((n, float(np.mean([c[n] for c in curves]))) for n in shared if n),
            )
        )  # fmt: skip
    return rows
