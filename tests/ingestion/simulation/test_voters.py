"""Voters go by the truth, each pair by somebody else, the same for the same seed."""

import numpy as np
import pytest

from ingestion.simulation.battles import Voters
from ingestion.simulation.parameters import Parameters
from ingestion.simulation.population import read_population
from ingestion.simulation.truth import draw_truth
from ingestion.vocabulary import Outcome

PARAMETERS = Parameters(participants=50, effects=0, tie_rates={"overall": 0.3})


@pytest.fixture(scope="module")
def voters() -> Voters:
    return Voters.of(draw_truth(PARAMETERS, read_population()))


def test_outcomes_have_the_models_probabilities(voters: Voters) -> None:
    from scipy.stats import norm

    skill, margin = voters.truth.base[:, 0], voters.truth.draw_margins[0]
    noise = np.sqrt(2) * PARAMETERS.beta
    order = np.argsort(skill)
    left, right = int(order[-1]), int(order[len(order) // 2])
    count = 4000
    votes = voters.judge(
        [(voters.models[left], voters.models[right])] * count, dimension="overall", place=(1,)
    )
    d = skill[left] - skill[right]
    wanted = {
        Outcome.A: norm.cdf((d - margin) / noise),
        Outcome.B: norm.cdf((-d - margin) / noise),
    }
    for outcome, share in wanted.items():
        seen = np.mean([vote.outcome == outcome for vote in votes])
        assert seen == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / count))


def test_everybody_is_asked_before_anybody_is_asked_twice(voters: Voters) -> None:
    pairs = [(voters.models[0], voters.models[1])] * 50
    votes = voters.judge(pairs, dimension="overall", place=(2, 1))
    assert len({vote.participant_id for vote in votes}) == 50
    assert votes == voters.judge(pairs, dimension="overall", place=(2, 1))
    assert votes != voters.judge(pairs, dimension="overall", place=(2, 2))
