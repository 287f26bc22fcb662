"""Speed of the ratings beside what others offer, in one run: `python -m tests.benchmarks.ratings`.

CPU seconds, best of several, after compilation. Ratios are between figures of the same run.
"""

import math
import subprocess
import sys
import time
from collections.abc import Callable

import choix
import evalica
import numpy as np
import pyarrow as pa
import trueskill
from numpy.typing import NDArray
from scipy.special import log_ndtr

from ratings.bradley_terry import fit_bradley_terry
from ratings.compiled import compiled
from ratings.counts import CellCounts, PairCounts
from ratings.expectation_propagation import fit
from ratings.hierarchical import fit_hierarchical
from ratings.online import replay
from ratings.skewness import corrected, corrected_hierarchy
from ratings.tournaments import RatingParameters
from tests.benchmarks.peers import run_peer
from tests.ratings.simulation import NOISE_SD, PRIOR_SD, rate, simulate, simulate_society

Array = NDArray[np.float64]
SAID = (evalica.Winner.X, evalica.Winner.Y, evalica.Winner.Draw)


def cpu(function: Callable[[], object], repeats: int = 5) -> float:
    """Least CPU seconds of several calls, after one that is not counted."""
    function()
    best = math.inf
    for _ in range(repeats):
        start = time.process_time()
        function()
        best = min(best, time.process_time() - start)
    return best


def report(name: str, ours: float, unit: str, *others: tuple[str, float]) -> None:
    """One line: our figure, then each other's and how many times ours it is."""
    beside = "".join(
        f" · {what} {theirs:,.4g} {unit} ({theirs / ours:,.1f}x)" for what, theirs in others
    )
    print(f"{name}: {ours:,.4g} {unit}{beside}", flush=True)


@compiled
def _exponentials(x: Array) -> float:
    total = 0.0
    for k in range(x.size):
        total += math.exp(x[k])
    return total


def online() -> None:
    """The online kernel beside the package it equals, and beside one exponential."""
    rng = np.random.default_rng(1)
    size, count = 28, 1_000_000
    skill = rng.normal(25.0, 8.0, size)
    a = rng.integers(0, size, count)
    b = (a + rng.integers(1, size, count)) % size
    d = skill[a] - skill[b] + rng.normal(0.0, NOISE_SD, count)
    outcome = np.where(np.abs(d) < 2.0, 2, np.where(d > 0, 0, 1))
    ours = cpu(lambda: replay(size, a, b, outcome)) / count
    exponential = cpu(lambda: _exponentials(np.linspace(-5.0, 0.0, count))) / count
    some = 5000
    env = trueskill.TrueSkill(draw_probability=float((outcome == 2).mean()), tau=0.0)

    def package() -> None:
        ratings = [env.create_rating() for _ in range(size)]
        for i, j, code in zip(a[:some], b[:some], outcome[:some], strict=True):
            first, second = (j, i) if code == 1 else (i, j)
            ratings[first], ratings[second] = trueskill.rate_1vs1(
                ratings[first], ratings[second], drawn=bool(code == 2), env=env
            )

    theirs = cpu(package, 2) / some
    report("online, per battle", ours * 1e9, "ns", ("trueskill 0.4.5", theirs * 1e9))
    report("  one exp on this machine", exponential * 1e9, "ns")


def numpy_ep(
    counts: PairCounts, margin: float, tolerance: float = 1e-9
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """The same EP with numpy, scipy and LAPACK: an oracle for speed and result."""
    size, first, second = len(counts.model_ids), counts.first, counts.second
    n = counts.outcomes.T
    precision, shift = np.zeros_like(n), np.zeros_like(n)
    mean: NDArray[np.floating] = np.zeros(size)
    sigma: NDArray[np.floating] = np.eye(size) * PRIOR_SD**2
    for _ in range(200):
        d = mean[first] - mean[second]
        v = sigma[first, first] + sigma[second, second] - 2 * sigma[first, second]
        cavity = 1.0 / (1.0 / v - precision)
        centre = cavity * (d / v - shift)
        root = np.sqrt(cavity + NOISE_SD**2)
        t, e = centre / root, margin / root
        slope, bend = np.empty_like(t), np.empty_like(t)
        for k, sign in ((0, 1.0), (1, -1.0)):
            x = sign * t[k] - e[k]
            r = np.exp(-0.5 * x * x - 0.5 * np.log(2 * np.pi) - log_ndtr(x))
            slope[k], bend[k] = sign * r, r * (r + x)
        up, down = e[2] - t[2], -e[2] - t[2]
        mass = np.exp(log_ndtr(up)) - np.exp(log_ndtr(down))
        high, low = (np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi) for x in (up, down))
        slope[2] = (low - high) / mass
        bend[2] = slope[2] ** 2 + (up * high - down * low) / mass
        left = 1.0 - bend * cavity / root**2
        precision = np.where(n > 0, bend / (root**2 * left), 0.0)
        shift = np.where(n > 0, precision * centre + slope / (root * left), 0.0)
        pair, pull = (n * precision).sum(axis=0), (n * shift).sum(axis=0)
        matrix, h = np.eye(size) / PRIOR_SD**2, np.zeros(size)
        np.add.at(matrix, (first, first), pair)
        np.add.at(matrix, (second, second), pair)
        matrix[first, second] -= pair
        matrix[second, first] -= pair
        np.add.at(h, first, pull)
        np.add.at(h, second, -pull)
        sigma = np.linalg.inv(matrix)
        old, mean = mean, sigma @ h
        if np.abs(mean - old).max() < tolerance:
            break
    return mean, sigma


