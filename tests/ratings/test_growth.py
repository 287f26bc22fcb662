"""Boards grow as said: weighted ones at the rate of effective battles, pooled ones by structure."""

from dataclasses import replace

import numpy as np
import pytest

from ratings.counts import CellCounts
from ratings.growth import Flat, Pooled, interval_design_effect, society_of
from ratings.hierarchical import fit_hierarchical
from ratings.pairing import PairingPolicy, Rule, fisher_information
from ratings.posterior import Posterior
from ratings.sandwich import Sandwich
from ratings.stopping import Measure, forecast, value_of
from tests.ratings.pairing_study import POLICIES
from tests.ratings.panel_study import EACH, WeightedMoment, ongoing_panel
from tests.ratings.simulation import simulate_society

WIDTH, BATCH = 3.0, 60
RULES = {
    "random": PairingPolicy("random", "1", Rule.RANDOM),
    "information_gain": PairingPolicy("information_gain", "1"),
}


@pytest.fixture(scope="module", params=list(RULES))
def studies(request: pytest.FixtureRequest) -> tuple[PairingPolicy, list[list[WeightedMoment]]]:
    """Weighted studies of repeat raters, each to its end."""
    name = request.param
    return RULES[name], [
        list(ongoing_panel(POLICIES[name], seed, size=28, sd=3.0, raters=BATCH, width=WIDTH))
        for seed in range(20)
    ]


def test_the_forecast_of_a_weighted_board_is_within_a_fifth(
    studies: tuple[PairingPolicy, list[list[WeightedMoment]]],
) -> None:
    policy, histories = studies
    errors, flat, inside = [], [], []
    for seed, history in enumerate(histories):
        total = history[-1].battles
        half = min(history[:-1], key=lambda moment: abs(moment.battles - total / 2))
        assert half.growth.design_effect > 1.3
        about = (half.posterior, policy, Measure.INTERVAL_WIDTH, WIDTH)
        said = forecast(*about, seed=seed, growth=half.growth)
        assert said.needed is not None
        assert said.needed_lo is not None
        assert said.needed_hi is not None
        errors.append((half.battles + said.needed) / total - 1)
        flat.append((half.battles + (forecast(*about, seed=seed).needed or 0)) / total - 1)
        late = BATCH * EACH
        inside.append(said.needed_lo <= total - half.battles <= said.needed_hi + late)
    assert np.median(np.abs(errors)) < 0.2
    assert abs(np.mean(errors)) < 0.1
    assert np.mean(inside) >= 0.75
    # To take each battle for one of a stranger in an unweighted sample promises too much.
    assert np.mean(flat) < -0.15


def test_stopping_leaves_coverage_of_a_weighted_board_as_it_was(
    studies: tuple[PairingPolicy, list[list[WeightedMoment]]],
) -> None:
    _, histories = studies
    covered = [float((np.abs(history[-1].z) < 1.96).mean()) for history in histories]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.025)


def test_without_battles_a_board_stays_as_it_is() -> None:
    covariance = np.array([[2.0, 0.5], [0.5, 3.0]])
    each = np.array([[1.0, -1.0], [-1.0, 1.0]])
    weighted = Flat(covariance, 2.0, 10.0, 100.0)
    assert weighted.after(0.0, each) == pytest.approx(covariance)
    assert Flat(covariance).after(0.0, each) == pytest.approx(covariance)


def test_a_design_effect_of_two_takes_twice_the_battles() -> None:
    covariance = np.array([[2.0, 0.5], [0.5, 3.0]])
    each = np.array([[1.0, -1.0], [-1.0, 1.0]])
    settled = Flat(covariance, 2.0, float("inf"), 100.0)
    assert settled.after(30.0, each) == pytest.approx(Flat(covariance).after(15.0, each))
    # Ten people's intervals narrow faster: they also come to know their own spread.
    few = replace(settled, degrees_of_freedom=10.0)
    assert (np.diag(few.after(30.0, each)) < np.diag(settled.after(30.0, each))).all()


def test_the_forecast_of_a_pooled_board_is_within_a_fifth() -> None:
    errors, flat = [], []
    first, second = np.triu_indices(20, 1)
    for seed in range(8):
        # Few enough battles that groups still borrow: what holds now does not hold at the end.
        society = simulate_society(seed, size=20, battles=8000, sd=3.0)
        fitted = {}
        for battles in (4000, 8000):
            cells = CellCounts.from_arrow(society.table.slice(0, battles), society.axes)
            model = fit_hierarchical(cells)
            fitted[battles] = cells, model, model.board(society.shares)
        cells, model, now = fitted[4000]
        end = value_of(Measure.INTERVAL_WIDTH, fitted[8000][2])
        growth = Pooled(now.covariance, [society_of(model, cells, society.shares)], np.arange(20))
        about = (now, RULES["random"], Measure.INTERVAL_WIDTH, end)
        said, other = (forecast(*about, seed=seed, growth=one) for one in (growth, None))
        assert growth.after(0.0, np.zeros((20, 20))) == pytest.approx(now.covariance)
        errors.append((4000 + (said.needed or 0)) / 8000 - 1)
        flat.append((4000 + (other.needed or 0)) / 8000 - 1)
        each = fisher_information(now.mean, first, second, np.full(first.size, 1 / 190), now)
        assert (np.linalg.eigvalsh(now.covariance - growth.after(500.0, each)) > -1e-9).all()
    assert np.median(np.abs(errors)) < 0.2
    assert abs(np.mean(errors)) < 0.1
    assert np.mean(flat) < -0.1


@pytest.mark.parametrize("seen", [0.0, 1e-34])
def test_raters_who_all_say_the_same_have_no_design_effect(seen: float) -> None:
    """Their clustered variance is zero, or what rounding makes of it: no forecast rests on it."""
    own = Posterior(
        ("a", "b"), np.zeros(2), np.eye(2), np.full(2, 0.5), converged=True, draw_margin=2.0
    )
    clustered = Sandwich(np.diag([seen, 0.0]), np.zeros((2, 2)), 3.0)
    effect = interval_design_effect(own, clustered)
    assert effect == 1.0
    growth = Flat(own.covariance, effect, 3.0, 2.0)
    said = forecast(own, RULES["random"], Measure.INTERVAL_WIDTH, 0.5, seed=1, growth=growth)
    assert said.needed is not None
