"""Boards of populations grow as they will: twice the battles, against the model fitted on them."""

from collections.abc import Iterator

import numpy as np
import pytest

from ratings.counts import CellCounts
from ratings.pairing import fisher_information
from ratings.posterior import Posterior
from ratings.tables.hierarchical_boards import fit_dimension
from ratings.tables.inputs import Study
from ratings.tables.standings import Standing, of_populations
from ratings.tournaments import RatingParameters
from tests.ratings.nations import TAU, Nations, simulate_nations
from tests.ratings.simulation import model_ids

SHARES = {"UK": 0.2, "US": 0.8}
SIZE = 14
ANCHOR = Posterior(("anchor",), np.zeros(1), np.eye(1), np.ones(1), converged=True, draw_margin=3.0)
Key = tuple[str, str]


def standings(nations: Nations, share: float, *, is_joint: bool) -> Iterator[Standing]:
    """Of the first battles of each country."""
    parts = {
        name: CellCounts.from_arrow(table.slice(0, round(share * table.num_rows)), list(TAU))
        for name, table in nations.tables.items()
    }
    groups: dict[str, dict[str, dict[str, float]]] = {}
    for name, census in nations.census.items():
        for (axis, group), weight in census.items():
            groups.setdefault(name, {}).setdefault(axis, {})[group] = weight
    study = Study(groups, {}, {"both": SHARES})
    fitted = fit_dimension("overall", parts, study, ANCHOR, is_joint=is_joint)
    return of_populations([fitted], study, RatingParameters())


@pytest.mark.parametrize("is_joint", [False, True])
def test_population_boards_grow_as_they_will(is_joint: bool) -> None:
    first, second = np.triu_indices(SIZE, 1)
    evenly = np.full(first.size, 1.0 / first.size)
    ratios: dict[Key, list[float]] = {}
    for seed in range(6):
        nations = simulate_nations(seed, battles=(3000, 6000), size=SIZE)
        half, full = (
            {
                (one.weighting, one.stratum_id): one
                for one in standings(nations, share, is_joint=is_joint)
            }
            for share in (0.5, 1.0)
        )
        assert set(half) == {("census", "UK"), ("census", "US"), ("census_both", "all")}
        assert half["census_both", "all"].battle_count == 4500
        for key, one in half.items():
            posterior, growth = one.over(model_ids(SIZE))
            nothing = np.zeros((SIZE, SIZE))
            assert growth.after(0.0, nothing) == pytest.approx(posterior.covariance, rel=1e-6)
            each = fisher_information(posterior.mean, first, second, evenly, posterior)
            # In the joint model a country's board gains by both countries' battles.
            battles = 4500 if is_joint else one.battle_count
            then = posterior.with_covariance(growth.after(battles, each))
            now, _ = full[key].over(model_ids(SIZE))
            ratios.setdefault(key, []).append(float((then.skill_sd / now.skill_sd).mean()))
            wider, other = one.over([*model_ids(SIZE), "newcomer"])
            assert other.after(0.0, np.zeros((SIZE + 1, SIZE + 1))) == pytest.approx(
                wider.covariance, rel=1e-6
            )
    for found in ratios.values():
        assert np.mean(found) == pytest.approx(1.0, abs=0.08)
