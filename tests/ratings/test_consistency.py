"""Rank shifts between groups, agreement between estimators, decisiveness."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from scipy.stats import kendalltau, rankdata

from ratings.consistency import kendall_tau, rank_shifts, separation
from ratings.counts import ParticipantCounts
from ratings.expectation_propagation import fit
from ratings.posterior import Posterior
from ratings.sandwich import sandwich
from tests.ratings.simulation import model_ids, simulate_panel


def group(skill: list[float] | np.ndarray, sd: float) -> Posterior:
    size = len(skill)
    return Posterior(
        model_ids(size), np.asarray(skill, dtype=float), np.eye(size) * sd**2,
        np.full(size, 1 / size), True, 2.0,
    )  # fmt: skip


def test_certain_groups_have_the_shift_one_can_count() -> None:
    axes = {
        "age": {"young": group([6, 4, 2, 0], 1e-9), "old": group([0, 1, 2, 3], 1e-9)},
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
    ratios, largest = [], []
    for seed in range(200):
        truth = rng.normal(0, 3, 12)
        axes = {
            axis: {f"g{k}": group(truth + rng.normal(0, sd, 12), sd) for k, sd in enumerate(sds)}
            for axis, sds in SIZES.items()
        }
        rows = rank_shifts(axes, seed, draws=400)[1].to_pandas().set_index("axis")
        ratios.append(rows.rank_shift / rows.rank_shift_if_agreed)
        largest.append(rows.p_largest)
    for axis in SIZES:
        assert np.mean([ratio[axis] for ratio in ratios]) == pytest.approx(1.0, abs=0.04)
        shares = [one[axis] for one in largest]
        assert np.mean(shares) == pytest.approx(1 / 3, abs=3 * np.std(shares) / np.sqrt(200))


# Of the groups of three axes; the smallest group of the last is of few people.
SIZES = {"even": (0.6, 0.6), "three": (0.5, 0.7, 0.8), "tiny": (0.4, 0.7, 2.5)}


def test_groups_of_voters_that_agree_shift_as_chance_does_and_no_axis_is_favoured() -> None:
    # Boards fitted on battles of groups of unequal size, of people with tastes of their own.
    shares, ratios, largest = {"even": (5, 5), "tiny": (8, 1, 1), "three": (4, 3, 3)}, [], []
    for seed in range(60):
        axes: dict[str, dict[str, Posterior]] = {}
        for place, (axis, parts) in enumerate(shares.items()):
            panel = simulate_panel(1000 * place + seed, raters=400, each=2, cv=0.0, size=8)
            names = np.repeat([f"g{k}" for k in range(len(parts))], 40 * np.array(parts))
            people = pc.utf8_slice_codeunits(panel.table.column("participant_id"), 7)
            group_of = names[people.cast(pa.int64()).to_numpy() % 400]
            axes[axis] = {}
            for name in sorted(set(names)):
                judged = ParticipantCounts.from_arrow(panel.table.filter(group_of == name))
                fitted = fit(judged.counts, draw_margin=3.0)
                clustered = sandwich(fitted, judged).interval_covariance
                axes[axis][name] = fitted.with_covariance(clustered)
        rows = rank_shifts(axes, seed, draws=400)[1].to_pandas().set_index("axis")
        ratios.append(float((rows.rank_shift / rows.rank_shift_if_agreed).mean()))
        largest.append(rows.p_largest)
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.08)
    for axis in shares:
        found = [one[axis] for one in largest]
        assert np.mean(found) == pytest.approx(1 / 3, abs=3.5 * np.std(found) / np.sqrt(60))


def test_groups_that_differ_shift_more_than_agreement_would() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 3, 12)
    noisy = {f"g{k}": group(truth + rng.normal(0, 1, 12), 1.0) for k in range(3)}
    apart = {f"g{k}": group(truth + rng.normal(0, 4, 12), 1.0) for k in range(3)}
    _, by_axis = rank_shifts({"same": noisy, "differs": apart}, 2, draws=4000)
    rows = by_axis.to_pandas().set_index("axis")
    assert rows.rank_shift["differs"] > 1.3 * rows.rank_shift_if_agreed["differs"]
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
