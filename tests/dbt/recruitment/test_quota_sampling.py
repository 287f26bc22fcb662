"""Quota sampling: recruit whom the report says, and the sample is worth what it said."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import pytest

from tests.dbt.weighting.people import draw_people
from tests.dbt.weighting.project import Project, make_project

FURTHER = (
    "models/intermediate/recruitment",
    "models/marts/recruitment",
    "models/intermediate/int_participants__assigned_to_cells.sql",
    "models/intermediate/int_participants__stratified.sql",
    "models/marts/dim_stratum.sql",
    "models/marts/dim_stratum.yml",
)
SELECT = ("--select", "+rpt_recruitment", "--exclude-resource-type", "test")
TARGET = 700
AGES = {"18-34": "26", "35-54": "44", "55+": "68"}
WORTH = """
select participant_count, effective_participant_count, next_effective_participant_count,
    short_count, as_before_count, next_count
from rpt_recruitment where country = '{country}' and level = 'country'
"""
CELLS = """
select cell_key, {column} from rpt_recruitment
where country = '{country}' and level = 'cell' and {column} > 0 order by cell_key
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = make_project(tmp_path_factory.mktemp("recruitment"), further=FURTHER)
    made.seeds.write(
        "seed_recruitment_targets",
        [
            {
                "country": country,
                "effective_participant_count": TARGET,
                "next_count": 100,
                "price": 3,
                "currency": "USD",
            }
            for country in ("US", "UK")
        ],
    )
    return made


def built(project: Project, people: Sequence[dict[str, str]]) -> dict[str, dict[str, Any]]:
    """What the report says of each country once these people have judged."""
    project.write_people(people)
    build = project.build(*SELECT)
    assert not build.with_status("error", "fail", "skipped"), build.output
    names = (
        "people", "worth", "worth_with_next", "short", "as_before", "next",
    )  # fmt: skip
    return {
        country: dict(zip(names, project.query(WORTH.format(country=country))[0], strict=True))
        for country in ("US", "UK")
    }


def recruited(project: Project, column: str, start: int) -> list[dict[str, str]]:
    """The people the report asks for, cell by cell; of either gender in turn."""
    people: list[dict[str, str]] = []
    for country in ("US", "UK"):
        for cell, count in project.query(CELLS.format(country=country, column=column)):
            groups = dict(part.split("=", 1) for part in cell.split("/")[1:])
            assert "unknown" not in groups.values()
            for _ in range(count):
                number = start + len(people)
                people.append(
                    {
                        "participant_key": f"q{number:06d}",
                        "country": country,
                        "age": AGES.get(groups["age"], ""),
                        "gender": ("Female", "Male")[number % 2],
                        "ethnicity": groups["ethnicity"].replace("unknown", ""),
                        "politics": groups["politics"].replace("unknown", ""),
                        "education": "",
                    }
                )
    return people


def of(country: str, people: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    return [person for person in people if person["country"] == country]


@pytest.mark.slow
def test_the_sample_is_worth_what_the_report_said(project: Project) -> None:
    people = draw_people(1200)
    before = built(project, people)
    batch = recruited(project, "next_count", 0)
    everybody = recruited(project, "short_count", 1000)
    assert {country: said["next"] for country, said in before.items()} == {"US": 100, "UK": 100}
    assert [len(of(country, batch)) for country in ("US", "UK")] == [100, 100]

    # By quota in the US; in the UK a hundred come as before.
    others = of("UK", draw_people(1600)[1200:])[:100]
    after = built(project, [*people, *of("US", batch), *others])
    gained = {country: after[country]["worth"] - before[country]["worth"] for country in before}
    said = {
        country: before[country]["worth_with_next"] - before[country]["worth"] for country in before
    }
    # The report holds the cells' targets; raking anew finds weights that differ less.
    assert 0.95 * said["US"] < gained["US"] < 1.3 * said["US"]
    assert gained["UK"] < 0.6 * said["UK"]
    assert after["US"]["short"] <= before["US"]["short"] - 90

    reached = built(project, [*people, *everybody])
    for country, row in before.items():
        assert row["worth"] < TARGET
        assert row["short"] < row["as_before"]
        assert 0.97 * TARGET < reached[country]["worth"] < 1.12 * TARGET
        assert reached[country]["people"] == row["people"] + row["short"]


def test_where_nobody_judged_and_where_the_target_is_reached(project: Project) -> None:
    rows = project.seed("seed_recruitment_targets")
    project.seeds.write(
        "seed_recruitment_targets",
        [
            row | {"effective_participant_count": 50 if row["country"] == "US" else TARGET}
            for row in rows
        ],
    )
    people = [
        person | {"has_verdict": "yes" if person["country"] == "US" else "no"}
        for person in draw_people(600)
    ]
    said = built(project, people)
    assert {name: said["US"][name] for name in ("short", "as_before", "next")} == {
        "short": 0,
        "as_before": 0,
        "next": 100,
    }
    assert (said["UK"]["people"], said["UK"]["next"], said["UK"]["as_before"]) == (0, 100, TARGET)
    assert said["UK"]["short"] == pytest.approx(TARGET, abs=60)
    [[old]] = project.query("select next_count from rpt_recruitment where label like 'UK%55+'")
    # The census: 39.5% of adults.
    assert old == pytest.approx(39.5, abs=3)


def group_shares(project: Project) -> dict[str, tuple[float, float, float, int]]:
    """Sample, target, census and next of every group."""
    rows = project.query(
        "select stratum_id, sample_share, target_share, population_share, next_count"
        " from rpt_recruitment inner join dim_stratum using (country, stratum_id)"
        " where axis is not null"
    )
    assert len(rows) == 22
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in rows}


