"""Shares of a verdict against planted worlds, and their intervals where nothing is planted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from ratings.variance_share import (
    FEW_PEOPLE,
    OTHER_GROUP,
    SAME_GROUP,
    SAME_PERSON,
    Found,
    Verdicts,
    _beyond,
    _decided,
    _Layout,
    _level,
    _of_use,
    latent_correlation,
    variance_shares,
)

PAIRS, GROUPS, MARGIN = 45, 3, 0.3
PLANTED = 0.25


def normals(size: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Quantiles of the normal, of mean 0 and variance 1."""
    drawn = norm.ppf((np.arange(size) + 0.5) / size)
    return np.asarray(drawn / drawn.std())


def world(
    seed: int,
    people: int = 500,
    *,
    of_group: float = 0.0,
    of_person: float = 0.0,
    of_prompt: float = 0.0,
    repeats: int = 2,
) -> tuple[Verdicts, Verdicts]:
    """Verdicts by group and by prompt; latent shares as planted, PLANTED of the pair, rest chance.

    Pairs and groups are the same in every world; people, prompts and chance are drawn.
    """
    rng = np.random.default_rng(seed)
    fixed = np.random.default_rng(99)
    pair_effect = fixed.permutation(normals(PAIRS)) * np.sqrt(PLANTED)
    group_effect = fixed.standard_normal((GROUPS, PAIRS))
    group_effect -= group_effect.mean(axis=0)
    # Of two people of different groups the covariance is less: so the shares are exact.
    group_effect *= np.sqrt(of_group * (GROUPS - 1) / GROUPS / (group_effect**2).mean())
    pair_effect *= np.sqrt((PLANTED + of_group / GROUPS) / PLANTED)
    group = rng.integers(0, GROUPS, people)
    prompts = 300
    person_effect = rng.standard_normal((people, PAIRS)) * np.sqrt(of_person)
    prompt_effect = rng.standard_normal((prompts, PAIRS)) * np.sqrt(of_prompt)
    who = np.tile(np.repeat(np.arange(people), 5), repeats)
    pair = np.tile(rng.integers(0, PAIRS, people * 5), repeats)
    # A few people share a prompt, which is of one pair.
    prompt = rng.integers(0, 6, who.size) * PAIRS + pair
    chance = 1.0 - PLANTED - of_group - of_person - of_prompt
    latent = pair_effect[pair] + group_effect[group[who], pair] + person_effect[who, pair]
    latent += prompt_effect[prompt % prompts, pair]
    latent += rng.normal(0.0, np.sqrt(chance), who.size)
    said = np.sign(latent) * (np.abs(latent) > MARGIN)
    return counted(who, pair, group[who], said), counted(who, pair, prompt, said)


def heavy_world(seed: int, people: int, *, of_person: float = 0.0, heavy: int = 3) -> Verdicts:
    """Verdicts of people, five each, but 200 of those who are ``heavy``."""
    rng = np.random.default_rng(seed)
    pair_effect = np.random.default_rng(99).permutation(normals(PAIRS)) * np.sqrt(PLANTED)
    group = rng.integers(0, GROUPS, people)
    count = np.full(people, 5)
    count[:heavy] = 200
    who = np.repeat(np.arange(people), count)
    pair = rng.integers(0, PAIRS, who.size)
    person_effect = rng.standard_normal((people, PAIRS)) * np.sqrt(of_person)
    chance = 1.0 - PLANTED - of_person
    latent = pair_effect[pair] + person_effect[who, pair]
    latent += rng.normal(0.0, np.sqrt(chance), who.size)
    return counted(who, pair, group[who], np.sign(latent) * (np.abs(latent) > MARGIN))


def held_of_heavy(seeds: range, people: int, of_person: float) -> dict[str, float]:
    """How often latent intervals hold the truth where three people judge much."""
    truth = {
        "pair": PLANTED,
        "group": 0.0,
        "person": of_person,
        "chance": 1.0 - PLANTED - of_person,
    }
    held: dict[str, list[bool]] = {part: [] for part in truth}
    for seed in seeds:
        found = latent_shares(variance_shares(heavy_world(seed, people, of_person=of_person)))
        for part, (_, lo, hi) in found.items():
            held[part].append(lo <= truth[part] <= hi)
    return {part: float(np.mean(each)) for part, each in held.items()}


