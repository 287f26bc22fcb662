"""What removal does to others: against a board made anew, silent by chance, and a planted shift."""

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from scipy.special import ndtr

from ratings.counts import PairCounts, ParticipantCounts
from ratings.expectation_propagation import fit
from ratings.retirement import RemovalEffect, _interval, removal_effect

MODELS, PEOPLE, BATTLES = 8, 120, 12
GONE = np.arange(MODELS) >= MODELS - 2
COUNTS = ("win_a_count", "win_b_count", "tie_count")
STUDIES = 200


def verdicts(
    rng: np.random.Generator, extra: NDArray[np.float64] | None = None, taste: float = 0.0
) -> pa.Table:
    """By participant; ``extra`` (M): what a model's difference to those that go has beside it."""
    skill = np.linspace(0.6, -0.6, MODELS)[rng.permutation(MODELS)]
    person = np.repeat(np.arange(PEOPLE), BATTLES)
    liked = taste * rng.standard_normal((PEOPLE, MODELS))
    pairs = np.array([rng.choice(MODELS, 2, replace=False) for _ in person])
    first, second = pairs.T
    gap = skill[first] - skill[second] + liked[person, first] - liked[person, second]
    if extra is not None:
        gap += np.where(GONE[second], extra[first], 0.0) - np.where(GONE[first], extra[second], 0.0)
    said = rng.random(person.size)
    win, loss = ndtr(gap - 0.2), ndtr(-gap - 0.2)
    outcome = np.where(said < win, 0, np.where(said > 1.0 - loss, 1, 2))
    return pa.table(
        {
            "participant_id": person,
            "model_a": [f"m{model}" for model in first],
            "model_b": [f"m{model}" for model in second],
            **{name: (outcome == code).astype(float) for code, name in enumerate(COUNTS)},
        }
    )


def effect(rows: pa.Table) -> RemovalEffect:
    people = ParticipantCounts.from_arrow(rows)
    found = removal_effect(fit(people.counts, draw_margin=1.0), people, GONE)
    assert found is not None
    return found


def test_the_board_without_is_the_board_of_what_is_left() -> None:
    rows = verdicts(np.random.default_rng(1))
    found = effect(rows)
    kept = [f"m{model}" for model in np.flatnonzero(~GONE)]
    stays = [
        a in kept and b in kept
        for a, b in zip(
            rows.column("model_a").to_pylist(), rows.column("model_b").to_pylist(), strict=True
        )
    ]
    left = rows.filter(pa.array(stays))
    alone = fit(PairCounts.from_arrow(left), draw_margin=1.0)
    assert found.model_ids == alone.model_ids
    np.testing.assert_allclose(found.skill_without, alone.mean - alone.mean.mean(), atol=1e-6)
    order = sorted(range(len(kept)), key=lambda place: -alone.mean[place])
    assert [order.index(place) + 1 for place in range(len(kept))] == found.rank_without.tolist()
    assert found.removed_share == pytest.approx(1.0 - left.num_rows / rows.num_rows)


def test_verdicts_of_strangers_count_as_people() -> None:
    rows = verdicts(np.random.default_rng(2))
    numbered = rows.set_column(0, "participant_id", pa.array(np.arange(rows.num_rows)))
    known = effect(numbered)
    counts = PairCounts.from_arrow(rows)
    nobody = ParticipantCounts(
        counts, np.zeros(1, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty((0, 3))
    )
    alone = removal_effect(fit(counts, draw_margin=1.0), nobody, GONE, counts)
    assert alone is not None
    np.testing.assert_allclose(alone.low, known.low, rtol=2e-3, atol=2e-3)
    np.testing.assert_allclose(alone.p, known.p, rtol=2e-2, atol=2e-3)


@pytest.mark.parametrize("taste", [0.0, 0.7])
def test_chance_alone_is_within_the_interval(taste: float) -> None:
    rng = np.random.default_rng(3)
    found = [effect(verdicts(rng, taste=taste)) for _ in range(STUDIES)]
    inside = np.mean([((one.low <= 0.0) & (one.high >= 0.0)).mean() for one in found])
    assert 0.92 <= inside <= 0.98
    # As the probe asks: of all models of a board together.
    assert np.mean([one.p.min() <= 0.02 / one.p.size for one in found]) <= 0.05


def test_a_model_that_lived_on_those_that_went_falls() -> None:
    rng = np.random.default_rng(4)
    extra = np.zeros(MODELS)
    extra[0] = 2.0
    found = [effect(verdicts(rng, extra)) for _ in range(20)]
    assert np.mean([one.p[0] <= 0.02 / one.p.size for one in found]) >= 0.9
    assert all(one.high[0] < 0.0 for one in found)
    assert all(one.rank_without[0] >= one.rank[0] for one in found)


def test_nothing_is_said_of_one_model_that_is_left() -> None:
    people = ParticipantCounts.from_arrow(verdicts(np.random.default_rng(5)))
    gone = np.arange(MODELS) > 0
    assert removal_effect(fit(people.counts, draw_margin=1.0), people, gone) is None


def test_a_shift_of_which_nothing_tells_the_spread_is_not_sure() -> None:
    shift, sd = np.array([0.5, 0.5]), np.array([np.nan, 0.1])
    low, high, p = _interval(shift, sd, 16.0)
    assert np.isnan([low[0], high[0], p[0]]).all()
    assert p[1] < 0.01
