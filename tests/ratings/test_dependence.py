"""What intervals take to be alike: worlds with and without tastes and prompts, and corners."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from numpy.typing import NDArray

from ratings.counts import PairCounts, ParticipantCounts
from ratings.dependence import (
    Dependence,
    dependence_of,
    judges_of,
    two_way,
    without_negative,
)
from ratings.draw_margin import fit_draw_margin
from ratings.expectation_propagation import fit
from ratings.interval_basis import FEW, INDEPENDENT, PARTICIPANTS, PARTICIPANTS_AND_ITEMS
from ratings.posterior import Posterior
from ratings.sandwich import Sandwich, sandwich
from ratings.skewness import corrected
from tests.ratings.worlds import World, verdicts

Floats = NDArray[np.float64]


def known(rows: pa.Table, *, with_items: bool = True) -> tuple[Posterior, Dependence]:
    counts = PairCounts.from_arrow(rows)
    posterior = corrected(fit_draw_margin(counts), counts)
    return posterior, dependence_of(
        posterior, judges_of(counts, rows, rows if with_items else None)
    )


def coverage(world: World, seeds: int) -> dict[str, float]:
    """Shares of intervals that hold what samples say on average; how wide the widest are."""
    skills: list[Any] = []
    sds: dict[str, list[Any]] = {"model": [], "people": [], "shown": []}
    for seed in range(seeds):
        rows = verdicts(world, seed)
        posterior, both = known(rows)
        people = known(rows, with_items=False)[1]
        skills.append(posterior.skill)
        sds["model"].append(both.model_sd)
        for name, one in (("people", people), ("shown", both)):
            sds[name].append(posterior.with_covariance(one.covariance).skill_sd)
    # No estimator's own assumption: the same raters and prompts are never drawn twice.
    error = np.abs(np.array(skills) - np.mean(skills, axis=0))
    found = {name: float((error < 1.96 * np.array(sd)).mean()) for name, sd in sds.items()}
    return found | {"width": float(np.mean(sds["shown"]) / np.mean(sds["model"]))}


def test_a_world_without_tastes_is_left_about_as_it_is() -> None:
    found = coverage(World(), 60)
    assert found["model"] > 0.92
    assert 0.94 < found["shown"] <= 1.0
    assert found["width"] < 1.4


def test_tastes_of_heavy_raters_are_covered() -> None:
    found = coverage(World(taste=0.8), 60)
    assert found["model"] < 0.75
    assert 0.92 < found["people"] < 0.99


def test_prompts_with_effects_of_their_own_are_covered() -> None:
    found = coverage(World(taste=0.4, prompt=0.8, each=60), 60)
    assert found["model"] < 0.7
    assert found["people"] < 0.88
    assert 0.92 < found["shown"] < 0.99


@pytest.mark.slow
@pytest.mark.parametrize("prompts", [8, 13, 60])
@pytest.mark.parametrize("taste", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("prompt", [0.0, 0.5, 1.0])
def test_many_worlds_are_covered(prompts: int, taste: float, prompt: float) -> None:
    world = World(models=10, raters=60, each=40, prompts=prompts, taste=taste, prompt=prompt)
    assert coverage(world, 200)["shown"] > 0.925


def test_who_judged_decides_what_intervals_rest_on() -> None:
    rows = verdicts(World(raters=30), 1)
    counts = PairCounts.from_arrow(rows)
    posterior = fit_draw_margin(counts)

    def basis(people: pa.Table | None, items: pa.Table | None = None) -> str:
        return dependence_of(posterior, judges_of(counts, people, items)).basis

    one_item = rows.set_column(1, "item_id", pa.array(np.zeros(rows.num_rows, np.int64)))
    own_items = rows.set_column(1, "item_id", pa.array(np.arange(rows.num_rows)))
    assert basis(None) == INDEPENDENT
    assert basis(rows) == basis(rows, one_item) == basis(rows, own_items) == PARTICIPANTS
    assert basis(rows, rows) == PARTICIPANTS_AND_ITEMS
    assert judges_of(counts, rows, own_items).item_count is None
    assert judges_of(counts, rows, one_item).item_count == 1
    few = verdicts(World(raters=9), 1)
    assert known(few)[1].basis == FEW


def test_an_item_of_one_person_changes_nothing() -> None:
    rows = verdicts(World(raters=30, taste=0.8), 2)
    mine = rows.set_column(1, "item_id", rows.column("participant_id"))
    same, by_people = known(mine)[1], known(rows, with_items=False)[1]
    np.testing.assert_array_equal(same.covariance, by_people.covariance)


@pytest.mark.parametrize("raters", [1, 3, 5])
def test_of_few_raters_the_wider_interval_is_shown(raters: int) -> None:
    posterior, found = known(verdicts(World(raters=raters, each=300 // raters), 4))
    assert found.basis == FEW
    shown = posterior.with_covariance(found.covariance).skill_sd
    assert (shown >= 0.998 * posterior.skill_sd).all()


def test_no_interval_is_narrower_than_where_verdicts_are_independent() -> None:
    # Where the best wins all its battles, nobody differs from anybody.
    posterior, found = known(verdicts(World(models=4, each=4, step=8.0), 5))
    shown = posterior.with_covariance(found.covariance)
    assert found.design_effect is not None
    assert found.design_effect < 0.5
    assert (shown.skill_sd >= 0.998 * posterior.skill_sd).all()
    assert np.linalg.eigvalsh(shown.covariance).min() > 0
    assert found.growth[0] >= 1.0


def test_unknown_judges_are_each_their_own() -> None:
    rows = verdicts(World(raters=30, taste=0.8), 3)
    counts = PairCounts.from_arrow(rows)
    posterior = fit(counts, draw_margin=3.0)
    is_known = pc.less(rows.column("participant_id"), 20)
    found = judges_of(counts, rows.filter(is_known))
    assert found.unattributed_count == rows.num_rows - pc.sum(is_known).as_py()
    own = np.where(
        is_known.to_numpy(),
        rows.column("participant_id").to_numpy(),
        1000 + np.arange(rows.num_rows),
    )
    apart = rows.set_column(0, "participant_id", pa.array(own))
    whole = sandwich(posterior, ParticipantCounts.from_arrow(apart))
    parts = sandwich(posterior, found.people, found.singles)
    np.testing.assert_allclose(parts.sampling, whole.sampling, rtol=1e-9, atol=1e-12)
    assert parts.degrees_of_freedom == pytest.approx(whole.degrees_of_freedom)


def test_many_pairs_of_one_cluster_are_left_out_as_few_are() -> None:
    # Of more pairs than models a cluster is left out in as many dimensions as models.
    rows = verdicts(World(models=8, raters=12, each=60, prompts=5), 6)
    counts = PairCounts.from_arrow(rows)
    posterior = fit(counts, draw_margin=3.0)
    people = ParticipantCounts.from_arrow(rows)
    assert (np.diff(people.starts) > 8).any()
    moves = []
    for rater in range(12):
        rest = PairCounts.from_arrow(
            rows.filter(pc.not_equal(rows.column("participant_id"), rater))
        )
        moves.append(fit(rest, draw_margin=3.0).mean - posterior.mean)
    jackknife = 11 / 12 * np.array(moves).T @ np.array(moves)
    ours = np.sqrt(np.diag(sandwich(posterior, people).sampling))
    np.testing.assert_allclose(ours, np.sqrt(np.diag(jackknife)), rtol=0.05)


def test_two_ways_are_added_and_the_meeting_taken_off() -> None:
    rng = np.random.default_rng(0)

    def some(size: int, scale: float) -> Sandwich:
        rows = scale * rng.normal(size=(size, 4))
        return Sandwich(rows.T @ rows, np.eye(4), float(size))

    one, other, both = some(30, 1.0), some(20, 1.0), some(50, 0.1)
    found = two_way(one, other, both)
    np.testing.assert_allclose(found.sampling, one.sampling + other.sampling - both.sampling)
    assert found.degrees_of_freedom == 20
    # Two items tell of one direction; the meeting takes all of the rest away.
    poor = two_way(some(30, 1.0), some(2, 1.0), some(50, 0.9))
    assert np.linalg.eigvalsh(poor.sampling).min() > -1e-9
    alone = some(30, 1.0)
    least = two_way(alone, some(2, 0.1), some(50, 0.5))
    assert (np.diag(least.sampling) >= np.diag(alone.sampling) * (1 - 1e-12)).all()


def test_negative_eigenvalues_are_put_to_zero() -> None:
    rng = np.random.default_rng(1)
    for size in (1, 2, 7, 30):
        matrix = rng.normal(size=(size, size))
        matrix = matrix + matrix.T
        values, vectors = np.linalg.eigh(matrix)
        expected = vectors @ np.diag(np.maximum(values, 0.0)) @ vectors.T
        np.testing.assert_allclose(without_negative(matrix), expected, atol=1e-11)


@pytest.mark.parametrize("models", [("alone",), ("one", "other")])
def test_nobody_and_nothing(models: tuple[str, ...]) -> None:
    nothing = verdicts(World(), 1)[:0]
    counts = PairCounts.from_arrow(nothing, models)
    posterior = fit(counts, draw_margin=3.0)
    found = dependence_of(posterior, judges_of(counts, nothing, nothing))
    assert (found.basis, found.participant_count, found.unattributed_count) == (INDEPENDENT, 0, 0)
    assert found.effective_participant_count == 0.0
    np.testing.assert_array_equal(found.covariance, posterior.covariance)