def counted(who: Any, pair: Any, group: Any, said: Any, weight: Any = None) -> Verdicts:
    keys, row = np.unique(np.column_stack((who, pair, group)), axis=0, return_inverse=True)
    sums = [
        np.bincount(row.reshape(-1), said == value, len(keys)).astype(float) for value in (1, -1, 0)
    ]
    weights = np.ones(len(keys)) if weight is None else weight[keys[:, 0]]
    return Verdicts(keys[:, 0], keys[:, 1], keys[:, 2], sums[0], sums[1], sums[2], weights)


def latent_shares(found: Found | None) -> dict[str, tuple[float, float, float]]:
    assert found is not None
    shares = {}
    for one in found.shares:
        value, lo, hi = one.latent
        if value is not None and lo is not None and hi is not None:
            shares[one.part] = (value, lo, hi)
    return shares


@pytest.mark.parametrize(
    "planted",
    [
        {"of_group": 0.1},
        {"of_person": 0.2},
        {"of_group": 0.1, "of_person": 0.2},
        {"of_prompt": 0.15},
    ],
)
def test_planted_shares_are_found(planted: dict[str, Any]) -> None:
    many = [latent_shares(variance_shares(*world(seed, **planted))) for seed in range(12)]
    mean = {part: np.mean([one[part][0] for one in many]) for part in many[0]}
    # Two verdicts on a pair are on one of its six prompts now and then.
    of_prompt = planted.get("of_prompt", 0.0)
    assert mean["pair"] == pytest.approx(PLANTED + of_prompt / 6, abs=0.03)
    assert mean["group"] == pytest.approx(planted.get("of_group", 0.0), abs=0.015)
    assert mean["person"] == pytest.approx(planted.get("of_person", 0.0), abs=0.02)
    assert mean["prompt"] == pytest.approx(of_prompt, abs=0.03)
    known = sum(mean[part] for part in ("pair", "group", "person", "prompt"))
    assert mean["chance"] == pytest.approx(1.0 - known, abs=1e-6)


def test_of_nothing_intervals_hold_nothing() -> None:
    """Measured of 150 studies: group .99, person .96, prompt .91, with six prompts a pair."""
    held = {"group": 0, "person": 0, "prompt": 0}
    studies = 120
    for seed in range(studies):
        found = latent_shares(variance_shares(*world(seed, people=300)))
        for part in held:
            _, lo, hi = found[part]
            held[part] += lo <= 0.0 <= hi
    assert all(0.87 <= count / studies <= 1.0 for count in held.values()), held


def test_intervals_hold_the_truth_where_three_people_judge_much() -> None:
    for of_person in (0.0, 0.3):
        held = held_of_heavy(range(60), 300, of_person)
        assert min(held.values()) >= 0.87, held


@pytest.mark.slow
@pytest.mark.parametrize("people", [60, 300])
@pytest.mark.parametrize("of_person", [0.0, 0.3])
def test_coverage_where_three_people_judge_much(people: int, of_person: float) -> None:
    held = held_of_heavy(range(1000, 1300), people, of_person)
    assert min(held.values()) >= 0.91, held


def test_parts_move_as_they_do_when_each_person_is_left_out() -> None:
    # Of so many heavy judges every pair is still judged by two groups without any of them.
    rows = _of_use(heavy_world(7, 40, of_person=0.3, heavy=15))

    def parts_of(rows: Verdicts) -> np.ndarray[Any, np.dtype[np.float64]]:
        layout, said = _Layout.of(rows), rows.wins - rows.losses
        alike, apart = layout.couples(said)
        own = layout.of_one_person(said, rows.wins + rows.losses)
        parts = _level(apart, layout), _beyond(alike, apart, layout), _beyond(own, alike, layout)
        made = [part.value for part in (_decided(layout), *parts) if part is not None]
        moves.append([part.moves for part in (_decided(layout), *parts) if part is not None])
        return np.array(made)

    moves: list[Any] = []
    whole = parts_of(rows)
    of_person = np.array(moves[0])
    for person in (0, 1, 14, 39):
        left = whole - parts_of(rows.some(rows.person != person))
        np.testing.assert_allclose(of_person[:, person], left, rtol=1e-9, atol=1e-12)


