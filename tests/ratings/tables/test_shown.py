"""Boards of countries and pools are clustered alike, in a model each and in one of all."""

import numpy as np
import pyarrow as pa
import pytest

from ratings.posterior import Posterior
from ratings.tables.hierarchical_boards import Countries, axis_rows, fit_dimension
from ratings.tables.inputs import Study
from tests.ratings.raters import simulate_raters

SHARES = {"UK": 0.2, "US": 0.8}
ANCHOR = Posterior(("anchor",), np.zeros(1), np.eye(1), np.ones(1), converged=True, draw_margin=3.0)


def fitted(*, is_joint: bool, is_known: bool = True) -> tuple[Countries, Study]:
    """Two countries of heavy raters; everybody's last verdict is of nobody unless ``is_known``."""
    parts, judges = {}, []
    groups: dict[str, dict[str, dict[str, float]]] = {}
    cells: dict[str, dict[int, dict[str, str]]] = {}
    for seed, country in enumerate(SHARES):
        world = simulate_raters(seed, raters=150, verdicts=20, size=6)
        parts[country] = world.counts
        for (axis, group), share in world.shares.items():
            groups.setdefault(country, {}).setdefault(axis, {})[group] = share
        levels = list(
            zip(*(world.table.column(axis).to_pylist() for axis in world.axes), strict=True)
        )
        ids = {one: 100 * seed + place for place, one in enumerate(sorted(set(levels)))}
        cells[country] = {
            place: dict(zip(world.axes, one, strict=True)) for one, place in ids.items()
        }
        people = [f"{country}-{name}" for name in world.table.column("participant_id").to_pylist()]
        own = world.table.drop_columns([*world.axes, "participant_id"])
        own = own.append_column("cell_id", pa.array([ids[one] for one in levels], pa.int32()))
        judges.append(own.append_column("participant_id", pa.array(people)))
    study = Study(groups, cells, {"both": SHARES})
    said = pa.concat_tables(judges)
    said = said if is_known else said.slice(1)
    return fit_dimension("overall", parts, study, ANCHOR, said, is_joint=is_joint), study


@pytest.mark.parametrize("is_joint", [False, True])
def test_countries_groups_and_pools_are_clustered(is_joint: bool) -> None:
    one, study = fitted(is_joint=is_joint)
    [(_, _, pool)] = one.pools(study)
    boards = [pool]
    for country in one.each:
        others = {known: w for known, w in country.census.items() if known[0] != "axis-0"}
        boards += [country.population, country.board(others | {("axis-0", "group-0"): 1.0})]
    for board in boards:
        assert board.sandwich is not None
        ratio = (board.posterior.skill_sd / board.own.skill_sd).mean()
        assert 1.2 < ratio < 2.5
        assert 1.3 < board.design_effect < ratio**2
        assert 5 < board.sandwich.degrees_of_freedom < 300
        np.testing.assert_array_equal(board.posterior.skill, board.own.skill)
    for country in one.each:
        assert 1.3 < country.population.battle_effect < 6.0


@pytest.mark.parametrize("is_joint", [False, True])
def test_where_a_judge_is_unknown_a_board_has_the_models_own_interval(is_joint: bool) -> None:
    one, study = fitted(is_joint=is_joint, is_known=False)
    unknown = next(country for country in one.each if country.name == "UK").population
    assert unknown.sandwich is None
    np.testing.assert_array_equal(unknown.posterior.covariance, unknown.own.covariance)
    [(_, _, pool)] = one.pools(study)
    assert pool.sandwich is None


@pytest.mark.parametrize("is_joint", [False, True])
def test_every_axis_is_tested_and_a_joint_model_has_one_tau_for_it(is_joint: bool) -> None:
    one, _ = fitted(is_joint=is_joint)
    rows = axis_rows(one, 1)
    assert [(row["country"], row["axis"]) for row in rows] == [
        (country, f"axis-{k}") for country in ("UK", "US") for k in range(3)
    ]
    for row in rows:
        assert row["tau_lo"] <= row["tau"] <= row["tau_hi"]
        assert row["p_permutation"] <= row["p_adjusted"]
        assert row["groups_differ"] == (row["p_adjusted"] <= 0.05)
    taus = {
        country: [row["tau"] for row in rows if row["country"] == country] for country in SHARES
    }
    assert (taus["UK"] == taus["US"]) == is_joint
