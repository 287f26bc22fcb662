"""Weighted boards: the sandwich's intervals, the model's sd beside them, real battle counts."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ratings.counts import COUNT_COLUMNS, InvalidCountsError, PairCounts, ParticipantCounts
from ratings.posterior import Posterior
from ratings.sandwich import sandwich
from ratings.tournaments import (
    MissingTournamentError,
    RatingParameters,
    fit_anchor,
    rate_each,
    rate_weighted,
    weighted_board,
)
from tests.ratings.simulation import simulate_panel

PARAMETERS = RatingParameters(draws=512, estimators=("trueskill_ep",))


Tournaments = list[tuple[str, str, pa.Table]]


def study(cv: float = 1.0) -> Tournaments:
    parts = []
    for key, raters in (("all", 200), ("us", 60)):
        table = simulate_panel(1, raters=raters, each=6, cv=cv, size=6).table
        counted = table.append_column("battle_count", pa.array([1] * table.num_rows))
        parts.append((key, "overall", counted))
    return parts


def anchors(tournaments: Tournaments) -> dict[str, Posterior]:
    return {"overall": fit_anchor(PairCounts.from_arrow(tournaments[0][2]), PARAMETERS)}


def boards_of(tournaments: Tournaments, known: dict[str, Posterior]) -> pd.DataFrame:
    boards = [
        weighted_board(rate_weighted("census", *one, known), PARAMETERS, 3) for one in tournaments
    ]
    frame: pd.DataFrame = pa.concat_tables(boards).to_pandas()
    return frame


def test_boards_carry_both_sds_and_real_battle_counts() -> None:
    tournaments = study()
    known = anchors(tournaments)
    frame = boards_of(tournaments, known)
    totals = frame.groupby("stratum_id").battle_count.sum()
    assert totals.to_dict() == {"all": 2 * 200 * 6, "us": 2 * 60 * 6}
    for one in (rate_weighted("census", *one, known) for one in tournaments):
        rows = frame[frame.stratum_id == one.stratum_id]
        clustered = sandwich(one.posterior, one.people).interval_covariance
        wide = one.posterior.with_covariance(clustered).skill_sd
        # Never narrower than the model's own; one that is widened moves the others' mean.
        least = np.maximum(wide, rows.model_sd.to_numpy())
        assert (rows.skill_sd.to_numpy() >= 0.999 * least).all()
        assert (rows.skill_sd.to_numpy() <= 1.25 * least).all()
        np.testing.assert_allclose(rows.model_sd, one.posterior.skill_sd)
        assert rows.design_effect.iloc[0] > 1.2
    people = ParticipantCounts.from_arrow(tournaments[1][2])
    us = frame[frame.stratum_id == "us"]
    assert us.effective_participant_count.iloc[0] == pytest.approx(
        people.effective_participant_count
    )
    assert us.participant_count.iloc[0] == 60


def test_weights_of_one_give_the_unweighted_fit() -> None:
    tournaments = study(cv=0.0)
    weighted = boards_of(tournaments, anchors(tournaments))
    counts = pa.concat_tables(
        table.append_column("stratum_id", pa.array([key] * table.num_rows)).append_column(
            "dimension", pa.array([dimension] * table.num_rows)
        )
        for key, dimension, table in tournaments
    )
    # As fitted: intervals of weighted boards do not come from the posterior, skewed or not.
    plain = [one.posterior.fitted for one in rate_each(counts, PARAMETERS)]
    skill = np.concatenate([one.skill for one in plain])
    np.testing.assert_allclose(weighted.skill, skill, atol=1e-8)
    sd = np.concatenate([one.skill_sd for one in plain])
    np.testing.assert_allclose(weighted.model_sd, sd, atol=1e-8)


@pytest.mark.parametrize("factor", [1 / 60, 1e-6, 1000.0])
def test_only_the_proportions_of_weights_matter(factor: float) -> None:
    # A weight spread over sixty verdicts must not leave them to the prior.
    tournaments = study()
    known = anchors(tournaments)
    scaled = [(key, dimension, rescaled(table, factor)) for key, dimension, table in tournaments]
    there, again = (boards_of(t, known) for t in (tournaments, scaled))
    np.testing.assert_allclose(there.skill, again.skill, atol=1e-7)
    np.testing.assert_allclose(there.skill_sd, again.skill_sd, atol=1e-7)


def rescaled(table: pa.Table, factor: float) -> pa.Table:
    frame = table.to_pandas()
    frame[list(COUNT_COLUMNS)] *= factor
    return pa.Table.from_pandas(frame, preserve_index=False)


def test_numbered_and_sorted_participants_give_the_same_bits_as_named_ones() -> None:
    table = study()[1][2]
    frame = table.to_pandas()
    turned = frame.model_a > frame.model_b
    swap = {"model_a": "model_b", "win_a_count": "win_b_count"}
    for one, other in swap.items():
        held = frame.loc[turned, one].copy()
        frame.loc[turned, one] = frame.loc[turned, other]
        frame.loc[turned, other] = held
    keys = ["participant_id", "model_a", "model_b"]
    summed = frame.groupby(keys, as_index=False).sum()
    summed["participant_id"] = summed.participant_id.rank(method="dense").astype(int)
    fast = ParticipantCounts.from_arrow(pa.Table.from_pandas(summed, preserve_index=False))
    slow = ParticipantCounts.from_arrow(table)
    np.testing.assert_array_equal(fast.starts, slow.starts)
    np.testing.assert_array_equal(fast.pair, slow.pair)
    np.testing.assert_allclose(fast.outcomes, slow.outcomes, rtol=1e-15)


def test_refusals() -> None:
    with pytest.raises(MissingTournamentError, match="'overall'"):
        boards_of(study(), {})
    key, dimension, table = study()[0]
    for bad in (-1.0, float("nan")):
        frame = table.to_pandas()
        frame.loc[5, "tie_count"] = bad
        broken = [(key, dimension, pa.Table.from_pandas(frame, preserve_index=False))]
        with pytest.raises(InvalidCountsError, match="row 5: tie_count"):
            boards_of(broken, anchors(study()))
    silent = [(key, dimension, rescaled(table, 0.0))]
    rows = boards_of(silent, anchors(study()))
    np.testing.assert_allclose(rows.skill, 0.0, atol=1e-9)
    assert (rows.participant_count == 0).all()
