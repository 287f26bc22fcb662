"""How many rigged votes move a model up by one rank, or one tier: a table for the documentation.

    python -m tests.benchmarks.rigging [--votes FILE]

Attackers see pairs at random, as everybody does, and know which models answered. `target only`:
they vote where their model is shown, always for it, as in arXiv 2501.07493. `omnipresent`: they
vote in every battle, for the outcome that most raises their model over the next one, by the first
order of the fit; arXiv 2501.17858 fits the board with each outcome instead. After each number of
votes that is tried the board is fitted anew.

What quality rules do: votes come from accounts of VOTES_EACH, whom `ratings.vote_signals` looks at
among everybody; those who show a signal that is found are set aside, and the board is fitted again.
"""

import argparse
import csv
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from ratings.compiled import FloatArray, IndexArray
from ratings.counts import PairCounts
from ratings.expectation_propagation import fit
from ratings.posterior import Posterior
from ratings.tiers import separations, tiers
from ratings.vote_signals import FEWEST_VOTES, SIGNIFICANT, Signal
from tests.ratings.rigged import Verdicts, fitted, found_in, truth_of, verdicts_of

VOTES_EACH = 40
FAR = 5
TESTED_BOARDS = 5
"""Dimensions for which a build corrects, as the simulated study has them."""
MOST = 200_000
STRATEGIES = ("target only", "omnipresent")
TARGETS = (0.25, 0.5, 0.75)
HEADER = (
    "| board | model's rank | strategy | votes for one rank | votes for one tier"
    " | votes for five ranks | of the board | battles seen | found | accounts set aside"
    " | others set aside | rank then |"
)


class Board(NamedTuple):
    """What is attacked: its verdicts and what is said of it."""

    name: str
    verdicts: Verdicts

    @property
    def counts(self) -> PairCounts:
        """Of every pair of its models, so that any may be voted on."""
        return _counts(self.verdicts, int(self.verdicts.left.max()) + 1)


def _counts(verdicts: Verdicts, models: int) -> PairCounts:
    names = tuple(f"m{number:03d}" for number in range(models))
    won = [(verdicts.said == code).astype(np.float64) for code in range(3)]
    return PairCounts.from_indices(names, verdicts.left, verdicts.right, *won)


def simulated() -> Board:
    """The study that `demoscope simulate` makes, on its first dimension."""
    truth = truth_of(1, participants=24_000, battles_per_participant=1.0)
    return Board("simulated, 24,000 votes", verdicts_of(truth))


def llmfao(path: Path) -> Board:
    """8,931 votes of 124 people on 59 models, without times."""
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = sorted({row[side] for row in rows for side in ("left", "right")})
    place = {name: number for number, name in enumerate(names)}
    people = {name: n for n, name in enumerate(sorted({row["worker"] for row in rows}))}
    said = {"left": 0, "right": 1, "tie": 2}
    columns = zip(
        *(
            (people[r["worker"]], place[r["left"]], place[r["right"]], said[r["winner"]], np.nan)
            for r in rows
        ),
        strict=True,
    )
    return Board("llmfao, 8,931 votes", Verdicts(*(np.array(column) for column in columns)))


def rank_of(posterior: Posterior, model: int) -> int:
    """1 is best."""
    return int((posterior.mean > posterior.mean[model]).sum()) + 1


def rigged_votes(
    posterior: Posterior, target: int, strategy: str, seed: int, ranks: int
) -> tuple[Verdicts, IndexArray]:
    """Attackers' verdicts in order, and how many battles had been seen by each of them.

    ``ranks``: how far they want their model up.
    """
    random = np.random.default_rng(seed)
    models = len(posterior.model_ids)
    left = random.integers(0, models, MOST)
    right = (left + random.integers(1, models, MOST)) % models
    if strategy == STRATEGIES[0]:
        kept = np.flatnonzero((left == target) | (right == target))
        said = np.where(left[kept] == target, 0, 1)
    else:
        kept = np.arange(MOST)
        said = np.argmax(_gains(posterior, target, ranks)[left, right], axis=-1)
    person = np.arange(kept.size) // VOTES_EACH
    at = np.arange(kept.size) * 900.0
    return Verdicts(person, left[kept], right[kept], said, np.asarray(at, np.float64)), kept + 1


def _gains(posterior: Posterior, target: int, ranks: int) -> FloatArray:
    """How far a vote (left, right, outcome) raises the target over that rival (M, M, 3)."""
    order = np.argsort(-posterior.mean, kind="stable")
    rival = int(order[rank_of(posterior, target) - 1 - ranks])
    aim = posterior.covariance[target] - posterior.covariance[rival]
    reach = aim[:, None] - aim[None, :]
    difference = posterior.mean[:, None] - posterior.mean[None, :]
    root, margin = np.sqrt(posterior.prior.noise), posterior.draw_margin

    def likely(shift: float) -> FloatArray:
        won = norm.cdf((difference + shift - margin) / root)
        lost = norm.cdf((-difference - shift - margin) / root)
        each: FloatArray = np.stack((won, lost, 1.0 - won - lost), axis=-1)
        return np.asarray(np.log(np.maximum(each, 1e-300)))

    # The slope of each outcome's log-likelihood is how hard one vote pulls.
    pull = (likely(1e-4) - likely(-1e-4)) / 2e-4
    gains: FloatArray = reach[..., None] * pull
    return gains


