"""What must go before another model leads: against trying everybody, and planted leads."""

from itertools import combinations

import numpy as np
import pyarrow as pa

from ratings.counts import PairCounts, ParticipantCounts
from ratings.expectation_propagation import fit
from ratings.fragility import Fragility, fragility
from tests.ratings.test_looks import ALIKE, APART, MODELS, verdicts

Rows = list[tuple[int, str, str, int]]


def counted(rows: Rows) -> ParticipantCounts:
    rater, a, b, said = (list(column) for column in zip(*rows, strict=True))
    outcome = np.array(said)
    counts = {
        name: (outcome == code).astype(float)
        for code, name in enumerate(("win_a_count", "win_b_count", "tie_count"))
    }
    return ParticipantCounts.from_arrow(
        pa.table({"participant_id": rater, "model_a": a, "model_b": b, **counts})
    )


def leader(rows: Rows) -> str:
    people = counted(rows)
    posterior = fit(people.counts, draw_margin=2.0)
    return posterior.model_ids[int(np.argmax(posterior.mean))]


def found(rows: Rows) -> Fragility:
    people = counted(rows)
    return fragility(fit(people.counts, draw_margin=2.0), people, has_votes=True)


def test_as_few_participants_as_trying_all_of_them() -> None:
    for seed in range(6):
        rows = list(verdicts(seed, ALIKE, 30, 8))
        said = found(rows)
        raters = sorted({row[0] for row in rows})
        fewest = next(
            (
                count
                for count in (1, 2)
                if any(
                    leader([row for row in rows if row[0] not in gone]) != said.leader
                    for gone in combinations(raters, count)
                )
            ),
            3,
        )
        assert said.participants.removed is not None
        assert said.participants.removed >= fewest
        if fewest < 3:
            assert said.participants.removed <= fewest + 1


def test_what_is_said_to_go_is_enough() -> None:
    rows = list(verdicts(3, ALIKE, 80, 40))
    said = found(rows)
    assert said.votes is not None
    assert said.votes.removed is not None
    assert said.participants.removed is not None
    assert said.votes.removed <= 40
    assert said.participants.removed <= said.votes.removed + 3
    assert said.leader == leader(rows)
    assert said.participants.leader != said.leader
    assert said.votes.of == len(rows)
    assert said.participants.of == 80


def test_a_clear_leader_falls_to_no_few() -> None:
    clear, close = (
        found(list(verdicts(1, APART, 300, 20))),
        found(list(verdicts(1, ALIKE, 300, 20))),
    )
    assert clear.leader == "a"
    assert (clear.participants.removed or 300) > 3 * (close.participants.removed or 300)


def test_one_heavy_rater_is_named() -> None:
    # A rater with 200 verdicts puts d first, whom all others put last.
    rows = list(verdicts(2, APART, 40, 3))
    loud = [(999, "d", other, 0) for other in MODELS[:3] for _ in range(70)]
    said = found(rows + loud)
    assert said.leader == "d"
    assert said.participants.removed == 1
    assert said.participants.leader == "a"
    assert (said.largest_influence or 0.0) > said.lead


def test_two_models_of_which_one_always_wins() -> None:
    counts = PairCounts.from_indices(
        ("a", "b"), np.array([0]), np.array([1]), np.array([9.0]), np.array([0.0]), np.array([0.0])
    )
    people = ParticipantCounts(
        counts, np.arange(10), np.zeros(9, dtype=np.int64), np.tile([1.0, 0.0, 0.0], (9, 1))
    )
    said = fragility(fit(counts, draw_margin=1.0), people, has_votes=True)
    # Without any verdict nobody leads, so nothing that goes makes b the leader.
    assert said.participants.removed is None
    assert said.votes is not None
    assert said.votes.removed is None
