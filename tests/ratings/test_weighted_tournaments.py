"""Weighted boards: the sandwich's intervals, the model's sd beside them, real battle counts."""

import numpy as np
import pyarrow as pa
import pytest

from orchestration.ratings.participants import ParticipantCounts
from orchestration.ratings.tournaments import MissingTournamentError, RatingParameters, rate
from orchestration.ratings.weighted_tournaments import (
    WEIGHTED_SCHEMA,
    rate_weighted,
    rate_weighted_each,
)
from tests.ratings.simulation import simulate_panel

PARAMETERS = RatingParameters(draws=512, estimators=("trueskill_ep",))


def study(cv: float = 1.0) -> pa.Table:
    parts = []
    for key, raters in (("all", 200), ("us", 60)):
        table = simulate_panel(1, raters=raters, each=6, cv=cv, size=6).table
        rows = table.num_rows
        parts.append(
            table.append_column("tournament_key", pa.array([key] * rows))
            .append_column("dimension", pa.array(["overall"] * rows))
            .append_column("battle_count", pa.array([1] * rows))
        )
    return pa.concat_tables(parts)


def test_boards_carry_both_sds_and_real_battle_counts() -> None:
    table = study()
    boards = rate_weighted(table, PARAMETERS, 3)
    assert boards.schema.equals(WEIGHTED_SCHEMA)
    frame = boards.to_pandas()
    totals = frame.groupby("tournament_key").battle_count.sum()
    assert totals.to_dict() == {"all": 2 * 200 * 6, "us": 2 * 60 * 6}
    for one in rate_weighted_each(table, PARAMETERS):
        rows = frame[frame.tournament_key == one.tournament_key]
        clustered = one.posterior.with_covariance(one.clustered)
        np.testing.assert_allclose(rows.skill_sd, clustered.skill_sd)
        np.testing.assert_allclose(rows.model_sd, one.posterior.skill_sd)
        assert rows.design_effect.iloc[0] > 1.2
    of_us = pa.compute.equal(table["tournament_key"], "us")
    people = ParticipantCounts.from_arrow(table.filter(of_us))
    us = frame[frame.tournament_key == "us"]
    assert us.effective_participant_count.iloc[0] == people.effective_participant_count
    assert us.participant_count.iloc[0] == 60


def test_weights_of_one_give_the_unweighted_skills() -> None:
    table = study(cv=0.0)
    weighted = rate_weighted(table, PARAMETERS, 3).to_pandas()
    plain = rate(table, PARAMETERS, 3).to_pandas()
    np.testing.assert_allclose(weighted.skill, plain.skill, atol=1e-8)
    np.testing.assert_allclose(weighted.model_sd, plain.skill_sd, atol=1e-8)


def test_refusals() -> None:
    table = study().to_pandas().query("tournament_key == 'us'")
    with pytest.raises(MissingTournamentError):
        rate_weighted(pa.Table.from_pandas(table, preserve_index=False), PARAMETERS, 3)
    assert rate_weighted(study()[:0], PARAMETERS, 3).num_rows == 0
