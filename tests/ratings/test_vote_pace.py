"""Pace accuses nobody of a crowd that is honestly quick or mixed, and finds accounts that flood."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ratings.compiled import FloatArray, IndexArray
from ratings.vote_signals import SIGNIFICANT, Votes, bursts, impossible_speed

Random = np.random.Generator
STUDIES = 100
PEOPLE = 300
DAY = 86_400.0


def votes_of(at: FloatArray, source: IndexArray | None = None) -> Votes:
    """Of people (R) with as many verdicts each, at these seconds (R, K)."""
    people, each = at.shape
    person = np.repeat(np.arange(people), each)
    none, same = np.zeros(person.size, np.int64), np.zeros(people, np.int64)
    sources = np.repeat(same if source is None else source, each)
    told = (person, none, none, none > 0, none, np.sort(at, axis=1).reshape(-1), sources)
    # Pace asks neither the board nor its fit.
    no_board: Any = None
    return Votes(*told, board=no_board, fitted=no_board)


def begun(waits: FloatArray) -> FloatArray:
    """Times of people who wait so long before each verdict (R, K)."""
    first = np.arange(waits.shape[0], dtype=np.float64)[:, None] * 1e6 + 0.5
    return np.asarray(first + np.cumsum(waits, axis=1), np.float64)


def some(random: Random, share: float, people: int = PEOPLE) -> Any:
    return random.random(people)[:, None] < share


def usual(random: Random, people: int = PEOPLE, each: int = 12) -> FloatArray:
    return random.exponential(90.0, (people, each)) + 10.0


def fast(share: float) -> Callable[[Random], Votes]:
    def draw(random: Random) -> Votes:
        quick = random.exponential(8.0, (PEOPLE, 12)) + 2.0
        return votes_of(begun(np.where(some(random, share), quick, usual(random))))

    return draw


def own_pace(seconds: float, sd: float, each: int) -> Callable[[Random], Votes]:
    """People's own median is lognormal about these seconds."""

    def draw(random: Random) -> Votes:
        own = np.exp(sd * random.standard_normal((PEOPLE, 1)))
        return votes_of(begun(seconds * own * random.lognormal(0.0, 0.7, (PEOPLE, each))))

    return draw


def pages(within: float) -> Callable[[Random], Votes]:
    """A tenth of people send four verdicts together."""

    def draw(random: Random) -> Votes:
        page = np.where(np.arange(12) % 4 == 0, 200.0, within)
        return votes_of(begun(np.where(some(random, 0.1), page, usual(random))))

    return draw


def panel(share: float) -> Callable[[Random], Votes]:
    """A panel in one sitting beside volunteers over days."""

    def draw(random: Random) -> Votes:
        sitting = random.exponential(100.0, (PEOPLE, 25)) + 20.0
        days = random.exponential(40_000.0, (PEOPLE, 25))
        return votes_of(begun(np.where(some(random, share), sitting, days)))

    return draw


def dates(share: float, offset: float) -> Callable[[Random], Votes]:
    """A file with days only, midnight in some time zone; so many judge all on one day."""

    def draw(random: Random) -> Votes:
        spread = random.integers(0, 20, (PEOPLE, 25))
        day = random.integers(0, 30, (PEOPLE, 1)) + np.where(some(random, share), 0, spread)
        return votes_of(np.asarray(day * DAY + offset, np.float64))

    return draw


def some_dates(random: Random) -> Votes:
    """A tenth of people have days only."""
    day = np.broadcast_to(random.integers(0, 30, (PEOPLE, 1)) * DAY, (PEOPLE, 12))
    return votes_of(np.where(some(random, 0.1), day, begun(usual(random))))


def imported(random: Random) -> Votes:
    """A source whose times are those of an import, milliseconds apart, beside a usual one."""
    quick = random.exponential(0.01, (PEOPLE, 25))
    is_import = some(random, 0.2)
    waits = np.where(is_import, quick, usual(random, each=25))
    return votes_of(begun(waits), is_import[:, 0].astype(np.int64))


HONEST = {
    "5% fast": fast(0.05),
    "10% fast": fast(0.1),
    "half fast": fast(0.5),
    "own pace .6": own_pace(30.0, 0.6, 12),
    "own pace .9": own_pace(30.0, 0.9, 12),
    "quick .6": own_pace(8.0, 0.6, 12),
    "quick .9": own_pace(12.0, 0.9, 25),
    "pages": pages(0.0),
    "pages, nearly together": pages(0.3),
    "panel 20%": panel(0.2),
    "panel 70%": panel(0.7),
    "dates": dates(0.15, 0.0),
    "dates in India": dates(0.15, -5.5 * 3600.0),
    "some dates": some_dates,
    "import": imported,
}


@pytest.mark.parametrize("world", HONEST)
def test_at_most_five_of_a_hundred_honest_crowds_are_accused(world: str) -> None:
    found = {"speed": 0, "burst": 0}
    for seed in range(STUDIES):
        votes = HONEST[world](np.random.default_rng(seed))
        found["speed"] += impossible_speed(votes).p < SIGNIFICANT
        found["burst"] += bursts(votes, seed).p < SIGNIFICANT
    assert max(found.values()) <= 0.05 * STUDIES, found


@pytest.mark.parametrize("world", ["10% fast", "own pace .9", "panel 20%", "some dates"])
def test_accounts_that_flood_a_mixed_crowd_are_found(world: str) -> None:
    for seed in range(5):
        random = np.random.default_rng(seed)
        honest = HONEST[world](random)
        quick = begun(random.exponential(2.0, (30, honest.counts[0])) + 1.0)
        flooded = votes_of(np.concatenate((honest.at.reshape(PEOPLE, -1), quick)))
        signal = impossible_speed(flooded)
        assert signal.p < SIGNIFICANT
        assert np.isin(np.arange(PEOPLE, PEOPLE + 30), signal.people).mean() > 0.8


def test_a_burst_is_found_where_nobody_else_votes_as_often() -> None:
    random = np.random.default_rng(1)
    few = begun(np.pad(usual(random), ((0, 0), (0, 13)), constant_values=np.nan))
    quick = begun(random.exponential(2.0, (10, 25)) + 1.0)
    signal = bursts(votes_of(np.concatenate((few, quick))), 1)
    assert signal.tested == 10
    assert signal.p < SIGNIFICANT