class Fits:
    """Boards of other verdicts, by the margin and prior of the attacked one."""

    def __init__(self, board: Board, posterior: Posterior) -> None:
        self._models, self._posterior = int(board.verdicts.left.max()) + 1, posterior

    def of(self, verdicts: Verdicts) -> Posterior:
        """Their board."""
        counts = _counts(verdicts, self._models)
        return fit(counts, draw_margin=self._posterior.draw_margin, prior=self._posterior.prior)


def fewest(moved: Callable[[int], bool], most: int) -> int | None:
    """The fewest votes, within a hundredth, after which ``moved`` holds; None: none of ``most``."""
    high = 1
    while not moved(high):
        if high >= most:
            return None
        high = min(high * 2, most)
    low = high // 2
    while high - low > max(high // 100, 1):
        middle = (low + high) // 2
        low, high = (low, middle) if moved(middle) else (middle, high)
    return high


def tier_of(posterior: Posterior, model: int) -> int:
    """Of the model among all, verdicts taken as independent."""
    size = posterior.mean.size
    rank = np.empty(size, np.int64)
    rank[np.argsort(-posterior.mean, kind="stable")] = np.arange(1, size + 1)
    better = separations(posterior).better
    return int(tiers(better, rank, np.ones(size, dtype=np.bool_))[model])


def rows(board: Board) -> Iterator[str]:
    """Of the table."""
    posterior = fitted(board.verdicts)
    order = np.argsort(-posterior.mean, kind="stable")
    for share in TARGETS:
        target = int(order[int(share * len(order))])
        for number, strategy in enumerate(STRATEGIES):
            yield _row(board, posterior, target, strategy, number)


def _row(board: Board, posterior: Posterior, target: int, strategy: str, number: int) -> str:
    seed, start = 7 + number, Fits(board, posterior).of(board.verdicts)
    before, tier = rank_of(start, target), tier_of(start, target)
    fits = Fits(board, posterior)

    def needed(votes: Verdicts, is_moved: Callable[[Posterior], bool]) -> int | None:
        def test(count: int) -> bool:
            return is_moved(fits.of(board.verdicts.joined(votes.only(slice(count)))))

        return fewest(test, votes.person.size)

    near, _ = rigged_votes(start, target, strategy, seed, 1)
    far, seen = rigged_votes(start, target, strategy, seed, FAR)
    one = needed(near, lambda after: rank_of(after, target) < before)
    up = needed(near, lambda after: tier_of(after, target) < tier) if tier > 1 else None
    five = needed(far, lambda after: rank_of(after, target) <= before - FAR)
    cells = [
        board.name,
        str(before),
        strategy,
        _number(one),
        _number(up) if tier > 1 else "in the first",
    ]
    if five is None:
        return _line(*cells, "none found", "", "", "", "", "", "")
    attacked = board.verdicts.joined(far.only(slice(five)))
    found = [
        signal
        for signal in found_in(attacked, fits.of(attacked))
        if signal.p * TESTED_BOARDS < SIGNIFICANT
    ]
    planted = np.arange(int(board.verdicts.person.max()) + 1, int(attacked.person.max()) + 1)
    aside = suspects(attacked, found)
    caught = int(np.isin(planted, aside).sum())
    rest = fits.of(attacked.only(~np.isin(attacked.person, aside)))
    return _line(
        *cells,
        _number(five),
        f"{five / board.verdicts.person.size:.1%}",
        _number(int(seen[five - 1])),
        ", ".join(sorted({signal.name for signal in found})) or "nothing",
        f"{caught} of {planted.size}",
        str(aside.size - caught),
        str(rank_of(rest, target)),
    )


def _number(count: int | None) -> str:
    return "none found" if count is None else f"{count:,}"


def suspects(verdicts: Verdicts, found: Iterable[Signal]) -> IndexArray:
    """Numbers of the people of signals, whose places are among people with enough verdicts."""
    enough = np.flatnonzero(np.bincount(verdicts.person) >= FEWEST_VOTES)
    places = np.unique(np.concatenate([one.people for one in found] or [np.empty(0, np.int64)]))
    return enough[places.astype(np.int64)]


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--votes", type=Path, help="crowd-comparisons.csv of llmfao.")
    given = parser.parse_args()
    print(HEADER)
    print("|" + "---|" * (HEADER.count("|") - 1))
    for board in [simulated(), *([llmfao(given.votes)] if given.votes else [])]:
        for line in rows(board):
            print(line, flush=True)


if __name__ == "__main__":
    main()