def posterior() -> None:
    """EP with full covariance: 100 models, 4,950 pairs, all three outcomes each."""
    drawn = simulate(1, size=100, battles=99_000).counts
    first, second = np.triu_indices(100, 1)
    counts = PairCounts.from_indices(
        drawn.model_ids,
        np.concatenate((drawn.first, first)),
        np.concatenate((drawn.second, second)),
        *(np.concatenate((column, np.ones(first.size))) for column in drawn.outcomes.T),
    )
    ours = cpu(lambda: corrected(fit(counts, draw_margin=2.0), counts), 10)
    oracle = cpu(lambda: numpy_ep(counts, 2.0), 3)
    ours_bt = cpu(lambda: fit_bradley_terry(counts), 10)
    wins = np.zeros((100, 100))
    wins[counts.first, counts.second] = counts.win_first + counts.tie / 2
    wins[counts.second, counts.first] = counts.win_second + counts.tie / 2
    choix_bt = cpu(lambda: choix.ilsr_pairwise_dense(wins), 3)
    xs, ys, said, times = [], [], [], []
    for outcome, column in zip(SAID, counts.outcomes.T, strict=True):
        xs += counts.first.tolist()
        ys += counts.second.tolist()
        said += [outcome] * column.size
        times += column.tolist()
    evalica_bt = cpu(lambda: evalica.bradley_terry(xs, ys, said, weights=times), 5)
    arena = run_peer("arena", first=counts.first, second=counts.second, outcomes=counts.outcomes)
    gap = np.abs(fit(counts, draw_margin=2.0).mean - 25.0 - numpy_ep(counts, 2.0)[0]).max()
    report(
        "EP with covariance, 14,850 sites", ours * 1e3, "ms",
        ("numpy and LAPACK", oracle * 1e3),
        ("choix Bradley-Terry, no intervals", choix_bt * 1e3),
        ("evalica Bradley-Terry, no intervals", evalica_bt * 1e3),
        *([] if arena is None else [("arena-rank with intervals", arena["cpu"] * 1e3)]),
    )  # fmt: skip
    print(f"  both posteriors' means agree within {gap:.1g}")
    report("Bradley-Terry with covariance", ours_bt * 1e3, "ms", ("choix", choix_bt * 1e3))


def hierarchical() -> None:
    """Two countries times five dimensions, tau and margin included."""
    studies = [
        CellCounts.from_arrow(s.table, s.axes)
        for k in range(5)
        for s in (
            simulate_society(k, groups=(3, 4, 3)),
            simulate_society(100 + k, groups=(3, 4, 5)),
        )
    ]
    seconds = cpu(lambda: [corrected_hierarchy(fit_hierarchical(c), c) for c in studies], 2)
    sweeps = max(fit_hierarchical(counts).sweeps for counts in studies)
    report(f"hierarchical, 10 fits of 12,000 battles, at most {sweeps} sweeps", seconds, "s")


def boards() -> None:
    """22 strata and all six dimensions of them, both estimators of counts, ranks included."""
    tables = []
    for dimension in range(6):
        for stratum in range(22):
            counts = simulate(100 * dimension + stratum, battles=75_000).counts
            key = f"s{stratum}" if stratum else "all"
            ids = np.array(counts.model_ids)
            tables.append(
                pa.table(
                    {
                        "stratum_id": [key] * counts.tie.size,
                        "dimension": [f"d{dimension}"] * counts.tie.size,
                        "model_a": ids[counts.first],
                        "model_b": ids[counts.second],
                        "win_a_count": counts.win_first,
                        "win_b_count": counts.win_second,
                        "tie_count": counts.tie,
                    }
                )
            )
    table = pa.concat_tables(tables)
    for estimators in (("trueskill_ep",), ("bradley_terry", "trueskill_ep")):
        parameters = RatingParameters(estimators=estimators)
        seconds = cpu(lambda: rate(table, parameters, 1), 2)  # noqa: B023 (called at once)
        report(f"132 boards of 9.9 million judgments, {' and '.join(estimators)}", seconds, "s")


def cold() -> None:
    """A fresh process: import, kernels from the cache, one fit."""
    code = (
        "import time; t = time.process_time()\n"
        "import numpy as np\n"
        "from ratings.counts import PairCounts\n"
        "from ratings.draw_margin import fit_draw_margin\n"
        "one = np.ones(1)\n"
        "i = np.array([0]), np.array([1])\n"
        "fit_draw_margin(PairCounts.from_indices(('a', 'b'), *i, one, one, one))\n"
        "print(time.process_time() - t)"
    )
    seconds = [
        float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout)
        for _ in range(3)
    ]
    report("cold start, imports and kernels from the cache", min(seconds), "s")


def main() -> None:
    """All of it."""
    for part in (online, posterior, hierarchical, boards, cold):
        part()


if __name__ == "__main__":
    main()
