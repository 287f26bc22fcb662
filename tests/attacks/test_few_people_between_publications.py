"""What few people did between publications is told by no row of a topic, model, month or level."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.attacks.small_studies import PEOPLE_MIN, Person, Rating, Study, Verdict, study
from tests.attacks.thief import Home, behind, shown, told

TOPICS = ("coding", "cooking", "travel")
# The fewest that may not be told from nobody, and those that may; fewer and more in the slow set.
COUNTS = [9, 10, *(pytest.param(count, marks=pytest.mark.slow) for count in (1, 12))]
# So many verdicts of each newcomer that nobody's are lost in the rounding.
EACH = 10


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home."""
    return Home(tmp_path / "home")


@pytest.fixture(scope="module")
def first() -> Study:
    """A study whose verdicts have topics, and whose people rated models."""
    begun = study(11, 220, 4, 3)
    verdicts = tuple(
        replace(one, topic=TOPICS[one.position // 2 % len(TOPICS)]) for one in begun.verdicts
    )
    start = verdicts[-1].position + 1
    rated = [
        (person, criterion, f"m{number % 4}", 1 + number % 7)
        for number, person in enumerate(begun.people)
        for criterion in ("clarity", "warmth")
    ]
    ratings = tuple(Rating(*one, start + place) for place, one in enumerate(rated))
    return Study(verdicts, second_month=100, ratings=ratings)


@pytest.fixture(scope="module")
def published(first: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its publication."""
    return Home(tmp_path_factory.mktemp("first")).publish(first)


@pytest.fixture
def begun(home: Home, first: Study, published: Path) -> Home:
    """A home in which it was published."""
    home.published.append((first, published))
    return home


def judged(
    people: Iterable[Person], topic: str, start: int, pair: tuple[str, str] = ("m0", "m1")
) -> list[Verdict]:
    who = [person for person in people for _ in range(EACH)]
    return [
        Verdict(one, "overall", pair, "tie", start + place, topic) for place, one in enumerate(who)
    ]


def newcomers(name: str, count: int, age: str = "18-34") -> list[Person]:
    return [Person(f"{name}{number}", "US", age, "left") for number in range(count)]


def after(before: Study, *more: Verdict | Rating, **changes: Any) -> Study:
    return replace(
        before,
        verdicts=(*before.verdicts, *(one for one in more if isinstance(one, Verdict))),
        ratings=(*before.ratings, *(one for one in more if isinstance(one, Rating))),
        **changes,
    )


def with_people(before: Study, **counts: int) -> Study:
    """So many newcomers judge each topic."""
    later = before
    for topic, count in counts.items():
        later = after(later, *judged(newcomers(f"{topic}{later.end}-", count), topic, later.end))
    return later


def without(before: Study, gone: Iterable[Verdict | Rating]) -> Study:
    """What was said is taken back."""
    taken = {one: before.end + place for place, one in enumerate(gone)}
    return replace(
        before,
        verdicts=tuple(one for one in before.verdicts if one not in taken),
        ratings=tuple(one for one in before.ratings if one not in taken),
        retracted=(*before.retracted, *taken.items()),
    )


def renewed(home: Home, row: tuple[str, ...], since: int = 0) -> bool:
    """Whether the last publication has a row, and otherwise than an earlier one."""
    old, new = (shown(home.published[place][1]) for place in (since, -1))
    return row in new and new[row] != old[row]


def topic_row(topic: str, stratum: str = "all") -> tuple[str, ...]:
    return ("rpt_topic_tie_rate", stratum, "overall", topic)


@pytest.mark.parametrize("count", COUNTS)
def test_one_in_a_topic(begun: Home, first: Study, count: int) -> None:
    begun.publish(with_people(first, cooking=15, coding=count))
    assert begun.stolen(PEOPLE_MIN) == []
    assert renewed(begun, topic_row("coding")) == (count >= PEOPLE_MIN)
    assert renewed(begun, topic_row("*"))
    level = ("rpt_decisiveness", "all", "overall", "topic", "coding")
    assert renewed(begun, level) == (count >= PEOPLE_MIN)
    # With the only other topic that changed, nobody's: the rest of all topics would be these few.
    assert renewed(begun, topic_row("cooking")) == (count >= PEOPLE_MIN)


@pytest.mark.parametrize("count", COUNTS)
def test_one_in_a_rated_model(begun: Home, first: Study, count: int) -> None:
    rated = [
        (person, criterion, model, 7)
        for model, people in (("m0", newcomers("x", 15)), ("m1", newcomers("y", count)))
        for person in people
        for criterion in ("clarity", "warmth")
    ]
    more = [Rating(*one, first.end + place) for place, one in enumerate(rated)]
    begun.publish(after(first, *more))
    assert begun.stolen(PEOPLE_MIN) == []
    for criterion in ("clarity", "warmth"):
        assert renewed(begun, ("rpt_experience", "all", criterion, "m0"))
        is_new = renewed(begun, ("rpt_experience", "all", criterion, "m1"))
        assert is_new == (count >= PEOPLE_MIN)


@pytest.mark.parametrize("count", COUNTS)
def test_one_in_a_level(begun: Home, first: Study, count: int) -> None:
    start = first.end
    many = judged([*newcomers("x", 15), *newcomers("y", 15, "55+")], "coding", start)
    few = judged(newcomers("z", count, "35-54"), "coding", start + len(many))
    begun.publish(after(first, *many, *few))
    assert begun.stolen(PEOPLE_MIN) == []
    level = ("rpt_weighting_margin", "US", "age", "35-54")
    assert renewed(begun, level) == (count >= PEOPLE_MIN)


@pytest.mark.parametrize("count", COUNTS)
def test_one_in_a_month_of_a_model(begun: Home, first: Study, count: int) -> None:
    start = first.end
    many = judged(newcomers("x", 15), "coding", start)
    few = judged(newcomers("y", count), "coding", start + len(many), ("m2", "m3"))
    begun.publish(after(first, *many, *few))
    assert begun.stolen(PEOPLE_MIN) == []
    assert renewed(begun, ("rpt_votes_by_month", "all", "overall", "m1", "2025-02"))
    row = ("rpt_votes_by_month", "all", "overall", "m3", "2025-02")
    assert renewed(begun, row) == (count >= PEOPLE_MIN)


@pytest.mark.parametrize("count", COUNTS)
def test_who_only_corrected_is_behind_no_difference(begun: Home, first: Study, count: int) -> None:
    """Twelve corrected an outcome, which changes some figures only; one came."""
    people = {one.person: one for one in first.verdicts if one.topic == "coding"}
    corrected = list(people.values())[:12]
    later = with_people(first, cooking=15, coding=count)
    verdicts = [
        replace(one, outcome="b" if one.outcome == "a" else "a") if one in corrected else one
        for one in later.verdicts
    ]
    revised = {one.position: later.end + place for place, one in enumerate(corrected)}
    begun.publish(replace(later, verdicts=tuple(verdicts), revised=revised))
    assert begun.stolen(PEOPLE_MIN) == []
    assert renewed(begun, topic_row("coding")) == (count >= PEOPLE_MIN)


@pytest.mark.parametrize("count", COUNTS)
def test_who_took_back_is_behind_the_difference(home: Home, first: Study, count: int) -> None:
    before = with_people(first, coding=20)
    gone = {f"coding{first.end}-{number}" for number in range(count)}
    home.publish(before)
    later = without(before, [one for one in before.verdicts if one.person.key in gone])
    home.publish(with_people(later, cooking=15))
    assert home.stolen(PEOPLE_MIN) == []
    assert renewed(home, topic_row("coding")) == (count >= PEOPLE_MIN)


@pytest.mark.parametrize("count", COUNTS)
def test_who_took_back_and_said_the_same_again_is_not(home: Home, first: Study, count: int) -> None:
    before = with_people(first, coding=9)
    said = [one for one in before.verdicts if one.position >= first.end]
    later = without(before, said)
    again = [replace(one, position=later.end + place) for place, one in enumerate(said)]
    later = after(later, *again)
    home.publish(before)
    home.publish(with_people(later, cooking=15, coding=count))
    assert home.stolen(PEOPLE_MIN) == []
    assert renewed(home, topic_row("coding")) == (count >= PEOPLE_MIN)


@pytest.mark.parametrize(
    ("taken", "came"),
    [(9, 8), (9, 10), *(pytest.param(*two, marks=pytest.mark.slow) for two in ((9, 1), (0, 10)))],
)
def test_what_is_taken_back_between_three_publications(
    begun: Home, first: Study, taken: int, came: int
) -> None:
    """Ten come, nine of them take it back and few come: the first and the last differ by these."""
    middle = with_people(first, cooking=15, coding=10)
    gone = {f"coding{first.end + 15 * EACH}-{number}" for number in range(taken)}
    last = without(middle, [one for one in middle.verdicts if one.person.key in gone])
    last = with_people(last, cooking=15, coding=came)
    for one in (middle, last):
        begun.publish(one)
    assert begun.stolen(PEOPLE_MIN) == []
    assert renewed(begun, topic_row("coding")) == (10 - taken + came >= PEOPLE_MIN)


@pytest.mark.parametrize("came", [8, 10, pytest.param(1, marks=pytest.mark.slow)])
def test_what_is_taken_back_of_a_whole_dimension(begun: Home, first: Study, came: int) -> None:
    """The same of boards, whose people are those of a stratum and dimension."""
    middle = with_people(first, coding=10)
    gone = {f"coding{first.end}-{number}" for number in range(9)}
    last = without(middle, [one for one in middle.verdicts if one.person.key in gone])
    last = with_people(last, coding=came)
    for one in (middle, last):
        begun.publish(one)
    assert begun.stolen(PEOPLE_MIN) == []
    assert renewed(begun, ("rpt_tie_rate", "all", "overall")) == (1 + came >= PEOPLE_MIN)


def test_a_sum_does_not_tell_what_stayed_behind_before(begun: Home, first: Study) -> None:
    """What two topics have together is known of the first two; the third must not tell one more."""
    middle = with_people(first, coding=3, cooking=12, travel=30)
    begun.publish(middle)
    assert not renewed(begun, topic_row("coding"))
    assert not renewed(begun, topic_row("cooking"))
    assert renewed(begun, topic_row("travel"))
    last = with_people(middle, coding=9, travel=12)
    begun.publish(last)
    assert begun.stolen(PEOPLE_MIN) == []
    assert not renewed(begun, topic_row("coding"))
    begun.publish(with_people(last, coding=10, cooking=10, travel=10))
    assert begun.stolen(PEOPLE_MIN) == []
    for topic in TOPICS:
        assert renewed(begun, topic_row(topic))


def at_random(home: Home, first: Study, seed: int) -> None:
    """People come and go, few or many, and somebody has every publication."""
    random, now = np.random.default_rng(seed), first
    home.publish(now)
    for _ in range(3):
        counts = {topic: int(random.choice([0, 1, 9, 10, 12, 25])) for topic in TOPICS}
        now = with_people(now, **counts)
        people = random.permutation(len(now.people))[: int(random.choice([0, 1, 9]))]
        gone = {now.people[place] for place in people}
        now = without(now, [one for one in now.verdicts if one.person in gone])
        home.publish(now)


def test_publications_at_random(home: Home, first: Study) -> None:
    at_random(home, first, 1)
    assert home.stolen(PEOPLE_MIN) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 14))
def test_many_publications_at_random(home: Home, first: Study, seed: int) -> None:
    at_random(home, first, seed)
    assert home.stolen(PEOPLE_MIN) == []


def test_the_thief_finds_people_where_earlier_publications_are_not_known(
    tmp_path: Path, first: Study
) -> None:
    """Without rule 6 the same thief has them."""
    later = with_people(first, cooking=15, coding=1)
    homes = [Home(tmp_path / name) for name in ("before", "after")]
    for one, home in zip((first, later), homes, strict=True):
        home.publish(one)
    apart = Home(tmp_path)
    apart.published = [home.published[0] for home in homes]
    found = apart.stolen(PEOPLE_MIN)
    assert (topic_row("coding"), 1) in found
    assert behind(told(first), told(later), topic_row("coding")) == 1
