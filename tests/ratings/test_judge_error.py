"""Rates behind an erring judge: published examples, independent formulas, coverage, nulls."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import stdtrit
from scipy.stats import beta, binom

from ratings.judge_error import (
    FEW_HUMAN,
    NO_BETTER,
    NO_JUDGE_ALONE,
    ONE_SIDED,
    Quality,
    Share,
    clusters_of,
    cohen_kappa,
    corrected,
    jeffreys,
    krippendorff_alpha,
    prediction_powered,
    quality_of,
    ratio_of,
    share_of,
    unseen_below,
)


def share(value: float, count: float) -> Share:
    return Share(*(np.array([one]) for one in (value, count, count, count)))


def quality(sensitivity: float, specificity: float, found: float, passed: float) -> Quality:
    return Quality(share(sensitivity, found), share(specificity, passed))


def test_cohens_kappa_of_a_published_table() -> None:
    # Two readers of 50 grants: 20 both yes, 15 both no, 5 and 10 apart (the textbook's 0.4).
    first = np.repeat([1, 1, 0, 0], [20, 5, 10, 15])
    second = np.repeat([1, 0, 1, 0], [20, 5, 10, 15])
    assert cohen_kappa(first, second) == pytest.approx(0.4, abs=1e-12)


def test_krippendorffs_alpha_of_his_own_examples() -> None:
    # Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), examples A and C.
    first = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0]
    second = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    units = np.tile(np.arange(10), 2)
    assert krippendorff_alpha(units, np.array(first + second)) == pytest.approx(0.095, abs=5e-4)
    none = None
    rows = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, none, none, none],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, none, 3],
        [none, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, none],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, none],
    ]
    known = [(u, v) for row in rows for u, v in enumerate(row) if v is not None]
    unit, value = np.array(known).T
    assert krippendorff_alpha(unit, value) == pytest.approx(0.743, abs=5e-4)


def test_agreement_without_two_judges_or_two_values_is_nothing() -> None:
    assert math.isnan(krippendorff_alpha(np.arange(3), np.array([0, 1, 0])))
    assert math.isnan(krippendorff_alpha(np.array([0, 0]), np.array([1, 1])))
    assert math.isnan(cohen_kappa(np.zeros(4, int), np.zeros(4, int)))
    assert math.isnan(cohen_kappa(np.zeros(0, int), np.zeros(0, int)))


def test_jeffreys_is_scipys_beta_and_reaches_the_ends() -> None:
    found = jeffreys(share(0.3, 50.0))
    expected = beta(15.5, 35.5).ppf([0.025, 0.975])
    assert [found.lo[0], found.hi[0]] == pytest.approx(list(expected), rel=1e-9)
    assert jeffreys(share(0.0, 50.0)).lo[0] == 0.0
    assert jeffreys(share(1.0, 50.0)).hi[0] == 1.0
    assert math.isnan(jeffreys(share(math.nan, 0.0)).lo[0])


def test_never_seen_is_below_what_would_be_seen_in_95_of_100_studies() -> None:
    below = unseen_below(share(0.0, 200.0))[0]
    assert below == pytest.approx(brentq(lambda p: binom.pmf(0, 200, p) - 0.05, 1e-6, 0.5))
    assert math.isnan(unseen_below(share(0.01, 200.0))[0])
    assert math.isnan(unseen_below(share(math.nan, 0.0))[0])


def test_copies_of_one_person_add_nothing() -> None:
    random = np.random.default_rng(5)
    found = (random.random(300) < 0.2).astype(float)
    people = np.arange(300)
    once = share_of(found, np.ones(300), clusters_of(people))
    thrice_people = clusters_of(np.repeat(people, 3))
    thrice = share_of(np.repeat(found, 3), np.ones(900), thrice_people)
    assert thrice.value == pytest.approx(once.value)
    assert thrice.effective == pytest.approx(once.effective, rel=1e-9)
    assert share_of(np.zeros(900), np.ones(900), thrice_people).effective[0] == pytest.approx(300)


def test_groups_at_once_are_groups_alone_and_weight_nought_leaves_out() -> None:
    random = np.random.default_rng(6)
    found = (random.random(500) < 0.3).astype(float)
    weight = random.choice([0.0, 0.5, 1.0, 2.0], 500)
    person, group = random.integers(0, 80, 500), random.integers(0, 4, 500)
    human = np.where(random.random(500) < 0.6, found, np.nan)
    every = clusters_of(person, group, 5)
    together = share_of(found, weight, every)
    powered = prediction_powered(found, human, weight, every)[0]
    for place in range(4):
        own = (group == place) & (weight > 0)
        alone = clusters_of(person[own])
        one = share_of(found[own], weight[own], alone)
        for name in ("value", "effective", "count", "people"):
            left, right = getattr(together, name)[place], getattr(one, name)[0]
            assert left == pytest.approx(right, rel=1e-12)
        own_powered = prediction_powered(found[own], human[own], weight[own], alone)[0]
        for left, right in zip(powered, own_powered, strict=True):
            assert left[place] == pytest.approx(right[0], rel=1e-12)
    assert math.isnan(together.value[4])
    assert together.effective[4] == 0.0


def test_the_corrected_rate_is_rogan_and_gladens_and_brackets_it() -> None:
    found, why = corrected(share(0.31, 5_000.0), quality(0.8, 0.9, 100.0, 300.0))
    assert why[0] is None
    assert found.value[0] == pytest.approx((0.31 + 0.9 - 1) / 0.7)
    assert found.lo[0] < found.value[0] < found.hi[0]
    known = corrected(share(0.31, 5_000.0), quality(0.8, 0.9, 1e7, 3e7))[0]
    # With the judge's error known, only the large sample is left.
    narrow = 2 * 1.96 * math.sqrt(0.31 * 0.69 / 5_000) / 0.7
    assert known.hi[0] - known.lo[0] == pytest.approx(narrow, rel=1e-3)
    assert found.hi[0] - found.lo[0] > 2 * narrow


@pytest.mark.parametrize(
    ("p", "q0", "q1", "sizes", "expected"),
    [
        (0.31, 0.9, 0.8, (5_000, 300, 100), (0.2501397060403615, 0.3541336595825336)),
        (0.03, 0.985, 0.75, (800, 1_180, 40), (0.00354595055208071, 0.043347081910815835)),
        (0.62, 0.7, 0.95, (400, 60, 90), (0.35765683649494545, 0.6061363901253412)),
    ],
)
def test_the_interval_is_the_authors(
    p: float, q0: float, q1: float, sizes: tuple[int, int, int], expected: tuple[float, float]
) -> None:
    """Numbers that the authors' published function gives (arXiv 2511.21140, their code)."""
    n, m0, m1 = sizes
    found, _ = corrected(share(p, n), quality(q1, q0, m1, m0))
    assert (found.lo[0], found.hi[0]) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("judge", "why"),
    [
        (quality(0.9, 0.9, 10.0, 19.0), FEW_HUMAN),
        (quality(0.4, 0.6, 50.0, 50.0), NO_BETTER),
        (quality(math.nan, 0.9, 0.0, 100.0), ONE_SIDED),
        (quality(1.0, 0.9, 4.0, 100.0), ONE_SIDED),
    ],
)
def test_what_is_not_estimable_says_why(judge: Quality, why: str) -> None:
    found, reason = corrected(share(0.3, 100.0), judge)
    assert reason[0] == why
    assert math.isnan(found.value[0])


