"""Stopping at the first look that says who leads: studies of raters with tastes and habits."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from ratings.counts import ParticipantCounts
from ratings.expectation_propagation import fit
from ratings.posterior import Posterior
from ratings.sandwich import sandwich
from ratings.stopping import Measure, leading, value_of

MODELS = ("a", "b", "c", "d")


def verdicts(
    seed: int, skill: NDArray[np.float64], raters: int, most: int
) -> Iterator[tuple[int, str, str, int]]:
    """Rater, two models and what they said (0, 1, 2: a tie), rater by rater.

    Each rater has tastes of their own, ties as readily as they do, and judges from one battle to
    ``most``, few of them many.
    """
    rng = np.random.default_rng(seed)
    for rater in range(raters):
        own = skill + rng.normal(0.0, 2.0, skill.size)
        margin = rng.uniform(0.0, 4.0)
        for _ in range(min(int(rng.pareto(1.0)) + 1, most)):
            a, b = rng.choice(skill.size, 2, replace=False)
            difference = own[a] - own[b] + rng.laplace(0.0, 4.0)
            said = 2 if abs(difference) < margin else int(difference < 0)
            yield rater, MODELS[a], MODELS[b], said


def looks(seed: int, skill: NDArray[np.float64], *, raters: int, every: int) -> Iterator[Posterior]:
    """The board as it is shown after each ``every`` raters."""
    for posterior, _ in boards(seed, skill, raters=raters, every=every):
        yield posterior


def boards(
    seed: int, skill: NDArray[np.float64], *, raters: int, every: int, most: int = 60
) -> Iterator[tuple[Posterior, NDArray[np.float64]]]:
    """The same, and the battles of each model."""
    rows = list(verdicts(seed, skill, raters, most))
    for until in range(every, raters + 1, every):
        people = people_of([row for row in rows if row[0] < until])
        posterior = fit(people.counts, draw_margin=2.0)
        shown = posterior.with_covariance(sandwich(posterior, people).interval_covariance)
        yield shown, people.counts.battles_per_model


def people_of(rows: list[tuple[int, str, str, int]]) -> ParticipantCounts:
    """Who said what, of the rows of ``verdicts``."""
    rater, a, b, said = (list(column) for column in zip(*rows, strict=True))
    outcome = np.array(said)
    table = pa.table(
        {
            "participant_id": rater,
            "model_a": a,
            "model_b": b,
            **{
                name: (outcome == code).astype(float)
                for code, name in enumerate(("win_a_count", "win_b_count", "tie_count"))
            },
        }
    )
    return ParticipantCounts.from_arrow(table)


def stops(
    studies: range, skill: NDArray[np.float64], *, raters: int, every: int, fewest: int = 0
) -> list[str]:
    """Who was called the leader at the first look that was sure, in each study that stopped.

    Models with fewer than ``fewest`` battles are provisional.
    """
    named = []
    for seed in studies:
        for posterior, battles in boards(seed, skill, raters=raters, every=every):
            provisional = battles < fewest
            if value_of(Measure.LEAD_CONFIDENCE, posterior, provisional) >= 0.95:
                mean = np.where(provisional, -np.inf, posterior.mean)
                named.append(posterior.model_ids[int(np.argmax(mean))])
                break
    return named


ALIKE, APART = np.array([1.0, 1.0, 0.0, -1.0]), np.array([4.0, 1.0, 0.0, -1.0])


def test_of_two_that_are_alike_none_is_called_the_leader() -> None:
    assert len(stops(range(40), ALIKE, raters=150, every=10)) <= 4


def test_nor_where_provisional_models_are_no_rivals() -> None:
    assert len(stops(range(40), ALIKE, raters=150, every=10, fewest=30)) <= 4


def test_a_leader_is_called_one() -> None:
    assert stops(range(10), APART, raters=300, every=50) == ["a"] * 10


@pytest.mark.slow
def test_at_most_one_study_in_twenty_stops_falsely() -> None:
    # Twenty looks; three standard errors of 5% of 400 studies.
    assert len(stops(range(400), ALIKE, raters=400, every=20)) <= 20 + 13


def test_one_look_is_as_sure_as_its_evidence() -> None:
    lead, variance = np.array([0.0, 3.0, 3.0]), np.array([1.0, 1.0, 0.01])
    sure = leading(lead, variance, 1.0)
    assert sure[0] == 0.0
    assert sure[1] == pytest.approx(1.0 - np.sqrt(2.0) * np.exp(-9.0 / 4.0))
    assert sure[2] > 0.999999
