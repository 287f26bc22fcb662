"""The study beside a chosen one, in memory: its boards, and whether choosing pays."""

import pytest

from ingestion.simulation.battles import Vote
from ingestion.vocabulary import Outcome
from orchestration.adaptive_study import BOARD, board_of
from ratings.stopping import Measure, value_of
from tests.benchmarks.choosing import taken


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_choosing_takes_fewer_battles(seed: int) -> None:
    chosen, at_random = taken(300, seed, batch=60)
    assert 300 < chosen < 0.9 * at_random


def test_intervals_know_who_judged() -> None:
    """The same verdicts, by as many people and by twelve: fewer people know less."""
    pairs = [("a", "b"), ("b", "c"), ("c", "a"), ("b", "a")]
    said = [(*pairs[n % 4], (Outcome.A, Outcome.B, Outcome.A)[n % 3]) for n in range(240)]
    strangers = board_of([Vote(f"p{n}", *one) for n, one in enumerate(said)])
    few = board_of([Vote(f"p{n % 12}", *one) for n, one in enumerate(said)])
    assert (strangers.stratum_id, strangers.battle_count) == (BOARD, 240)
    widths = [
        value_of(Measure.INTERVAL_WIDTH, board.over(["a", "b", "c"])[0])
        for board in (strangers, few)
    ]
    assert widths[1] > 1.2 * widths[0]