def test_without_units_of_the_judge_alone_nothing_is_corrected() -> None:
    judge = quality(0.9, 0.9, 50.0, 50.0)
    assert corrected(share(math.nan, 0.0), judge)[1][0] == NO_JUDGE_ALONE
    all_labelled = prediction_powered(
        np.ones(40), np.arange(40.0) % 2.0, np.ones(40), clusters_of(np.arange(40))
    )
    assert all_labelled[1][0] == NO_JUDGE_ALONE


def test_prediction_powered_is_the_papers_formula() -> None:
    random = np.random.default_rng(9)
    judge = (random.random(2_000) < 0.4).astype(float)
    human = np.full(2_000, np.nan)
    human[:200] = np.where(random.random(200) < 0.2, 1 - judge[:200], judge[:200])
    people = clusters_of(np.arange(2_000))
    found, why = prediction_powered(judge, human, np.ones(2_000), people)
    assert why[0] is None
    gap = human[:200] - judge[:200]
    value = judge[200:].mean() + gap.mean()
    # Of 200 people with labels: Student's t.
    half = stdtrit(199.0, 0.975) * math.sqrt(judge[200:].var() / 1_799 + gap.var() / 199)
    expected = (value, value - half, value + half)
    assert [one[0] for one in found] == pytest.approx(expected, abs=2e-5)


