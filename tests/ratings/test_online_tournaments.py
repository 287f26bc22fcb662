"""Boards and histories of trueskill_online: order is kept, tournaments are apart."""

import numpy as np
import pyarrow as pa
import pytest
import trueskill

from orchestration.ratings.counts import InvalidCountsError
from orchestration.ratings.online_tournaments import (
    HISTORY_SCHEMA,
    OUTCOMES,
    online_history,
    rate_online,
)
from orchestration.ratings.tournaments import RATING_SCHEMA, RatingParameters

PARAMETERS = RatingParameters(draws=256)


def battles(seed: int, count: int = 300) -> pa.Table:
    rng = np.random.default_rng(seed)
    a = rng.integers(0, 5, count)
    b = (a + rng.integers(1, 5, count)) % 5
    return pa.table(
        {
            "tournament_key": rng.choice(["all", "us"], count),
            "dimension": ["overall"] * count,
            "model_a": [f"m{k}" for k in a],
            "model_b": [f"m{k}" for k in b],
            "outcome": rng.choice(["a", "b", "tie", "both_bad"], count, p=[0.5, 0.2, 0.2, 0.1]),
        }
    )


def test_a_board_is_what_the_package_gives_for_its_battles_in_order() -> None:
    table = battles(1)
    frame = rate_online(table, PARAMETERS, 5).to_pandas()
    for key in ("all", "us"):
        own = table.to_pandas().query("tournament_key == @key")
        share = own.outcome.isin(["tie", "both_bad"]).mean()
        env = trueskill.TrueSkill(draw_probability=share, tau=0.0)
        rating = {f"m{k}": env.create_rating() for k in range(5)}
        for row in own.itertuples():
            first, second = row.model_a, row.model_b
            if row.outcome == "b":
                first, second = second, first
            rating[first], rating[second] = trueskill.rate_1vs1(
                rating[first], rating[second], drawn=OUTCOMES[row.outcome] == 2, env=env
            )
        rows = frame[frame.tournament_key == key].set_index("model_id")
        for name, expected in rating.items():
            assert rows.mu[name] == pytest.approx(expected.mu, abs=1e-9)
        assert rows.battle_count.sum() == 2 * len(own)
    assert set(frame.estimator) == {"trueskill_online"}


def test_history_ends_where_the_board_is() -> None:
    table = battles(2).filter(pa.array([True] * 300)).to_pandas()
    table["tournament_key"] = "all"
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    history = online_history(arrow, PARAMETERS, every=50)
    assert history.schema.equals(HISTORY_SCHEMA)
    frame = history.to_pandas()
    assert sorted(frame.battle_number.unique()) == [50, 100, 150, 200, 250, 300]
    last = frame[frame.battle_number == 300].set_index("model_id").mu
    board = rate_online(arrow, PARAMETERS, 5).to_pandas().set_index("model_id").mu
    np.testing.assert_array_equal(last.loc[board.index], board)


def test_order_matters_and_refusals_name_the_row() -> None:
    table = battles(3)
    back = table.take(np.arange(table.num_rows)[::-1])
    there, again = (rate_online(t, PARAMETERS, 5).to_pandas().mu for t in (table, back))
    assert not np.allclose(there, again)
    wrong = table.to_pandas()
    wrong.loc[7, "outcome"] = "draw"
    with pytest.raises(InvalidCountsError, match="row 7: outcome is 'draw'"):
        rate_online(pa.Table.from_pandas(wrong, preserve_index=False), PARAMETERS, 5)
    with pytest.raises(ValueError, match="every"):
        online_history(table, PARAMETERS, every=0)
    assert rate_online(table[:0], PARAMETERS, 5).schema.equals(RATING_SCHEMA)
