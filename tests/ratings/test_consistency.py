"""Rank shifts between groups, agreement between estimators, decisiveness."""

import numpy as np
import pytest
from scipy.stats import kendalltau, rankdata

from ratings.consistency import kendall_tau, rank_shifts, separation
from ratings.posterior import Posterior
from tests.ratings.simulation import model_ids


def group(skill: list[float] | np.ndarray, sd: float) -> Posterior:
    size = len(skill)
    return Posterior(
        model_ids(size), np.asarray(skill, dtype=float), np.eye(size) * sd**2,
        np.full(size, 1 / size), True, 2.0,
    )  # fmt: skip


def test_certain_groups_have_the_shift_one_can_count() -> None:
    axes = {
        "age": {"young": group([3, 2, 1, 0], 1e-9), "old": group([0, 1, 2, 3], 1e-9)},
        "sex": {"f": group([3, 2, 1, 0], 1e-9), "m": group([2.5, 2.6, 1, 0], 1e-9)},
    }
    by_model, by_axis = (table.to_pandas() for table in rank_shifts(axes, 1, draws=200))
    age = by_model[by_model.axis == "age"].set_index("model_id")
    assert age.rank_shift.tolist() == [3.0, 1.0, 1.0, 3.0]
    assert age.rank_shift_lo.tolist() == age.rank_shift_hi.tolist() == [3.0, 1.0, 1.0, 3.0]
    shifts = by_axis.set_index("axis")
    assert shifts.rank_shift.tolist() == [2.0, 0.5]
    assert shifts.p_largest.tolist() == [1.0, 0.0]
    assert shifts.rank_shift_if_agreed["sex"] == 0.0


def test_shifts_are_counted_as_by_sorting_each_draw() -> None:
    rng, draws = np.random.default_rng(7), 100
    groups = {name: group(rng.normal(size=9), sd) for name, sd in (("a", 1.0), ("b", 2.0))}
    by_model = rank_shifts({"age": groups}, 3, draws)[0].to_pandas()
    # Centred skills are what is ranked, and covariances are sd^2: so is their factor.
    generator = np.random.Generator(np.random.Philox(key=3))
    ranks = [
        rankdata(-(one.skill + sd * generator.standard_normal((draws, 9))), axis=1)
        for one, sd in zip(groups.values(), (1.0, 2.0), strict=True)
    ]
    shift = np.abs(ranks[0] - ranks[1])
    np.testing.assert_allclose(by_model.rank_shift, shift.mean(axis=0), rtol=1e-12)
    assert by_model.rank_shift_lo.tolist() == np.quantile(shift, 0.025, axis=0).tolist()


def test_uncertain_groups_that_agree_shift_no_more_than_agreement_would() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 3, 12)
    noisy = {f"g{k}": group(truth, 1.0) for k in range(3)}
    apart = {f"g{k}": group(truth + rng.normal(0, 4, 12), 1.0) for k in range(3)}
    _, by_axis = rank_shifts({"same": noisy, "differs": apart}, 2, draws=4000)
    rows = by_axis.to_pandas().set_index("axis")
    assert rows.rank_shift["same"] == pytest.approx(rows.rank_shift_if_agreed["same"], rel=0.05)
    assert rows.rank_shift["differs"] > 1.5 * rows.rank_shift_if_agreed["differs"]
    low, mean, high = rows.loc["differs", ["rank_shift_lo", "rank_shift", "rank_shift_hi"]]
    assert low < mean < high
    assert rows.p_largest["differs"] > 0.99


def test_shifts_repeat_and_nothing_is_nothing() -> None:
    axes = {"age": {"a": group([1.0, 2.0], 1.0), "b": group([2.0, 1.0], 1.0)}}
    for one, two in zip(rank_shifts(axes, 5, 100), rank_shifts(axes, 5, 100), strict=True):
        assert one.equals(two)
    assert [table.num_rows for table in rank_shifts({}, 5)] == [0, 0]


@pytest.mark.parametrize("seed", range(5))
def test_kendall_tau_is_scipys(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 6, 20).astype(float), rng.normal(size=20)
    assert kendall_tau(a, b) == pytest.approx(kendalltau(a, b).statistic, abs=1e-12)
    assert np.isnan(kendall_tau(np.ones(4), np.arange(4.0)))


def test_separation_runs_from_unknown_to_certain() -> None:
    assert separation(group([0, 0, 0], 1.0)) == pytest.approx(0.0, abs=1e-12)
    assert separation(group([0, 100, 200], 0.1)) == pytest.approx(1.0)
    assert separation(group([1.0], 1.0)) == 0.0
