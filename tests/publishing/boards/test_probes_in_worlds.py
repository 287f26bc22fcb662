"""The probes of a board in small worlds: each finds what was planted, and is silent without."""

from collections import Counter

import pytest

from orchestration.probes import PROBES
from publishing.boards.finding import Finding
from tests.publishing.boards.small_worlds import World, read_of

STUDIES, PLANTED = 200, 5
LOOKED_AT = ("separation", "fragility", "sides", "cycles", "influence")
EQUAL = (0.0,) * 5
CLOSE = (1.6, 1.58, 0.0, -0.8, -1.6)


def findings(world: World, seed: int) -> list[Finding]:
    read = read_of(world, seed)
    return [PROBES[name](read, None) for name in LOOKED_AT]


def found(world: World, seeds: int) -> Counter[str]:
    """In how many studies each probe finds something."""
    every = (one for seed in range(seeds) for one in findings(world, seed))
    return Counter(one.probe for one in every if one.is_found)


@pytest.mark.parametrize(
    ("world", "probe"),
    [
        (World(skills=EQUAL), "separation"),
        (World(skills=CLOSE), "fragility"),
        (World(side=0.4), "sides"),
        (World(is_one_sided=True), "sides"),
        (World(circle=1.0), "cycles"),
        (World(skills=(0.3, 0.2, 0.0, -0.1, -0.2), loud=200), "influence"),
    ],
    ids=["equal_models", "close_leaders", "side", "one_sided", "circle", "one_loud_person"],
)
def test_what_is_planted_is_found(world: World, probe: str) -> None:
    assert found(world, PLANTED)[probe] == PLANTED


def test_one_clean_study_is_left_in_peace() -> None:
    assert [one.status for one in findings(World(), 0)] == ["ok"] * len(LOOKED_AT)


@pytest.mark.slow
def test_at_most_one_clean_study_in_twenty_is_accused() -> None:
    alarms = found(World(), STUDIES)
    assert all(alarms[name] <= 0.05 * STUDIES for name in LOOKED_AT), alarms
