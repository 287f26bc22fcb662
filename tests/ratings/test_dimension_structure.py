"""Correlations of dimensions, prediction and ties against planted worlds."""

from __future__ import annotations

import numpy as np
import pytest

from ratings.dimension_structure import (
    FOLDS,
    Board,
    Patterns,
    decisiveness,
    in_battles,
    jackknife,
    over_models,
    predicted,
)
from ratings.variance_share import Estimate


def boards(
    seed: int, *, true: float, people: int = 400, models: int = 24, noise: float = 1.0
) -> tuple[Board, Board]:
    """Two boards whose true skills correlate exactly so, of people whose errors go together."""
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(
        np.column_stack((np.ones(models), np.random.default_rng(7).normal(size=(models, 2))))
    )[0]
    one, other = basis[:, 1], basis[:, 2]
    skills = [one, true * one + np.sqrt(1.0 - true**2) * other]
    # A person's error on the one board is half that on the other.
    common = rng.normal(size=(people, models))
    errors = [np.sqrt(0.5) * (common + rng.normal(size=(people, models))) * noise for _ in range(2)]
    spread = np.sqrt(models)
    first, second = (
        Board(
            skill * spread + error.mean(axis=0),
            (error - error.mean(axis=0)) / people,
            np.arange(people),
        )
        for skill, error in zip(skills, errors, strict=True)
    )
    return first, second


def holds(one: Estimate, true: float) -> bool:
    assert one.lo is not None
    assert one.hi is not None
    return one.lo <= true <= one.hi


@pytest.mark.parametrize("true", [0.0, 0.5, 1.0])
def test_a_correlation_is_found_through_errors_that_go_together(true: float) -> None:
    """Errors as large as skills and half common: raw is half as much of each."""
    found = [over_models(*boards(seed, true=true, noise=14.0)) for seed in range(150)]
    values = np.array([one.true.value for one in found if one.true.value is not None])
    raw = float(np.array([one.raw.value for one in found], dtype=float).mean())
    assert len(values) > 145
    assert values.mean() == pytest.approx(true, abs=0.07)
    if true != 0.5:
        assert abs(raw - true) > abs(values.mean() - true)


@pytest.mark.parametrize("true", [0.0, 0.7])
def test_its_intervals_cover(true: float) -> None:
    found = [over_models(*boards(seed, true=true, noise=6.0)).true for seed in range(150)]
    held = np.mean([holds(one, true) for one in found])
    assert 0.89 <= held <= 0.99


def test_skills_that_are_all_error_have_no_true_correlation() -> None:
    one, other = boards(1, true=0.5, noise=1.0)
    blurred = [
        Board(board.moves[0] * 400.0, board.moves * 20.0, board.people) for board in (one, other)
    ]
    assert over_models(*blurred).true.value is None
    few = [
        board._replace(skill=board.skill[:3], moves=board.moves[:, :3]) for board in (one, other)
    ]
    assert over_models(*few).raw.value is None


def patterns(seed: int, *, loading: float, battles: int = 4000) -> Patterns:
    """Overall, a dimension that shares so much of it, and one that shares nothing."""
    rng = np.random.default_rng(seed)
    overall = rng.normal(size=battles)
    near = loading * overall + np.sqrt(1.0 - loading**2) * rng.normal(size=battles)
    latent = np.column_stack((overall, near, rng.normal(size=battles)))
    said = np.sign(latent) * (np.abs(latent) > 0.4)
    return Patterns(said, rng.integers(0, FOLDS, battles), np.ones(battles))


def test_what_predicts_is_found_and_what_does_not_is_chance() -> None:
    found = predicted(patterns(1, loading=0.8), 0)
    assert found.best == 1
    assert found.all_others.value == pytest.approx(0.84, abs=0.03)
    assert holds(found.gain, 0.0)
    nothing = [predicted(patterns(seed, loading=0.0, battles=2000), 0) for seed in range(60)]
    held = [holds(one.all_others, 0.5) for one in nothing]
    assert 0.86 <= np.mean(held) <= 1.0
    assert np.mean([one.all_others.value for one in nothing]) == pytest.approx(0.5, abs=0.005)


def test_verdicts_of_one_battle_correlate_as_they_do() -> None:
    given = patterns(2, loading=0.8)
    found, battles = in_battles(given, 0, 1)
    a, b = given.said[:, 0], given.said[:, 1]
    assert found.value == pytest.approx(float(a @ b / np.sqrt((a @ a) * (b @ b))))
    assert battles == 4000
    none = [in_battles(patterns(seed, loading=0.0, battles=1000), 0, 1)[0] for seed in range(100)]
    held = [holds(one, 0.0) for one in none]
    assert 0.88 <= np.mean(held) <= 1.0
    same = Patterns(np.column_stack((a, a)), given.fold, given.battles)
    assert in_battles(same, 0, 1)[0].value == pytest.approx(1.0)


def test_a_battle_without_a_dimension_counts_where_it_has_both() -> None:
    given = patterns(2, loading=0.8)
    given.said[:1000, 2] = np.nan
    assert in_battles(given, 0, 2)[1] == 3000
    assert in_battles(given, 0, 1)[1] == 4000


def test_ties_that_differ_are_told_and_those_that_do_not_rarely() -> None:
    rng = np.random.default_rng(3)
    verdicts = np.full((4, FOLDS), 50.0)
    alarms = 0
    for _ in range(100):
        found = decisiveness(rng.binomial(50, 0.3, (4, FOLDS)).astype(float), verdicts)
        alarms += sum(one.p < 0.05 for one in found)
    assert alarms / 400 <= 0.09
    shares = np.array([[0.3], [0.3], [0.3], [0.5]])
    found = decisiveness(rng.binomial(50, shares, (4, FOLDS)).astype(float), verdicts)
    assert found[3].p < 1e-6
    assert found[3].beyond_others.value == pytest.approx(0.2, abs=0.04)
    assert found[3].tie_share.value == pytest.approx(0.5, abs=0.04)


def test_where_no_fold_makes_a_difference_there_is_no_interval() -> None:
    # Nobody ties on the one level: that no one of these people does is no certainty.
    verdicts = np.full((2, FOLDS), 5.0)
    ties = np.stack((np.zeros(FOLDS), np.arange(FOLDS) % 3.0))
    none, some = decisiveness(ties, verdicts)
    assert none.tie_share == (0.0, None, None)
    assert some.tie_share.lo is not None
    # The other level still says how far its share is from nought.
    assert none.p < 0.05
    alone, nobody = decisiveness(np.zeros((2, FOLDS)), verdicts)
    assert alone.beyond_others == (0.0, None, None)
    assert np.isnan(nobody.p)


def test_few_people_in_few_folds_have_few_degrees_of_freedom() -> None:
    from scipy.stats import t

    # A mean of four people, each in a fold of their own; 36 folds are empty.
    people = np.array([1.0, 2.0, 4.0, 7.0])
    found = np.full(FOLDS, people.mean())
    found[:4] = (people.sum() - people) / 3.0
    told = jackknife(found, float(people.mean()))
    assert told.hi is not None
    sd = people.std(ddof=1) / 2.0
    assert told.hi - people.mean() >= 0.95 * t.ppf(0.975, 3.0) * sd