def test_without_repeats_taste_and_chance_cannot_be_told_apart() -> None:
    # One person alone judges pairs twice: of many pairs, but still one person.
    given = heavy_world(8, 300, of_person=0.3, heavy=0)
    is_once = given.count == 1.0
    found = variance_shares(given.some(is_once | (given.person == 5)))
    assert found is not None
    known = {one.part: one.latent.value is not None for one in found.shares}
    assert known == {
        "pair": True, "group": True, "person": False, "prompt": False, "chance": False
    }  # fmt: skip
    plain = {one.part: one.plain.value is not None for one in found.shares}
    assert plain == known
    [person] = [one for one in found.disagreements if one.relation == SAME_PERSON]
    assert person.opposite.value is None


def test_where_all_say_the_same_nothing_tells_how_sure_it_is() -> None:
    who = np.repeat(np.arange(30), 4)
    given = counted(who, np.tile([0, 0, 1, 1], 30), who % 3, np.ones(who.size))
    found = variance_shares(given)
    assert found is not None
    assert all(one.plain.lo is None and one.latent.lo is None for one in found.shares)
    assert all(one.opposite.lo is None for one in found.disagreements)


def test_shares_are_the_same_whichever_model_is_called_the_first() -> None:
    given, _ = world(3, of_group=0.1)
    is_flipped = np.isin(given.block, np.arange(0, PAIRS, 2))
    flipped = Verdicts(
        given.person,
        given.block,
        given.group,
        np.where(is_flipped, given.losses, given.wins),
        np.where(is_flipped, given.wins, given.losses),
        given.ties,
        given.weight,
    )
    one, other = (latent_shares(variance_shares(rows)) for rows in (given, flipped))
    assert one == {part: pytest.approx(values, abs=1e-9) for part, values in other.items()}


def test_disagreement_is_that_of_couples_counted_one_by_one() -> None:
    """Every couple of verdicts on one pair, by hand, on a pair that all judge twice."""
    rng = np.random.default_rng(5)
    people = 40
    who, group = np.repeat(np.arange(people), 2), np.repeat(np.arange(people) % 2, 2)
    said = rng.choice([1, -1, 0], who.size, p=[0.5, 0.3, 0.2])
    found = variance_shares(counted(who, np.zeros_like(who), group, said))
    assert found is not None
    couples: dict[str, list[tuple[int, int]]] = {}
    for i in range(who.size):
        for j in range(i):
            relation = OTHER_GROUP if group[i] != group[j] else SAME_GROUP
            relation = SAME_PERSON if who[i] == who[j] else relation
            couples.setdefault(relation, []).append((said[i], said[j]))
    for one in found.disagreements:
        both = [(a, b) for a, b in couples[one.relation] if a and b]
        assert one.couple_count == len(couples[one.relation])
        assert one.opposite.value == pytest.approx(np.mean([a != b for a, b in both]))
        assert one.decided.value == pytest.approx(len(both) / len(couples[one.relation]))


def test_equal_weights_are_no_weights_and_a_weight_of_none_leaves_out() -> None:
    given, _ = world(4, of_group=0.1)
    people = int(given.person.max()) + 1
    plain = latent_shares(variance_shares(given))
    weights = np.full(given.person.size, 2.5)
    same = replace(given, weight=weights)
    weighted = latent_shares(variance_shares(same))
    for part in ("pair", "group"):
        assert weighted[part] == pytest.approx(plain[part], abs=1e-6)
    is_half = given.person < people // 2
    none = replace(given, weight=is_half.astype(float))
    assert latent_shares(variance_shares(none)) == latent_shares(
        variance_shares(given.some(is_half))
    )


def test_of_few_people_nothing_is_said() -> None:
    given, _ = world(1)
    assert variance_shares(given.some(given.person < FEW_PEOPLE - 1)) is None


@pytest.mark.parametrize("correlation", [-0.6, 0.0, 0.3, 0.8])
@pytest.mark.parametrize("decided", [0.35, 0.9])
def test_the_latent_correlation_is_scipys(correlation: float, decided: float) -> None:
    cut = -norm.ppf(decided / 2.0)
    both = multivariate_normal(cov=[[1.0, correlation], [correlation, 1.0]])
    other = multivariate_normal(cov=[[1.0, -correlation], [-correlation, 1.0]])
    likeness = 2.0 * (both.cdf([-cut, -cut]) - other.cdf([-cut, -cut]))
    assert latent_correlation(float(likeness), decided) == pytest.approx(correlation, abs=1e-4)
