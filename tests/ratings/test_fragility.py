"""What must go before another model leads: against trying everybody, and planted leads."""

from itertools import combinations

import numpy as np
import pyarrow as pa

from ratings.board_order import BoardOrder
from ratings.counts import PairCounts, ParticipantCounts
from ratings.expectation_propagation import fit
from ratings.fragility import Fragility, fragility
from ratings.posterior import Posterior
from ratings.sides import SideEffect, without_side_effect
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


def order_of(posterior: Posterior, *provisional: str) -> BoardOrder:
    return BoardOrder(posterior, np.isin(np.array(posterior.model_ids), provisional))


def found(rows: Rows, *provisional: str) -> Fragility:
    people = counted(rows)
    order = order_of(fit(people.counts, draw_margin=2.0), *provisional)
    said = fragility(order, people, has_votes=True)
    assert said is not None
    return said


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
    said = fragility(order_of(fit(counts, draw_margin=1.0)), people, has_votes=True)
    assert said is not None
    # Without any verdict nobody leads, so nothing that goes makes b the leader.
    assert said.participants.removed is None
    assert said.votes is not None
    assert said.votes.removed is None


def test_the_leader_is_the_boards_own_after_its_correction() -> None:
    people = counted(list(verdicts(3, ALIKE, 80, 40)))
    fitted = fit(people.counts, draw_margin=2.0)
    first, second = np.argsort(-fitted.mean)[:2]
    exposed = np.zeros(fitted.mean.size)
    exposed[first] = fitted.mean[first] - fitted.mean[second] + 0.3
    shown = without_side_effect(fitted, exposed, SideEffect(1.0, 0.0))
    said = fragility(order_of(shown), people, has_votes=True)
    assert said is not None
    assert said.leader == fitted.model_ids[second]
    assert 0.0 < said.lead <= 0.3 + 1e-9
    # The correction is held where people go: the uncorrected leader's old lead is nobody's.
    assert said.participants.leader != said.leader
    assert (said.participants.removed or 0) >= 1


def test_provisional_models_lead_neither_before_nor_after() -> None:
    # d is seen five times and always wins.
    rows = [*verdicts(3, ALIKE, 80, 40)]
    rows = [row for row in rows if "d" not in row[1:3]]
    rows += [(1000 + k, "d", MODELS[k % 3], 0) for k in range(5)]
    assert found(rows).leader == "d"
    said = found(rows, "d")
    assert said.leader != "d"
    assert said.second != "d"
    assert said.participants.leader not in {None, "d", said.leader}
    assert said.votes is not None
    assert said.votes.leader not in {None, "d", said.leader}
    assert said.leader == leader([row for row in rows if row[1] != "d"])


def test_who_has_too_few_battles_left_does_not_lead() -> None:
    rows = [(k, "a", "b", 0) for k in range(30)] + [(k, "b", "c", 0) for k in range(90)]
    people = counted(rows)
    shown = fit(people.counts, draw_margin=2.0)
    order = BoardOrder(shown, np.zeros(3, dtype=bool), fewest_battles=30.0)
    said = fragility(order, people, has_votes=True)
    assert said is not None
    assert said.leader == "a"
    assert said.votes is not None
    assert said.votes[:1] == (1,)
    assert said.votes.leader == "b"


def test_equals_lead_together_and_nothing_changes_it() -> None:
    # a and b do the same against c and d, in another order, and as much against each other.
    rows: Rows = []
    for person in range(40):
        rows += [(person, "a", "c", 0), (person, "b", "d", 0), (person, "a", "d", 0)]
        rows += [(person, "b", "c", 0), (person, "c", "d", person % 3)]
        rows += [(person, "c", "d", (1, 0, 2)[person % 3]), (person, "a", "b", person % 2)]
    said = found(rows)
    assert {said.leader, said.second} == {"a", "b"}
    assert abs(said.lead) < 1e-9
    assert said.is_tie
    assert said.participants == (None, 40, None)
    assert said.votes == (None, len(rows), None)
    assert not found([*rows, (99, "a", "b", 0)]).is_tie


def test_too_few_models_that_could_lead() -> None:
    people = counted(list(verdicts(3, ALIKE, 20, 10)))
    order = order_of(fit(people.counts, draw_margin=2.0), "a", "b", "c")
    assert fragility(order, people, has_votes=True) is None


def test_one_heavy_prompt_is_named() -> None:
    # Everybody judges ten prompts; on the last d wins, which loses on all others.
    rows = list(verdicts(2, APART, 60, 12))
    item = [k % 9 for k in range(len(rows))]
    rows += [(person, "d", other, 0) for person in range(60) for other in MODELS[:3]]
    item += [9] * 180
    people = counted(rows)
    by_item = counted([(number, *row[1:]) for number, row in zip(item, rows, strict=True)])
    order = order_of(fit(people.counts, draw_margin=2.0))
    said = fragility(order, people, has_votes=True, items=by_item)
    assert said is not None
    assert said.leader == "d"
    kept = [row for row, number in zip(rows, item, strict=True) if number != 9]
    without = fit(counted(kept).counts, draw_margin=2.0)
    moved = said.lead - (without.mean[3] - without.mean[0])
    assert said.largest_item_influence is not None
    assert said.largest_item_influence > 5.0 * (said.largest_influence or 0.0)
    assert 0.5 * moved < said.largest_item_influence < 2.0 * moved
    assert found(rows).largest_item_influence is None
