"""From answers, word for word, to weights: the models as dbt builds them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.dbt.weighting.by_hand import raked_by_hand
from tests.dbt.weighting.people import draw_people
from tests.dbt.weighting.project import PARTICIPANT_LEVELS, Build, Project

COUNT = 1500
# Everything that is not said in the crosswalk's words, and everybody who cannot be weighted.
ODD = [
    {"participant_key": "odd-france", "country": "FR", "age": "40", "gender": "Female"},
    {"participant_key": "odd-nowhere", "age": "40", "gender": "Female"},
    {"participant_key": "odd-silent", "country": "US"},
    {"participant_key": "odd-young", "country": "US", "age": "17", "gender": "Male"},
    {"participant_key": "odd-band", "country": "UK", "age": "25 \N{EN DASH} 34 years"},
    {"participant_key": "odd-open", "country": "UK", "age": "65 or older"},
    {"participant_key": "odd-wide", "country": "UK", "age": "30-39"},
    {"participant_key": "odd-case", "country": "UK", "age": "34.0", "politics": " LIB DEMS "},
    {"participant_key": "odd-word", "country": "UK", "ethnicity": "Martian"},
    {"participant_key": "odd-absent", "country": "UK", "age": "30", "has_verdict": "no"},
]


@pytest.fixture(scope="module")
def build(project: Project) -> Build:
    people = [*draw_people(COUNT), *ODD]
    project.write_people(people)
    return project.build()


def level(project: Project, key: str, variable: str) -> tuple[str, bool]:
    rows = project.query(f"""
        select level, is_recognised from {PARTICIPANT_LEVELS}
        where participant_key = '{key}' and variable = '{variable}'
    """)
    assert len(rows) == 1
    return rows[0][0], rows[0][1]


def diagnostics(project: Project, country: str, scheme: str, column: str) -> Any:
    return project.query(f"""
        select {column} from rpt_weighting_diagnostics
        where country = '{country}' and scheme = '{scheme}'
    """)[0][0]


def test_everything_builds_and_only_what_should_warns(build: Build) -> None:
    assert build.with_status("fail", "error", "skipped") == set(), build.output
    assert "weighting_answers_unrecognised" in build.with_status("warn")
    assert "weighting_country_without_targets" in build.with_status("warn")


@pytest.mark.parametrize("country", ["US", "UK"])
@pytest.mark.parametrize(
    ("scheme", "bounds"),
    [("untrimmed", None), ("age_sex_ethnicity", (0.3, 3.0)), ("plus_politics", (0.3, 3.0))],
)
def test_weights_are_those_made_by_hand(
    build: Build, project: Project, country: str, scheme: str, bounds: tuple[float, float] | None
) -> None:
    expected = raked_by_hand(project, country, scheme, bounds)
    found = dict(
        project.query(f"""
            select participant_key, weight from fct_participant_weight
            where country = '{country}' and scheme = '{scheme}'
        """)
    )
    assert found.keys() == expected.keys()
    keys = sorted(expected)
    # Published weights are whole millionths.
    np.testing.assert_allclose(
        [found[key] for key in keys], [expected[key] for key in keys], atol=5.1e-7
    )


def test_poststratified_weights_are_the_ratio_of_shares(build: Build, project: Project) -> None:
    variable = "age3_sex2_race4_self_identified"
    cells = {
        f"{row['level_1']} / {row['level_2']} / {row['level_3']}": float(row["share"])
        for row in project.seed("seed_joint_targets")
        if row["variable"] == variable
    }
    joins = dict(
        project.query(f"""
            select level, raked_level from int_levels__collapsed where variable = '{variable}'
        """)
    )
    rows = project.query(f"""
        select level, weight, count(*) as people from fct_participant_weight
        join {PARTICIPANT_LEVELS} as levels using (participant_key)
        where scheme = 'joint' and variable = '{variable}' and level <> 'unknown'
        group by level, weight
    """)
    shares: dict[str, float] = {}
    people: dict[str, int] = {}
    for level, share in cells.items():
        shares[joins[level]] = shares.get(joins[level], 0) + share
    for level, _, count in rows:
        people[joins[level]] = people.get(joins[level], 0) + count
    met = sum(shares[level] for level in people)
    for level, weight, _ in rows:
        raked = joins[level]
        expected = shares[raked] / met * sum(people.values()) / people[raked]
        assert weight == pytest.approx(expected, abs=1e-6)


def test_a_level_joins_another_only_where_it_would_weigh_too_much(
    build: Build, project: Project
) -> None:
    """Every cell of the joint table is met, some by two people, and none counts for more than 3.

    What was merged is at least thirty people, or weighs no more than it may.
    """
    assert diagnostics(project, "UK", "joint", "collapsed_levels") is None
    assert diagnostics(project, "UK", "joint", "weight_max") <= 3
    collapsed = diagnostics(project, "UK", "plus_education", "collapsed_levels")
    assert "No qualifications into Level 1 and entry level qualifications" in collapsed


@pytest.mark.parametrize(
    ("key", "variable", "expected", "is_recognised"),
    [
        ("odd-silent", "age3", "unknown", True),
        ("odd-young", "age3", "unknown", False),
        ("odd-band", "age3", "18-34", True),
        ("odd-band", "age6", "25-34", True),
        ("odd-open", "age6", "65+", True),
        ("odd-wide", "age3", "unknown", False),
        ("odd-case", "age3", "18-34", True),
        ("odd-case", "vote5_ge2024_five_parties", "Liberal Democrat", True),
        ("odd-word", "ethnic4_mixed_in_other", "unknown", False),
        ("odd-silent", "age3_sex2_race4_self_identified", "unknown", True),
    ],
)
def test_answers_have_levels(
    build: Build, project: Project, key: str, variable: str, expected: str, is_recognised: bool
) -> None:
    assert level(project, key, variable) == (expected, is_recognised)


def test_a_country_without_targets_counts_only_unweighted(build: Build, project: Project) -> None:
    rows = project.query("""
        select participant_key, scheme, weight from fct_participant_weight
        where participant_key in ('odd-france', 'odd-nowhere') order by participant_key
    """)
    # Or in the scheme that leaves nobody out.
    assert sorted(rows) == [
        (key, scheme, 1.0)
        for key in ("odd-france", "odd-nowhere")
        for scheme in ("everybody", "none")
    ]
    assert not diagnostics(project, "FR", "plus_politics", "has_targets")
    assert diagnostics(project, "unknown", "plus_politics", "left_out_count") == 1


def test_only_participants_with_a_verdict_have_a_weight(build: Build, project: Project) -> None:
    assert not project.query(
        "select 1 from fct_participant_weight where participant_key = 'odd-absent'"
    )


def test_nobody_is_dropped_for_a_missing_answer(build: Build, project: Project) -> None:
    judging = project.query(
        "select count(*) from int_participants__with_verdicts where country = 'US'"
    )
    weighted = project.query("""
        select count(*) from fct_participant_weight
        where country = 'US' and scheme = 'plus_politics'
    """)
    assert weighted == judging
    # They keep the share they have in the sample.
    rows = project.query("""
        select level, before_share, after_share from rpt_weighting_margin
        where scheme = 'plus_politics' and is_raked and level_status = 'untargeted'
    """)
    assert {row[0] for row in rows} >= {"unknown", "Non-binary", "Other party"}
    for _, before, after in rows:
        assert after == pytest.approx(before, abs=1e-6)


def test_the_scheme_of_complete_answers_leaves_the_others_out(
    build: Build, project: Project
) -> None:
    left_out = diagnostics(project, "US", "complete_answers", "left_out_count")
    incomplete = project.query(f"""
        select count(distinct participant_key) from {PARTICIPANT_LEVELS} as levels
        join int_participants__with_verdicts using (participant_key)
        where levels.country = 'US' and level in ('unknown', 'Non-binary')
            and variable in ('age3', 'sex2', 'race4_self_identified', 'party3_pew_2025')
    """)
    assert left_out == incomplete[0][0] > 0
    assert diagnostics(project, "US", "complete_answers", "margin_error") < 1e-9


def test_diagnostics_say_what_the_weights_are(build: Build, project: Project) -> None:
    for country, scheme in (("US", "plus_politics"), ("UK", "plus_education")):
        weights = np.array(
            project.query(f"""
                select weight from fct_participant_weight
                where country = '{country}' and scheme = '{scheme}'
            """)
        )[:, 0]
        design_effect = len(weights) * (weights**2).sum() / weights.sum() ** 2
        found = diagnostics(project, country, scheme, "design_effect")
        assert found == pytest.approx(design_effect, rel=1e-12)
        assert diagnostics(project, country, scheme, "weight_max") == weights.max()
        assert weights.max() <= 3
        if country == "US":
            assert diagnostics(project, country, scheme, "raked_margin_error") < 1e-9
            assert diagnostics(project, country, scheme, "margin_error") < 1e-9
            assert diagnostics(project, country, scheme, "is_converged")
        else:
            # Thirty people or more whose level is rarer here than weights of 3 make up for.
            assert 1e-9 < diagnostics(project, country, scheme, "margin_error") < 0.02
            assert not diagnostics(project, country, scheme, "is_converged")


def test_what_was_collapsed_into_what_is_named(build: Build, project: Project) -> None:
    collapsed = diagnostics(project, "US", "race_hispanic_apart", "collapsed_levels")
    assert collapsed == "raceeth4_hispanic_apart: Hispanic into Other, not Hispanic"
    rows = project.query("""
        select level, level_status from rpt_weighting_margin
        where scheme = 'race_hispanic_apart' and variable = 'raceeth4_hispanic_apart'
    """)
    assert dict(rows)["Other, not Hispanic"] == "joined"


def test_a_target_that_nobody_meets_is_named_and_the_others_scaled(
    build: Build, project: Project
) -> None:
    empty = diagnostics(project, "UK", "politics_alternative", "empty_levels")
    assert empty == "vote7_ge2024_all_adults: Did not vote"
    shares = dict(
        project.query("""
            select level, after_share from rpt_weighting_margin
            where scheme = 'politics_alternative' and variable = 'vote7_ge2024_all_adults'
        """)
    )
    votes = {
        row["level"]: float(row["population"])
        for row in project.seed("seed_targets")
        if row["variable"] == "vote7_ge2024_all_adults"
    }
    ratio = votes["Labour"] / votes["Conservative"]
    assert shares["Labour"] / shares["Conservative"] == pytest.approx(ratio, rel=1e-5)


def test_building_again_gives_the_same_weights(build: Build, project: Project) -> None:
    query = "select md5(string_agg(participant_key || scheme || weight_micro, ',' order by all))"
    total = f"""{query.replace("order by all", "order by participant_key, scheme")}
        from fct_participant_weight"""
    before = project.query(total)
    again = project.build("--threads", "1", "--select", "resource_type:model")
    assert again.with_status("error", "skipped") == set()
    assert project.query(total) == before
