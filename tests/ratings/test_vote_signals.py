"""Each signal of rigging finds what was planted, and says nothing of clean studies."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

from ingestion.simulation.vote_attacks import target_of
from ratings.vote_origins import PROFILE, RETRACTION, copied_profiles, retractions
from ratings.vote_signals import (
    BURST,
    COPY,
    FAVOURITE,
    PATTERN,
    SIGNIFICANT,
    SPEED,
    UNRELATED,
    Signal,
)
from tests.ratings.rigged import (
    Verdicts,
    fitted,
    found_in,
    planted_verdicts,
    profile_signal,
    truth_of,
    verdicts_of,
)

# A build corrects for its dimensions, and the simulated study has five.
DIMENSIONS = 5
PLANTED = {
    "favour": {FAVOURITE},
    "random": {UNRELATED},
    "sybils": {COPY},
    "script": {PATTERN},
    "flood": {BURST, SPEED},
}
# What else an attack rightly shows: a script's answers are as good as random, sybils' master
# favours a model, and of many who vote at random others seem to prefer the good ones.
MAY_SHOW = {
    "script": {UNRELATED, FAVOURITE},
    "sybils": {FAVOURITE},
    "random": {FAVOURITE},
    "flood": {UNRELATED},
}


def shown(signals: list[Signal]) -> dict[str, Signal]:
    """The significant ones."""
    return {one.name: one for one in signals if one.p * DIMENSIONS < SIGNIFICANT}


@pytest.mark.parametrize("attack", PLANTED)
@pytest.mark.parametrize("seed", [1, 4])
def test_an_attack_shows_itself_and_nothing_else(attack: str, seed: int) -> None:
    truth = truth_of(seed)
    clean = verdicts_of(truth)
    assert shown(found_in(clean, fitted(clean))) == {}
    attacked = clean.joined(planted_verdicts(truth, attack))
    found = shown(found_in(attacked, fitted(attacked)))
    assert PLANTED[attack] <= found.keys() <= PLANTED[attack] | MAY_SHOW.get(attack, set())
    if attack == "favour":
        assert found[FAVOURITE].model == target_of(truth)


def test_planted_people_are_named_and_hardly_anybody_else() -> None:
    truth = truth_of(1)
    clean = verdicts_of(truth)
    planted = planted_verdicts(truth, "favour")
    attacked = clean.joined(planted)
    found = shown(found_in(attacked, fitted(attacked)))[FAVOURITE]
    enough = np.flatnonzero(np.bincount(attacked.person) >= 5)
    is_planted = enough[found.people] > clean.person.max()
    assert is_planted.sum() == 30
    assert (~is_planted).sum() <= 2


def alarms(seeds: range, **asked: Any) -> Counter[str]:
    """In how many studies each signal is found on any board."""
    found: Counter[str] = Counter()
    for seed in seeds:
        truth = truth_of(seed, **asked)
        names = {profile_signal(truth).name} if profile_signal(truth).p < SIGNIFICANT else set()
        for dimension in range(DIMENSIONS):
            verdicts = verdicts_of(truth, dimension)
            names |= shown(found_in(verdicts, fitted(verdicts), seed)).keys()
        found.update(names)
    return found


def test_few_clean_studies_raise_an_alarm() -> None:
    assert max(alarms(range(100, 106)).values(), default=0) <= 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "world",
    [
        pytest.param({}, id="active"),
        pytest.param({"participants": 2_000, "battles_per_participant": 1.0}, id="sparse"),
        pytest.param({"model_count": 6}, id="few_models"),
        pytest.param({"judging_share": 1.0, "activity_shape": 50.0}, id="ten_each"),
    ],
)
def test_at_most_five_of_a_hundred_clean_studies_raise_an_alarm(world: dict[str, Any]) -> None:
    studies = 200
    found = alarms(range(1_000, 1_000 + studies), **world)
    assert max(found.values(), default=0) <= 0.05 * studies, found


def test_where_everybody_is_quick_nobody_is_suspect() -> None:
    truth = truth_of(2)
    clean = verdicts_of(truth)
    random = np.random.default_rng(0)
    quick = clean._replace(at=np.cumsum(random.exponential(4.0, clean.at.size)))
    assert not {BURST, SPEED} & shown(found_in(quick, fitted(quick))).keys()


def test_without_times_nothing_is_said_of_pace() -> None:
    truth = truth_of(2)
    clean = verdicts_of(truth)
    unknown = clean._replace(at=np.full(clean.at.size, np.nan))
    by_name = {one.name: one for one in found_in(unknown, fitted(unknown))}
    assert by_name[BURST].tested == by_name[SPEED].tested == 0
    assert np.isnan(by_name[SPEED].p)
    assert by_name[FAVOURITE].tested > 0


def test_copied_answers_are_found() -> None:
    truth = truth_of(1)
    found = profile_signal(truth, "sybils")
    assert found.name == PROFILE
    assert found.p < SIGNIFICANT
    assert found.people.size >= 20
    assert profile_signal(truth, "favour").p >= SIGNIFICANT


def test_answers_that_go_together_are_no_copies() -> None:
    # Two questions of which one says the other, and three that are free.
    random = np.random.default_rng(1)
    first = random.integers(0, 6, 600)
    free = random.integers(0, 3, (600, 3))
    answers = np.column_stack((first, first, free))
    assert copied_profiles(np.zeros(600, np.int64), answers).p >= SIGNIFICANT
    assert copied_profiles(np.zeros(3, np.int64), answers[:3]).tested == 0


def test_verdicts_taken_back_for_a_models_sake_are_found() -> None:
    truth = truth_of(1)
    clean = verdicts_of(truth)
    taken = planted_verdicts(truth, "retraction")
    found = retractions(fitted(clean), taken.person, taken.left, taken.right, taken.said)
    assert found[0].name == RETRACTION
    # Whoever met it in these verdicts seems spared or harmed by them, and isn't named.
    assert [one.model for one in found] == [target_of(truth)]
    assert found[0].p < 1e-4


@pytest.mark.parametrize(
    ("people", "boards", "is_told"), [(7, 1, True), (9, 5, True), (8, 5, False)]
)
def test_a_retraction_by_few_is_found_or_called_unknown(
    people: int, boards: int, is_told: bool
) -> None:
    clean = verdicts_of(truth_of(1))
    random, target = np.random.default_rng(3), 4
    other = (target + random.integers(1, 28, people * 20)) % 28
    lost = np.full(other.size, target), other, np.ones(other.size, np.int64)
    person = np.repeat(np.arange(people), 20)
    first = retractions(fitted(clean), person, *lost, boards)[0]
    assert (first.tested > 0) == is_told
    assert (first.p * boards < SIGNIFICANT) == is_told


def test_verdicts_taken_back_whatever_they_say_are_not() -> None:
    found = 0
    for seed in range(40):
        clean = verdicts_of(truth_of(200 + seed))
        gone: Verdicts = clean.only(np.random.default_rng(seed).random(clean.person.size) < 0.1)
        [*made] = retractions(fitted(clean), gone.person, gone.left, gone.right, gone.said)
        found += made[0].p < SIGNIFICANT
    assert found <= 4
