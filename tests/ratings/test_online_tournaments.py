"""Boards and histories of trueskill_online: order is kept, tournaments are apart."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import trueskill

from ratings.counts import InvalidCountsError
from ratings.online import OUTCOMES, replay_tournament
from ratings.tournaments import RatingParameters, board

PARAMETERS = RatingParameters(draws=256)


def battles(seed: int, count: int = 300) -> pa.Table:
    rng = np.random.default_rng(seed)
    a = rng.integers(0, 5, count)
    b = (a + rng.integers(1, 5, count)) % 5
    return pa.table(
        {
            "model_a": [f"m{k}" for k in a],
            "model_b": [f"m{k}" for k in b],
            "outcome": rng.choice(["a", "b", "tie", "both_bad"], count, p=[0.5, 0.2, 0.2, 0.1]),
        }
    )


@pytest.mark.parametrize("tau", [0.0, 25.0 / 300.0])
def test_a_board_is_what_the_package_gives_for_its_battles_in_order(tau: float) -> None:
    table = battles(1)
    parameters = replace(PARAMETERS, online_tau=tau)
    rated, _ = replay_tournament("us", "overall", table, parameters)
    rows = board(rated, parameters, 5).to_pandas().set_index("model_id")
    own = table.to_pandas()
    share = own.outcome.isin(["tie", "both_bad"]).mean()
    env = trueskill.TrueSkill(draw_probability=share, tau=tau)
    rating = {f"m{k}": env.create_rating() for k in range(5)}
    for row in own.itertuples():
        first, second = row.model_a, row.model_b
        if row.outcome == "b":
            first, second = second, first
        rating[first], rating[second] = trueskill.rate_1vs1(
            rating[first], rating[second], drawn=OUTCOMES[row.outcome] == 2, env=env
        )
    for name, expected in rating.items():
        assert rows.mu[name] == pytest.approx(expected.mu, abs=1e-9)
    assert rows.battle_count.sum() == 2 * len(own)
    assert set(rows.estimator) == {"trueskill_online"}
    assert set(rows.stratum_id) == {"us"}


@pytest.mark.parametrize(("points", "numbers"), [(6, [50, 100, 150, 200, 250, 300]), (1, [300])])
def test_history_ends_where_the_board_is(points: int, numbers: list[int]) -> None:
    rated, history = replay_tournament("all", "overall", battles(2), PARAMETERS, points=points)
    frame = history.to_pandas()
    assert sorted(frame.battle_number.unique()) == numbers
    last = frame[frame.battle_number == 300].set_index("model_id").mu
    shown = board(rated, PARAMETERS, 5).to_pandas().set_index("model_id").mu
    np.testing.assert_array_equal(last.loc[shown.index], shown)


def test_history_of_a_prefix_is_the_prefix_of_the_history() -> None:
    # The first 120 battles alone, with the same tie share, lead to the same mu.
    table = battles(4, 120)
    twice = pa.concat_tables([table, table])
    _, whole = replay_tournament("all", "overall", twice, PARAMETERS, points=7)
    frame = whole.to_pandas()
    assert frame.battle_number.max() == 240  # the last battle, though 35 does not divide it
    half, _ = replay_tournament("all", "overall", table, PARAMETERS, points=2)
    _, wide = replay_tournament("all", "overall", twice, PARAMETERS, points=4)
    at = wide.to_pandas().query("battle_number == 120").set_index("model_id").mu
    np.testing.assert_allclose(at, half.posterior.mean, atol=1e-12)


def test_order_matters_and_refusals_name_the_row() -> None:
    table = battles(3)
    back = table.take(np.arange(table.num_rows)[::-1])
    there, again = (
        replay_tournament("all", "overall", t, PARAMETERS)[0].posterior.mean for t in (table, back)
    )
    assert not np.allclose(there, again)
    wrong = table.to_pandas()
    wrong.loc[7, "outcome"] = "draw"
    with pytest.raises(InvalidCountsError, match="row 7: outcome is 'draw'"):
        replay_tournament(
            "all", "overall", pa.Table.from_pandas(wrong, preserve_index=False), PARAMETERS
        )
    rated, history = replay_tournament("all", "overall", table[:0], PARAMETERS)
    assert history.num_rows == board(rated, PARAMETERS, 5).num_rows == 0