def aimed_at(project: Project, effective: float) -> None:
    """So many people's worth is the target of both countries."""
    rows = project.seed("seed_recruitment_targets")
    project.seeds.write(
        "seed_recruitment_targets",
        [row | {"effective_participant_count": effective} for row in rows],
    )


def test_unknown_answers_hold_no_target(project: Project) -> None:
    """Nobody says their politics, few their ethnicity: targets are those of the census."""
    people = [
        person | {"politics": ""} | ({"ethnicity": ""} if number % 2 or is_uk else {})
        for number, person in enumerate(draw_people(400))
        for is_uk in [person["country"] == "UK"]
    ]
    built(project, people)
    for stratum, (_, target, census, _) in group_shares(project).items():
        assert target == pytest.approx(census, abs=1e-9), stratum
    # What can be compared with a target is among people with a group.
    known = project.query(
        "select country, axis, sum(sample_share), sum(participant_count), min(unknown_count)"
        " from rpt_recruitment inner join dim_stratum using (country, stratum_id)"
        " where axis is not null group by all order by all"
    )
    heard = {country: len(of(country, people)) for country in ("US", "UK")}
    for country, axis, total, count, unknown in known:
        assert count + unknown == heard[country]
        assert total == (pytest.approx(1) if count else None), (country, axis)
        assert count == {"age": heard[country], "politics": 0}.get(axis, count)
    assert [row[4] > 100 for row in known] == [False, True, True] * 2
    whole = project.query(
        "select country, sample_share, unknown_count from rpt_recruitment where level = 'country'"
    )
    assert {country: rest for country, *rest in whole} == {
        country: [None, count] for country, count in heard.items()
    }
    sums = project.query(
        "select sum(target_share), sum(short_count) filter (not is_recruitable)"
        " from rpt_recruitment where level = 'cell' group by country"
    )
    assert sums == [(pytest.approx(1), 0), (pytest.approx(1), 0)]


def test_targets_are_the_census_where_weights_cannot_be(project: Project) -> None:
    """So few are old that levels are weighted together and weights are bounded."""
    aimed_at(project, TARGET)
    people = draw_people(500)
    old = [person for person in people if int(person["age"]) >= 55]
    built(project, [person for person in people if person not in old[12:]])
    [[most]] = project.query("select max(weight_micro) from int_profiles__weighted")
    assert most >= 2_900_000
    shares = group_shares(project)
    for stratum, (_, target, census, _) in shares.items():
        assert target == pytest.approx(census, abs=1e-9), stratum
    sample, _, census, following = shares["UK/age/55+"]
    assert sample < 0.1 < census
    assert following > 100 * census


def test_where_the_sample_matches_the_census_nobody_is_asked_for(project: Project) -> None:
    """Groups are, though politics go with age more than by chance."""
    people = like_the_census(project)
    aimed_at(project, 950)
    said = built(project, people)
    for country in ("US", "UK"):
        assert said[country]["people"] == 1000
        assert said[country]["worth"] > 990
        assert (said[country]["short"], said[country]["as_before"]) == (0, 0)
    for stratum, (sample, target, census, following) in group_shares(project).items():
        assert sample == pytest.approx(census, abs=0.005), stratum
        assert target == pytest.approx(census, abs=1e-9), stratum
        assert following == pytest.approx(100 * census, abs=2), stratum
    shares = project.query(
        "select level, sum(sample_share) from rpt_recruitment where level <> 'stratum'"
        " group by all order by all"
    )
    assert shares == [("cell", pytest.approx(2)), ("country", pytest.approx(2))]
    # How axes go together is the sample's: Labour is first in the list, and so are the young.
    [[of_young, of_old]] = project.query(
        "select sum(target_share) filter (cell_key like '%18-34%'),"
        " sum(target_share) filter (cell_key like '%55+%')"
        " from rpt_recruitment where level = 'cell' and cell_key like 'UK%Labour'"
    )
    assert of_young / 0.274413 > 1.5 * of_old / 0.395374


def like_the_census(project: Project) -> list[dict[str, str]]:
    """A thousand people per country with the census' margins; 250 say politics by their age."""
    rows = project.query(
        "select country, axis, group_name, population_share from dim_stratum"
        " where population_share is not null and axis is not null order by sort_order"
    )
    shares: dict[str, dict[str, dict[str, float]]] = {"US": {}, "UK": {}}
    for country, axis, group, share in rows:
        shares[country].setdefault(axis, {})[group] = share
    people: list[dict[str, str]] = []
    for country, axes in shares.items():
        for size, steps in ((250, (1, 7, 1)), (750, (1, 7, 331))):
            for number in range(size):
                # Each axis runs through all its groups; steps without a common divisor cross them.
                places = [(number * step % size + 0.5) / size for step in steps]
                said = dict(zip(("age", "ethnicity", "politics"), places, strict=True))
                person = {axis: answer(axes[axis], place) for axis, place in said.items()}
                person |= {"gender": ("Female", "Male")[number % 2], "education": ""}
                key = f"{country}{len(people):06d}"
                person |= {"participant_key": key, "country": country, "age": AGES[person["age"]]}
                people.append(person)
    return people


def answer(groups: dict[str, float], place: float) -> str:
    """The group at this place between 0 and 1."""
    ends = dict(zip(groups, accumulate(groups.values()), strict=True))
    return next((group for group, end in ends.items() if place < end), list(groups)[-1])