def _few_people(
    random: np.random.Generator, people: int, heavy: int, rate: float = 0.3
) -> dict[str, bool]:
    """Whether intervals cover: 40 answers a person, fifteen times that of those who are heavy."""
    count = np.full(people, 40)
    count[:heavy] *= 15
    person = np.repeat(np.arange(people), count)
    truth = random.random(person.size) < random.beta(rate, 1.0 - rate, people)[person]
    judge = np.where(truth, random.random(person.size) < 0.9, random.random(person.size) < 0.2)
    human = np.full(person.size, np.nan)
    sample = random.choice(person.size, 300, replace=False)
    human[sample] = truth[sample]
    weight, clusters = np.ones(person.size), clusters_of(person)
    rest = share_of(judge.astype(float), np.isnan(human).astype(float), clusters)
    quality = quality_of(judge.astype(float), human, weight, clusters)
    intervals = {
        "by people alone": jeffreys(share_of(truth.astype(float), weight, clusters)),
        "corrected": corrected(rest, quality)[0],
        "powered": prediction_powered(judge.astype(float), human, weight, clusters)[0],
    }
    return {name: bool(one.lo[0] <= rate <= one.hi[0]) for name, one in intervals.items()}


def _coverage_of_few(people: int, heavy: int, runs: int) -> dict[str, float]:
    random = np.random.default_rng(12)
    every = [_few_people(random, people, heavy) for _ in range(runs)]
    return {name: float(np.mean([one[name] for one in every])) for name in every[0]}


@pytest.mark.parametrize("heavy", [0, 2])
def test_few_people_and_heavy_ones_are_covered(heavy: int) -> None:
    assert min(_coverage_of_few(30, heavy, 100).values()) >= 0.88


@pytest.mark.slow
@pytest.mark.parametrize(("people", "heavy"), [(30, 0), (30, 2), (100, 3)])
def test_few_people_and_heavy_ones_are_covered_in_many_studies(people: int, heavy: int) -> None:
    assert min(_coverage_of_few(people, heavy, 600).values()) >= 0.925


def test_what_units_are_worth_knows_how_few_the_people_are() -> None:
    found = np.tile([1.0, 0.0, 0.0, 1.0, 1.0], 12)
    own = share_of(found, np.ones(60), clusters_of(np.repeat(np.arange(12), 5)))
    assert own.freedom == pytest.approx(11.0)
    assert own.worth[0] == pytest.approx(
        own.effective[0] * (1.959963984540054 / stdtrit(11.0, 0.975)) ** 2
    )
    # Nothing was found: nothing of how people differ is estimated.
    assert share_of(np.zeros(60), np.ones(60), clusters_of(np.arange(60))).freedom == math.inf


