"""Studies of weighted repeat raters that go on until a clustered interval is narrow enough."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ratings.counts import ParticipantCounts
from ratings.expectation_propagation import fit
from ratings.growth import Flat, interval_design_effect
from ratings.posterior import Posterior
from ratings.sandwich import sandwich
from ratings.stopping import Measure, value_of
from tests.ratings.pairing_study import MARGIN, Choice
from tests.ratings.simulation import NOISE_SD, judgements, outcome_of

EACH, TASTE = 3, 0.4


@dataclass(frozen=True, eq=False)
class WeightedMoment:
    """A weighted study after so many battles: its board, how it grows, and the truth (M)."""

    battles: int
    posterior: Posterior
    growth: Flat
    skill: NDArray[np.float64]

    @property
    def width(self) -> float:
        return value_of(Measure.INTERVAL_WIDTH, self.posterior)

    @property
    def z(self) -> NDArray[np.float64]:
        truth = self.skill - self.skill.mean()
        return np.asarray((self.posterior.skill - truth) / self.posterior.skill_sd)


def ongoing_panel(
    choice: Choice, seed: int, *, size: int, sd: float, raters: int, width: float
) -> Iterator[WeightedMoment]:
    """Batches of ``raters`` who judge EACH battles, with a taste of their own and gamma weights."""
    rng = np.random.default_rng(seed)
    skill = rng.normal(0.0, sd, size)
    tables: list[pa.Table] = []
    left, right = (np.resize(side, raters * EACH) for side in np.triu_indices(size, 1))
    order = rng.permutation(left.size)
    left, right = left[order], right[order]
    while True:
        who = np.repeat(np.arange(raters), left.size // raters)
        own = rng.normal(0.0, NOISE_SD * np.sqrt(TASTE / 2.0), (raters, size))
        weight = rng.gamma(1.5, 1.0, raters)
        d = skill[left] - skill[right] + own[who, left] - own[who, right]
        d += rng.normal(0.0, NOISE_SD * np.sqrt(1.0 - TASTE), who.size)
        rows = judgements(left, right, outcome_of(d, MARGIN), weight[who])
        tables.append(pa.table({"participant_id": who + raters * len(tables), **rows}))
        people = ParticipantCounts.from_arrow(pa.concat_tables(tables))
        battles = sum(table.num_rows for table in tables)
        people = people.scaled(battles / people.counts.battle_total)
        posterior = fit(people.counts, draw_margin=MARGIN)
        clustered = sandwich(posterior, people)
        board = posterior.with_covariance(clustered.interval_covariance)
        growth = Flat(
            board.covariance,
            interval_design_effect(posterior, clustered),
            clustered.degrees_of_freedom,
            battles,
        )
        moment = WeightedMoment(battles, board, growth, skill)
        yield moment
        if moment.width <= width:
            return
        left, right = choice(board, raters * EACH, (seed << 32) + battles)
