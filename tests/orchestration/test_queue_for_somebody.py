"""Queues for one participant, and queues that know what others were asked."""

from dataclasses import replace

import pytest

from ratings.tables.planning import (
    POPULATION,
    Awaited,
    Start,
    Wanted,
    parts_of,
    queue,
)
from tests.orchestration.pairing_tables import MODELS, POLICY, rated, start_of


@pytest.fixture(scope="module")
def start() -> Start:
    return start_of(rated())


def test_whoever_is_asked_is_asked_what_teaches_most_when_they_judge(start: Start) -> None:
    greedy = replace(POLICY, pairing=replace(POLICY.pairing, random_share=0.0))
    wanted = Wanted(POPULATION, "overall", 4)
    anybody = queue(start, wanted, greedy)
    firsts = []
    for stratum, share in parts_of(start, POPULATION, POLICY):
        rows = queue(start, replace(wanted, participant="ann", judge=stratum), greedy)
        assert {row["stratum_id"] for row in rows} == {stratum}
        firsts.append(rows[0])
        # The same battle teaches the stratum's own board more than the population's.
        own = queue(start, Wanted(stratum, "overall", 4), greedy)
        assert 0 < rows[0]["expected_gain"] < own[0]["expected_gain"]
        assert share < 1
    best = max(firsts, key=lambda row: row["expected_gain"])
    assert best["expected_gain"] == pytest.approx(anybody[0]["expected_gain"])
    assert best["stratum_id"] == anybody[0]["stratum_id"]
    pairs = [frozenset((row["model_a"], row["model_b"])) for row in (best, anybody[0])]
    assert pairs[0] == pairs[1]


def test_what_is_awaited_is_as_good_as_judged(start: Start) -> None:
    greedy = replace(POLICY, pairing=replace(POLICY.pairing, random_share=0.0, model_limit=9.0))

    def gains(board: str, *awaited: Awaited) -> list[float]:
        rows = queue(start, Wanted(board, "overall", 4, awaited=awaited), greedy)
        return [row["expected_gain"] for row in rows]

    first = queue(start, Wanted("US/age/55+", "overall", 4), greedy)[0]
    one = Awaited("US/age/55+", first["model_a"], first["model_b"])
    for board in ("US/age/55+", "US", "all"):
        assert gains(board, one, one, one) != gains(board)
    assert gains("US/age/55+", one)[0] < gains("US/age/55+")[0]
    # Who was asked elsewhere, or about a model that is gone, teaches nothing here.
    for other in (replace(one, stratum="UK"), replace(one, stratum="US"),
                  replace(one, model_a="gone")):  # fmt: skip
        assert gains("US/age/55+", other) == gains("US/age/55+")
    # In whatever order they were asked, it is the same queue.
    two = replace(one, model_b=next(name for name in MODELS if name not in first.values()))
    asked = [Wanted("US", "overall", 4, awaited=both) for both in ((one, two), (two, one))]
    assert queue(start, asked[0], POLICY) == queue(start, asked[1], POLICY)