def _study(random: np.random.Generator, rate: float, q1: float, q0: float) -> dict[str, bool]:
    """Whether each interval covers: 500 people with 4 answers, 300 of which people labelled."""
    taste = random.beta(rate * 8, (1 - rate) * 8, 500)
    person = np.repeat(np.arange(500), 4)
    truth = random.random(2_000) < taste[person]
    judge = np.where(truth, random.random(2_000) < q1, random.random(2_000) >= q0).astype(float)
    human = np.full(2_000, np.nan)
    sample = random.choice(2_000, 300, replace=False)
    human[sample] = truth[sample]
    weight, people = np.ones(2_000), clusters_of(person)
    rest = share_of(judge, np.isnan(human).astype(float), people)
    intervals = {
        "naive": jeffreys(share_of(judge, weight, people)),
        "corrected": corrected(rest, quality_of(judge, human, weight, people))[0],
        "powered": prediction_powered(judge, human, weight, people)[0],
    }
    return {name: bool(one.lo[0] <= rate <= one.hi[0]) for name, one in intervals.items()}


def _coverage(rate: float, q1: float, q0: float, runs: int) -> dict[str, float]:
    random = np.random.default_rng(11)
    every = [_study(random, rate, q1, q0) for _ in range(runs)]
    return {name: float(np.mean([one[name] for one in every])) for name in every[0]}


ERRING = [(0.3, 0.9, 0.8), (0.5, 0.7, 0.9), (0.1, 0.8, 0.9)]


def _is_calibrated(rate: float, q1: float, q0: float, runs: int, slack: float) -> None:
    covered = _coverage(rate, q1, q0, runs)
    assert 0.93 - slack <= covered["corrected"] <= 0.97 + slack
    assert 0.93 - slack <= covered["powered"] <= 0.97 + slack
    assert covered["naive"] < 0.5


@pytest.mark.parametrize(("rate", "q1", "q0"), ERRING)
def test_corrected_covers_where_naive_does_not(rate: float, q1: float, q0: float) -> None:
    _is_calibrated(rate, q1, q0, 300, 0.02)


@pytest.mark.slow
@pytest.mark.parametrize(("rate", "q1", "q0"), ERRING)
def test_corrected_covers_over_many_studies(rate: float, q1: float, q0: float) -> None:
    _is_calibrated(rate, q1, q0, 4_000, 0.0)


def test_a_perfect_judge_needs_no_correction_and_gets_none() -> None:
    covered = _coverage(0.3, 1.0, 1.0, 300)
    assert covered["naive"] >= 0.92
    assert covered["corrected"] >= 0.93


def test_a_ratio_of_precise_shares_is_that_of_their_logarithms() -> None:
    """Where both are narrow, the delta method on logarithms gives the same interval."""
    a, b, half_a, half_b = 0.2, 0.1, 0.004, 0.003
    ratio, lo, hi = ratio_of((a, a - half_a, a + half_a), (b, b - half_b, b + half_b))
    half = math.hypot(half_a / a, half_b / b)
    assert (ratio, lo, hi) == pytest.approx(
        (2.0, 2 * math.exp(-half), 2 * math.exp(half)), rel=2e-3
    )


def test_a_ratio_has_no_upper_end_where_the_other_may_be_nought() -> None:
    ratio, lo, hi = ratio_of((0.2, 0.1, 0.3), (0.05, 0.0, 0.1))
    assert ratio == pytest.approx(4.0)
    assert 1.0 <= lo < ratio
    assert math.isnan(hi)
    assert all(map(math.isnan, ratio_of((0.2, 0.1, 0.3), (0.0, 0.0, 0.1))))
    none, none_lo, none_hi = ratio_of((0.0, 0.0, 0.02), (0.1, 0.05, 0.18))
    assert (none, none_lo) == (0.0, 0.0)
    assert none_hi > 0.1


def test_ratios_cover() -> None:
    random = np.random.default_rng(3)
    covered = []
    for _ in range(400):
        found = [random.binomial(800, rate) / 800 for rate in (0.03, 0.02)]
        one, other = (jeffreys(share(value, 800.0)) for value in found)
        ends = [(float(i.value[0]), float(i.lo[0]), float(i.hi[0])) for i in (one, other)]
        _, lo, hi = ratio_of(ends[0], ends[1])
        covered.append(not lo > 1.5 and not hi < 1.5)
    assert 0.92 <= np.mean(covered) <= 0.98
