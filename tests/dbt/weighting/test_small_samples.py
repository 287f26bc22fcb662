"""Samples too small to weight by everything: no error, and it is said what was done."""

from __future__ import annotations

import pytest

from tests.dbt.weighting.people import draw_people
from tests.dbt.weighting.project import Build, Project

# What every build checks of columns is checked where there are many people (test_models.py).
BRIEFLY = ("--exclude", "test_type:generic")


@pytest.fixture(scope="module")
def empty(project: Project) -> Build:
    project.write_people([])
    return project.build(*BRIEFLY)


def test_nobody_at_all(empty: Build) -> None:
    assert empty.with_status("fail", "error", "skipped", "warn") == set(), empty.output


def test_a_dozen_people(empty: Build, project: Project) -> None:
    people = [person for person in draw_people(40, seed=5) if person["country"] == "US"]
    project.write_people(people[:12])
    build = project.build(*BRIEFLY, "--exclude-resource-type", "seed")
    assert build.with_status("fail", "error", "skipped") == set(), build.output
    assert "weighting_margins_missed" in build.with_status("warn")
    rows = project.query("""
        select max(weight_max), min(weight_min) from rpt_weighting_diagnostics
        where scheme in ('plus_politics', 'age_sex_ethnicity', 'plus_education')
    """)
    assert rows[0][0] <= 3
    assert rows[0][1] >= 0.3


def test_words_that_nobody_understands_stop_the_weights_and_nothing_else(project: Project) -> None:
    """British words in the US: a third is not understood."""
    project.write_people([person | {"country": "US"} for person in draw_people(12, seed=5)])
    build = project.build(*BRIEFLY, "--exclude-resource-type", "seed")
    assert build.with_status("fail", "error", "skipped") == set(), build.output
    assert "weighting_stopped" in build.with_status("warn")
    assert project.query("select distinct scheme from fct_participant_weight order by 1") == [
        ("everybody",),
        ("none",),
    ]
    [(is_stopped, answers)] = project.query("""
        select is_stopped, unrecognised_answers from rpt_weighting_diagnostics
        where country = 'US' and scheme = 'plus_politics'
    """)
    assert is_stopped
    assert "white british (4)" in answers


def test_a_skewed_sample_keeps_its_bounds(project: Project) -> None:
    """300 people, of whom three are young Republicans."""
    people = [person for person in draw_people(700, seed=8) if person["country"] == "US"][:300]
    republicans = ("republican ", "Democrat")
    young = 0
    for person in people:
        is_young = int(person["age"]) < 35
        young += is_young
        person["politics"] = republicans[0 if young <= 3 and is_young else 1]
        if not is_young and int(person["age"]) % 3 == 0:
            person["politics"] = republicans[0]
    project.write_people(people)
    build = project.build(*BRIEFLY, "--exclude-resource-type", "seed")
    assert build.with_status("fail", "error", "skipped") == set(), build.output
    for weight_min, weight_max, is_converged, error in project.query("""
        select weight_min, weight_max, is_converged, margin_error from rpt_weighting_diagnostics
        where scheme in ('plus_politics', 'age_sex_ethnicity', 'plus_education')
    """):
        assert 0.3 <= weight_min <= weight_max <= 3
        assert is_converged == (error < 1e-9)
